"""What a user means by a REF: a run, an artifact or a commit. The only place where such text is understood.

Every meaning that a text can have is looked for. If it has several, nobody guesses: the message says how each is written.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.errors import MlopsError, UsageError
from mlops_cli.formats.problems import nearest
from mlops_cli.git.beyond import beyond_border
from mlops_cli.project import RECORDS, data_record_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.history.index.history import History
    from mlops_cli.history.known import KnownRun
    from mlops_cli.project import Project

_SHOWN = 3  # runs that are named where a text begins many
_LATEST, _BEST = "@latest", "@best:"
_RUN = "run:"  # before an id, where a branch is called like a run
_DIGEST = re.compile(r"(?:b3:|md5:)[0-9a-f]{4,64}(?:\.dir)?", re.IGNORECASE)
_WHOLE = re.compile(r"b3:[0-9a-f]{64}|md5:[0-9a-f]{32}(?:\.dir)?")
_MODEL = re.compile(r"[\w.-]+(?:@[A-Za-z][\w-]*|:v\d+)")
_ALL_FORMS = (
    "A REF is a run's id or how it begins, @latest, @best:METRIC, a path, a digest, a commit, a branch, a tag or COMMIT:PATH;"
    " see runs with: mlops runs --all"
)


class Ref(NamedTuple):
    """What a REF leads to.

    Parameters
    ----------
    text : str
        As it was typed.
    kind : str
        `run`, `artifact` or `commit`.
    run : str or None
        The run's id; of a run only.
    digest : str or None
        Of an artifact; None where a path is known, but not what it holds now.
    path : str or None
        Relative to the project; of an artifact that was named by its path. For a path inside a recorded directory, the directory's.
    commit : str or None
        The commit's id; of a commit, or of an artifact that was named as `COMMIT:PATH`.
    """

    text: str
    kind: Literal["run", "artifact", "commit"]
    run: str | None = None
    digest: str | None = None
    path: str | None = None
    commit: str | None = None


def resolve(
    history: History,
    git: Git,
    project: Project,
    text: str,
    folder: str = "",
    said: Mapping[str, str] | None = None,
) -> Ref:
    """Return what a REF means.

    Parameters
    ----------
    git : Git
        Questions asked in the project's folder.
    folder : str
        Where the user stands, relative to the project: a path is meant from there.
    said : mapping, optional
        Which way metrics are better, where the settings say so: name to `up` or `down`.

    Raises
    ------
    UsageError
        When it means nothing, or several things.
    HistoryError
        When it may mean a commit beyond the border of a shallow clone.
    """
    if text == _LATEST:
        return Ref(text, "run", _latest(history))
    if text.startswith(_BEST):
        return Ref(text, "run", _best(_runs(history), text.removeprefix(_BEST), said))
    if not text.strip() or "\0" in text or not _speakable(text):
        raise UsageError(f"{text!r} leads to nothing", hint=_ALL_FORMS)
    if _DIGEST.fullmatch(text):
        return Ref(text, "artifact", digest=_digest(history, text))
    if text.startswith(_RUN):
        runs = history.matching(text.removeprefix(_RUN))
        found = [(Ref(text, "run", run), f"{_RUN}{run}") for run in runs]
    else:
        found = list(_meanings(history, git, project, text, folder))
    if len(found) == 1:
        return found[0][0]
    if found:
        raise UsageError(f"{text} can mean {len(found)} things", hint=_ways(found))
    raise _unknown(history, git, text)


def _ways(found: Sequence[tuple[Ref, str]]) -> str:
    """Return how to write each of the meanings of a text, or of some, where it begins many runs."""
    runs = [ref.run for ref, _ in found if ref.kind == "run"]
    others = [how for ref, how in found if ref.kind != "run"]
    if not others:
        more = f" and {len(runs) - _SHOWN} more" if runs[_SHOWN:] else ""
        return f"Write more of the id: {', '.join(map(str, runs[:_SHOWN]))}{more}"
    ways = [f"{_RUN}{run} for the run" for run in runs[:_SHOWN]]
    ways += [f"{len(runs) - _SHOWN} more runs"] if runs[_SHOWN:] else []
    return f"Write what is meant: {'; '.join([*ways, *others])}."


def _meanings(
    history: History, git: Git, project: Project, text: str, folder: str
) -> Iterable[tuple[Ref, str]]:
    """Yield each meaning of a text, and how to write just that."""
    runs = history.matching(text)
    if text in runs:
        runs = [text]
    for run in runs:
        yield Ref(text, "run", run), f"{_RUN}{run} for the run"
    commit = None if text.startswith(("./", "../")) else _commit(git, text)
    if commit is not None:
        how = (
            f"refs/heads/{text} for the branch"
            if _commit(git, f"refs/heads/{text}")
            else f"the commit {commit}"
        )
        yield Ref(text, "commit", commit=commit), how
    path = _inside(text, folder)
    if path is not None:
        there = _at_path(history, project, text, path)
        if there is not None:
            yield there, f"./{text} for the path"
    elif commit is None and posixpath.isabs(text):
        raise UsageError(f"{text} is an absolute path", hint="Write it relative to where you stand.")
    name, colon, inner = text.partition(":")
    if colon and commit is None and name and inner and (then := _commit(git, name)) is not None:
        yield _then(git, project, text, then, _inside(inner, folder) or inner), f"the path {inner} in {name}"


# Runs -----------------------------------------------------------------------------------------------------------------


def _runs(history: History) -> list[KnownRun]:
    """Return the runs of this branch; all of them where it has none."""
    runs = history.runs(branch_only=True) or history.runs()
    if not runs:
        raise UsageError("there is no run yet", hint="Make one with: mlops run")
    return [run for run in runs if not run.repetition] or runs


def _latest(history: History) -> str:
    """Return the newest run that this clone made; the newest of all where it made none: `sync` brings those of others."""
    runs, own = _runs(history), history.own_runs()
    return next((run for run in runs if run.id in own), runs[0]).id


def _best(runs: Iterable[KnownRun], metric: str, said: Mapping[str, str] | None) -> str:
    from mlops_cli.history.directions import direction, value_of
    from mlops_cli.history.named import meant

    found: list[tuple[float, str]] = []
    names: set[str] = set()
    for run in runs:
        names.update(run.metrics)
        values = (
            [value_of(each) for each in meant(run.metrics, metric).values()] if run.status == "ok" else []
        )
        found += [(value, run.id) for value in values if value is not None]
    if not found:
        hint = nearest(metric, sorted(names)) or f"metrics are {', '.join(sorted(names)[:10])}"
        raise UsageError(
            f"no run that went well has the metric {metric or '(no name)'}",
            hint=(hint[0].upper() + hint[1:]) if names else "",
        )
    way = direction(metric, said)
    if way is None:
        raise UsageError(
            f"nobody can tell from its name whether {metric} is better when it is higher or lower",
            hint=f"Say so in .mlops/config.yaml: metrics: {{{metric}: up}}",
        )
    best = (max if way == "up" else min)(value for value, _ in found)
    return max(run for value, run in found if value == best)


# Artifacts ------------------------------------------------------------------------------------------------------------


def _digest(history: History, text: str) -> str:
    if _WHOLE.fullmatch(text):
        return history.our_name(text)
    found = history.digests(text.lower())
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(digest[:24] for digest in found[:5])
        raise UsageError(f"{text} is how {len(found)} digests begin", hint=f"Write more of it: {shown} …")
    raise UsageError(f"no artifact is known whose digest begins with {text}", hint=_ALL_FORMS)


def _inside(text: str, folder: str) -> str | None:
    """Return a typed path relative to the project; None where it leads out of it."""
    path = posixpath.normpath(posixpath.join(folder, text.replace(os.sep, "/")))
    return None if path.startswith(("../", "/")) or path in ("..", ".") else path


def _at_path(history: History, project: Project, text: str, path: str) -> Ref | None:
    """Return what a path holds, as the records of the workspace have it; what it held last where they do not know it."""
    inner, top = path, project.root
    while inner:
        digest = recorded_now(project, inner)
        if digest is not None:
            return Ref(text, "artifact", digest=digest, path=inner)
        inner = posixpath.dirname(inner)
    with suppress(OSError, ValueError):
        if os.path.lexists(top / path):
            return Ref(text, "artifact", path=path)
    return Ref(text, "artifact", path=path) if history.knows_path(path) else None


def recorded_now(project: Project, path: str) -> str | None:
    """Return the digest that the records of the workspace have for a path; None where they have none."""
    with suppress(OSError, ValueError):
        value = json.loads((project.root / data_record_path(path)).read_bytes())
        if isinstance(value, dict) and isinstance(value.get("digest"), str):
            return str(value["digest"])
    quoted = json.dumps(path, ensure_ascii=False).encode("utf-8", "replace")
    for above, _, names in os.walk(project.root / RECORDS / "stages"):
        for name in names:
            with suppress(OSError, ValueError):
                with open(f"{above}/{name}", "rb") as source:
                    data = source.read()
                # Most records do not mention the path at all, and need not be taken apart.
                if name.endswith(".json") and quoted in data and (digest := _out(json.loads(data), path)):
                    return digest
    return None


def _out(value: Any, path: str) -> str | None:
    outs = value.get("outs") if isinstance(value, dict) else None
    row = outs.get(path) if isinstance(outs, dict) else None
    digest = row.get("digest") if isinstance(row, dict) else None
    return digest if isinstance(digest, str) else None


def _then(git: Git, project: Project, text: str, commit: str, path: str) -> Ref:
    """Return what a path held in a commit."""
    from mlops_cli.git.revision import read_revision

    found: dict[str, str] = {}
    for file, data in read_revision(git, project, commit).records.items():
        with suppress(ValueError):
            value = json.loads(data)
            if not isinstance(value, dict):
                continue
            if file.startswith(f"{RECORDS}/data/") and isinstance(value.get("path"), str):
                found[value["path"]] = str(value.get("digest"))
            else:
                for name in value.get("outs") or {}:
                    found[name] = _out(value, name) or ""
    inner = path
    while inner:
        if found.get(inner):
            return Ref(text, "artifact", digest=found[inner], path=inner, commit=commit)
        inner = posixpath.dirname(inner)
    raise UsageError(
        f"nothing is recorded of {path} in {commit[:12]}",
        hint=(nearest(path, sorted(found)) or "see what was recorded with: mlops runs --all").capitalize(),
    )


# Commits --------------------------------------------------------------------------------------------------------------


def _commit(git: Git, text: str) -> str | None:
    """Return the id of the commit that Git takes a text for; what people type reaches Git nowhere else."""
    try:
        found = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    except ValueError:  # no text that a process can be given
        return None
    name = found.decode().strip() if found else ""
    return name if name.isalnum() else None  # "^main" is something to Git, but no commit


def _speakable(text: str) -> bool:
    return text.isprintable() or not any(sign in text for sign in "\n\r\x7f")


def _unknown(history: History, git: Git, text: str) -> MlopsError:
    beyond = beyond_border(git, text)
    if beyond is not None:
        return beyond
    if _MODEL.fullmatch(text):
        model, _, what = text.replace(":", "@").partition("@")
        return UsageError(
            f"{text} would be {what} of the model {model}, and this version keeps no models yet",
            hint="Name the model by its path or digest, or by the run that made it.",
        )
    if text.startswith("@"):
        return UsageError(f"{text} leads to nothing", hint="There are @latest and @best:METRIC.")
    heads = (
        git.ask("for-each-ref", "--format=%(refname:short)", "--count=1000", "refs/heads", "refs/tags") or b""
    )
    if not heads and text in ("HEAD", "@") and git.ask("rev-parse", "--verify", "--quiet", "HEAD") is None:
        return UsageError(
            f"{text} leads to nothing: there is no commit yet", hint="Make the first: git commit"
        )
    names = [*heads.decode(errors="replace").split("\n"), *history.paths()]
    close = nearest(text, [name for name in names if name])
    return UsageError(
        f"{text} leads to nothing", hint=(close[0].upper() + close[1:]) if close else _ALL_FORMS
    )
