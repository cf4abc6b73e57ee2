"""`.dvc/config` and `.dvc/config.local`: settings, with the line that each stands in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = ".dvc/config"
LOCAL = ".dvc/config.local"
_SECTION = re.compile(r"""\[\s*(['"]?)(.*?)\1\s*\]\s*(?:#.*)?""")
_NAMED = re.compile(r"""(\w+)\s+(["'])(.*)\2""")
_SETTING = re.compile(r"""(['"]?)([\w.-]+)\1\s*=\s*(.*)""")
_VALUE = re.compile(r"""'([^']*)'|"([^"]*)"|([^#]*)""")


class Setting(NamedTuple):
    """One setting and where it stands."""

    value: str
    file: str
    line: int


Section = dict[str, Setting]


class DvcConfig(NamedTuple):
    """Settings by section, and those of each remote by its name."""

    sections: Mapping[str, Section]
    remotes: Mapping[str, Section]

    def get(self, section: str, name: str) -> Setting | None:
        """Return one setting."""
        return self.sections.get(section, {}).get(name)

    def flag(self, section: str, name: str) -> bool:
        """Whether a setting says yes."""
        setting = self.get(section, name)
        return setting is not None and setting.value.lower() in ("true", "yes", "on", "1")


def read_config(files: Mapping[str, bytes | None]) -> DvcConfig:
    """Return the settings in files; those of later files win.

    Parameters
    ----------
    files : mapping
        Path to bytes, or None where there is no such file.
    """
    config = DvcConfig({}, {})
    for file, data in files.items():
        section: Section = {}
        for number, line in enumerate((data or b"").decode("utf-8-sig", "replace").splitlines(), 1):
            text = line.strip()
            header = _SECTION.fullmatch(text)
            setting = _SETTING.fullmatch(text)
            if header:
                section = _section(config, header[2])
            elif setting and not text.startswith(("#", ";")):
                value = _VALUE.match(setting[3].strip())
                plain = next((part for part in value.groups() if part is not None), "") if value else ""
                section[setting[2].lower()] = Setting(plain.strip(), file, number)
    return config


def _section(config: DvcConfig, name: str) -> Section:
    named = _NAMED.fullmatch(name)
    where: dict[str, Section] = config.remotes if named and named[1] == "remote" else config.sections  # type: ignore[assignment]
    return where.setdefault(named[3] if named and named[1] == "remote" else name, {})
