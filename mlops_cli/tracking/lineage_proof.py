"""Proving a lineage: records read from Git with every name recomputed, keys recomputed, commits and their signatures looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import DataError, FileError
from mlops_cli.git.witness import signatures
from mlops_cli.history.lineage.agreement import digests, own_contradiction
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.history.run_record import load_run_record
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS, DEFINITION
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import load_data_record
from mlops_cli.tracking.lineage_claims import Metrics, claim
from mlops_cli.tracking.lineage_copies import Copies
from mlops_cli.tracking.lineage_keys import Keys
from mlops_cli.tracking.lineage_sizes import wrong_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlops_cli.git.commits import Commit
    from mlops_cli.git.witness import Witness
    from mlops_cli.history.known import KnownData, Production
    from mlops_cli.history.lineage.graph import Lineage
    from mlops_cli.history.lineage.sources import KnownCopies
    from mlops_cli.history.lineage.statements import Verdict
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.tracking.lineage_copies import Copy


class _Read(NamedTuple):
    """What a record says, read for the proof; or what is wrong with it.

    Parameters
    ----------
    row : StageRun or StageRecord or None
        What it says of the execution.
    """

    row: StageRun | StageRecord | None = None
    run: RunRecord | None = None
    problem: str = ""


class Prover:
    """States what can be stated about executions, their records and their commits.

    Parameters
    ----------
    known : KnownCopies
        The history that the lineage was made from: an index, which is not believed here.
    """

    def __init__(self, opened: Opened, known: KnownCopies, witness: Witness) -> None:
        self.opened = opened
        self.known = known
        self.witness = witness
        self.copies = Copies(opened, known, witness)
        self.keys = Keys(opened, known, self.copies)
        self.metrics = Metrics(opened, self.copies)
        self._claimed: set[str] = set()

    def statements(self, lineage: Lineage) -> Iterator[Statement]:
        """Yield what can be stated, executions first, then the commits that the rest stands on."""
        for production in lineage.productions.values():
            yield from self._execution(production)
        yield from self._origins(lineage)
        yield from self._commits()

    # Records ----------------------------------------------------------------------------------------------------------

    def _execution(self, production: Production) -> Iterator[Statement]:
        about = f"{production.stage} of run {production.run}" if production.run else production.stage
        first = self.copies.read(production.source, production.file, production.run, rely=True)
        others = list(self.copies.others(production.file, production.run)) if production.run else []
        says = f"its record says that it made {_few(production.outs)}"
        read = _Read(problem=first.kept.problem) if first.kept.problem else _read(production, first.kept.data)
        problem = read.problem or (self.copies.differing(first, others) if production.run else "")
        tree = self.code_tree(production)
        problem = problem or (self._contradiction(read.run, tree) if read.run is not None else "")
        if problem:
            yield Statement("record", about, "fails", says, f"{production.file}: {problem}")
        else:
            yield Statement("record", about, "holds", says, first.rests_on)
        if production.key is not None and read.row is not None:
            yield self.keys.statement(production, read.row, about, tree)
        if read.run is not None and not read.problem:
            yield from self._run(production, read, (first, others, problem), (about, tree))

    def _contradiction(self, run: RunRecord, tree: str) -> str:
        """Return what a run's record says that its own other fields, or the code it names, do not; empty where nothing does."""
        pipeline = self.keys.pipeline(tree)
        foreign = [
            stage.name for stage in run.stages if pipeline is not None and stage.name not in pipeline.stages
        ]
        if foreign:
            return f"it tells of the stage {foreign[0]}, which the code that it ran does not have"
        return own_contradiction(run)

    def _run(
        self,
        production: Production,
        read: _Read,
        found: tuple[Copy, list[Copy], str],
        where: tuple[str, str],
    ) -> Iterator[Statement]:
        """Yield what no key covers: metrics, what is only said, and the code."""
        assert read.run is not None  # noqa: S101 - the caller has looked
        (first, others, problem), (about, tree) = found, where
        brought = self.copies.commit(first.source.name) if first.source.kind == "commit" else None
        row = next(stage for stage in read.run.stages if stage.name == production.stage)
        trees = [tree, *(commit.tree for commit in self._bringing(first, others))]
        told = self.metrics.statement(row, self.keys.definition(tree, row.name), trees, about)
        if told is not None:
            yield told
        if not problem and read.run.id not in self._claimed:
            self._claimed.add(read.run.id)
            yield claim(read.run, first, others, brought)
        yield from self._code(production, read.run, about)

    def _bringing(self, first: Copy, others: list[Copy]) -> Iterator[Commit]:
        """Yield the commits that brought a run's record: they have what the run made for Git to keep."""
        for name in {copy.source.name for copy in (first, *others) if copy.source.kind == "commit"}:
            commit = self.witness.commit(name)
            if commit is not None and commit.sound:
                yield commit

    # Code -------------------------------------------------------------------------------------------------------------

    def _code(self, production: Production, record: RunRecord, about: str) -> Iterator[Statement]:
        run = record.code
        if run.commit is None:
            return
        says = "the code it ran can be had again"
        commit = self.copies.commit(run.commit)
        if commit is None:
            yield self._code_without_commit(record, about, says)
        elif commit.sound and run.tree and commit.tree != run.tree:
            why = f"{production.file} says that commit {run.commit[:7]} has the tree {run.tree[:12]}, and it has {commit.tree[:12]}"
            yield Statement("code", about, "fails", says, why)
        elif run.dirty and run.snapshot is None:
            why = f"there were uncommitted changes to commit {run.commit[:7]}, and no snapshot of them"
            yield Statement("code", about, "open", says, why)
        elif run.dirty and not self.witness.tree_of(str(run.snapshot)):
            why = f"the snapshot {str(run.snapshot)[:12]} of uncommitted changes is not in this clone"
            yield Statement("code", about, "fails", says, why)
        elif problem := self._other_pipeline(record, str(run.snapshot) if run.dirty else commit.tree):
            yield Statement("code", about, "fails", says, problem)
        else:
            what = f"snapshot {str(run.snapshot)[:12]}" if run.dirty else f"commit {run.commit[:7]}"
            yield Statement("code", about, "holds", says, what)

    def _code_without_commit(self, record: RunRecord, about: str, says: str) -> Statement:
        """Return whether the journal has kept what the commit had."""
        run = record.code
        gone = f"commit {str(run.commit)[:7]} is not in this clone"
        kept = run.snapshot if run.dirty else run.tree
        if kept is None or not self.witness.tree_of(kept):
            return Statement("code", about, "fails", says, f"{gone}, and nor is its tree")
        problem = self._other_pipeline(record, kept)
        if problem:
            return Statement("code", about, "fails", says, problem)
        by = "kept by a journal" if self.copies.keeps(kept) else "which another commit has, too"
        return Statement("code", about, "holds", says, f"the tree {kept[:12]}, {by}; {gone}")

    def _other_pipeline(self, record: RunRecord, tree: str) -> str:
        """Return how the pipeline file in the code of a run is not the one that its record names; empty where it is."""
        file = str(record.pipeline.get("file"))
        kept = self.witness.at(tree, self.opened.project.prefix + file)
        if kept.kind != "blob" or kept.problem:
            return (
                ""
                if file == DEFINITION
                else f"{file}, which the run's record names as its pipeline file, is not there"
            )
        # As Git may write it elsewhere, too.
        there = {str(digest_bytes(data)) for data in (kept.data, kept.data.replace(b"\n", b"\r\n"))}
        named = str(record.pipeline.get("digest"))
        return (
            ""
            if named in there
            else f"{file} there does not have the digest {named[:15]} that the run's record names"
        )

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
        commit = self.copies.commit(name) if name else None
        if commit is None and run is not None and not run.dirty:
            record = self.known.full(run.id)
            return self.witness.tree_of(record.code.tree) if record is not None and record.code.tree else ""
        return commit.tree if commit is not None and commit.sound else ""

    # Origins ----------------------------------------------------------------------------------------------------------

    def _origins(self, lineage: Lineage) -> Iterator[Statement]:
        for name, node in lineage.nodes.items():
            if "tracked" not in node.facts or name not in lineage.artifacts:
                continue
            named = lineage.artifacts[name]
            rows = [r for r in self.known.data(named.artifact.digest) if r.path == node.facts["tracked"]]
            if rows:
                yield self._origin(rows)

    def _origin(self, rows: list[KnownData]) -> Statement:
        """Return what can be said of where data came from, out of every record that names these bytes at this path."""
        row = rows[0]
        says = _origin_text(row.origin)
        file = row.file or f"{DATA_RECORDS}/{row.path}.json"
        first = self.copies.read(row.source, file, rely=True)
        if first.kept.problem:
            return Statement("origin", row.path, "fails", says, f"{file}: {first.kept.problem}")
        # What DVC recorded is in another format; that it is there, and unchanged, is all that is stated.
        if file.endswith((".dvc", "dvc.lock")):
            return Statement("origin", row.path, "holds", says, first.rests_on)
        copies = [
            first,
            *(self.copies.read(r.source, r.file) for r in rows[1:] if r.file == file),
            *self.copies.present(file),
        ]
        verdict, why = _agreed(file, row, copies)
        wrong = wrong_size(self.opened, row.artifact, row.files)
        if wrong:
            return Statement("origin", row.path, "fails", says, f"{file}: {wrong}")
        return Statement("origin", row.path, verdict, says, why or first.rests_on)

    # Commits ----------------------------------------------------------------------------------------------------------

    def _commits(self) -> Iterator[Statement]:
        here = {name: commit for name, commit in self.copies.relied_on.items() if commit is not None}
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


def _read(production: Production, data: bytes) -> _Read:
    """Return what a record says of an execution, and how that differs from what the graph says of it."""
    if production.system != "mlops":
        return _Read()
    run: RunRecord | None = None
    row: StageRun | StageRecord | None = None
    try:
        if production.run is None:
            record = load_stage_record(data, production.file)
            row = record if record.stage == production.stage else None
        else:
            run = load_run_record(data, production.file)
            if run.id != production.run:
                return _Read(problem=f"it is the record of run {run.id}")
            row = next((stage for stage in run.stages if stage.name == production.stage), None)
    except (DataError, FileError) as error:
        return _Read(problem=error.message)
    if row is None:
        return _Read(problem=f"it does not tell of {production.stage}")
    if [digests(row.deps), digests(row.outs)] != [digests(production.deps), digests(production.outs)]:
        return _Read(problem="it tells of other inputs or outputs")
    return _Read(row, run)


def _origin_text(origin: Mapping[str, Any] | None) -> str:
    url = origin.get("url") if origin else None
    return f"it was imported from {url}" if url else "it was added as data"


def _agreed(file: str, row: KnownData, copies: list[Copy]) -> tuple[Verdict, str]:
    """Return what all versions of a data record make of a statement, and why; a version of other bytes is no contradiction."""
    for copy in copies:
        if copy.kept.problem:
            continue
        try:
            record = load_data_record(copy.kept.data, file)
        except (DataError, FileError) as error:
            return "fails", f"{copy.place}: {error.message}"
        if record.artifact.digest != row.artifact.digest:
            if copy is copies[0]:
                return "fails", f"{file} does not tell of these bytes"
            continue
        one, other = (row.artifact.size, row.files), (record.artifact.size, record.files)
        if one != other:
            numbers = f"{one[1]:,} files and {one[0]:,} bytes in {copies[0].place} and {other[1]:,} and {other[0]:,}"
            return "fails", f"{file} says that there are {numbers} in {copy.place}: one of them was altered"
        if _origin_text(record.source) != _origin_text(row.origin):
            return "open", f"{file} in {copy.place} says that {_origin_text(record.source)}"
    return "holds", ""


def _few(outs: Mapping[str, Artifact]) -> str:
    paths = list(outs)
    if not paths:
        return "nothing"
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
