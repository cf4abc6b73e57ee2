"""Proving a lineage: records read from Git with every name recomputed, keys recomputed, commits and their signatures looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError
from mlops_cli.git.witness import Kept, Witness, signatures
from mlops_cli.history.journal import journal_path
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.history.run_record import load_run_record
from mlops_cli.pipeline.key import recorded_key
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.tracked import load_data_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlops_cli.git.commits import Commit
    from mlops_cli.history.known import KnownData, Production, Source
    from mlops_cli.history.lineage.graph import Lineage
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact


class _Found(NamedTuple):
    """A record's bytes, and what shows that they are what was recorded."""

    kept: Kept
    rests_on: str


class Prover:
    """States what can be stated about executions, their records and their commits.

    Parameters
    ----------
    known : Known
        The history that the lineage was made from: an index, which is not believed here.
    """

    def __init__(self, opened: Opened, known: Known, witness: Witness) -> None:
        self.opened = opened
        self.known = known
        self.witness = witness
        self.commits: dict[str, Commit | None] = {}

    def statements(self, lineage: Lineage) -> Iterator[Statement]:
        """Yield what can be stated, executions first, then the commits that the rest stands on."""
        for production in lineage.productions.values():
            yield from self._execution(production)
        yield from self._origins(lineage)
        yield from self._commits()

    def commit(self, name: str) -> Commit | None:
        """Return a commit, and remember that something rests on it."""
        if name not in self.commits:
            self.commits[name] = self.witness.commit(name)
        return self.commits[name]

    # Records ----------------------------------------------------------------------------------------------------------

    def _execution(self, production: Production) -> Iterator[Statement]:
        about = f"{production.stage} of run {production.run}" if production.run else production.stage
        found = self._record(production.source, production.file, production.run)
        says = f"its record says that it made {_few(production.outs)}"
        problem = found.kept.problem or _disagreement(production, found.kept.data)
        if problem:
            yield Statement("record", about, "fails", says, f"{production.file}: {problem}")
        else:
            yield Statement("record", about, "holds", says, found.rests_on)
        if production.key is not None and not problem:
            yield self._key(production, about)
        if production.run is not None:
            yield from self._code(production, about)

    def _record(self, source: Source, file: str, run: str | None = None) -> _Found:
        """Return a record's bytes from where it was found."""
        prefix = self.opened.project.prefix
        if source.kind == "commit":
            commit = self.commit(source.name)
            if commit is None:
                return _Found(Kept("", b"", problem=f"commit {source.name[:7]} is not in this clone"), "")
            if not commit.sound:
                return _Found(
                    Kept("", b"", problem=f"the bytes of commit {source.name[:7]} do not have its id"), ""
                )
            kept = self.witness.at(commit.tree, prefix + file)
            return _Found(kept, f"commit {source.name[:7]}, by the names of all Git objects down to {file}")
        if source.kind == "journal" and run is not None:
            return self._in_journal(source.name, journal_path(prefix, run))
        data = self.opened.read(file)
        problem = "it is not in the workspace any more" if data is None else ""
        return _Found(Kept("blob", data or b"", problem=problem), f"{file} of the workspace, not committed")

    def _in_journal(self, clone: str, path: str) -> _Found:
        refs = self.opened.git.ask(
            "for-each-ref", "--format=%(refname)", "refs/mlops/journal/", "refs/mlops/remote/"
        )
        for ref in (refs or b"").decode(errors="replace").split():
            if ref.rpartition("/")[2] == clone:
                kept = self.witness.at(self.witness.tree_of(ref), path)
                return _Found(kept, f"the journal {clone}, which nobody signed")
        return _Found(Kept("", b"", problem=f"there is no journal {clone}"), "")

    def _key(self, production: Production, about: str) -> Statement:
        says = "its key follows from program, inputs, parameters, variables and outputs"
        for other in self.known.by_key(str(production.key)):
            if other.run is not None or other.system != "mlops":
                continue
            found = self._record(other.source, other.file)
            record = _stage_record(found.kept.data, other.file) if not found.kept.problem else None
            if record is None:
                continue
            if recorded_key(record) == production.key:
                if _digests(record.deps) != _digests(production.deps):
                    return Statement(
                        "key", about, "fails", says, f"{other.file} tells of other inputs than the run"
                    )
                return Statement("key", about, "holds", says, f"{other.file}, the key recomputed from it")
            if "***" in str(record.program):
                return Statement("key", about, "open", says, "a secret was taken out of the recorded program")
            return Statement(
                "key", about, "fails", says, f"{other.file} leads to another key: it was altered"
            )
        return Statement("key", about, "open", says, "no stage record with this key is in the history")

    # Code -------------------------------------------------------------------------------------------------------------

    def _code(self, production: Production, about: str) -> Iterator[Statement]:
        run = self.known.run(str(production.run))
        if run is None or run.commit is None:
            return
        says = "the code it ran can be had again"
        commit = self.commit(run.commit)
        if commit is None:
            yield Statement("code", about, "fails", says, f"commit {run.commit[:7]} is not in this clone")
        elif run.dirty and run.snapshot is None:
            why = f"there were uncommitted changes to commit {run.commit[:7]}, and no snapshot of them"
            yield Statement("code", about, "open", says, why)
        elif run.dirty and not self.witness.tree_of(str(run.snapshot)):
            why = f"the snapshot {str(run.snapshot)[:12]} of uncommitted changes is not in this clone"
            yield Statement("code", about, "fails", says, why)
        else:
            what = f"snapshot {str(run.snapshot)[:12]}" if run.dirty else f"commit {run.commit[:7]}"
            yield Statement("code", about, "holds", says, what)

    def code_tree(self, production: Production) -> str:
        """Return the tree that holds the code of an execution; empty where there is none."""
        run = self.known.run(production.run) if production.run is not None else None
        if run is not None and run.snapshot:
            return run.snapshot
        name = (
            run.commit
            if run is not None
            else production.source.name
            if production.source.kind == "commit"
            else None
        )
        commit = self.commit(name) if name else None
        return commit.tree if commit is not None and commit.sound else ""

    # Origins ----------------------------------------------------------------------------------------------------------

    def _origins(self, lineage: Lineage) -> Iterator[Statement]:
        for name, node in lineage.nodes.items():
            if "tracked" not in node.facts or name not in lineage.artifacts:
                continue
            named = lineage.artifacts[name]
            rows = self.known.data(named.artifact.digest)
            row = next((r for r in rows if r.path == node.facts["tracked"]), None)
            if row is not None:
                yield self._origin(row)

    def _origin(self, row: KnownData) -> Statement:
        url = row.origin.get("url") if row.origin else None
        says = f"it was imported from {url}" if url else "it was added as data"
        file = row.file or f"{DATA_RECORDS}/{row.path}.json"
        found = self._record(row.source, file)
        if found.kept.problem:
            return Statement("origin", row.path, "fails", says, f"{file}: {found.kept.problem}")
        # What DVC recorded is in another format; that it is there, and unchanged, is all that is stated.
        if (
            not file.endswith((".dvc", "dvc.lock"))
            and _data_digest(found.kept.data, file) != row.artifact.digest
        ):
            return Statement("origin", row.path, "fails", says, f"{file} does not tell of these bytes")
        return Statement("origin", row.path, "holds", says, found.rests_on)

    # Commits ----------------------------------------------------------------------------------------------------------

    def _commits(self) -> Iterator[Statement]:
        here = {name: commit for name, commit in self.commits.items() if commit is not None}
        signed = signatures(self.opened.git, [name for name, commit in here.items() if commit.signed])
        for name, commit in here.items():
            about, author = f"commit {name[:7]}", f"{commit.author} <{commit.email}>"
            if not commit.sound:
                yield Statement(
                    "commit", about, "fails", "its bytes have its id", "they do not: it was altered"
                )
                continue
            yield Statement("commit", about, "holds", "its bytes have its id", "its id, recomputed")
            says = f"it is by {author}"
            if name not in signed:
                why = (
                    "it is signed, and Git cannot say by whom"
                    if commit.signed
                    else "the commit's own word: it is not signed"
                )
                yield Statement("signature", about, "open", says, why)
                continue
            verdict, signer = signed[name]
            if verdict == "good":
                yield Statement("signature", about, "holds", says, f"a good signature of {signer}")
            elif verdict == "bad":
                yield Statement("signature", about, "fails", says, "its signature is bad, expired or revoked")
            else:
                why = "it is signed, but by nobody whom this clone knows" + (f": {signer}" if signer else "")
                yield Statement("signature", about, "open", says, why)


def _disagreement(production: Production, data: bytes) -> str:
    """Return how a record differs from what the graph says of an execution; empty where it says the same."""
    if production.system != "mlops":
        return ""
    try:
        if production.run is None:
            record = load_stage_record(data, production.file)
            told = (record.deps, record.outs) if record.stage == production.stage else None
        else:
            run = load_run_record(data, production.file)
            if run.id != production.run:
                return f"it is the record of run {run.id}"
            row = next((stage for stage in run.stages if stage.name == production.stage), None)
            told = (row.deps, row.outs) if row is not None else None
    except (DataError, FileError) as error:
        return error.message
    if told is None:
        return f"it does not tell of {production.stage}"
    if [_digests(side) for side in told] != [_digests(production.deps), _digests(production.outs)]:
        return "it tells of other inputs or outputs"
    return ""


def _stage_record(data: bytes, file: str) -> StageRecord | None:
    try:
        return load_stage_record(data, file)
    except (DataError, FileError):
        return None


def _data_digest(data: bytes, file: str) -> str:
    try:
        return load_data_record(data, file).artifact.digest
    except (DataError, FileError):
        return ""


def _digests(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {path: artifact.digest for path, artifact in artifacts.items()}


def _few(outs: Mapping[str, Artifact]) -> str:
    paths = list(outs)
    if not paths:
        return "nothing"
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
