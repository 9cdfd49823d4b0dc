"""
Laboratory and visit-level values as they are typed: which family reads them, what they say, how they are kept.

A word of `add` that is no lesion names a test of one of the families of its line. What it says is read by
the family's own rules before it is kept, so that a value that no rule could use is refused while the paper
is still in somebody's hand. Nothing is judged here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import DEFAULT, FAMILIES, load_family
from ..errors import NotFoundError, RefusedError, RemtrackError
from .lookup import is_installed, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from ..criteria.base import Family
    from ..criteria.results import Analyte, Reading
    from ..model import Result
    from ..store import Record
    from .scans import Scan, ScanWriter, Word

_MOST_LISTED = 12


# ------------------------------------------------------------------------------------ what is read


class Test(NamedTuple):
    """A test by the name it is kept under, with the families of the line that read it, the headline first."""

    name: str
    readers: tuple[tuple[Family, Analyte], ...]

    @property
    def unit(self) -> str:
        return self.readers[0][1].unit

    @property
    def allowed(self) -> str:
        """What may be typed, in words: "0 to 100 %", "0 to 100, in 10^9/L"."""
        between = ", in " if self.unit[:1].isdigit() else " "
        return f"{self.readers[0][1].allowed}{between if self.unit else ''}{self.unit}"


def line_criteria(record: Record, patient_id: str, line: int) -> tuple[str, ...]:
    """Return the ids of the families that judge a line, the headline first; a line that names none has the default."""
    rows = record.rows("line_criteria", patient_id=patient_id, line=line)
    return tuple(row["criteria"] for row in sorted(rows, key=lambda row: row["position"])) or (DEFAULT,)


def line_families(record: Record, patient_id: str, line: int) -> tuple[Family, ...]:
    """
    Return the families that judge a line, as `line_criteria` names them, those that are installed.

    Raises RefusedError when none of them is: then nothing says what a value means.
    """
    names = line_criteria(record, patient_id, line)
    found = tuple(load_family(name) for name in names if is_installed(name))
    if not found:
        raise RefusedError(
            f"what is typed for line {line} of {patient_id} cannot be read",
            f"it is judged by {in_words(names)}, of which no rules are installed",
            "remtrack criteria list",
        )
    return found


def reads_lesions(family: Family) -> bool:
    """Say whether a family judges the sizes of lesions, and not laboratory values alone."""
    return any(item.name == "longest_mm" for item in family.inputs)


def find_test(name: str, families: Sequence[Family], lesion_ids: Iterable[str]) -> Test | None:
    """Return the test of that name, whatever its case; None when no family of the line reads it."""
    from ..exchange.cells import parse_name

    key = parse_name(name)
    readers = tuple((family, family.analytes[key]) for family in families if key in family.analytes)
    if readers:
        return Test(key, readers)
    for lesion_id in sorted(lesion_ids, key=len, reverse=True):
        begins = f"{parse_name(lesion_id)}_"
        if not key.startswith(begins):
            continue
        found = [(family, family.lesion_analytes.get(key.removeprefix(begins))) for family in families]
        readers = tuple((family, replace(analyte, name=key)) for family, analyte in found if analyte is not None)
        if readers:
            return Test(key, readers)
    return None


def tests_of(families: Sequence[Family]) -> tuple[Test, ...]:
    """Return every test that the families of a line read, each once, in their order."""
    names = dict.fromkeys(name for family in families for name in family.analytes)
    return tuple(test for name in names if (test := find_test(name, families, ())) is not None)


# ------------------------------------------------------------------------------------ what it says


class Value(NamedTuple):
    """
    A word as it is kept (`result`) and as the first family that can use it reads it.

    `remarks` say which of the others cannot.
    """

    test: Test
    word: Word
    result: Result
    sampled_on: date
    reading: Reading
    remarks: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The value as it was understood, and as it was typed where that is not the same."""
        return say_value(self.reading, self.result)


def say_value(reading: Reading, result: Result) -> str:
    """Return a value as it is understood: "1.2 10^9/L (1200 /uL as entered)"; one that no family reads as printed."""
    if not reading.said:
        return reading.printed
    beside = []
    is_plain = "e" not in result.text.casefold()  # 2e-5 is easily misread
    same_number = is_plain and reading.amount is not None and reading.amount.value == result.value
    same_text = reading.said.casefold().removesuffix(result.unit).strip() == result.text.casefold()
    same_bound = not result.unit and reading.said.casefold().startswith(f"{result.text.casefold()} ")
    if not (same_number or same_text or same_bound):
        beside.append(f"{reading.printed} as entered")
    if reading.upper_limit is not None:
        beside.append(f"upper limit {reading.upper_limit.normalize():f}")
    if result.note:
        beside.append(result.note)
    return reading.said + (f" ({', '.join(beside)})" if beside else "")


def read_value(test: Test, word: Word, scan: Scan, *, verb: str = "add") -> Value:
    """
    Return what a word says of a test, for the families of the line that read it.

    Raises RefusedError when none of them can use it: a unit that is not known, a number out of range, a word
    where a number belongs.
    """
    from ..criteria.results import read_result
    from ..exchange.cells import CellError, parse_text
    from ..exchange.readings import parse_typed_result
    from ..model import Result

    said, note = split_note(word.text, test)
    try:
        typed, note = parse_typed_result(said), parse_text(note)
    except CellError as error:
        raise RefusedError(f"{word}: {error.what}", error.why, retyped(scan, word, test.name, "VALUE", verb)) from error
    sampled_on = word.sampled_on or scan.visit_on
    result = Result(test.name, typed.value, typed.text, typed.unit, typed.upper_limit, sampled_on, note)
    readings = [(family, read_result(result, analyte, scan.visit_on)) for family, analyte in test.readers]
    good = [reading for _family, reading in readings if not reading.trouble]
    if not good:
        raise RefusedError(*unreadable(test, result, readings[0][1], word, scan, verb))
    remarks = [f"{family.title} cannot use it: {told.trouble}" for family, told in readings if told.trouble]
    if test.unit == "%" and not typed.unit and typed.value and "e" in typed.text.casefold():
        remarks.append(
            f'{word} is taken as {good[0].said}; a share of one is typed "{test.name}={typed.text} fraction"'
        )
    return Value(test, word, result, sampled_on, good[0], tuple(remarks))


def split_note(text: str, test: Test) -> tuple[str, str]:
    """
    Return a word that a test may answer and what stands in brackets behind it: "negative (flow, 1e-4)".

    Behind a number there is no note: what stands there may be meant as its unit.
    """
    said, bracket, rest = text.partition("(")
    if not bracket or not rest.rstrip().endswith(")"):
        return text, ""
    words = {spelling for _family, analyte in test.readers for spelling in analyte.words}
    note = " ".join(rest.rstrip().removesuffix(")").split())
    return (said.strip(), note) if said.strip().casefold() in words and not said.strip().isdigit() else (text, "")


def unreadable(test: Test, result: Result, reading: Reading, word: Word, scan: Scan, verb: str) -> tuple[str, str, str]:
    """Return what is wrong with a value, what is allowed, and the command with what was most likely meant."""
    _family, analyte = test.readers[0]
    unit, said = fitting_unit(analyte, result)
    why = f"{test.name} is {analyte.help.partition(';')[0]}: {test.allowed}"
    if unit:
        why += f"; {result.text} {unit} would be {said}"
    elif result.unit and (others := [spell(name) for name in first_spellings(analyte) if analyte.units[name] != 1]):
        why += f"; also in {', '.join(others)}"
    meant = f"{result.text}{unit}" if unit.startswith("/") else f"{result.text} {unit}" if unit else "VALUE"
    return reading.trouble, why, retyped(scan, word, test.name, meant, verb)


def first_spellings(analyte: Analyte) -> Iterator[str]:
    """Yield the first spelling of each unit that a test may come in."""
    seen: set[Decimal] = set()
    for name, factor in analyte.units.items():
        if factor not in seen:
            seen.add(factor)
            yield name


def spell(unit: str) -> str:
    """Return a unit as it is written, from the form in which it is looked up: /uL, mg/dL."""
    return unit.removesuffix("l") + "L" if unit.endswith("l") else unit


def fitting_unit(analyte: Analyte, result: Result) -> tuple[str, str]:
    """
    Return a smaller unit in which a number that is out of range would be in it, and what it would be then.

    1200 neutrophils are out of range in 10^9/L; 1200 /uL would be 1.2. ("", "") where no unit fits.
    """
    from ..criteria.base import number

    if result.value is None or result.unit:
        return "", ""
    for name in first_spellings(analyte):
        amount = result.value * analyte.units[name]
        if analyte.units[name] < 1 and analyte.least < amount and (analyte.most is None or amount <= analyte.most):
            return spell(name), f"{number(amount)} {analyte.unit}"
    return "", ""


def retyped(scan: Scan, word: Word | None, name: str, text: str, verb: str = "add") -> str:
    """Return the command as it was typed, with one of its words in other words."""
    words = [
        f"{name}={text}{f'@{item.sampled_on}' if item.sampled_on else ''}" if item is word else str(item)
        for item in scan.readings
    ]
    parts = ["remtrack", verb, quote(scan.patient_id), str(scan.visit_on), *map(quote, words)]
    for item in scan.introduced:
        place = {"node": f"node:{item.site}", "marker": f"marker:{item.organ}"}.get(item.kind) or ":".join(
            filter(None, (item.organ, item.site))
        )
        parts += [f"--{item.role}", quote(" ".join(filter(None, (item.lesion_id, place.rstrip(":"), item.text))))]
    if scan.line is not None:
        parts += ["--line", str(scan.line)]
    for option, value in (("reader", scan.reader), ("visit", scan.label), ("method", scan.method)):
        if value:
            parts += [f"--{option}", quote(value)]
    reason = scan.reason or ("typing error" if verb == "edit" else "")
    for option, value in (("note", scan.note), ("reason", reason)):
        if value:
            parts += [f"--{option}", quote(value)]
    return " ".join(parts)


# -------------------------------------------------------------------------------- what is not known


def unknown_name(writer: ScanWriter, word: Word) -> RemtrackError:
    """
    Return the error for a word that is no lesion of the patient and no test of a family of the line.

    It names the nearest test, else the family that would read it, else the nearest lesion.
    """
    scan, families = writer.scan, writer.families
    titles = in_words([family.title for family in families])
    known = [name for family in families for name in family.analytes]
    unknown = f"{word.name} is no value that {titles} reads, and no lesion of {scan.patient_id}"
    near = near_tests(word.name, families, 0.85)
    if not near:
        if elsewhere := read_elsewhere(writer, word, titles):
            return elsewhere
        near = near_tests(word.name, families, 0.6) or told_tests(word.name, families)
    if near:
        why = f"did you mean {' or '.join(near)}? {listing(known)}"
        return NotFoundError(unknown, why, in_other_words(writer, word, near[0]))
    if any(reads_lesions(family) for family in families):
        return unknown_lesion_here(writer, word, known)
    return NotFoundError(unknown, listing(known), f"remtrack criteria show {families[0].id}")


def read_elsewhere(writer: ScanWriter, word: Word, titles: str) -> RemtrackError | None:
    """Return the error for a test that only families know that do not judge this line; None when none does."""
    scan, here = writer.scan, [family.id for family in writer.families]
    readers = [
        name for name in FAMILIES if name not in here and find_test(word.name, (load_family(name),), writer.lesions)
    ]
    if not readers:
        return None
    judge = "judge" if len(here) > 1 else "judges"
    read = "reads" if len(readers) == 1 else "read"
    # Pasted, the command must not have a tumour judged by the rules of another disease.
    begun = any(row["line"] == writer.line for row in writer.visits)
    return RefusedError(
        f"{word.name} is not read by {titles}, which {judge} line {writer.line} of {scan.patient_id}",
        f"{in_words([FAMILIES[name].title for name in readers])} {read} it; without it the others can be recorded",
        f"remtrack criteria show {readers[0]}"
        if begun
        else f"remtrack line set {quote(scan.patient_id)} {writer.line} --criteria {readers[0]}",
    )


def unknown_lesion_here(writer: ScanWriter, word: Word, known: Sequence[str]) -> RemtrackError:
    from .scans import unknown_lesion

    scan = writer.scan
    error = unknown_lesion(writer.record, scan.patient_id, word.name, scan.visit_on, baseline=writer.is_baseline())
    near = [name for name in writer.lesions if name.casefold() == word.name.casefold()]
    why = f"did you mean {near[0]}? {error.why}" if near else error.why
    # Pasted, the command must not make a new lesion of one that is known: that would be progression.
    if near:
        hint = in_other_words(writer, word, near[0])
    elif writer.verb == "edit":
        hint = f"remtrack lesions {quote(scan.patient_id)}"
    else:
        hint = error.hint
    return NotFoundError(error.what, f"{why}; {listing(known)}" if known else why, hint)


def in_other_words(writer: ScanWriter, word: Word, name: str) -> str:
    """Return the command with the name that was meant; without a text it was to be taken back."""
    if word.text:
        return retyped(writer.scan, word, name, word.text, writer.verb)
    day = f"@{word.sampled_on}" if word.sampled_on else ""
    return f"remtrack edit {quote(writer.patient_id)} {writer.scan.visit_on} --remove {quote(name + day)} --reason slip"


def in_words(names: Sequence[str]) -> str:
    """Return names as a sentence tells them; their own commas make it a list with semicolons."""
    between = "; " if any("," in name for name in names) else ", "
    return " and ".join(filter(None, (between.join(names[:-1]), names[-1])))


def listing(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"known here: {', '.join(names[:_MOST_LISTED])}{more}"


def near_tests(name: str, families: Sequence[Family], least: float) -> list[str]:
    """Return up to two tests whose names are most like a name, of two that are as like the family's first first."""
    from difflib import SequenceMatcher

    from ..exchange.cells import parse_name

    key = parse_name(name)
    tests = dict.fromkeys(test for family in families for test in family.analytes)
    like = {test: round(SequenceMatcher(None, test, key).ratio(), 2) for test in tests}
    near = [test for test in tests if like[test] >= least]
    return sorted(near, key=lambda test: -like[test])[:2]


def told_tests(name: str, families: Sequence[Family]) -> list[str]:
    """Return up to two tests that have a name in theirs, or in the words that tell what they are: platelets."""
    from difflib import get_close_matches

    from ..exchange.cells import parse_name

    key = parse_name(name)
    found = []
    for family in families:
        for test, analyte in family.analytes.items():
            words = [*test.split("_"), *parse_name(analyte.help.partition(";")[0].replace(",", "")).split("_")]
            if len(key) >= 3 and get_close_matches(key, words, 1, 0.8):
                found.append(test)
    return list(dict.fromkeys(found))[:2]


# ---------------------------------------------------------------------------------- writing it down


def recorded_values(record: Record, patient_id: str, visit_on: date, reader: str) -> list[dict[str, Any]]:
    """Return the values that are kept for one visit."""
    return record.rows("results", patient_id=patient_id, visit_on=visit_on, reader=reader)


def as_result(row: Mapping[str, Any]) -> Result:
    from ..model import Result

    names = ("test", "value", "text", "unit", "upper_limit", "sampled_on", "note")
    return Result(*(row[name] for name in names))


def read_row(test: Test, row: Mapping[str, Any]) -> Reading:
    """Return a value that is kept, as the first family that can use it reads it."""
    from ..criteria.results import read_result

    readings = [read_result(as_result(row), analyte, row["sampled_on"]) for _family, analyte in test.readers]
    return next((reading for reading in readings if not reading.trouble), readings[0])


def means_the_same(old: Reading, new: Reading) -> bool:
    """Say whether two values say one thing: 1200 /uL is 1.2 10^9/L. An upper limit left out is no other one."""
    limits = old.upper_limit == new.upper_limit or new.upper_limit is None
    if not (old.is_read and new.is_read):
        return limits and (old.said, old.printed) == (new.said, new.printed)
    return limits and (old.amount, old.word) == (new.amount, new.word)


def put_value(writer: ScanWriter, visit_key: int, value: Value) -> None:
    """Write one value of a visit; raises RefusedError where another one is recorded for that test and day."""
    scan, test = writer.scan, value.test
    told = f"{test.name} {value.said}" + of_day(value.sampled_on, scan.visit_on)
    writer.remarks.extend(value.remarks)
    for row in recorded_values(writer.record, scan.patient_id, scan.visit_on, scan.reader):
        if (row["test"].casefold(), row["sampled_on"]) != (test.name.casefold(), value.sampled_on):
            continue
        old = read_row(test, row)
        if means_the_same(old, value.reading) and value.result.note in ("", row["note"]):
            writer.same.append(told)
            return
        raise RefusedError(
            f"{test.name} is already recorded on {value.sampled_on}: {say_value(old, as_result(row))}, "
            f"not {value.said}",
            "one test has one value a day; a correction keeps the old value in the log",
            f"remtrack edit {quote(scan.patient_id)} {scan.visit_on} {quote(str(value.word))}"
            f'{f" --reader {quote(scan.reader)}" if scan.reader else ""} --reason "typing error"',
        )
    writer.change.put("results", row_of(visit_key, value))
    writer.wrote = True
    writer.added.append(told)


def row_of(visit_key: int, value: Value) -> dict[str, Any]:
    result = value.result
    return {
        "visit_key": visit_key,
        "test": result.test,
        "sampled_on": value.sampled_on,
        "value": result.value,
        "text": result.text,
        "unit": result.unit,
        "upper_limit": result.upper_limit,
        **({"note": result.note} if result.note else {}),
    }


def of_day(sampled_on: date, visit_on: date) -> str:
    return "" if sampled_on == visit_on else f", sample of {sampled_on}"


# ----------------------------------------------------------------------------------------- correcting


def value_at(writer: ScanWriter, test: Test, sampled_on: date | None) -> dict[str, Any]:
    """
    Return the value of a test that is kept for the visit.

    `sampled_on` None: the only one there is. Raises NotFoundError when there is none, RefusedError when
    there are several.
    """
    scan = writer.scan
    rows = [
        row
        for row in recorded_values(writer.record, scan.patient_id, scan.visit_on, scan.reader)
        if row["test"].casefold() == test.name.casefold() and sampled_on in (None, row["sampled_on"])
    ]
    day = f"@{sampled_on}" if sampled_on else ""
    if not rows:
        raise NotFoundError(
            f"{test.name} was not recorded on {sampled_on or scan.visit_on}",
            "there is nothing to correct; a value that is missing is added",
            f"remtrack add {quote(scan.patient_id)} {scan.visit_on} {test.name}=VALUE{day}",
        )
    if len(rows) > 1:
        days = [str(row["sampled_on"]) for row in rows]
        raise RefusedError(
            f"{test.name} has {len(rows)} samples at the visit of {scan.visit_on}: {', '.join(days)}",
            "say which one by its day",
            f"remtrack edit {quote(scan.patient_id)} {scan.visit_on} {test.name}=VALUE@{days[0]} --reason slip",
        )
    return rows[0]


def correct_value(writer: ScanWriter, test: Test, word: Word) -> None:
    """Give a test another value; its sample keeps its day."""
    scan = writer.scan
    old = value_at(writer, test, word.sampled_on)
    value = read_value(test, word._replace(sampled_on=old["sampled_on"]), scan, verb="edit")
    writer.remarks.extend(value.remarks)
    # What was printed is kept, too: 1200 /uL in place of 1.2 is a correction of the record.
    row = row_of(old["visit_key"], value) | {"test": old["test"]}
    if row["upper_limit"] is None:
        row["upper_limit"] = old["upper_limit"]
    before = read_row(test, old)
    if all(old[name] == told for name, told in row.items()):
        writer.same.append(f"{test.name} {value.said}")
        return
    writer.change.put("results", row)
    writer.wrote = True
    day = of_day(value.sampled_on, scan.visit_on)
    writer.changed.append(f"{test.name} {say_value(before, as_result(old))} -> {value.said}{day}")


def take_value_back(writer: ScanWriter, test: Test, sampled_on: date | None) -> None:
    """Take the value of a test out of the record; what it was is said and stays in the history."""
    old = value_at(writer, test, sampled_on)
    was = say_value(read_row(test, old), as_result(old))
    writer.change.remove("results", {name: old[name] for name in ("visit_key", "test", "sampled_on")})
    writer.wrote = True
    writer.changed.append(f"{test.name} {was}{of_day(old['sampled_on'], writer.scan.visit_on)} taken back")


def move_values(writer: ScanWriter, visit: Mapping[str, Any], day: date) -> None:
    """Let the values of a visit that is moved move with it; a sample that has a day of its own keeps it."""
    rows = recorded_values(writer.record, visit["patient_id"], visit["visit_on"], visit["reader"])
    for row in rows:
        if row["sampled_on"] != visit["visit_on"]:
            continue
        if any((other["test"], other["sampled_on"]) == (row["test"], day) for other in rows):
            raise RefusedError(
                f"{row['test']} has a sample of {day} beside that of the visit",
                "a test has one value a day; take one of them back first",
                f"remtrack edit {quote(visit['patient_id'])} {visit['visit_on']} --remove {row['test']}@{day} "
                '--reason "sampled twice"',
            )
        names = ("visit_key", "test", "sampled_on", "value", "text", "unit", "upper_limit", "note")
        writer.change.remove("results", {name: row[name] for name in names[:3]})
        writer.change.put("results", {name: row[name] for name in names} | {"sampled_on": day})
