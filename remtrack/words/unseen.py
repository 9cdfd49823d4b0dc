"""The characters that could steer a terminal or hide something; loaded when a text is more than plain letters."""

from __future__ import annotations

import re

# Control characters, marks that turn the direction of writing, characters without width, lone
# surrogates and the like: whatever could move the cursor or hide in a name. Then colours of skin, which take
# two columns or none; and marks that stand over nothing, or of which so many are piled up that they cover other lines.
_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0"
    "\ufe20-\ufe2f"
)
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
    rf"|(?<!\S)[{_MARKS}]|(?<=[{_MARKS}]{{4}})[{_MARKS}]"
)


def spelled_out(text: str) -> str:
    """Return text with every unseen character spelled out; see `words.clean`."""
    return _UNSEEN.sub(_spell_out, text)


def _spell_out(match: re.Match[str]) -> str:
    if match[0].isspace():
        return " "
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
