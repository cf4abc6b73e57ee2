#!/bin/sh
# Makes a virtual environment from pinned versions and nothing else: set-up.sh PYTHON FOLDER PINS
set -eu
python=$1 folder=$2 pins=$3

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

"$python" -c '' 2>/dev/null ||
    fail "There is no '$python' here that runs. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version 2>&1) is too old: Python 3.11 or newer is needed. Name another: make PYTHON=python3.12 ..."
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "'$python' cannot make virtual environments: its modules venv and ensurepip are missing." \
        "On Debian and Ubuntu: apt-get install python3-venv (or python3.12-venv, for that version)."

echo "Setting up $folder from $pins (once; about a minute) ..." >&2
"$python" -m venv --clear "$folder"
"$folder/bin/pip" --disable-pip-version-check install --quiet --no-deps --requirement "$pins"
