#!/bin/sh
# Installs nannyml, pinned, into an environment of its own: setup_nannyml.sh PYTHON FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../requirements/set-up.sh" "$1" "$2" "$here/../requirements/nannyml.txt"
"$2/bin/python" -c "import nannyml; print(nannyml.__version__)"
