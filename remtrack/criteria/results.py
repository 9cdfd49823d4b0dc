"""
Laboratory results as the families read them: a number, a bound, or one of a few words.

Here are what a family expects of a test (`Analyte`: unit, range, words), the units it may come in, and how
one `Result` becomes a `Reading`. A laboratory prints "<0.1", ">600" and "undetectable" beside plain numbers;
such a result is an `Amount` between two ends, and every comparison with it answers True, False, or None
where it cannot be said. Nothing is judged here and nothing is guessed: what cannot be read counts as not
measured, with a sentence that says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from ..model import Result, Visit
from .base import Input, S, number

ZERO = Decimal(0)
ENDLESS = Decimal("Infinity")

# ---------------------------------------------------------------------------------------- amounts


class Amount(NamedTuple):
    """
    A quantity that lies between two ends; a number has the same end twice.

    `above_least` and `below_most` say that the end itself is not possible: "<0.1" is from 0 to 0.1 and below
    0.1. Comparisons take a number or another amount and answer None when both answers are possible.
    """

    least: Decimal
    most: Decimal
    above_least: bool = False
    below_most: bool = False

    @property
    def value(self) -> Decimal | None:
        """The number, None for a bound."""
        return self.least if self.least == self.most else None

    # Asked of every count at every row of a table, mostly with a number: that way is kept short.

    def at_most(self, other: Amount | Decimal) -> bool | None:
        if isinstance(other, Decimal):
            if self.most <= other:
                return True
            return False if self.least > other or (self.least == other and self.above_least) else None
        least, most, _, below_most = other
        if self.most <= least:
            return True
        if self.least > most or (self.least == most and (self.above_least or below_most)):
            return False
        return None

    def below(self, other: Amount | Decimal) -> bool | None:
        if isinstance(other, Decimal):
            if self.least >= other:
                return False
            return True if self.most < other or (self.most == other and self.below_most) else None
        least, most, above_least, _ = other
        if self.least >= most:
            return False
        if self.most < least or (self.most == least and (self.below_most or above_least)):
            return True
        return None

    def above(self, other: Amount | Decimal) -> bool | None:
        answer = self.at_most(other)
        return None if answer is None else not answer

    def at_least(self, other: Amount | Decimal) -> bool | None:
        answer = self.below(other)
        return None if answer is None else not answer

    def reaches(self, other: Amount, parts: int, of: int) -> bool | None:
        """Say whether this is at least so many parts of the other: `reaches(before, 3, 2)` is half as much again."""
        if self.least * of >= other.most * parts:
            return True
        most, limit = self.most * of, other.least * parts
        if most < limit or (most == limit and (self.below_most or other.above_least)):
            return False
        return None

    def times(self, factor: Decimal | int) -> Amount:
        """Return the amount multiplied by a number above 0."""
        return Amount(self.least * factor, self.most * factor, self.above_least, self.below_most)

    def plus(self, other: Amount | Decimal) -> Amount:
        if isinstance(other, Decimal):
            return Amount(self.least + other, self.most + other, self.above_least, self.below_most)
        return Amount(
            self.least + other.least,
            self.most + other.most,
            self.above_least or other.above_least,
            self.below_most or other.below_most,
        )

    def minus(self, other: Amount | Decimal) -> Amount:
        """Return the difference; a bound on either side may reach below 0."""
        if isinstance(other, Decimal):
            return self.plus(-other)
        return Amount(
            self.least - other.most,
            self.most - other.least,
            self.above_least or other.below_most,
            self.below_most or other.above_least,
        )

    def __str__(self) -> str:
        """Return the amount as it is printed: 2.5, <0.1, ≥5, 0-1."""
        if self.least == self.most:
            return number(self.least)
        if self.most == ENDLESS:
            return f"{'>' if self.above_least else '≥'}{number(self.least)}"
        if self.least <= ZERO and not self.above_least:
            return f"{'<' if self.below_most else '≤'}{number(self.most)}"
        return f"{number(self.least)}-{number(self.most)}"


def exactly(value: Decimal | int | str) -> Amount:
    """Return the amount of a number."""
    value = Decimal(value)
    return Amount(value, value)


def lowest(amounts: Iterable[Amount]) -> Amount:
    """Return the smallest of several amounts: a bound again, where one of them is a bound and may be it."""
    found = tuple(amounts)
    least, most = min(amount.least for amount in found), min(amount.most for amount in found)
    return Amount(
        least,
        most,
        all(amount.above_least for amount in found if amount.least == least),
        any(amount.below_most for amount in found if amount.most == most),
    )


def highest(amounts: Iterable[Amount]) -> Amount:
    """Return the largest of several amounts, as `lowest` the smallest."""
    found = tuple(amounts)
    least, most = max(amount.least for amount in found), max(amount.most for amount in found)
    return Amount(
        least,
        most,
        any(amount.above_least for amount in found if amount.least == least),
        all(amount.below_most for amount in found if amount.most == most),
    )


# ---------------------------------------------------------------------------------------- answers


def all_of(*answers: bool | None) -> bool | None:
    """Return False when one is False, else None when one cannot be said, else True."""
    if False in answers:
        return False
    return None if None in answers else True


def any_of(*answers: bool | None) -> bool | None:
    """Return True when one is True, else None when one cannot be said, else False."""
    if True in answers:
        return True
    return None if None in answers else False


def when(words: str, holds: Callable[[S], bool | None]) -> Callable[[S], bool | None]:
    """Return a condition of a rule with the words in which `criteria show` prints it."""
    holds.__doc__ = f"{words}."
    return holds


def denied(answer: bool | None) -> bool | None:
    """Return the opposite, None when it cannot be said."""
    return None if answer is None else not answer


# ------------------------------------------------------------------------------------------ units

Units = Mapping[str, Decimal]

_LETTERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻µμ×", "0123456789-uux")
_NOISE = re.compile(r"[\s^*.]|^x(?=10)|(?<=10)e(?=[0-9])")


def clean_unit(unit: str) -> str:
    """Return a unit as it is looked up: 10^9/L, 10*9/L and x10⁹/l are one."""
    plain = unit.translate(_LETTERS).casefold().replace("cells", "").replace("per ", "/").strip()
    return _NOISE.sub("", plain)


def units(of: Mapping[str, str]) -> Units:
    """Return how much of the family's unit is one of each unit, from factor -> spellings set apart by commas."""
    return MappingProxyType(
        {clean_unit(name): Decimal(factor) for factor, names in of.items() for name in names.split(",")}
    )


#: Cells in blood, in 10^9/L. "G/L" is giga per litre; a lakh is a hundred thousand.
COUNTS = units(
    {
        "1": "10^9/L, 10E9/L, G/L, Gpt/L, /nL, 10^3/uL, 10E3/uL, 10^3/mm3, 10^3/mcL, K/uL, K/mcL, K/mm3, thou/uL",
        "0.001": "/uL, /mcL, /mm3, /mm^3, /cumm, /cmm, uL, mm3, 10^6/L, 10E6/L, M/L",
        "0.000000001": "/L",
        "100": "lakh/uL, lakh/mm3, lakhs/cumm, 10^5/uL, 10^5/mm3",
    }
)
#: Protein and haemoglobin, in g/dL.
GRAMS_PER_DL = units({"1": "g/dL, g%, g/100mL", "0.1": "g/L", "0.001": "mg/dL", "0.0001": "mg/L", "100": "g/mL"})
#: Light chains, in mg/L.
MG_PER_L = units({"1": "mg/L, ug/mL, mcg/mL", "10": "mg/dL", "1000": "g/L, mg/mL"})
#: Urine protein, in mg/24 h.
MG_PER_DAY = units({"1": "mg/24h, mg/d, mg/day, mg/24hr, mg/24hrs, mg/24hours", "1000": "g/24h, g/d, g/day, g/24hr"})
#: Shares, in per cent. A fraction of 0.0001 is 0.01 %.
PERCENT = units({"1": "%, percent, per cent, pct, % IS, %(IS), % of cells", "100": "fraction, ratio"})
#: CA-125, in U/mL.
UNITS_PER_ML = units({"1": "U/mL, IU/mL, kU/L, kIU/L", "0.001": "U/L, IU/L"})
#: PSA, in ng/mL.
NG_PER_ML = units({"1": "ng/mL, ug/L, mcg/L", "0.01": "ng/dL", "0.001": "ng/L, pg/mL", "1000": "ug/mL, mg/L"})
#: Lengths and areas.
MILLIMETRES = units({"1": "mm", "10": "cm"})
CENTIMETRES = units({"1": "cm", "0.1": "mm"})
SQUARE_MM = units({"1": "mm2, mm^2, sqmm, sq mm, mm x mm", "100": "cm2, cm^2, sqcm, sq cm, cm x cm"})
#: What is merely counted.
COPIES = units({"1": "copies, n, count", "1000": "thousand"})
NO_UNIT: Units = MappingProxyType({})

# --------------------------------------------------------------------------------------- analytes

# Words that say that there is no result; they count as nothing entered.
NOT_DONE = frozenset(
    (
        *("nd", "n/d", "ne", "not done", "not assessed", "not evaluable", "not available", "not measured"),
        *("not known", "unknown", "pending", "?"),
    )
)


def words(of: Mapping[str, str]) -> Mapping[str, str]:
    """Return the words of a test by their spellings, from word -> other spellings set apart by commas."""
    return MappingProxyType(
        {spelling: told for told, names in of.items() for spelling in (told, *filter(None, names.split(",")))}
    )


NO_WORDS = words({})
YES_NO = words({"yes": "y,true,1,present,positive,pos", "no": "n,false,0,absent,none,negative,neg"})
#: Words for none at all, of a test that gives a number.
NONE_SEEN = frozenset({"none", "nil", "no", "absent", "negative", "neg", "not detected", "not seen"})


@dataclass(frozen=True, eq=False, slots=True)
class Analyte:
    """
    One test as a family reads it.

    `unit` is the family's own and `least` to `most` the range in it (both possible; None: no upper end).
    `units` says what else it may be printed in. A test whose answer is a word has `words`: what may be
    entered, by spelling, and the word it stands for; with units beside it may also be a number. `zero_words`
    are words of a numeric test that stand for 0; `open_words` ("undetectable") say only that it is somewhere
    from 0 on.
    """

    name: str
    unit: str = ""
    help: str = ""
    units: Units = field(default_factory=lambda: NO_UNIT)
    least: Decimal = ZERO
    most: Decimal | None = None
    words: Mapping[str, str] = field(default_factory=lambda: NO_WORDS)
    zero_words: frozenset[str] = frozenset()
    open_words: frozenset[str] = frozenset()

    @property
    def as_input(self) -> Input:
        """The test as a family lists it, with its range or its words behind what it is."""
        return Input(self.name, self.unit, f"{self.help} ({self.allowed})")

    @property
    def range(self) -> str:
        """The range as it is told."""
        return f"{number(self.least)} or more" if self.most is None else f"{number(self.least)} to {number(self.most)}"

    @property
    def allowed(self) -> str:
        """What may be entered, in words."""
        told = list(dict.fromkeys(self.words.values()))
        return " or ".join(told if self.words and not self.units else [*told, self.range])


def share(name: str, help: str, *, zero_words: frozenset[str] = frozenset()) -> Analyte:  # noqa: A002 - as in `Input`
    """Return a test that gives a share, 0 to 100 %."""
    return Analyte(name, "%", help, PERCENT, most=Decimal(100), zero_words=zero_words)


def count(name: str, help: str, most: int, *, zero_words: frozenset[str] = frozenset()) -> Analyte:  # noqa: A002
    """Return a test that counts cells, in 10^9/L."""
    return Analyte(name, "10^9/L", help, COUNTS, most=Decimal(most), zero_words=zero_words)


def word(name: str, help: str, words: Mapping[str, str] = YES_NO) -> Analyte:  # noqa: A002
    """Return a test or a question whose answer is a word, yes or no unless others are given."""
    return Analyte(name, "", help, words=words)


# --------------------------------------------------------------------------------------- readings


class Reading(NamedTuple):
    """
    One result as a family reads it.

    `amount` is in the family's unit; `word` is one of the family's words. Both are None when nothing was
    measured or it cannot be read; `trouble` then says which ("anc 1200 10^9/L is outside 0 to 100"), "" when
    there was no trouble. `printed` is the result with its unit as it was entered, and `said` as it was understood.
    """

    test: str
    on: date
    amount: Amount | None
    word: str | None
    printed: str
    said: str
    trouble: str
    upper_limit: Decimal | None = None
    note: str = ""

    @property
    def is_read(self) -> bool:
        """Whether the result says anything."""
        return self.amount is not None or self.word is not None


# A cohort has millions of readings, and made by its name one takes half as long again.
_new_reading: Callable[[tuple[Any, ...]], Reading] = partial(tuple.__new__, Reading)

_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
_PRINTED = re.compile(
    r"(?P<sign><=|=<|>=|=>|[<>≤≥])?\s*"
    rf"(?P<number>{_NUMBER})(?:\s*[-–]\s*(?P<second>{_NUMBER}))?\s*(?P<unit>.*)"
)
_BELOW, _UP_TO, _ABOVE, _FROM = ("<",), ("<=", "=<", "≤"), (">",), (">=", "=>", "≥")


def read_result(result: Result, analyte: Analyte, visit_on: date) -> Reading:
    """
    Return a result as a family reads it, in the family's unit.

    Without a unit it is taken to be in the family's. A number or a bound out of range, a unit that is not
    known for this test, and a word that it does not have, are not read; `trouble` says so. A sample without
    a day of its own is of the day of its visit.
    """
    read = _understood(analyte, result.value, result.text, result.unit)
    amount, told, printed, said, trouble, factor = read
    limit = None if result.upper_limit is None or amount is None else result.upper_limit * factor
    on = result.sampled_on or visit_on
    return _new_reading((result.test, on, amount, told, printed, said, trouble, limit, result.note))


class _Understood(NamedTuple):
    amount: Amount | None
    word: str | None
    printed: str
    said: str
    trouble: str
    factor: Decimal = Decimal(1)


@lru_cache(maxsize=65536)
def _understood(analyte: Analyte, value: Decimal | None, text: str, unit: str) -> _Understood:
    """Return what a result says; the same few hundred results come again and again in a cohort."""
    plain = text.strip() or ("" if value is None else number(value))
    printed = f"{plain} {unit}" if unit and not plain.endswith(unit) else plain
    spoken = " ".join(plain.casefold().replace("_", " ").split())
    if spoken in NOT_DONE and spoken not in analyte.words:
        return _Understood(None, None, printed, "not done", "")
    if analyte.words:
        told = analyte.words.get(spoken)
        if told is None and not analyte.units:
            trouble = f'{analyte.name} is entered as "{plain}", which is not {analyte.allowed}'
            return _Understood(None, None, printed, "", trouble)
        if told is not None:
            return _Understood(None, told, printed, told, "")
    try:
        amount, factor = _amount(analyte, value, plain, unit)
    except ValueError as bad:
        return _Understood(None, None, printed, "", str(bad))
    said = printed if value is None and plain.casefold() in analyte.open_words else f"{amount} {analyte.unit}".rstrip()
    return _Understood(amount, None, printed, said, "", factor)


def _amount(analyte: Analyte, value: Decimal | None, plain: str, unit: str) -> tuple[Amount, Decimal]:
    """Return the amount in the family's unit with the factor of the unit; ValueError says why there is none."""
    most = ENDLESS if analyte.most is None else analyte.most
    spoken = plain.casefold()
    if value is None and spoken in analyte.zero_words:
        return exactly(0), Decimal(1)
    if value is None and spoken in analyte.open_words:
        return Amount(ZERO, ENDLESS), Decimal(1)
    found = _PRINTED.fullmatch(plain)
    if found is None:
        if value is None:
            raise ValueError(f'{analyte.name} is entered as "{plain}", which is no number')
        factor = _factor(analyte, unit)
        amount = exactly(value).times(factor)
    else:
        inner = found["unit"]
        factor = _factor(analyte, unit or inner)
        if unit and inner and _factor(analyte, inner) != factor:
            raise ValueError(f'{analyte.name} is entered as "{plain}" and in {unit}, which are two units')
        amount = _between(found, factor) if value is None else exactly(value).times(factor)
    if amount.value is None and not (found and found["second"]) and amount.least < analyte.least <= amount.most:
        # A bound says nothing of its other end, and that end is where the test begins: a score below 4 is from 1 on.
        amount = amount._replace(least=analyte.least, above_least=False)
    if not _is_possible(amount, analyte.least, most):
        told = f" ({amount} {analyte.unit})" if factor != 1 else "" if unit else f" {analyte.unit}"
        raise ValueError(f"{analyte.name} {f'{plain} {unit}'.rstrip()}{told.rstrip()} is outside {analyte.range}")
    return amount if amount.value is None else exactly(plainly(amount.value)), factor


def plainly(value: Decimal) -> Decimal:
    """
    Return a number without zeros behind it: 2 for 2.0.

    The two are equal, so whoever remembers one by the other would else give the digits of whichever came first.
    """
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)


def _is_possible(amount: Amount, least: Decimal, most: Decimal) -> bool:
    if (amount.above_least and amount.least == most) or (amount.below_most and amount.most == least):
        return False
    return least <= amount.least <= most and (amount.most <= most or amount.most == ENDLESS)


def _factor(analyte: Analyte, unit: str) -> Decimal:
    """Return how much of the family's unit is one of this unit; ValueError when it is not known."""
    cleaned = clean_unit(unit)
    if not cleaned or cleaned == clean_unit(analyte.unit):
        return Decimal(1)
    factor = analyte.units.get(cleaned)
    if factor is None:
        known = f"it is read in {analyte.unit}" if analyte.unit else "it has no unit"
        raise ValueError(f"{analyte.name} is entered in {unit}; {known}")
    return factor


def _between(found: re.Match[str], factor: Decimal) -> Amount:
    """Return the amount of a number, a bound or a range as it was printed."""
    end, sign = Decimal(found["number"]) * factor, found["sign"]
    if found["second"]:
        second = Decimal(found["second"]) * factor
        if sign or second < end:
            raise ValueError(f'"{found[0]}" is no range')
        return Amount(end, second)
    if sign in _BELOW:
        return Amount(ZERO, end, below_most=True)
    if sign in _UP_TO:
        return Amount(ZERO, end)
    if sign in _ABOVE:
        return Amount(end, ENDLESS, above_least=True)
    return Amount(end, ENDLESS if sign in _FROM else end)


class Panel:
    """
    What was measured at one visit of the tests that a family knows, in order of the days of their samples.

    Tests that the family does not know are left to the families that do.
    """

    __slots__ = ("_readings", "amount", "amounts", "last", "troubles", "word", "words")

    # Asked at every row of a table: what the dicts themselves answer, with no function between.
    #: The latest amount of a test, None when it was not measured or cannot be read.
    amount: Callable[[str], Amount | None]
    #: The latest word of a test, None when it was not answered.
    word: Callable[[str], str | None]
    #: The latest reading of a test that says anything.
    last: Callable[[str], Reading | None]

    def __init__(self, visit: Visit, analytes: Mapping[str, Analyte]) -> None:
        self._readings: dict[str, list[Reading]] = {}
        #: The latest amount and the latest word of each test that has one.
        self.amounts: dict[str, Amount] = {}
        self.words: dict[str, str] = {}
        #: What could not be read, as sentences.
        self.troubles: list[str] = []
        latest: dict[str, Reading] = {}
        self.amount, self.word, self.last = self.amounts.get, self.words.get, latest.get
        readings, last, find, visit_on = self._readings, latest, analytes.get, visit.visit_on
        for result in visit.results:
            test = result.test
            analyte = find(test)
            if analyte is None:
                continue
            reading = read_result(result, analyte, visit_on)
            if test in readings:
                readings[test].append(reading)
            else:
                readings[test] = [reading]
            _, on, amount, told, _, _, trouble, _, _ = reading
            if amount is None and told is None:
                if trouble:
                    self.troubles.append(trouble)
                continue
            if test in last:
                if on < last[test].on:
                    continue
                # A number after a word of the same visit, or the other way round: the earlier one no longer counts.
                self.amounts.pop(test, None)
                self.words.pop(test, None)
            last[test] = reading
            if amount is not None:
                self.amounts[test] = amount
            elif told is not None:
                self.words[test] = told

    def all(self, test: str) -> Sequence[Reading]:
        """Return every reading of a test by the day of its sample, whether it says anything or not."""
        readings = self._readings.get(test, ())
        return sorted(readings, key=lambda reading: reading.on) if len(readings) > 1 else readings

    def lack(self, test: str) -> str:
        """Return a sentence for a test that says nothing: why it cannot be read, else that nothing is entered."""
        for reading in self.all(test):
            if reading.trouble:
                return reading.trouble
        if self.all(test):
            return f"{test} was not done"
        return f"nothing is entered for {test}"


def by_name(*analytes: Analyte) -> Mapping[str, Analyte]:
    """Return the tests of a family by their names."""
    return MappingProxyType({analyte.name: analyte for analyte in analytes})
