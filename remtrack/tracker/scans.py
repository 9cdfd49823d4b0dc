"""
One person's typing after a visit: `add`. What was typed wrong is corrected in `correcting`.

Each use case is one change: facts, record of changes and answers land together or not at all. A
use case refuses before it writes; what it returns says what was written and which earlier
answers that moved. Laboratory values are read and kept by `values`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotFoundError, RefusedError
from .axes import axes_of
from .derive import answers, courses, moved
from .lines import Outcome, ensure_line, settle
from .lookup import quote, require_patient
from .values import find_test, line_criteria, line_families, put_value, read_value, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from ..criteria.base import Family
    from ..store import Change, Record
    from .values import Test


# What is meant by naming a lesion without saying more; of a target the size must be said.
_UNSAID = {"target": "", "nontarget": "present", "new": "unequivocal"}


class Word(NamedTuple):
    """
    One reading as typed: a lesion and its size or state ("32", "gone"), or a test and its value ("1200/uL").

    `sampled_on` is the day of a sample that is not of the day of its visit, else None.
    """

    name: str
    text: str
    sampled_on: date | None = None

    def __str__(self) -> str:
        return f"{self.name}={self.text}" + (f"@{self.sampled_on}" if self.sampled_on else "")


class Introduced(NamedTuple):
    """A lesion given its role: `--target "L1 liver 42"`. `text` is its size or state, "" when none was typed."""

    role: str
    lesion_id: str
    kind: str  # "" when not said
    organ: str
    site: str
    text: str


class Scan(NamedTuple):
    """What a person typed for one visit; `line` None means the line that the date falls in."""

    patient_id: str
    visit_on: date
    readings: tuple[Word, ...] = ()
    introduced: tuple[Introduced, ...] = ()
    reader: str = ""
    line: int | None = None
    label: str = ""
    method: str = ""
    note: str = ""
    reason: str = ""


class Parsed(NamedTuple):
    state: str
    longest_mm: Decimal | None
    short_mm: Decimal | None
    other_id: str


# ---------------------------------------------------------------------------------------- scans


def record_scan(record: Record, scan: Scan, who: str, *, dry_run: bool = False) -> Outcome:
    """
    Record one visit and its readings; nothing at all when one of them is refused.

    Readings recorded before with the same value are counted as `same`. With `dry_run` the
    outcome is worked out and nothing is kept.

    Raises NotFoundError (patient, lesion, line) and RefusedError (a contradiction).
    """
    patient = require_patient(record, scan.patient_id, to_add=True)
    with record.change("add", who=who, reason=scan.reason) as change:
        before = answers(course for course, _fresh in courses(record, [scan.patient_id]))
        writer = ScanWriter(record, change, scan)
        writer.write()
        if dry_run or not writer.wrote:
            outcome = writer.outcome(before, keep=False)
            change.abandon()
        else:
            outcome = writer.outcome(before, keep=True)
    del patient
    return outcome if dry_run else outcome._replace(number=change.number)


class ScanWriter:
    """Writes one scan inside an open change, checking each reading against what is recorded."""

    def __init__(self, record: Record, change: Change, scan: Scan, verb: str = "add") -> None:
        self.record, self.change, self.scan, self.verb = record, change, scan, verb
        self.patient_id = scan.patient_id
        self.added: list[str] = []
        self.changed: list[str] = []
        self.same: list[str] = []
        self.remarks: list[str] = []
        self.wrote = False
        self.line = ensure_line(record, change, scan.patient_id, scan.visit_on, scan.line)
        self.visits = [row for row in record.rows("visits", patient_id=self.patient_id) if row["reader"] == scan.reader]
        self.lesions = {row["lesion_id"]: row for row in record.rows("lesions", patient_id=self.patient_id)}
        self.roles: dict[tuple[int, str], str] = {
            (row["line"], row["lesion_id"]): row["role"]
            for row in record.rows("line_lesions", patient_id=self.patient_id)
            if row["reader"] == scan.reader
        }
        self.readings = record.rows("measurements", patient_id=self.patient_id)

    @cached_property
    def axes(self) -> str:
        """How the families of the line measure a lesion, see `axes_of`."""
        return axes_of(line_criteria(self.record, self.patient_id, self.line))

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """The families that judge the line, loaded where a word is no lesion."""
        return line_families(self.record, self.patient_id, self.line)

    def write(self) -> None:
        known = {row["visit_on"]: row for row in self.visits}
        visit = known.get(self.scan.visit_on)
        if visit is not None and self.scan.line is None:
            self.line = visit["line"]
        introduced = [self.check_introduced(item) for item in self.scan.introduced]
        known_here = {*self.lesions, *(item.lesion_id for item in introduced)}
        words = [(item.lesion_id, item.text or _UNSAID[item.role]) for item in introduced]
        values: list[tuple[Test, Word]] = []
        for word in self.scan.readings:
            test = None if word.name in known_here else self.test_of(word, known_here)
            if test is None:
                words.append((word.name, lesion_text(word)))
            else:
                values.append((test, word))
        refuse_twice(words, "one lesion has one reading a visit", "leave one of them out")
        samples = [(_called(test, word), word.text) for test, word in values]
        refuse_twice(samples, "one test has one value a day", "leave one out, or give its sample a day: NAME=VALUE@DAY")
        read = [read_value(test, word, self.scan) for test, word in values]
        key = self.put_visit(visit)
        for item in introduced:
            self.introduce(item)
        for lesion_id, text in words:
            self.put_reading(key, lesion_id, text)
        for value in read:
            put_value(self, key, value)

    def test_of(self, word: Word, lesion_ids: Iterable[str]) -> Test:
        """Return the test that a word names; raises what to say of a word that names nothing."""
        test = find_test(word.name, self.families, lesion_ids)
        if test is None:
            raise unknown_name(self, word)
        return test

    # -- the visit ---------------------------------------------------------------------------

    def put_visit(self, visit: dict[str, Any] | None) -> int:
        scan = self.scan
        row = {
            "patient_id": self.patient_id,
            "line": visit["line"] if visit else self.line,
            "visit_on": scan.visit_on,
            "reader": scan.reader,
            "label": scan.label or (visit["label"] if visit else "") or self.name_for_samples(),
            "method": scan.method or (visit["method"] if visit else ""),
            "note": scan.note or (visit["note"] if visit else ""),
        }
        if self.change.put("visits", row) != "same":
            self.wrote = True
        found = self.record.rows("visits", patient_id=self.patient_id, visit_on=scan.visit_on, reader=scan.reader)
        return int(found[0]["visit_key"])

    def name_for_samples(self) -> str:
        """Return a label where samples of other days are typed: in an export only its label holds a visit together."""
        away = any(item.sampled_on not in (None, self.scan.visit_on) for item in self.scan.readings)
        return str(self.scan.visit_on) if away else ""

    def is_baseline(self) -> bool:
        """Say whether this visit is the baseline of its line."""
        lines = {row["line"]: row for row in self.record.rows("lines", patient_id=self.patient_id)}
        named = lines[self.line]["baseline_on"]
        if named:
            return bool(named == self.scan.visit_on)
        days = [row["visit_on"] for row in self.visits if row["line"] == self.line]
        return not days or self.scan.visit_on <= min(days)

    # -- lesions -----------------------------------------------------------------------------

    def begins_lesions(self) -> bool:
        """Say whether the lesions of the line are chosen at this visit: a visit of samples alone is no look at them."""
        lines = {row["line"]: row for row in self.record.rows("lines", patient_id=self.patient_id)}
        if lines[self.line]["baseline_on"]:
            return self.is_baseline()
        looked = {row["visit_on"] for row in self.readings if row["reader"] == self.scan.reader}
        sampled = {
            row["visit_on"]
            for row in self.record.rows("results", patient_id=self.patient_id)
            if row["reader"] == self.scan.reader
        }
        days = [row["visit_on"] for row in self.visits if row["line"] == self.line]
        looks = [day for day in days if day in looked or day not in sampled]
        return not looks or self.scan.visit_on <= min(looks)

    def check_introduced(self, item: Introduced) -> Introduced:
        """Return the lesion completed from what is recorded; raises when role or kind contradict that."""
        lesion = self.lesions.get(item.lesion_id)
        role = self.roles.get((self.line, item.lesion_id))
        if role is not None and role != item.role:
            raise RefusedError(
                f"{item.lesion_id} is recorded as {role} in line {self.line} of {self.patient_id}, not {item.role}",
                "a lesion keeps its role for the whole line",
                f"remtrack add {quote(self.patient_id)} {self.scan.visit_on} {item.lesion_id}={item.text or 'SIZE'}",
            )
        if lesion is not None and item.kind and item.kind != lesion["kind"]:
            raise RefusedError(
                f"{item.lesion_id} is recorded as {lesion['kind']}, not {item.kind}",
                "a lesion keeps its kind for life: a node is measured by its short axis, another lesion by its longest",
                f"remtrack lesions {quote(self.patient_id)}",
            )
        if item.role in ("target", "nontarget") and role is None and not self.begins_lesions():
            raise RefusedError(
                f"{item.lesion_id} cannot become a {item.role} lesion on {self.scan.visit_on}",
                f"both are chosen at the baseline of line {self.line}; what is first seen later is new",
                f"remtrack add {quote(self.patient_id)} {self.scan.visit_on} --new "
                + quote(" ".join(part for part in (item.lesion_id, item.organ, item.text) if part)),
            )
        if item.role == "new" and role is None and self.begins_lesions():
            raise RefusedError(
                f"{item.lesion_id} cannot be new on {self.scan.visit_on}",
                f"that visit is the baseline of line {self.line}; what is seen there is target or nontarget",
                f"remtrack add {quote(self.patient_id)} {self.scan.visit_on} --target "
                + quote(" ".join(part for part in (item.lesion_id, item.organ, item.text) if part)),
            )
        return item

    def introduce(self, item: Introduced) -> None:
        lesion = self.lesions.get(item.lesion_id)
        kind = item.kind or (lesion["kind"] if lesion else "nonnodal")
        row = {
            "patient_id": self.patient_id,
            "lesion_id": item.lesion_id,
            "kind": kind,
            "organ": item.organ or (lesion["organ"] if lesion else ""),
            "site": item.site or (lesion["site"] if lesion else ""),
            "closed_on": lesion["closed_on"] if lesion else None,
        }
        if self.change.put("lesions", row) != "same":
            self.wrote = True
        self.lesions[item.lesion_id] = row
        self.give_role(item.lesion_id, item.role)

    def give_role(self, lesion_id: str, role: str) -> None:
        lesion = self.record.rows("lesions", patient_id=self.patient_id, lesion_id=lesion_id)[0]
        row = {
            "patient_id": self.patient_id,
            "line": self.line,
            "lesion_key": lesion["lesion_key"],
            "reader": self.scan.reader,
            "role": role,
        }
        if self.change.put("line_lesions", row) != "same":
            self.wrote = True
        self.roles[self.line, lesion_id] = role

    def role_of(self, lesion_id: str) -> str:
        """
        Return the role of a known lesion in this line, taking over that of the line before at a new baseline.

        Raises NotFoundError for an unknown lesion and RefusedError for one without a role here.
        """
        if lesion_id not in self.lesions:
            raise unknown_lesion(
                self.record, self.patient_id, lesion_id, self.scan.visit_on, baseline=self.begins_lesions()
            )
        role = self.roles.get((self.line, lesion_id))
        if role is not None:
            return role
        if self.begins_lesions():
            earlier = self.roles.get((self.line - 1, lesion_id))
            if earlier in ("target", "nontarget"):
                self.give_role(lesion_id, earlier)
                self.remarks.append(f"{lesion_id} stays {earlier} in line {self.line}")
                return earlier
        flag = "--target" if self.begins_lesions() else "--new"
        raise RefusedError(
            f"{lesion_id} has no role in line {self.line} of {self.patient_id}",
            "each line of therapy chooses its own target and non-target lesions at its baseline",
            f"remtrack add {quote(self.patient_id)} {self.scan.visit_on} {flag} {quote(f'{lesion_id}=SIZE')}",
        )

    # -- readings ----------------------------------------------------------------------------

    def put_reading(self, visit_key: int, lesion_id: str, text: str) -> None:
        role = self.role_of(lesion_id)
        lesion = self.lesions[lesion_id]
        introduced = any(item.lesion_id == lesion_id for item in self.scan.introduced)
        parsed = read_word(lesion_id, text, role, lesion["kind"], self.axes)
        self.check_first_seen(lesion_id, introduced=introduced)
        row = self.measurement(visit_key, lesion_id, parsed)
        known = [
            reading
            for reading in self.readings
            if reading["lesion_id"] == lesion_id
            and reading["visit_on"] == self.scan.visit_on
            and reading["reader"] == self.scan.reader
        ]
        name = f"{lesion_id} {say_reading(parsed, lesion['kind'])}"
        if known and same_reading(known[0], parsed):
            self.same.append(name)
            return
        if known:
            old = say_reading(
                Parsed(known[0]["state"], known[0]["longest_mm"], known[0]["short_mm"], known[0]["other_id"] or ""),
                lesion["kind"],
            )
            new = say_reading(parsed, lesion["kind"])
            raise RefusedError(
                f"{lesion_id} is already recorded on {self.scan.visit_on}: {old}, not {new}",
                "one lesion has one reading a visit; a correction keeps the old value in the log",
                f"remtrack edit {quote(self.patient_id)} {self.scan.visit_on} {quote(f'{lesion_id}={text}')} "
                '--reason "typing error"',
            )
        self.change.put("measurements", row)
        self.wrote = True
        self.added.append(name)

    def measurement(self, visit_key: int, lesion_id: str, parsed: Parsed) -> dict[str, Any]:
        key_of = {
            row["lesion_id"]: row["lesion_key"] for row in self.record.rows("lesions", patient_id=self.patient_id)
        }
        if parsed.other_id and parsed.other_id not in key_of:
            raise unknown_lesion(self.record, self.patient_id, parsed.other_id, self.scan.visit_on, baseline=False)
        return {
            "visit_key": visit_key,
            "lesion_key": key_of[lesion_id],
            "longest_mm": parsed.longest_mm,
            "short_mm": parsed.short_mm,
            "state": parsed.state,
            "other_key": key_of.get(parsed.other_id),
            "method": "",
            "reason": self.scan.reason if parsed.state == "not_assessed" else "",
            "note": "",
            "measured_on": None,
        }

    def check_first_seen(self, lesion_id: str, *, introduced: bool) -> None:
        """A reading before the lesion was first seen is a slip, unless its role is given again with it."""
        days = [
            row["visit_on"]
            for row in self.readings
            if row["lesion_id"] == lesion_id and row["reader"] == self.scan.reader
        ]
        if not days or introduced or self.scan.visit_on >= min(days):
            return
        role = self.roles.get((self.line, lesion_id), "new")
        raise RefusedError(
            f"{lesion_id} was first seen on {min(days)}; this reading is dated {self.scan.visit_on}, before it",
            "a lesion cannot be measured before it was first seen; giving its role again says that it was seen then",
            f"remtrack add {quote(self.patient_id)} {self.scan.visit_on} --{role} {quote(f'{lesion_id}=SIZE')}",
        )

    def outcome(self, before: dict[Any, tuple[str, str]], *, keep: bool) -> Outcome:
        """Derive the patient's answers from the facts as they now stand, keep them, and say what moved."""
        result, problems = settle(self.record, self.change, self.patient_id, keep=keep)
        return Outcome(
            self.patient_id,
            None,
            tuple(self.added),
            tuple(self.changed),
            tuple(self.same),
            self.line,
            self.scan.visit_on,
            self.is_baseline(),
            tuple(moved(before, result)),
            tuple(result),
            problems,
            tuple(self.remarks),
        )


def refuse_twice(words: Sequence[tuple[str, str]], why: str, hint: str) -> None:
    """Raise RefusedError when one name stands twice in a command."""
    names = [name for name, _text in words]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        name = min(twice)
        given = ", ".join(text or "no size" for other, text in words if other == name)
        raise RefusedError(f"{name} is given twice in one command", f"{given}; {why}", hint)


def _called(test: Test, word: Word) -> str:
    return test.name + (f" of {word.sampled_on}" if word.sampled_on else "")


def lesion_text(word: Word) -> str:
    """Return the size or state of a lesion; raises RefusedError for a day of its own, which only a sample has."""
    if word.sampled_on is not None:
        raise RefusedError(
            f"{word}: a lesion is read on the day of its visit",
            "only a laboratory value may be of another day than its visit",
            f"{word.name}={word.text}, at a visit of {word.sampled_on}",
        )
    return word.text


def unknown_lesion(record: Record, patient_id: str, lesion_id: str, day: date, *, baseline: bool) -> NotFoundError:
    lesions = record.rows("lesions", patient_id=patient_id)
    known = ", ".join(f"{row['lesion_id']} {row['organ']}".strip() for row in lesions)
    flag = "target" if baseline else "new"
    return NotFoundError(
        f"lesion {lesion_id} is not known for {patient_id}",
        f"{patient_id} has {known}" if known else f"{patient_id} has no lesions yet; roles are given at the baseline",
        f"remtrack add {quote(patient_id)} {day} --{flag} " + quote(f"{lesion_id} ORGAN SIZE"),
    )


def read_word(lesion_id: str, text: str, role: str, kind: str, axes: str = "one") -> Parsed:
    """
    Return what one typed word says of a lesion in that role; `axes` is how the families of its line measure.

    Raises RefusedError naming the word, and what may be typed instead.
    """
    from ..exchange.cells import CellError, parse_word

    if not text:
        raise RefusedError(
            f"{lesion_id}: no size is given", "a target lesion needs a size", f'--target "{lesion_id} ORGAN SIZE"'
        )
    try:
        state, longest, short, other_id = parse_word(text, role, kind, axes)
    except CellError as error:
        raise RefusedError(f"{lesion_id}={text}: {error.what}", error.why, error.hint) from error
    # Saying of a new lesion that it is present is saying that it is one.
    return Parsed("unequivocal" if role == "new" and state == "present" else state, longest, short, other_id)


def say_reading(parsed: Parsed, kind: str) -> str:
    """Return a reading as it would be typed."""
    if parsed.state in ("measured", "fragment_of") or (parsed.longest_mm is not None or parsed.short_mm is not None):
        if parsed.longest_mm is not None and parsed.short_mm is not None:
            size = f"{parsed.longest_mm.normalize():f}x{parsed.short_mm.normalize():f} mm"
        else:
            only = parsed.short_mm if parsed.longest_mm is None else parsed.longest_mm
            size = f"{only.normalize():f} mm" if only is not None else "?"
        return size if parsed.state == "measured" else f"{size} ({parsed.state})"
    del kind
    return parsed.state.replace("_", " ") + (f" {parsed.other_id}" if parsed.other_id else "")


def same_reading(row: Mapping[str, Any], parsed: Parsed) -> bool:
    return (row["state"], row["longest_mm"], row["short_mm"], row["other_id"] or "") == parsed


def require_visit(record: Record, patient_id: str, day: date, reader: str) -> dict[str, Any]:
    rows = record.rows("visits", patient_id=patient_id, visit_on=day, reader=reader)
    if rows:
        return rows[0]
    days = sorted({row["visit_on"] for row in record.rows("visits", patient_id=patient_id) if row["reader"] == reader})
    nearest = sorted(days, key=lambda known: abs((known - day).days))[:3]
    raise NotFoundError(
        f"{patient_id} has no visit on {day}" + (f" by reader {reader}" if reader else ""),
        f"nearest: {', '.join(str(known) for known in nearest)}" if nearest else "no visit is recorded",
        f"remtrack timeline {quote(patient_id)}",
    )
