#!/bin/sh
# Installs DVC, pinned, into an environment of its own: setup_dvc.sh PYTHON FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../requirements/set-up.sh" "$1" "$2" "$here/../requirements/dvc.txt"
"$2/bin/dvc" --version
