#!/bin/sh
# Installs evidently, pinned, into an environment of its own: setup_evidently.sh PYTHON FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../requirements/set-up.sh" "$1" "$2" "$here/../requirements/evidently.txt"
"$2/bin/python" -c "import evidently; print(evidently.__version__)"
