"""What the YAML reader complains of, in words for people, and the place that they should look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml import YAMLError

# What YAML calls unacceptable: control characters, and halves of characters.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_QUOTE = "put the text in quotes"
_TAB = ("a tab cannot indent YAML", "use spaces")

# The reader's words to ours: message and hint.
_KNOWN = {
    "found a tab character where an indentation space is expected": _TAB,
    "found a tab character that violates indentation": _TAB,
    "mapping values are not allowed in this context": (
        "a colon is not allowed here",
        "quote the text that holds it, or mend the indentation",
    ),
    "could not find expected ':'": ("a key without its colon", "write key: value"),
    "but found another document": ("a second document starts here", "remove this --- : one document a file"),
    "did not find expected ',' or ']'": (
        "a list in [ ] goes wrong here",
        "a comma or the closing ] is missing",
    ),
    "did not find expected ',' or '}'": (
        "a mapping in { } goes wrong here",
        "a comma or the closing } is missing",
    ),
    "did not find expected node content": (
        "a value is missing here",
        "a bracket or a comma is left over or not closed",
    ),
    "found unexpected end of stream": ("this quote is not closed", "close it, or leave both quotes out"),
    "found unexpected document indicator": ("this quote is not closed", "close it, or leave both quotes out"),
    "found unknown escape character": (
        "double quotes do not know this backslash sequence",
        "use single quotes, or double the backslash",
    ),
    "found invalid Unicode character escape code": (
        "this escape names no character",
        "write the character itself",
    ),
    "did not find expected key": (
        "this does not belong to what stands above",
        "indent the keys of one mapping alike, and end a line after a closing quote",
    ),
    "did not find expected '-' indicator": (
        "a list goes wrong here",
        "start each of its items with - in one column",
    ),
    "did not find expected <document start>": (
        "this does not belong to what stands above",
        "indent the keys of one mapping alike",
    ),
    "did not find expected alphabetic or numeric character": (
        "a text that starts with * or & needs quotes",
        _QUOTE,
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot start on the line of its key",
        "write each - on a line of its own",
    ),
    "did not find expected comment or line break": (
        "text after | or > starts on the next line",
        "break the line here",
    ),
    "found unknown directive name": ("a line cannot start with %", _QUOTE),
}
# Here the place where the mistake begins says more than the place where the reader noticed it.
_AT_START = {
    "could not find expected ':'",
    "did not find expected alphabetic or numeric character",
    "found unexpected end of stream",
    "found unexpected document indicator",
}


def explain(error: YAMLError | ValueError, text: str) -> tuple[int, int, str, str]:
    """Return line, column, message and hint for what the reader says of a text.

    Parameters
    ----------
    error : YAMLError or ValueError
        As PyYAML raises it.
    text : str
        The whole document.
    """
    import yaml

    if not isinstance(error, yaml.MarkedYAMLError):
        bad = _FORBIDDEN.search(text)
        if bad is None:
            return 1, 1, f"YAML: {str(error).splitlines()[0]}", ""
        before = text[: bad.start()]
        line, column = before.count("\n") + 1, bad.start() - before.rfind("\n")
        return line, column, f"the control character U+{ord(bad[0]):04X} cannot stand in YAML", "remove it"
    problem = str(error.problem or error.context or "cannot be read")
    start = error.context_mark if problem in _AT_START else None
    mark = start or error.problem_mark or error.context_mark
    if mark is None:
        return 1, 1, f"YAML: {problem}", ""
    message, hint = _words(problem, text.splitlines()[mark.line : mark.line + 1], mark.column)
    if error.context_mark is not None and "goes wrong here" in message:
        hint += f"; it starts on line {error.context_mark.line + 1}"
    return mark.line + 1, mark.column + 1, message, hint


def _words(problem: str, lines: list[str], column: int) -> tuple[str, str]:
    line = lines[0] if lines else ""
    rest = line[column:]
    if line[max(column - 1, 0) : column + 1] == "${":
        return "inside [ ] and { } a ${…} needs quotes", 'write "${…}"'
    if problem.startswith("found character") and rest:
        return _TAB if rest[0] == "\t" else (f"a value cannot start with {rest[0]}", _QUOTE)
    if problem.startswith("found undefined alias"):
        name = re.split(r"[\s,]", rest)[0]
        return f"{name} names nothing", "a pattern needs quotes; an alias needs its & before it"
    return _KNOWN.get(problem, (f"YAML: {problem}", ""))
