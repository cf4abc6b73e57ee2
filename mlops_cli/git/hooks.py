"""Git hooks: one managed block in each hook's shell script, before whatever others wrote there.

The block stands first, where arguments, standard input and working directory are still as Git gave them and nobody has said
`exec` or `exit` yet. It asks Git alone whether there is anything to do, so that Python is not started where nothing is; it never
ends the script that it stands in but where a commit or a push is to be stopped, and it is nothing at all where mlops is missing.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.errors import FileError, UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.project import HELD

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.git.command import Git
    from mlops_cli.project import Project

RECORDS = ":(glob)**/.mlops/**"
# New files below this many bytes start no Python; no limit may be set lower.
UNSEEN = 100_000
_BEGIN = "# >>> mlops: this block is kept by `mlops hooks install`, and removed by `mlops hooks install --uninstall`"
_END = "# <<< mlops"
_BLOCK = re.compile(rf"# >>> mlops:[^\n]*\n.*?{re.escape(_END)}\n", re.DOTALL)
_SHELL = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?(?:\S*/)?(?:sh|bash|dash|ash|ksh|mksh|zsh)(?:\s|$)")
_SHEBANG = "#!/bin/sh\n"

# What stands in each block, between `if` and `fi`. Git runs hooks at the top of the worktree.
_BODIES = {
    # $1 and $2 are where HEAD was and is; $3 is 0 where only files were checked out.
    "post-checkout": f"""\
    if [ "${{3:-1}}" = 1 ] && ! git diff --quiet "${{1:-}}" "${{2:-}}" -- '{RECORDS}' 2>/dev/null; then
        mlops hooks run post-checkout "$@" </dev/null || :
    fi
""",
    # A squash merge leaves HEAD where it is, so the files are compared, not the commits.
    "post-merge": f"""\
    if ! git diff --quiet ORIG_HEAD -- '{RECORDS}' 2>/dev/null; then
        mlops hooks run post-merge "$@" </dev/null || :
    fi
""",
    "pre-commit": f"""\
    if ! git diff --cached --quiet -- '{RECORDS}' 2>/dev/null ||
        git diff --cached --raw --no-renames --no-abbrev --diff-filter=AM 2>/dev/null |
        awk '$2 ~ /^100/ {{ print $4 }}' |
        git cat-file --batch-check='%(objectsize)' 2>/dev/null | awk '$1 + 0 > {UNSEEN} {{ big = 1 }} END {{ exit !big }}' ||
        {{ grep -q '^held' "$(git rev-parse --git-path {HELD})" 2>/dev/null &&
            ! awk -F '\\t' '$1 == "held" {{ print substr($0, length($1 $2) + 3) }}' "$(git rev-parse --git-path {HELD})" |
            tr '\\n' '\\000' | xargs -0 git --literal-pathspecs diff --cached --quiet --diff-filter=A -- ; }}; then
        mlops hooks run pre-commit </dev/null || exit 1
    fi
""",
    # Lines say what is pushed, and what the remote has there: local ref, its commit, remote ref, its commit; zeros for none. Are
    # there records in commits that are on no branch of that remote? What was read from standard input is put there again.
    "pre-push": f"""\
    if [ -t 0 ]; then mlops_refs=; else mlops_refs=$(cat); fi
    mlops_new=$(printf '%s\\n' "$mlops_refs" |
        awk '$2 ~ /[^0]/ {{ print $2; if ($4 ~ /[^0]/) print "^" $4 }}')
    if [ -n "$mlops_new" ] && [ -n "$(printf '%s\\n' "$mlops_new" |
        git rev-list --max-count=1 --ignore-missing --stdin --not --remotes="${{1:-}}" -- '{RECORDS}' 2>&1)" ]; then
        printf '%s\\n' "$mlops_refs" | mlops hooks run pre-push "$@" || exit 1
    fi
    if [ -n "$mlops_refs" ]; then
        exec <<MLOPS
$mlops_refs
MLOPS
    fi
""",
}
NAMES = tuple(_BODIES)


class Hook(NamedTuple):
    """One hook after an installation.

    Parameters
    ----------
    path : Path
        Where it lies.
    """

    name: str
    path: Path
    state: Literal["written", "unchanged", "removed", "absent"]


def hooks_folder(git: Git, project: Project) -> Path:
    """Return where Git looks for the hooks of a repository; all its worktrees share them.

    Parameters
    ----------
    git : Git
        Questions asked in the project's folder.

    Raises
    ------
    UsageError
        When the folder is one for all repositories of the user.
    """
    found = git.ask("config", "--show-scope", "--type=path", "--get", "core.hooksPath")
    if not found:
        return project.common_dir / "hooks"
    scope, _, text = found.decode(errors="surrogateescape").rstrip("\n").partition("\t")
    if scope in ("system", "global"):
        raise UsageError(
            f"core.hooksPath of your {scope} Git settings is {text}: hooks there are those of all repositories",
            hint="Give this repository its own: git config core.hooksPath .githooks",
        )
    return project.worktree / text  # relative to where hooks run


def install(folder: Path, places: tuple[Path, ...]) -> list[Hook]:
    """Bring the block into every hook; nothing is written unless all of them can be.

    Parameters
    ----------
    folder : Path
        Where hooks lie.
    places : tuple of Path
        What a hook that is a link may lead into.

    Raises
    ------
    FileError
        When a hook is not a shell script, is switched off, or leads elsewhere.
    """
    texts = {name: _read(folder / name, places) for name in NAMES}
    wanted = {name: with_block(text, _BODIES[name]) for name, text in texts.items()}
    hooks = []
    for name in NAMES:
        if wanted[name] != texts[name]:
            _write(folder / name, wanted[name])
        hooks.append(Hook(name, folder / name, "written" if wanted[name] != texts[name] else "unchanged"))
    return hooks


def uninstall(folder: Path, places: tuple[Path, ...]) -> list[Hook]:
    """Take the block out of every hook; a hook that held nothing else goes.

    Raises
    ------
    FileError
        When a hook leads elsewhere.
    """
    hooks = []
    for name in NAMES:
        path = folder / name
        text = _read(path, places) if _holds_block(path) else None
        if text is None:
            hooks.append(Hook(name, path, "absent"))
            continue
        rest = without_block(text)
        if rest.strip() in ("", _SHEBANG.strip()):
            path.unlink()
        else:
            _write(path, rest)
        hooks.append(Hook(name, path, "removed"))
    return hooks


def with_block(text: str | None, body: str) -> str:
    r"""Return the text of a hook with its block up to date.

    Parameters
    ----------
    text : str or None
        As it is; None where there is no hook.
    body : str
        What stands in the block.

    Examples
    --------
    >>> print(with_block("#!/bin/bash\nexec check\n", "    work\n"), end="")
    #!/bin/bash
    # >>> mlops: this block is kept by `mlops hooks install`, and removed by `mlops hooks install --uninstall`
    if command -v mlops >/dev/null 2>&1; then
        work
    fi
    # <<< mlops
    exec check
    """
    block = f"{_BEGIN}\nif command -v mlops >/dev/null 2>&1; then\n{body}fi\n{_END}\n"
    if text is None or not text.strip():
        return _SHEBANG + block
    found = _BLOCK.search(text)
    if found:
        return text[: found.start()] + block + text[found.end() :]
    first, newline, rest = text.partition("\n") if text.startswith("#!") else ("", "", text)
    return f"{first}\n{block}{rest}" if first else block + newline + rest


def without_block(text: str) -> str:
    """Return the text of a hook as others wrote it."""
    return _BLOCK.sub("", text)


def _holds_block(path: Path) -> bool:
    try:
        return b"# >>> mlops:" in path.read_bytes()
    except OSError:
        return False


def _read(path: Path, places: tuple[Path, ...]) -> str | None:
    """Return a hook's text; None where there is none."""
    if path.is_symlink():
        real = path.resolve()
        if not any(real.is_relative_to(place) for place in places):
            raise FileError(
                f"the hook {path} is a link to {real}, outside of the repository",
                hint="Put a file of its own there; it may call that one.",
            )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    first = text.partition("\n")[0]
    if "\0" in text or "\r" in first or (first.startswith("#!") and not _SHELL.match(first)):
        raise FileError(
            f"the hook {path} is not a shell script, so nothing can be added to it",
            hint=f"Rename it, put a shell script in its place that calls it, and do this again; or call mlops hooks run {path.name}"
            ' "$@" from it.',
        )
    if data.strip() and not os.access(path, os.X_OK):
        raise FileError(
            f"the hook {path} is switched off: Git passes over it, because it is not executable",
            hint=f"Switch it on with: chmod +x {path}; or remove it.",
        )
    return text


def _write(path: Path, text: str) -> None:
    real = path.resolve()
    mode = real.stat().st_mode & 0o777 if real.exists() else 0o777 & ~_umask()
    write_atomic(real, text.encode())
    real.chmod(mode | 0o111 & ~_umask())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
