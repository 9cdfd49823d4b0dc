"""
What a published standard is to the engine: categories, settings, rule tables, and a `Family` around them.

The fold itself is in `fold`, the stretches of response in `episodes`. A new family is one file beside
this one: its tables, what it sees at a visit, and what it carries from visit to visit. Nothing here
knows the name of any family.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ..episodes import Terms, read_marks, report
from ..errors import UsageError
from ..model import History, Visit
from ..verdict import COMPLETE, Assessment, Category, Course, Finding, Problem, Step

if TYPE_CHECKING:
    from .results import Analyte

# ---------------------------------------------------------------------------------------- numbers

_TENTH = Decimal("0.1")


def number(value: Decimal) -> str:
    """Return a number exactly, without trailing zeros: 50, 28.1."""
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: Decimal) -> str:
    """Return a change exactly, with its sign: +10, -2.5, 0."""
    return f"+{number(value)}" if value > 0 else number(value)


def percent(value: Decimal) -> str:
    """Return a change in per cent with its sign and one decimal, halves away from zero: +25.0, -29.9, 0.0."""
    if not value.is_finite():
        return "+inf"
    rounded = value.quantize(_TENTH, ROUND_HALF_UP)
    if rounded > 0:
        return f"+{rounded}"
    return str(rounded) if rounded else "0.0"


# --------------------------------------------------------------------------------------- settings


class Reads(NamedTuple):
    """How the text of a setting is read: what is allowed, in words, and the reader (ValueError for anything else)."""

    allowed: str
    read: Callable[[str], Any]


class Setting(NamedTuple):
    """One setting of a family: its name, the default as it is typed, what may be typed, and what it is for."""

    name: str
    default: str
    reads: Reads
    help: str

    @property
    def allowed(self) -> str:
        """What may be typed, in words."""
        return self.reads.allowed


def choice(*words: str) -> Reads:
    by_typed = {word.casefold(): word for word in words}

    def read(text: str) -> str:
        if text.casefold() not in by_typed:
            raise ValueError(text)
        return by_typed[text.casefold()]

    return Reads(" or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0], read)


def yes_no() -> Reads:
    return Reads("yes or no", lambda text: choice("yes", "no").read(text) == "yes")


def whole(least: int = 0, most: int = 9999) -> Reads:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(text)
        return int(text)

    return Reads(f"a whole number from {least} to {most}", read)


def off_or_whole(least: int = 1, most: int = 99) -> Reads:
    return Reads(
        f"off, or a whole number from {least} to {most}",
        lambda text: None if text.casefold() == "off" else whole(least, most).read(text),
    )


def quantity(most: int = 9999) -> Reads:
    def read(text: str) -> Decimal:
        plain = text.replace(".", "", 1)
        if not (plain.isascii() and plain.isdigit() and Decimal(text) <= most):
            raise ValueError(text)
        return Decimal(text)

    return Reads(f"a number from 0 to {most}", read)


def _month_rule(text: str) -> str:
    text = text.casefold()
    if text != "calendar_month":
        whole(1).read(text.removeprefix("days") if text.startswith("days") else "")
    return text


def _marks(text: str) -> str:
    read_marks(text)
    return text


#: The settings that every family has (remission and how long it lasts).
COMMON_SETTINGS = (
    Setting(
        "lasting_rule",
        "days28",
        Reads("calendar_month, or days and a number such as days28", _month_rule),
        "what a month is when it is said whether a response lasted",
    ),
    Setting(
        "milestones",
        "3/5/10",
        Reads('years, or months with an m, such as "6m/1/3/5/10"', _marks),
        "which anniversaries of a complete response are looked at",
    ),
)


class Choices(NamedTuple):
    """The settings of one line: every value as it was read, and as typed those that differ from the default."""

    values: Mapping[str, Any]
    changed: tuple[tuple[str, str], ...]


def parse_settings(family: Family, settings: Mapping[str, str] | None = None) -> Choices:
    """
    Return the settings of a family with these ones changed.

    Raises UsageError for a setting that the family does not have (naming the nearest one) and for a value
    that it does not take (naming what it takes).
    """
    return _parsed(family, tuple(sorted(settings.items())) if settings else ())


@lru_cache(maxsize=256)
def _parsed(family: Family, given: tuple[tuple[str, str], ...]) -> Choices:
    known = {setting.name: setting for setting in family.settings}
    texts = {setting.name: setting.default for setting in family.settings}
    for name, text in given:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1, 0.5)
            raise UsageError(
                f'{family.title} has no setting "{name}"',
                f"did you mean {near[0]}?" if near else f"its settings are {', '.join(known)}",
                f"remtrack criteria show {family.id}",
            )
        texts[name] = text.strip()
    values = {}
    for name, text in texts.items():
        try:
            values[name] = value = known[name].reads.read(text)
        except ValueError as bad:
            raise UsageError(
                f'{name} cannot be "{text}"',
                f"it takes {known[name].allowed}; the default is {known[name].default}",
                f"remtrack criteria show {family.id}",
            ) from bad
        # Kept and shown as the family spells it, whatever was typed: YES is yes, pet is PET.
        texts[name] = value if isinstance(value, str) else text.casefold()
    changed = tuple((name, text) for name, text in texts.items() if text != known[name].default)
    return Choices(values, changed)


# ------------------------------------------------------------------------------------------ rules


@dataclass(slots=True)
class Seen:
    """
    What was observed at one visit, and what the tables have made of it so far.

    Each family adds its own names; rules and their sentences use them. `findings` fills up part by part,
    so a later table can ask what an earlier one gave. `flags` are remarks for review, `extra` the side scales, and
    what the timeline draws besides the value: `drawn` lists these.
    """

    visit: Visit
    findings: dict[str, Finding] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def gave(self, part: str) -> str:
        """Return the category that an earlier table gave."""
        return self.findings[part].category

    def numbers(self) -> dict[str, Any]:
        """Return the numbers behind the answer, by the names of `Assessment` (sum_mm, value ...)."""
        return {}


S = TypeVar("S", bound=Seen)


def always(_seen: Seen) -> bool:
    """Otherwise."""  # the condition of the last rule of a table, which catches all
    return True


def at_every_visit(_seen: Seen) -> bool:
    """At every visit."""  # the same, of a table that has no other rule
    return True


class Sentence:
    """
    A sentence with names in braces, filled from what was seen.

    A name's ending decides how it is written: `_mm` a number, with its sign when `change` is in the name;
    `_pct` a change in per cent; `_on` a date; `_because` what an earlier table said.
    """

    __slots__ = ("_blanks", "_text")

    def __init__(self, template: str) -> None:
        self._text = re.sub(r"\{\w+\}", "%s", template.replace("%", "%%"))
        self._blanks = [_blank(name) for name in re.findall(r"\{(\w+)\}", template)]

    def fill(self, seen: Seen) -> str:
        return self._text % tuple([write(get(seen)) for get, write in self._blanks])

    @property
    def is_constant(self) -> bool:
        return not self._blanks


def _blank(name: str) -> tuple[Callable[[Any], Any], Callable[[Any], str]]:
    """Return how the value of a name is got from what was seen, and how it is written."""
    if name.endswith("_because"):
        part = name.removesuffix("_because")
        return (lambda seen: seen.findings[part].because), str
    if name.endswith("_mm"):
        return attrgetter(name), signed if "change" in name else number
    if name.endswith("_pct"):
        return attrgetter(name), percent
    return attrgetter(name), date.isoformat if name.endswith("_on") else str


class Rule(Generic[S]):
    """
    One row of a decision table.

    `holds` answers True, False, or None when it cannot be said; then the row is passed over, and what
    would have been needed is read from the name in `needs` (a tuple of sentences on what was seen). `sentence`
    says why, with the numbers in braces. `source` is the paper and its section.
    """

    __slots__ = ("category", "holds", "id", "needs", "sentence", "source")

    def __init__(
        self,
        id: str,  # noqa: A002 - a rule's id is its id
        category: str,
        holds: Callable[[S], bool | None],
        sentence: str,
        source: str,
        *,
        needs: str = "",
    ) -> None:
        self.id, self.category, self.holds, self.sentence, self.source = id, category, holds, sentence, source
        self.needs = needs

    @property
    def when(self) -> str:
        """
        The condition in words, as a clinician reads it: what its function says of itself, else its name as it is.

        A function without a name of its own leaves the rule's sentence, with dots where its numbers stand.
        """
        said = (self.holds.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        name = getattr(self.holds, "__name__", "<lambda>")
        return said or (name.strip("_") if name.isidentifier() else re.sub(r"\{\w+\}", "...", self.sentence))


class Table(Generic[S]):
    """
    One decision table: a part of the answer (target, nontarget, new_lesion, overall ...), a title and its rows.

    The first row that holds decides; the last one catches all.
    """

    __slots__ = ("_rows", "part", "rules", "title")

    def __init__(self, part: str, title: str, *rules: Rule[S]) -> None:
        if rules[-1].holds not in (always, at_every_visit):
            raise ValueError(f"the last rule of {title!r} must catch all")
        self.part, self.title, self.rules = part, title, rules
        self._rows = [(rule.holds, rule, Sentence(rule.sentence), self._ready(rule)) for rule in rules]

    def _ready(self, rule: Rule[S]) -> Finding | None:
        """Return the finding of a rule whose sentence has no numbers: it is the same at every visit."""
        if not Sentence(rule.sentence).is_constant:
            return None
        return Finding(self.part, rule.category, rule.id, rule.sentence, rule.source)

    def judge(self, seen: S) -> Finding:
        """Return what the table gives at a visit, naming what would have been needed for the rows passed over."""
        undecided: dict[str, None] | None = None
        asked: set[str] = set()
        for holds, rule, sentence, ready in self._rows:
            answer = holds(seen)
            if answer:
                if undecided is None and ready is not None:
                    return ready
                missing = () if undecided is None else tuple(undecided)
                return Finding(self.part, rule.category, rule.id, sentence.fill(seen), rule.source, missing)
            if answer is None:
                undecided = {} if undecided is None else undecided
                if rule.needs not in asked:  # rows that need the same say so once
                    asked.add(rule.needs)
                    undecided.update(dict.fromkeys(getattr(seen, rule.needs)))
        raise AssertionError("the last rule catches all")


# --------------------------------------------------------------------------------------- families


class Input(NamedTuple):
    """What a family reads at a visit: an axis or the state of a lesion, or the test of a `Result`; its unit and use."""

    name: str
    unit: str
    help: str


@dataclass(slots=True)
class Basis:
    """
    What is known of a line before its visits are judged one after the other.

    Made by `Family.prepare` from all visits, so this is where later facts speak back to earlier ones.
    `baseline` is None when there is no visit at all. `baseline_value` is in the unit of the family, None when
    it is not complete.
    """

    history: History
    choices: Choices
    baseline: Visit | None
    baseline_value: Decimal | None = None

    @property
    def start_on(self) -> date | None:
        """The start of treatment, else the baseline."""
        if self.history.line.started_on is not None:
            return self.history.line.started_on
        return None if self.baseline is None else self.baseline.visit_on


class Family:
    """
    One published standard.

    The engine prepares the line once, then for each visit observes, judges table by table and carries on:

        basis = prepare(history, choices)
        carried = begin(basis)
        for each visit after the baseline:
            seen = observe(basis, carried, visit)
            for table in tables_for(basis): seen.findings[part] = table.judge(seen)
            carried = carry(basis, carried, seen)
        look_back, terms -> reported categories, stretches of response, best response, durations

    The part named `overall` gives the category of the visit. `revision` is raised when a rule changes, so that
    stored answers are derived again. What is prepared, carried and seen is the family's own; it gives them their
    types, the engine only hands them on.
    """

    id: str
    title: str
    word: str  # response | remission
    revision: int
    unit: str
    source: str
    categories: tuple[Category, ...]
    settings: tuple[Setting, ...]
    inputs: tuple[Input, ...]
    #: The laboratory and visit-level values among its inputs, by name; a family of lesions alone has none.
    analytes: Mapping[str, Analyte] = MappingProxyType({})
    #: What it asks of a single lesion, by the name behind the lesion's id: N1_longest_mm is `longest_mm` of N1.
    lesion_analytes: Mapping[str, Analyte] = MappingProxyType({})
    #: The events it reads beside those that every family knows, and what each is for.
    events: Mapping[str, str] = MappingProxyType({})
    tables: tuple[Table[Any], ...]
    measure = ""  # what its timeline draws, in words
    scale = "linear"  # of that drawing: linear, or log for what falls by powers of ten
    assesses_baseline = False  # CML and the markers judge the first visit like any other

    @cached_property
    def by_code(self) -> dict[str, Category]:
        """The categories by their code."""
        return {category.code: category for category in self.categories}

    @cached_property
    def complete_codes(self) -> tuple[str, ...]:
        """The codes of complete responses or remissions."""
        return tuple(category.code for category in self.categories if category.kind == COMPLETE)

    @cached_property
    def reads_lesions(self) -> bool:
        """Whether the family judges lesions, and not laboratory values alone."""
        return len(self.inputs) > len(self.analytes)

    # What must be said by each family

    def prepare(self, history: History, choices: Choices) -> Basis:
        """Return what is known of the line; a visit's answer may depend on later visits through this alone."""
        raise NotImplementedError

    def begin(self, basis: Any) -> Any:
        """Return what is carried into the first visit that is judged."""
        raise NotImplementedError

    def observe(self, basis: Any, carried: Any, visit: Visit) -> Seen:
        """Return what is seen at a visit, given what is carried."""
        raise NotImplementedError

    def carry(self, basis: Any, carried: Any, seen: Any) -> Any:
        """Return what is carried on after a visit was judged."""
        raise NotImplementedError

    def terms(self, basis: Any) -> Terms:
        """Return how responses are confirmed, persist and end, under the settings of this line."""
        raise NotImplementedError

    # What a family may say otherwise

    def tables_for(self, _basis: Any) -> tuple[Table[Any], ...]:
        """Return the tables that apply to this line, in the order they are asked."""
        return self.tables

    def dated_on(self, _basis: Any, seen: Any) -> date:
        """Return the day the category of a visit is dated to."""
        visit: Visit = seen.visit
        return visit.visit_on

    def answer(self, basis: Any, seen: Any) -> Assessment:
        """Return the answer of a visit that was judged, from its findings."""
        overall = seen.findings["overall"]
        kind = self.by_code[overall.category].kind
        findings = tuple(seen.findings.values())
        missing = [lack for finding in findings for lack in finding.undecided]
        return Assessment(
            visit_on=seen.visit.visit_on,
            visit=seen.visit.label,
            dated_on=self.dated_on(basis, seen),
            overall=overall.category,
            reported=overall.category,
            kind=kind,
            reported_kind=kind,
            rule=overall.rule,
            because=overall.because,
            source=overall.source,
            findings=findings,
            undecided=tuple(dict.fromkeys(missing)) if missing else (),
            flags=tuple(seen.flags),
            extra=seen.extra,
            **seen.numbers(),
        )

    def look_back(self, _basis: Any, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers after those that a later answer settles were settled (a preliminary progression)."""
        return visits

    def report(self, _basis: Any, terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers as reported while a response persists."""
        return report(visits, terms)

    def limits(self, _basis: Any, _carried: Any) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        """Return the day of the lowest value and the thresholds for the next visit, as (name, value)."""
        return None, ()

    def conclude(self, _basis: Any, _carried: Any, course: Course) -> Course:
        """Return the course with what this family sums up in its own way."""
        return course

    def steps(self, _basis: Any, _carried: Any, seen: Any) -> tuple[Step, ...]:
        """Return the steps of the explanation of a visit."""
        return tuple(
            Step(finding.part, finding.because, finding.rule, finding.category) for finding in seen.findings.values()
        )

    def baseline_steps(self, _basis: Any) -> tuple[Step, ...]:
        """Return the steps of the explanation of the baseline."""
        return ()

    def would_change(self, _basis: Any, _carried: Any, _seen: Any) -> tuple[str, ...]:
        """Return sentences naming the value at which the answer of a visit would be another."""
        return ()

    def check_baseline(self, _basis: Any) -> tuple[Problem, ...]:
        """Return what is unusual about the baseline, as warnings."""
        return ()
