"""DVC's remotes as `.mlops/config.yaml` says them. Secrets stay behind."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from mlops_cli.formats.redact import redact
from mlops_cli.migration.config import LOCAL
from mlops_cli.settings import remote_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.migration.config import DvcConfig, Section, Setting
    from mlops_cli.migration.notes import Notes

_SCHEMES = {"ssh": "sftp", "azure": "az"}
# What DVC knows and no file system behind us does, or what means nothing to us.
_NOWHERE = {
    "gdrive": "mlops has no remotes on Google Drive",
    "remote": "it stands on a remote that has no address",
}
_PLAIN = {
    "endpointurl": "endpoint_url",
    "region": "region",
    "profile": "profile",
    "user": "user",
    "keyfile": "key_file",
}
_OWN = ("profile", "user", "keyfile")  # of one person or one machine, where they stand in config.local
_SECRETS = {
    "password": "password", "passphrase": "passphrase", "access_key_id": "key", "secret_access_key": "secret",
    "session_token": "token", "token": "token",
}  # fmt: skip
# Where the libraries themselves look.
_ELSEWHERE = {
    "credentialpath": "set AWS_SHARED_CREDENTIALS_FILE or GOOGLE_APPLICATION_CREDENTIALS",
    "configpath": "set AWS_CONFIG_FILE",
    "connection_string": "set AZURE_STORAGE_CONNECTION_STRING",
    "account_name": "set AZURE_STORAGE_ACCOUNT_NAME",
    "account_key": "set AZURE_STORAGE_ACCOUNT_KEY",
    "sas_token": "set AZURE_STORAGE_SAS_TOKEN",
    "tenant_id": "set AZURE_STORAGE_TENANT_ID",
    "client_id": "set AZURE_STORAGE_CLIENT_ID",
    "client_secret": "set AZURE_STORAGE_CLIENT_SECRET",
    "oss_key_id": "set OSS_ACCESS_KEY_ID",
    "oss_key_secret": "set OSS_ACCESS_KEY_SECRET",
    "oss_endpoint": "set OSS_ENDPOINT",
}
_QUIET = (
    "url",
    "jobs",
    "port",
    "verify",
    "ask_password",
    "ask_passphrase",
    "checksum_jobs",
    "no_traverse",
    "listobjects",
)


class Remote(NamedTuple):
    """A remote as `mlops remote add` would write it."""

    name: str
    values: Mapping[str, str | int]


def addresses(config: DvcConfig) -> dict[str, str]:
    """Return name to address of DVC's remotes, those that stand on others filled in."""
    found = {name: section["url"].value for name, section in config.remotes.items() if "url" in section}
    for _ in found:
        for name, url in found.items():
            other, _, rest = url.removeprefix("remote://").partition("/")
            if url.startswith("remote://") and not found.get(other, "remote://").startswith("remote://"):
                found[name] = f"{found[other].rstrip('/')}/{rest}"
    return found


def translate_remotes(config: DvcConfig, notes: Notes) -> tuple[list[Remote], str | None]:
    """Return the remotes and the name of the default one."""
    urls = addresses(config)
    remotes: list[Remote] = []
    names: dict[str, str] = {}
    for name, section in config.remotes.items():
        remote = _remote(name, section, urls.get(name, ""), notes)
        if remote is not None:
            remotes.append(remote)
            names[name.lower()] = remote.name
    default = config.get("core", "remote")
    if default is None:
        return remotes, None
    return remotes, names.get(default.value.lower())


def _remote(name: str, section: Section, url: str, notes: Notes) -> Remote | None:
    shown = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    shown = shown if shown[:1].isalpha() else f"remote-{shown}"
    if "url" not in section:
        place = next(iter(section.values()), None)
        notes.lost(
            place.file if place else ".dvc/config",
            place.line if place else 0,
            f"remote {name}",
            "it has no url",
        )
        return None
    at = section["url"]
    if shown != name:
        notes.changed(at.file, at.line, f"remote {name}", f"it is called {shown} here")
    address = _address(name, shown, url, section, notes)
    if address is None:
        return None
    if at.file == LOCAL:
        why = "it stood in config.local, for you alone; here its address is in a file that is committed"
        notes.changed(at.file, at.line, f"remote {name}", why)
    values: dict[str, str | int] = {"url": address}
    for theirs, setting in section.items():
        value = _option(name, shown, theirs, setting, notes)
        if value is not None:
            values[_PLAIN.get(theirs, theirs)] = value
    return Remote(shown, values)


def _address(name: str, shown: str, url: str, section: Section, notes: Notes) -> str | None:
    at = section["url"]
    if "://" not in url:
        if url.startswith("~") or posixpath.isabs(url):
            return url
        return posixpath.normpath(posixpath.join(".dvc", url))
    parts = urlsplit(url)
    if parts.scheme in _NOWHERE:
        notes.lost(at.file, at.line, f"remote {name}", _NOWHERE[parts.scheme])
        return None
    host = parts.netloc
    if ":" in host.rpartition("@")[0]:
        host = f"{host.partition(':')[0]}@{host.rpartition('@')[2]}"
        why = (
            f"secrets are never written to a file that is committed; set {remote_variable(shown, 'password')}"
        )
        notes.lost(at.file, at.line, f"the password in the address of remote {name}", why)
    if "port" in section and ":" not in host.rpartition("@")[2]:
        host = f"{host}:{section['port'].value}"
    query = parts.query
    if query and redact(query) != query:
        query = ""
        notes.lost(
            at.file,
            at.line,
            f"what looks like a secret in the address of remote {name}",
            "secrets are never written",
        )
    if parts.scheme in ("http", "https"):
        notes.changed(at.file, at.line, f"remote {name}", "over plain HTTP, mlops reads and does not write")
    return urlunsplit((_SCHEMES.get(parts.scheme, parts.scheme), host, parts.path, query, ""))


def _option(name: str, shown: str, option: str, setting: Setting, notes: Notes) -> str | int | None:
    place = setting.file, setting.line
    if option in _SECRETS:
        variable = remote_variable(shown, _SECRETS[option])
        why = f"secrets are never written to a file that is committed; set {variable}, or leave it where the library looks itself"
        notes.lost(*place, f"{option} of remote {name}", why)
    elif option in _ELSEWHERE:
        notes.lost(*place, f"{option} of remote {name}", _ELSEWHERE[option])
    elif option in _PLAIN:
        if setting.file == LOCAL and option in _OWN:
            variable = remote_variable(shown, _PLAIN[option])
            notes.lost(
                *place, f"{option} of remote {name}", f"it is your own and not for everybody; set {variable}"
            )
        elif redact(setting.value) != setting.value:
            notes.lost(*place, f"{option} of remote {name}", "there is a password in it")
        else:
            return _key_file(setting) if option == "keyfile" else setting.value
    elif option == "jobs" and setting.value.isdigit() and int(setting.value) > 0:
        return int(setting.value)
    elif option in ("version_aware", "worktree"):
        why = "mlops keeps versions itself, under digests; what only such a remote has is brought with dvc pull first"
        notes.lost(*place, f"{option} of remote {name}", why)
    elif option not in _QUIET:
        notes.lost(
            *place, f"{option} of remote {name}", "mlops has no such setting; fsspec's own go under options:"
        )
    return None


def _key_file(setting: Setting) -> str:
    return os.fspath(setting.value)
