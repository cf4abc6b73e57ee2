"""Taking secrets out of text before it is written into a record that people commit."""

from __future__ import annotations

import re

# Left uncompiled until there is something to redact: `re` keeps what it has compiled, and most commands need none of it.
_URL = r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@]*:?[^/\s@]*@"
_NAME = r"[\w-]*(?:secret|token(?!s|iz)|passw(?:or)?d|credential|api[-_]?key|private[-_]?key|access[-_]?key)[\w-]*"
_ARGUMENT = rf"(?i)(\b{_NAME}\s*=\s*|--?{_NAME}(?:\s+|=))(\"[^\"]*\"|'[^']*'|[^\s\"']+)"
# Every secret that these find stands beside one of these characters or words.
_TELLING = ("@", "secret", "token", "passw", "credential", "key")


def redact(text: str) -> str:
    """Return text without credentials in URLs and without the values of arguments whose names say that they are secret.

    Examples
    --------
    >>> redact("curl https://ana:pw@example.org --api-key=abc --depth 3")
    'curl https://example.org --api-key=*** --depth 3'
    >>> redact("DB_PASSWORD='x y' python load.py --token t")
    'DB_PASSWORD=*** python load.py --token ***'
    """
    lower = text.lower()
    if not any(word in lower for word in _TELLING):
        return text
    return re.sub(_ARGUMENT, r"\1***", re.sub(_URL, r"\1", text))
