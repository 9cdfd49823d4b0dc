"""
Texts that a spreadsheet would run as a formula: `guarded` on the way out, `unguarded` on the way in.

The two are each other's inverse, so that what was exported is read back as it was.
"""

from __future__ import annotations

import re

# A cell beginning with one of these runs as a formula in a spreadsheet (OWASP, CSV injection); the
# full-width and small forms do under some input methods.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
# What programs pass over before such a sign; a tab or the end of a line there is taken for one itself.
_BEFORE = r"['\"\s\u200b-\u200f\u2060\ufeff]*"
_RUNS = re.compile(rf"{_BEFORE}[{_SIGNS}\t\r\n]")
# What ends a cell where the decimals are written with a comma: there our lines are cut at each semicolon,
# and the quotes around a text of several lines count for nothing.
_NEXT = r"(;|\t|\r\n|\r|\n)"
_INNER = re.compile(rf"{_NEXT}(?={_BEFORE}[{_SIGNS}])")
_INNER_GUARDED = re.compile(rf"{_NEXT}'(?={_BEFORE}[{_SIGNS}])")


def runs(text: str) -> bool:
    """Say whether a spreadsheet might run a cell with this text."""
    return _RUNS.match(text) is not None


def guarded(text: str) -> str:
    """
    Return `text` so that no spreadsheet runs it: an apostrophe stands before a sign that begins a formula.

    Blanks and quotes before that sign do not count. Within the text it is the same behind a semicolon, a tab and the
    end of a line, where some programs begin another cell. A text that looks guarded already gets one more, since
    reading takes one away.
    """
    text = _INNER.sub(r"\1'", text)
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """Return `text` without the apostrophes that `guarded` put there."""
    if "'" not in text:
        return text
    text = _INNER_GUARDED.sub(r"\1", text)
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text
