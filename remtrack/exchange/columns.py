"""
The columns of every table that goes in or out, and which table a header announces.

Names only: what a cell means is in `cells`, how a file is opened in `sources`. The names are the
contract with other programs (README, "The file"); a new one may be added, none may be renamed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RefusedError, UsageError
from .cell_error import nearest, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Every table that is exported, with its header; the first six are facts and are imported too.
EXPORT_COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "patients": "patient_id disease criteria note",
        "lines": "patient_id line criteria regimen started_on stopped_on baseline_on settings",
        "visits": "patient_id line visit date method reader note",
        "measurements": (
            "patient_id line visit date lesion_id role kind organ site"
            " longest_mm short_mm state reason method reader note"
        ),
        "results": "patient_id line visit date test value unit upper_limit reader note",
        "events": "patient_id line date event detail",
        "assessments": (
            "patient_id line reader criteria visit date target nontarget new_lesion overall reported"
            " sum_mm sum_complete baseline_sum_mm nadir_sum_mm"
            " change_from_baseline_pct change_from_nadir_pct change_from_nadir_mm rule because source extra"
        ),
        "episodes": (
            "patient_id line reader criteria word category began_on confirmed_on last_seen_on ended_on ended_by"
            " days lasted_month lasted_on settles_on"
        ),
        "courses": (
            "patient_id line reader criteria best_response best_response_unconfirmed response_start confirmed_on"
            " progression_on dor_days dor_censored pfs_days pfs_censored current current_on"
        ),
    }.items()
}
FACT_TABLES = ("patients", "lines", "visits", "measurements", "results", "events")
ANSWER_TABLES = ("assessments", "episodes", "courses")

SIZES = ("measure_mm", "measure2_mm", "longest_mm", "short_mm")
#: What may be read, per table: what is written, and what other programs' files have besides.
IMPORT_COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": EXPORT_COLUMNS["patients"],
    "lines": EXPORT_COLUMNS["lines"],
    "visits": (*EXPORT_COLUMNS["visits"], "day"),
    "measurements": (*EXPORT_COLUMNS["measurements"], "day", "measure_mm", "measure2_mm"),
    "results": (*EXPORT_COLUMNS["results"], "day"),
    "events": (*EXPORT_COLUMNS["events"], "day"),
}
ALIASES = {
    "usubjid": "patient_id",
    "subject": "patient_id",
    "subject_id": "patient_id",
    "patient": "patient_id",
    "diameter_mm": "measure_mm",
    "size_mm": "measure_mm",
}
#: A column that our own file of rejected rows adds; it is left out without a word when that is imported.
REJECT_COLUMN = "not_imported_because"

# What a table must have. A tuple asks for one of its names, written as the person should read it.
_DATE = ("date", "day")
_NEEDED: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "measurements": ("patient_id", _DATE, "lesion_id", ("longest_mm", "short_mm", "measure_mm", "state")),
    "results": ("patient_id", _DATE, "test", "value"),
    "events": ("patient_id", _DATE, "event"),
    "lines": ("patient_id", ("regimen", "started_on", "stopped_on", "baseline_on", "settings")),
    "visits": ("patient_id", _DATE, ("visit", "method")),
    "patients": ("patient_id", ("disease", "criteria")),
}
_ANSWERS_KNOWN_BY = {"assessments": "because", "episodes": "lasted_month", "courses": "best_response"}
# A header like this in a table that holds no sizes: the sizes would be left out, and nobody would look again.
_LOOKS_LIKE_A_SIZE = re.compile(r"lesion|diam|longest|tumou?r|(^|[^a-z])(size|[mc]m)([^a-z]|$)", re.IGNORECASE)


class Layout(NamedTuple):
    """
    Where the columns of a table stand in a file.

    `at` is the place of each of `IMPORT_COLUMNS[kind]` in the `width` cells of a row with `behind`
    put behind them: "" for a column that the file lacks, and the constants. `header_of` gives the
    file's own name of our columns. `exact` are the places of ids, whose digits must all be kept.
    """

    kind: str
    width: int
    at: dict[str, int]
    behind: list[str]
    header_of: dict[str, str]
    unknown: tuple[str, ...]
    patient_at: int | None  # None: the patient is a constant
    exact: frozenset[int]


def key_of(name: str) -> str:
    """Return a header as it is compared: case, spaces and hyphens do not count."""
    return re.sub(r"[\s\-]+", "_", name.strip().casefold())


def our_name(name: str) -> str:
    """Return our name of a header, "" when it is none of ours."""
    key = key_of(name)
    key = ALIASES.get(key, key)
    return key if any(key in columns for columns in IMPORT_COLUMNS.values()) else ""


def arrange(
    header: Sequence[str], file_name: str, mapping: Mapping[str, str], constants: Mapping[str, str], *, day_zero: bool
) -> Layout:
    """
    Return the layout of a file with this header, `mapping` (our name -> theirs) and `constants` (our name -> text).

    `day_zero` says whether study days can be turned into dates.
    Raises UsageError when a mapping, a constant or the day zero does not fit the file, RefusedError
    when the header is that of no table of ours.
    """
    fixed, mapped = _our_names(constants, "--set"), _our_names(mapping, "--map")
    place = _places(header, file_name, mapped)
    _check_constants(fixed, place, header)
    if "day" in place and "date" in place and "day" not in mapped:
        del place["day"]
    names = {*place, *fixed}
    kind = _kind(names, header, file_name)
    for option, given in (("--map", mapped), ("--set", fixed)):
        for name in given.keys() - set(IMPORT_COLUMNS[kind]):
            why = f"{kind} have {', '.join(IMPORT_COLUMNS[kind])}"
            raise UsageError(
                f"{option} {name}: {file_name} holds {kind}, which have no {name}", why, f"leave out {option}"
            )
    _check_days(names & set(IMPORT_COLUMNS[kind]), day_zero=day_zero)

    used = [name for name in IMPORT_COLUMNS[kind] if name in place]
    known_at = {place[name] for name in used}
    unknown = [name.strip() for at, name in enumerate(header) if at not in known_at]
    unknown = [name for name in unknown if name and key_of(name) != REJECT_COLUMN]
    if kind in ("visits", "patients", "lines"):
        _refuse_hidden_sizes(unknown, kind, file_name)
    width = len(header)
    behind_at = {name: width + at for at, name in enumerate(fixed, 1)}
    return Layout(
        kind,
        width,
        {name: place.get(name, behind_at.get(name, width)) for name in IMPORT_COLUMNS[kind]},
        ["", *fixed.values()],
        {name: header[place[name]].strip() for name in used},
        _few(unknown),
        place.get("patient_id"),
        frozenset(place[name] for name in ("patient_id", "lesion_id") if name in place),
    )


def _few(names: Sequence[str], most: int = 100, longest: int = 100) -> tuple[str, ...]:
    """Return names as a message can hold them: no more than so many, none longer than that."""
    shown = [name if len(name) <= longest else f"{name[:longest]}..." for name in names[:most]]
    return (*shown, f"... ({len(names):,} in all)") if len(names) > most else tuple(shown)


def _our_names(given: Mapping[str, str], option: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for name, text in given.items():
        ours = our_name(name)
        if not ours:
            known = dict.fromkeys(column for columns in IMPORT_COLUMNS.values() for column in columns)
            near = nearest(name, known) or ("longest_mm" if option == "--map" else "lesion_id")
            what = f"{option} {name}={text}: {quote(name)} is no column here"
            raise UsageError(what, f"known: {', '.join(known)}", _typed(option, near, text))
        if ours in named:
            raise UsageError(f"{option} gives {ours} twice", f"{named[ours]} and {text}", f"leave one {option} {ours}=")
        named[ours] = text
    return named


def _places(header: Sequence[str], file_name: str, mapping: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each of our columns in the header; a mapped one wins over one of the same name."""
    place = {ours: _place_of(theirs, header, file_name, ours) for ours, theirs in mapping.items()}
    mapped = set(place.values())
    for at, name in enumerate(header):
        ours = our_name(name)
        if not ours or at in mapped or ours in mapping:
            continue
        if ours in place:
            both = f"{quote(header[place[ours]].strip())} and {quote(name.strip())}"
            hint = _typed("--map", ours, name.strip())
            raise RefusedError(f"{file_name} has two columns for {ours}", f"{both} (column {at + 1})", hint)
        place[ours] = at
    return place


def _place_of(theirs: str, header: Sequence[str], file_name: str, ours: str) -> int:
    for same in (str.strip, key_of):
        found = [at for at, name in enumerate(header) if same(name) == same(theirs)]
        if len(found) > 1:
            places = ", ".join(str(at + 1) for at in found)
            raise RefusedError(f"{file_name} has {quote(theirs)} more than once", f"in columns {places}", "rename one")
        if found:
            return found[0]
    names = [name.strip() for name in header if name.strip()]
    near = nearest(theirs, names) or "HEADER"
    raise UsageError(
        f"{file_name} has no column {quote(theirs)}", f"it has: {_listed(names)}", _typed("--map", ours, near)
    )


def _check_constants(fixed: Mapping[str, str], place: Mapping[str, int], header: Sequence[str]) -> None:
    for name, text in fixed.items():
        if name in place:
            what = f"--set {name}={text}, but the file has a column {quote(header[place[name]].strip())}"
            raise UsageError(
                what, "a constant must not write over what the file says", f"leave out --set {name}={text}"
            )


def _check_days(names: Iterable[str], *, day_zero: bool) -> None:
    if "day" in names and "date" in names:
        raise UsageError("both a date and a study day are given", "one of them must count", "map only one of them")
    if "day" in names and not day_zero:
        hint = "--day-zero 2020-01-01"
        raise UsageError("study days need a day zero", "a day number alone is no date", hint)
    if "day" not in names and day_zero:
        hint = "--map day=HEADER"
        raise UsageError("--day-zero is given, but no column of study days", "nothing would be counted from it", hint)


def _kind(names: set[str], header: Sequence[str], file_name: str) -> str:
    keys = {key_of(name) for name in header}
    for answers, column in _ANSWERS_KNOWN_BY.items():
        if "patient_id" in keys and column in keys:
            why = "answers are derived from the measurements, never imported"
            raise RefusedError(f"{file_name} holds {answers}", why, "import the measurements they were derived from")
    if {"patient_id", "line", "criteria"} <= names and not names.intersection((*_DATE, "lesion_id")):
        return "lines"
    for kind, needed in _NEEDED.items():
        if not _missing(names, needed) and not (kind in ("lines", "patients") and names.intersection(_DATE)):
            return kind
    # The table that was probably meant: the one most of whose columns are there, readings when in doubt.
    kind = max(_NEEDED, key=lambda kind: len(_NEEDED[kind]) - len(_missing(names, _NEEDED[kind])))
    if "lesion_id" in names or names.intersection(SIZES):
        kind = "measurements"
    missing = _missing(names, _NEEDED[kind])
    theirs = [name.strip() for name in header if name.strip()]
    raise RefusedError(
        f"{file_name}: the header lacks {', '.join(missing)}",
        f"found: {_listed(theirs)}; {kind} need {', '.join(_missing(set(), _NEEDED[kind]))}",
        " ".join(
            _typed("--map", ours, nearest(ours, theirs) or "HEADER") for ours in (one.split()[0] for one in missing)
        ),
    )


def _missing(names: set[str], needed: Sequence[str | tuple[str, ...]]) -> list[str]:
    missing = []
    for one in needed:
        choices = (one,) if isinstance(one, str) else one
        if not names.intersection(choices):
            missing.append(" or ".join(choices))
    return missing


def _refuse_hidden_sizes(unknown: Iterable[str], kind: str, file_name: str) -> None:
    suspect = [name for name in unknown if _LOOKS_LIKE_A_SIZE.search(name)]
    if suspect:
        what = f"{file_name} would be read as {kind}, leaving out {', '.join(map(quote, suspect))}"
        hint = f"--map lesion_id=HEADER {_typed('--map', 'longest_mm', suspect[0])}"
        raise RefusedError(
            what, "that looks like a lesion or a size; readings need lesion_id and a size or state", hint
        )


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = [quote(name)[1:-1] for name in names[:most]]
    return ", ".join(shown) + (f" ... ({len(names)} in all)" if len(names) > most else "")


def _typed(option: str, name: str, text: str) -> str:
    """Return an option as it is typed in a shell."""
    from shlex import quote as quoted

    return f"{option} {quoted(f'{name}={text}')}"
