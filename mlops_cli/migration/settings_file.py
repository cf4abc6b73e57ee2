"""`.mlops/config.yaml` with what DVC's settings say, and what of them has no equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.config_edit import add_remote, set_default
from mlops_cli.formats.config_file import parse_config
from mlops_cli.migration.config import LOCAL
from mlops_cli.migration.remotes import translate_remotes

if TYPE_CHECKING:
    from mlops_cli.migration.config import DvcConfig
    from mlops_cli.migration.notes import Notes

_LINKS = ("reflink", "hardlink", "symlink", "copy")


def config_text(data: bytes, file: str, config: DvcConfig, notes: Notes) -> bytes:
    """Return the bytes of our settings with DVC's remotes added; what is there already stays as it is.

    Raises
    ------
    FileError
        When the file is wrong, or not written so that lines can be added.
    """
    remotes, default = translate_remotes(config, notes)
    _say_settings(config, notes)
    there = parse_config(data, file)
    for remote in remotes:
        known = there.remotes.get(remote.name)
        if known is None:
            data = add_remote(data, file, remote.name, remote.values)
        elif dict(known) != dict(remote.values):
            notes.lost(file, 0, f"remote {remote.name}", "it is there already, and says something else")
    if default is not None and there.default_remote is None:
        data = set_default(data, file, default)
    kinds = _link_kinds(config)
    if kinds and b"\ncache:" not in b"\n" + data:
        data += f"\ncache:\n  link: [{', '.join(kinds)}]\n".encode()
    return data


def _link_kinds(config: DvcConfig) -> list[str]:
    """Return the ways to place files that DVC was told in a file that is committed; none for its defaults."""
    setting = config.get("cache", "type")
    if setting is None or setting.file == LOCAL:
        return []
    kinds = [kind.strip().strip("\"'").lower() for kind in setting.value.split(",")]
    return kinds if kinds and all(kind in _LINKS for kind in kinds) else []


def _say_settings(config: DvcConfig, notes: Notes) -> None:
    """Say which settings besides remotes have no equal."""
    shared = config.get("cache", "shared")
    if shared is not None:
        notes.lost(
            shared.file, shared.line, "cache.shared", "give the shared folder the rights that its users need"
        )
    folder = config.get("cache", "dir")
    if folder is not None:
        why = "DVC's cache was read where it lies; to share a store of ours, set MLOPS_CACHE_DIR or cache.dir in .mlops/config.yaml"
        notes.lost(folder.file, folder.line, "cache.dir", why)
    hydra = config.get("hydra", "enabled")
    if hydra is not None and config.flag("hydra", "enabled"):
        why = "mlops does not compose parameter files; compose them in a stage, or by hand, into the file that stages name"
        notes.lost(hydra.file, hydra.line, "Hydra", why)
    stage = config.get("core", "autostage")
    if stage is not None and config.flag("core", "autostage"):
        notes.lost(
            stage.file,
            stage.line,
            "core.autostage",
            "mlops changes nothing in Git's index; use mlops run --commit",
        )
