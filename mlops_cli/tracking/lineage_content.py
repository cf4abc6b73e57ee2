"""Proving a lineage: that the artifacts in it are where they can be had, and that their bytes have their digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, MlopsError
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import PREFIX, digest_bytes, digest_file
from mlops_cli.store.tree import Entry, encode_tree
from mlops_cli.tracking.lineage_sizes import wrong_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_cli.git.witness import Kept, Witness
    from mlops_cli.history.lineage.graph import Lineage, Named
    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.transfer.remote_store import RemoteStore
    from mlops_cli.store.tree import Kind
    from mlops_cli.store.upkeep.check import Checked
    from mlops_cli.tracking.lineage_proof import Prover

_EXECUTABLE, _LINK, _FILES = "100755", "120000", ("100644", "100755", "120000")


class Contents:
    """Says of each artifact of a lineage where it can be had.

    Parameters
    ----------
    remote : pair, optional
        Name and store of a remote to ask, by its listing, for what is not here.
    listen : callable
        Told how many objects and bytes were read.
    """

    def __init__(
        self,
        opened: Opened,
        prover: Prover,
        remote: tuple[str, RemoteStore] | None,
        listen: Callable[[int, int], None],
    ) -> None:
        self.opened = opened
        self.prover = prover
        self.remote = remote
        self.listen = listen

    def statements(self, lineage: Lineage) -> Iterator[Statement]:
        """Yield where each artifact can be had; what can be made again need not be anywhere."""
        before, after = lineage.before(), lineage.after()
        ours = {
            n: named for n, named in lineage.artifacts.items() if named.artifact.digest.startswith(PREFIX)
        }
        checked = self._read({named.artifact.digest: named for named in ours.values()})
        for name, named in lineage.artifacts.items():
            says = f"bytes with the digest {named.artifact.digest[:15]} can be had"
            if name not in ours:
                why = f"it is known by {named.artifact.digest.partition(':')[0]} alone"
                yield Statement("artifact", named.path, "open", says, why)
                continue
            readers = [lineage.productions[e.end] for e in after[name] if e.end in lineage.productions]
            trees = dict.fromkeys(tree for p in readers if (tree := self.prover.code_tree(p)))
            found, problem = self._where(named, list(trees), checked)
            made = [edge for edge in before[name] if edge.role == "output"]
            wrong = wrong_size(self.opened, named.artifact)
            if found and wrong:
                yield Statement("artifact", named.path, "fails", says, wrong)
            elif found:
                yield Statement("artifact", named.path, "holds", says, found)
            elif problem:
                yield Statement("artifact", named.path, "fails", says, problem)
            elif made and name not in lineage.starts:
                stage = lineage.nodes[made[0].start].label
                yield Statement(
                    "artifact", named.path, "open", says, f"it is not here; {stage} would make it again"
                )
            else:
                asked = f", nor on {self.remote[0]}" if self.remote else "; ask a remote with -r NAME"
                why = f"it is neither in the store, nor in the workspace, nor in Git{asked}"
                yield Statement("artifact", named.path, "fails", says, why)

    def _read(self, wanted: dict[Digest, Named]) -> Checked:
        """Read every object of these artifacts that the store has."""
        from mlops_cli.store.upkeep.check import Checked, check_objects

        objects, _ = self.opened.open_store()
        parts = closure(objects, [named.artifact for named in wanted.values()])
        checked = Checked()
        check_objects(objects, checked, self.listen, {*parts.blobs, *parts.trees})
        return checked

    def _where(self, named: Named, trees: list[str], checked: Checked) -> tuple[str, str]:
        """Return where an artifact can be had; else what is wrong with it, where something is."""
        objects = self.opened.facts.objects
        parts = closure(objects, [named.artifact])
        every = {*parts.blobs, *parts.trees}
        damaged = [digest for digest in every if digest in checked.damaged]
        if not damaged and not parts.missing and not objects.missing(every):
            return "the store, every byte of it read", ""
        if self._in_workspace(named):
            return "the workspace, read again", ""
        prefix = self.opened.project.prefix
        for tree in trees:
            if (
                kept_digest(self.prover.witness, self.prover.witness.at(tree, prefix + named.path))
                == named.artifact.digest
            ):
                return f"Git, in the code of the run ({tree[:12]})", ""
        if self.remote is not None and self._on_remote(named):
            return f"the listing of {self.remote[0]}: its bytes were not read", ""
        return (
            "",
            f"{len(damaged)} of its objects in the store are damaged: mlops verify --repair"
            if damaged
            else "",
        )

    def _in_workspace(self, named: Named) -> bool:
        if not named.artifact.tree:
            return digest_file(self.opened.workspace_path(named.path)) == named.artifact.digest
        try:
            lies = self.opened.workspace.artifact(named.path)
        except MlopsError:
            return False
        return named.artifact.same(lies)

    def _on_remote(self, named: Named) -> bool:
        assert self.remote is not None  # noqa: S101 - the one caller has looked
        try:
            parts = closure(self.remote[1], [named.artifact])
            return not parts.missing and not self.remote[1].missing({*parts.blobs, *parts.trees})
        except DataError:
            return False


def kept_digest(witness: Witness, kept: Kept) -> str:
    """Return the digest of what Git keeps at a path; empty where that is nothing, or holds what no artifact holds."""
    return _entry(witness, "top", kept).content if kept.kind else ""


def _entry(witness: Witness, name: str, kept: Kept) -> Entry:
    """Return something that Git keeps as an entry of one of our trees; with no content where that cannot be."""
    nothing = Entry(name, "file", "", 0)
    if kept.problem:
        return nothing
    if kept.kind == "blob" and kept.mode in _FILES:
        if kept.mode == _LINK:
            return Entry(name, "link", kept.data.decode(errors="replace"), 0)
        kind: Kind = "exec" if kept.mode == _EXECUTABLE else "file"
        return Entry(name, kind, digest_bytes(kept.data), len(kept.data))
    if kept.kind != "tree":
        return nothing
    entries = [_entry(witness, row.name, child) for row, child in witness.rows(kept)]
    if not all(entry.content for entry in entries):
        return nothing
    data = encode_tree(entries)
    return Entry(name, "tree", digest_bytes(data), sum(entry.size for entry in entries))
