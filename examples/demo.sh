#!/bin/sh
# Runs the example on real data in a Git repository of its own, twice: demo.sh [FOLDER]
# A folder from an earlier time is used again, with what was edited there; an example that changed since is copied anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
example=$here/breast-cancer
project=${1:-build/demo}

# Inside a hook these would lead Git to another repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

if [ ! -e "$project/.git/demo-copied" ]; then
    rm -rf "$project"
    mkdir -p "$project"
    git -c init.defaultBranch=main init -q "$project"
    git -C "$project" config user.name "Demo"
    git -C "$project" config user.email "demo@localhost"
    git -C "$project" config commit.gpgsign false
fi
copied=$project/.git/demo-copied
if [ ! -e "$copied" ] || [ -n "$(find "$example" -type f -newer "$copied")" ]; then
    cp -R "$example/." "$project"
    git -C "$project" add -A
    git -C "$project" commit -q --allow-empty -m "The example as it is shipped"
    : >"$copied"
fi

cd "$project"
echo "A Git repository with the example: $project"
show mlops run --commit
echo
echo "The same again: nothing has changed, so nothing runs."
show mlops run
echo
echo "Now change a number in $project/params.yaml, and ask there: mlops status; mlops run"
