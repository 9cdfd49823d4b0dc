"""
What a cell of a file, or a word of a command, means: sizes, states, roles, kinds, ids, text; days too.

Text comes in, a value goes out, or a `CellError` that says what is wrong, why, and what to write
instead. Nothing here opens a file, knows a patient or judges a response. Every `add` loads it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from ..model import ROLES, STATES, TOO_SMALL_MM
from .cell_error import CellError, nearest, quote
from .days import parse_day, parse_day_number, say_day

#: Sizes above the first are refused, above the second doubted (the import says so and keeps them).
SIZE_LIMIT_MM = Decimal(500)
SIZE_DOUBT_MM = Decimal(300)
#: A size with more decimals than this is a computer's rounding error, not a reading.
SIZE_DECIMALS = 6

__all__ = [
    "CellError",
    "doubtful_size",
    "is_reading",
    "nearest",
    "parse_day",
    "parse_day_number",
    "parse_kind",
    "parse_lesion_id",
    "parse_name",
    "parse_patient_id",
    "parse_reading",
    "parse_role",
    "parse_size",
    "parse_state",
    "parse_text",
    "parse_word",
    "quote",
    "say_day",
]

# --- sizes ------------------------------------------------------------------------------------

_SIZE = r"([0-9]+(?:\.[0-9]+)?) ?(mm|cm)?"
_SIZES = rf"{_SIZE}(?: ?[x×*] ?{_SIZE})?"


def parse_size(text: str, *, decimal: str = ".") -> tuple[Decimal, Decimal | None]:
    """
    Return (first, second) in millimetres, exactly as written; `second` is None when one size is given.

    Read: 32, 3.2cm, 2.3 cm, 32x14, 32 x 14 mm, 3.2x1.4cm. A unit after the second number alone is
    for both. `decimal=","` reads 3,2 (and then refuses 3.2, which could be a thousands mark).

    Raises CellError for anything else: a comma, a negative or unending number, an exponent, a
    bound, a word, a date, more than `SIZE_DECIMALS` decimals, over `SIZE_LIMIT_MM`.
    """
    text = text.strip()
    plain = text.lower()
    if decimal == ",":
        plain = plain.replace(".", "?").replace(",", ".")
    match = re.fullmatch(_SIZES, plain)
    if not match:
        raise _not_a_size(text, decimal)
    first, unit, second, second_unit = match.groups()
    if second is not None and unit and not second_unit:
        raise CellError(f"{quote(text)} has a unit for one of two sizes", "", "write 32x14 or 3.2x1.4cm")
    return (
        _millimetres(text, first, unit or second_unit),
        None if second is None else _millimetres(text, second, second_unit),
    )


def _millimetres(text: str, digits: str, unit: str | None) -> Decimal:
    decimals = len(digits.partition(".")[2])
    if decimals > SIZE_DECIMALS:
        what, why = f"{quote(text)} has more digits than a size can have", f"no scan is read to {decimals} decimals"
        raise CellError(what, why, "round it to a tenth of a millimetre")
    size = Decimal(digits) * 10 if unit == "cm" else Decimal(digits)
    if size > SIZE_LIMIT_MM:
        why = f"that is {size:f} mm; sizes over {SIZE_LIMIT_MM} mm are refused"
        raise CellError(
            f"{quote(text)} is too large for a lesion", why, "give the size in millimetres, or with its unit"
        )
    return size


# Why a text is no size, tested in this order on the text without its spaces, in lower case.
_EXAMPLE = "write millimetres, for example 32 or 3.2cm or 32x14"
_NO_SIZE = (
    (r"[-−‒–]\.?[0-9].*", "a size cannot be negative", _EXAMPLE),
    (r"[+-]?(nan|inf|infinity)(mm|cm)?", "it is not a number that can be measured", _EXAMPLE),
    (r"[0-9.]+e[-+]?[0-9]+(mm|cm)?", "a number with an exponent is easily misread", "write all its digits"),
    (r"[<>≤≥].*", "it is a limit, not a size", "write too_small when it cannot be measured"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*", "it is a date where a size belongs", _EXAMPLE),
    (r".*[0-9](in|inch|inches|\"|'')", "inches are not known here", _EXAMPLE),
    (r".*[x×*].*[x×*].*", "it is more than two sizes", "give the longest diameter and the short axis: 32x14"),
    (r"(\.[0-9]+|[0-9]+\.)(mm|cm)?", "a decimal point at the edge is easily overlooked", "write 0.5 or 5.0"),
    (r"[0-9]+(\.[0-9]+)?(mm|cm)?", "there is a space inside the number", _EXAMPLE),
)


def _not_a_size(text: str, decimal: str) -> CellError:
    what = f"{quote(text)} is not a size"
    if not text:
        return CellError("no size is given", "", _EXAMPLE)
    if decimal == "," and re.search(r"[0-9]\.[0-9]", text):
        return CellError(what, "decimals are written with a comma here, so a point can mean anything", "write 3,2")
    if re.search(r"[0-9],[0-9]", text):
        why = f"a comma can mean {quote(text.replace(',', '.'))} or {quote(text.replace(',', ''))}"
        return CellError(what, why, "write a point, for example 3.2", option="--decimal comma")
    plain = re.sub(r"\s", "", text.lower())
    for pattern, why, hint in _NO_SIZE:
        if re.fullmatch(pattern, plain, re.DOTALL):
            return CellError(what, why, hint)
    return CellError(what, "", _EXAMPLE)


def doubtful_size(size_mm: Decimal | None) -> str:
    """Return why a size that is accepted should be looked at again, "" when there is nothing to say."""
    if size_mm is not None and size_mm > SIZE_DOUBT_MM:
        return f"{size_mm:f} mm is over {SIZE_DOUBT_MM} mm"
    return ""


# --- states, roles, kinds -----------------------------------------------------------------------

# What real files write. "NA" is left out on purpose: it may be not assessed, not applicable, or a
# program's empty cell; "unchanged" and "stable" too, since they repeat a state that is not in the row.
_STATE_WORDS: dict[str, str] = {
    "gone": "absent",
    "disappeared": "absent",
    "resolved": "absent",
    "not_present": "absent",
    "tiny": "too_small",
    "toosmall": "too_small",
    "too_small_to_measure": "too_small",
    "too_small_to_be_measured": "too_small",
    "ne": "not_assessed",
    "nd": "not_assessed",
    "not_done": "not_assessed",
    "not_evaluable": "not_assessed",
    "not_evaluated": "not_assessed",
    "non_evaluable": "not_assessed",
    "unevaluable": "not_assessed",
    "inevaluable": "not_assessed",
    "not_assessable": "not_assessed",
    "unassessable": "not_assessed",
    "not_imaged": "not_assessed",
    "not_scanned": "not_assessed",
    "not_measured": "not_assessed",
    "unread": "not_assessed",
    "worse": "unequivocal_pd",
    "worsened": "unequivocal_pd",
    "progressed": "unequivocal_pd",
    "progression": "unequivocal_pd",
    "unequivocal_progression": "unequivocal_pd",
    "pd": "unequivocal_pd",
    "increase": "increased",
    "still_present": "present",
    "persistent": "present",
    "disproven": "disproved",
    "locally_treated": "treated_locally",
    "resected": "treated_locally",
    "ablated": "treated_locally",
    "irradiated": "treated_locally",
}
_STATE_OF = {state: state for state in STATES} | {"notassessed": "not_assessed"} | _STATE_WORDS
# Words for "not assessed" that say how: they are kept as the reason when no other is given.
_REASON_WORDS = frozenset(
    word for word, state in _STATE_WORDS.items() if state == "not_assessed" and word not in ("ne", "nd")
) - {"not_assessable", "unassessable"}


def _key(text: str) -> str:
    """Return a word as the tables here hold it: case and separators do not count."""
    return re.sub(r"[\s_\-/.]+", "_", text.strip().casefold()).strip("_")


def parse_state(text: str, role: str = "") -> tuple[str, str]:
    """
    Return (state, the other lesion's id or ""), for the state words of `model.STATES` and of real files.

    Neither case nor separators count. UNEQUIVOCAL is `unequivocal_pd` for a non-target and
    `unequivocal` for a new lesion. Raises CellError naming the nearest word for any other text.
    """
    if match := re.fullmatch(r"(fragment[\s_-]*of|merged[\s_-]*into)\s*[:= ]\s*(\S.*)", text.strip(), re.IGNORECASE):
        return ("fragment_of" if match[1][0] in "fF" else "merged_into"), parse_lesion_id(match[2])
    key = _key(text)
    state = _STATE_OF.get(key)
    if state in ("fragment_of", "merged_into"):
        raise CellError(f"{quote(text)} names no lesion", "", f"write {state}:ID with the other lesion's id")
    if state is None:
        raise _not_a_state(text, key)
    if state == "unequivocal" and role == "nontarget":
        return "unequivocal_pd", ""
    return state, ""


def _not_a_state(text: str, key: str) -> CellError:
    what = f"{quote(text)} is not a state"
    if key in ("na", "n_a", "nan", "null", "none", "#n_a"):
        why = "it can mean not assessed, not applicable, or an empty cell"
        return CellError(what, why, "write not_assessed, or leave the cell empty")
    near = nearest(key, _STATE_OF)
    known = ", ".join(STATES)
    return CellError(what, f"known: {known}", f"did you mean {near}?" if near else "write one of these")


def _named(text: str, what: str, words: dict[str, str]) -> str:
    key = _key(text)
    if key not in words:
        near = nearest(key, words)
        known = ", ".join(dict.fromkeys(words.values()))
        hint = f"did you mean {words[near]}?" if near else "write one of these"
        raise CellError(f"{quote(text)} is not a {what}", f"known: {known}", hint)
    return words[key]


_ROLE_WORDS = {role: role for role in ROLES} | {
    "target_lesion": "target",
    "t": "target",
    "non_target": "nontarget",
    "non_target_lesion": "nontarget",
    "nontarget_lesion": "nontarget",
    "nt": "nontarget",
    "new_lesion": "new",
}
_KIND_WORDS = {
    "nonnodal": "nonnodal",
    "non_nodal": "nonnodal",
    "extranodal": "nonnodal",
    "extra_nodal": "nonnodal",
    "node": "node",
    "nodal": "node",
    "lymph_node": "node",
    "marker": "marker",
    "ce": "CE",
    "nce": "nCE",
    "n_ce": "nCE",
}


def parse_role(text: str) -> str:
    """Return target, nontarget or new; "" for an empty text. Raises CellError otherwise."""
    return _named(text, "role", _ROLE_WORDS) if text.strip() else ""


_NODE = re.compile(
    r"\blymph[ -]?nodes?\b|\blymphknoten\b|\blymphadenopathy\b|^nodes?$|(^|\s)(LN|LNs|LK)$|^(ln|lns|lk)$", re.IGNORECASE
)


def parse_kind(text: str, organ: str = "") -> str:
    """
    Return one of `model.KINDS`; "" when neither the text nor the organ says it.

    A lesion whose organ is a lymph node is a node. Raises CellError for an unknown word.
    """
    if text.strip():
        return _named(text, "kind of lesion", _KIND_WORDS)
    if _NODE.search(organ.strip()):
        return "node"
    return ""


# --- one reading: sizes and state together ------------------------------------------------------

#: How the families of a line measure a lesion: in one diameter, in two for a product, or its viable part and the
#: whole. "" where that is not known.
AXES = ("one", "two", "viable")


class Seen(NamedTuple):
    """What one row, or one word of `add`, says about a lesion. Sizes are None where that axis was not measured."""

    state: str
    longest_mm: Decimal | None
    short_mm: Decimal | None
    other_id: str
    reason: str


# A judgement is kept beside a size: that a new lesion is unequivocal must not be lost because it was measured.
_JUDGED = frozenset({"increased", "unequivocal_pd", "equivocal", "unequivocal", "disproved", "treated_locally"})
_NEEDS_SIZE = (_JUDGED | {"present"}) - {"treated_locally"}
# Kinds of which no family measures a viable part.
_TWO_AXES = ("node", "CE", "nCE")


def parse_reading(
    role: str,
    kind: str,
    measure: str = "",
    *,
    measure2: str = "",
    longest: str = "",
    short: str = "",
    state: str = "",
    reason: str = "",
    decimal: str = ".",
    axes: str = "",
) -> Seen:
    """
    Return what the size cells and the state cell say together.

    `measure` is the axis that counts (short for a node, longest otherwise), `measure2` the other;
    `longest` and `short` name their axis; 32x14 in `measure` or `longest` is longest by short. A word
    in a number cell is a state. A size of 0 is `absent`; an absent or too small lesion carries no size
    (5 beside TOO SMALL is what it counts, and is dropped). A size beside PRESENT, or beside ABSENT
    on a node, is `measured`; a judgement (increased, unequivocal, treated_locally ...) is kept with
    its size. NOT DONE and NOT EVALUABLE become the `reason` when there is no other. `role` and `kind`
    may be "" while they are not known: nothing is refused then that some role or kind allows, and a
    size is taken as of a nonnodal lesion.

    `axes` is one of `AXES`, or "" while the families of the line are not known. In "two" a size of a
    node without the name of its axis is its longest diameter, and of two such sizes the larger one is,
    in whatever order. In "viable" the first size of a lesion that is no node is its viable part, kept
    as the longest, and the second the whole, kept as the short one; the viable part may be 0, absent or
    too small in a lesion that is still there.

    Raises CellError, with the column to blame, when nothing is given, when two cells contradict
    each other, or when one cannot be read.
    """
    cells = {"measure_mm": measure, "measure2_mm": measure2, "longest_mm": longest, "short_mm": short}
    sizes, word = _sizes_and_word(cells, kind, role, decimal, axes)
    said, other_id = _agreed(_state_cell(state, role), word, state)
    if not reason.strip():
        reason = _said_reason(state) or next(filter(None, map(_said_reason, cells.values())), "")
    if not sizes and not said:
        raise CellError(
            "no size and no state", "the row says nothing about its lesion", "give one or leave the row out"
        )
    if not sizes:
        return _state_alone(role, said, other_id, reason)
    if not any(sizes.values()):
        return _size_of_zero(said, other_id, reason, state or said)
    seen = Seen(said, None, None, other_id, reason)
    if axes == "viable" and kind not in _TWO_AXES and "short" in sizes:
        return _viable_and_state(kind, sizes, seen, state or said)
    return _size_and_state(kind, sizes, seen, state or said, axes)


def parse_word(
    text: str, role: str = "", kind: str = "", axes: str = ""
) -> tuple[str, Decimal | None, Decimal | None, str]:
    """
    Return (state, longest_mm, short_mm, other_id) of one word of a command: 32, 32x14, gone, 9 equivocal.

    `axes` as in `parse_reading`, which also says what a CellError is raised for.
    """
    text = text.strip()
    size = r"[-+<>]?\.?[0-9]\S*(?: ?[x×*] ?[0-9]\S*)?(?: ?(?:mm|cm))?"
    if match := re.fullmatch(rf"({size}) +([^\W\d].*)", text, re.IGNORECASE):
        seen = parse_reading(role, kind, match[1], state=match[2], axes=axes)
    elif match := re.fullmatch(rf"([^\W\d].*?) +({size})", text, re.IGNORECASE):
        seen = parse_reading(role, kind, match[2], state=match[1], axes=axes)
    else:
        seen = parse_reading(role, kind, text, axes=axes)
    return seen[:4]


def is_reading(text: str, role: str = "") -> bool:
    """Tell whether a word of a command is meant as a size or a state, also when it is a size written wrongly."""
    if re.fullmatch(r"[-+−<>≤≥~]?[.,]?[0-9]\S*( ?[x×*] ?[0-9]\S*)?( ?(mm|cm|in|inch))?", text.strip(), re.IGNORECASE):
        return True
    try:
        return bool(parse_state(text, role))
    except CellError:
        return False


def _state_cell(text: str, role: str) -> tuple[str, str]:
    if not text.strip():
        return "", ""
    try:
        return parse_state(text, role)
    except CellError as error:
        error.column = "state"
        raise


def _said_reason(text: str) -> str:
    key = _key(text) if text else ""
    return key.replace("_", " ") if key in _REASON_WORDS else ""


def _sizes_and_word(
    cells: dict[str, str], kind: str, role: str, decimal: str, axes: str
) -> tuple[dict[str, Decimal], tuple[str, str]]:
    """Return the size of each axis that was given, and the state that stood in a number cell ("" and "": none)."""
    counts, other = ("short", "longest") if kind == "node" and axes != "two" else ("longest", "short")
    axis_of = {"measure_mm": counts, "measure2_mm": other, "longest_mm": "longest", "short_mm": "short"}
    sizes: dict[str, Decimal] = {}
    words: dict[tuple[str, str], str] = {}
    for column, text in cells.items():
        if not text.strip():
            continue
        try:
            if _is_word(text):
                words[parse_state(text, role)] = column
            else:
                _place(sizes, axis_of[column], *parse_size(text, decimal=decimal))
        except CellError as error:
            error.column = column
            raise
    if len(words) > 1:
        what = f"{' and '.join(state for state, _ in words)} contradict each other"
        raise CellError(what, "", "leave one", list(words.values())[1])
    if axes == "two" and len(sizes) == 2 and not (cells["longest_mm"].strip() or cells["short_mm"].strip()):
        # A product does not mind which of its diameters is written first, and reports write both ways.
        sizes = {"longest": max(sizes.values()), "short": min(sizes.values())}
    return sizes, next(iter(words), ("", ""))


def _is_word(text: str) -> bool:
    return text.strip()[0].isalpha() and _key(text) not in ("nan", "inf", "infinity")


def _place(sizes: dict[str, Decimal], axis: str, first: Decimal, second: Decimal | None) -> None:
    """Note one size on its axis, or two as longest by short."""
    for name, size in ((axis, first),) if second is None else (("longest", first), ("short", second)):
        if sizes.setdefault(name, size) != size:
            raise CellError(f"two sizes for the {name} axis", f"{sizes[name]:f} and {size:f} mm", "leave one")


def _agreed(said: tuple[str, str], word: tuple[str, str], state: str) -> tuple[str, str]:
    """Return the one state, with its other lesion, that a state cell and a word in a number cell mean together."""
    unmeasured = ("too_small", "not_assessed")
    if word == said or not said[0] or (said[0] == "present" and word[0] in unmeasured):
        return word
    if word[0] in ("", "present") or (said[0] in _JUDGED and word[0] in unmeasured):
        return said
    raise CellError(f"{quote(state)} and {word[0]} contradict each other", "", "leave one of them empty", "state")


def _state_alone(role: str, state: str, other_id: str, reason: str) -> Seen:
    if state in ("measured", "fragment_of"):
        raise CellError(f"{state} without a size", "", "give the size (0 when it is gone, 5 when too small)", "state")
    if role == "target" and state in _NEEDS_SIZE:
        why = f"{state} does not say how large it is"
        raise CellError(
            "a target lesion without a size", why, "give a size, too_small, absent or not_assessed", "state"
        )
    return Seen(state, None, None, other_id, reason)


def _size_of_zero(state: str, other_id: str, reason: str, said: str) -> Seen:
    if state in ("", "absent", "measured"):
        return Seen("absent", None, None, "", reason)
    if state == "fragment_of":
        return Seen(state, Decimal(0), None, other_id, reason)
    if state in ("merged_into", "treated_locally", "disproved"):
        return Seen(state, None, None, other_id, reason)
    raise CellError(
        f"a size of 0 beside {quote(said)}", "a size of 0 says that it is gone", "leave one of them", "state"
    )


def _viable_and_state(kind: str, sizes: dict[str, Decimal], seen: Seen, said: str) -> Seen:
    """Return what a lesion is of which the whole is known, and the viable part as a size or as a word."""
    viable, whole, state = sizes.get("longest"), sizes["short"], seen.state
    if viable is not None and viable > whole:
        what = f"{viable:f} x {whole:f} mm: the viable part is larger than the whole lesion"
        raise CellError(what, "", "give the viable diameter first, the total one second", "short_mm")
    if viable == 0 or (viable is None and state == "absent"):
        if state in ("", "measured", "present", "absent"):
            return Seen("measured", Decimal(0), whole, "", seen.reason)
        if state in ("merged_into", "treated_locally", "disproved"):
            return seen
    elif state == "too_small" and viable in (None, TOO_SMALL_MM):
        return seen._replace(short_mm=whole)
    return _size_and_state(kind, sizes, seen, said, "viable")


def _size_and_state(kind: str, sizes: dict[str, Decimal], seen: Seen, said: str, axes: str) -> Seen:
    longest, short, state = sizes.get("longest"), sizes.get("short"), seen.state
    shown = " x ".join(f"{size:f}" for size in (longest, short) if size is not None) + " mm"
    if not all(sizes.values()):
        raise CellError(f"{shown}: one axis is 0, the other is not", "a lesion has both or none", "correct one")
    # While nothing is known of the families, the first may be the viable part and the second the whole.
    is_ordered = kind in _TWO_AXES or axes in ("one", "two")
    if is_ordered and longest is not None and short is not None and short > longest:
        raise CellError(f"{shown}: the short axis is longer than the longest", "", "give the longest first", "short_mm")
    if state in ("", "measured", "present") or (state == "absent" and kind in ("node", "")):
        return Seen("measured", longest, short, "", seen.reason)
    if state == "too_small" and set(sizes.values()) == {TOO_SMALL_MM}:
        return seen
    if state in _JUDGED or state == "fragment_of":
        return seen._replace(longest_mm=longest, short_mm=short)
    why = "a node may be absent and measured, another lesion not" if state == "absent" else "only one of them can hold"
    raise CellError(f"{shown} beside {quote(said)}", why, "leave one of them empty", "state")


# --- text ----------------------------------------------------------------------------------------


def parse_text(text: str) -> str:
    r"""
    Return a free text as it is kept: NFC, stripped, line ends as \n.

    Raises CellError for a control sign other than tab and line end: it was never meant, and a
    terminal would obey it.
    """
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import normalize

    text = normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    for sign in text:
        if (sign < " " and sign not in "\t\n") or "\x7f" <= sign <= "\x9f" or "\ud800" <= sign <= "\udfff":
            raise CellError(f"{quote(text)} holds a control sign", f"U+{ord(sign):04X} cannot be shown", "remove it")
    return text


def parse_patient_id(text: str) -> str:
    """Return the code of a patient as `_parse_id` reads it."""
    return _parse_id(text, "patient")


def parse_lesion_id(text: str) -> str:
    """Return the id of a lesion as `_parse_id` reads it."""
    return _parse_id(text, "lesion")


_NO_ID = ("na", "n/a", "#n/a", "nan", "nat", "null", "none", "#ref!", "#value!", "#name?", "#div/0!", "#num!")
_LONGEST_ID = 100


def _parse_id(text: str, what: str) -> str:
    """
    Return the id of a patient or lesion (`what`), NFC and stripped.

    Raises CellError when it is empty or stands for nothing (NaN, NA: two people without a code would
    become one), is a date (a spreadsheet makes one of 1-2), is longer than any code, or holds a sign
    that cannot be seen: two ids that look alike must be alike.
    """
    text = text.strip()
    if not text:
        raise CellError(f"no {what} is given", f"every row needs its {what}", f"give the {what}'s id")
    if text.casefold() in _NO_ID or len(text) > _LONGEST_ID:
        why = "it stands for a missing value" if len(text) <= _LONGEST_ID else f"it has {len(text)} signs"
        raise CellError(f"{quote(text)} is no {what} id", why, f"give the {what}'s id")
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00)?", text):
        why = "a spreadsheet makes a date of an id such as 1-2; a date is no code either"
        raise CellError(f"{quote(text)} is a date, not a {what} id", why, "format the column as text and type it again")
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import normalize

    text = normalize("NFC", text)
    for sign in text:
        if not sign.isprintable() and sign != "\u00a0":
            why = f"U+{ord(sign):04X} is not visible: two ids could look the same"
            raise CellError(f"{quote(text)} holds an invisible sign", why, "remove it")
    return text


def parse_name(text: str) -> str:
    """Return the name of an event or a test as it is kept: lower case, separators as underscores."""
    return _key(parse_text(text))
