#!/bin/sh
# Installs moto, pinned, into an environment of its own: setup_moto.sh PYTHON FOLDER
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
sh "$here/requirements/set-up.sh" "$1" "$2" "$here/requirements/moto.txt"
"$2/bin/python" -c 'import moto.server; print("moto", moto.__version__)'
