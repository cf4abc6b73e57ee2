"""Projects to sweep over, and everything of a user's that a sweep must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.command import counted, git, project
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

# Not declared: what it does must follow from what is.
TRAIN = """\
import json, re, sys
text = open("params.yaml").read()
lr, depth = (float(re.search(rf"^  {name}: (\\S+)", text, re.M)[1]) for name in ("lr", "depth"))
rows = open("data.txt").read()
open("model.txt", "w").write(f"{lr} {depth} {rows}")
json.dump({"accuracy": 1 - lr / depth, "rows": len(rows)}, open("metrics.json", "w"))
"""
PARAMS = "# of training\ntrain:\n  lr: 0.5  # rate\n  depth: 2\n"
STAGES: dict[str, Any] = {
    "prepare": {
        "cmd": counted("cat raw.txt notes.txt > data.txt", "prepare"),
        "deps": ["raw.txt", "notes.txt"],
        "outs": ["data.txt"],
    },
    "train": {
        "cmd": counted("python train.py", "train"),
        "deps": ["train.py", "data.txt"],
        "params": ["train.lr", "train.depth"],
        "outs": ["model.txt"],
        "metrics": ["metrics.json"],
    },
}


def sweep_project(folder: Path, stages: dict[str, Any] | None = None) -> Path:
    """Make a project with an ignored input, an untracked file and a change that is not committed."""
    files = {"train.py": TRAIN, "params.yaml": PARAMS, "notes.txt": "n\n"}
    home = project(folder, stages or STAGES, dict(files))
    write(home / ".gitignore", "/raw.txt\n")
    write(home / "raw.txt", "raw\n")
    write(home / "notes.txt", "changed\n")
    write(home / "idea.txt", "untracked\n")
    git(home, "add", "notes.txt")
    write(home / "notes.txt", "changed again\n")
    return home


def belongings(home: Path) -> dict[str, Any]:
    """Return everything of the user's: files with bytes and times, the index, refs, stash, worktrees, Git's settings."""
    found: dict[str, Any] = {}
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home)
        if inside.parts[0] == ".git":
            continue
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(inside)] = (status.st_mode, status.st_mtime_ns if path.is_file() else 0, data)
    for name in ("index", "HEAD", "config"):
        found[f".git/{name}"] = (home / ".git" / name).read_bytes()
    refs = git(home, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    found["refs"] = [line for line in refs if not line.startswith("refs/mlops/")]
    found["stash"] = git(home, "stash", "list")
    found["worktrees"] = git(home, "worktree", "list")
    found["reflog"] = git(home, "reflog")
    return found
