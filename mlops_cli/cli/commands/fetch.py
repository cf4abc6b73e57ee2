"""`mlops fetch`."""

from __future__ import annotations

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AllVersions, AsJson, DataPaths, Folder, Quiet, RemoteName, Revs, Verbose


def fetch(
    paths: DataPaths = None,
    revs: Revs = None,
    history: AllVersions = False,
    remote: RemoteName = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring recorded content from a remote into the local store; the workspace stays as it is."""
    from mlops_cli.actions.fetch import fetch as act
    from mlops_cli.render.transfer import failures_text, gone_text, transfer_text, transfer_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.transfer(plain=opened.environment.plain) as progress:
        result = act(opened, paths or (), remote, revs=revs or (), history=history, listen=progress)
    if talk.as_json:
        talk.json(transfer_wire(result))
    else:
        talk.result(transfer_text(result, "brought"))
        talk.say(gone_text(result))
        talk.fail(failures_text(result))
    end(0 if result.good else 5)
