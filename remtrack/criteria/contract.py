"""
What every family must keep to, of this package or of another: said as faults, none when it does.

Only what can be seen without a patient. Whether the rules are those of the paper, the worked cases show.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

from .. import verdict
from .base import COMMON_SETTINGS, Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .base import Rule, Table

KINDS = (
    verdict.COMPLETE,
    verdict.PARTIAL,
    verdict.MINOR,
    verdict.STABLE,
    verdict.NO_DISEASE,
    verdict.POSSIBLE_PROGRESSION,
    verdict.PROGRESSION,
    verdict.RELAPSE,
    verdict.REFRACTORY,
    verdict.NOT_EVALUABLE,
)
_ID = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_MUST_SAY = ("prepare", "begin", "observe", "carry", "terms")


def faults(family: Family) -> tuple[str, ...]:
    """Return what a family lacks or has wrong, in sentences for the person who writes it."""
    try:
        return tuple(
            chain(_names(family), _categories(family), _tables(family.tables, family), _inputs(family), _values(family))
        )
    except AttributeError as error:
        return (f"it has no {error.name}",)


def _names(family: Family) -> Iterator[str]:
    if not _ID.fullmatch(family.id):
        yield f'the id "{family.id}" may have small letters, digits, points and hyphens only'
    if family.word not in ("response", "remission"):
        yield f'the word is response or remission, not "{family.word}"'
    if family.scale not in ("linear", "log"):
        yield f'the scale is linear or log, not "{family.scale}"'
    if not (family.title.strip() and family.source.strip()):
        yield "the title or the source is empty"
    if not isinstance(family.revision, int) or family.revision < 1:
        yield "the revision is a whole number from 1"
    for name in _MUST_SAY:
        if getattr(type(family), name) is getattr(Family, name):
            yield f"{name}() is not written"


def _categories(family: Family) -> Iterator[str]:
    yield from _twice("category", (one.code for one in family.categories))
    yield from _twice("rank", (str(one.rank) for one in family.categories))
    for one in family.categories:
        if one.kind not in KINDS:
            yield f'category {one.code}: there is no kind "{one.kind}"'
        if not (one.label.strip() and one.plain.strip()):
            yield f"category {one.code} has no label, or none in plain words"
    if sum(one.kind == verdict.NOT_EVALUABLE for one in family.categories) != 1:
        yield "exactly one category is of the kind not_evaluable"


def _tables(tables: Iterable[Table[Any]], family: Family) -> Iterator[str]:
    tables = tuple(tables)
    if not any(table.part == "overall" for table in tables):
        yield "no table has the part overall, which gives the category of a visit"
    rules: dict[str, Rule[Any]] = {}
    for table in tables:
        for rule in table.rules:
            if rules.setdefault(rule.id, rule) is not rule:
                yield f"two rules are called {rule.id}"
            if not (rule.sentence.strip() and rule.source.strip() and rule.when.strip()):
                yield f"{rule.id} has no sentence, no source or no condition in words"
            if "." not in rule.id:
                yield f"{rule.id} does not begin with a name of its family and a point"
            if table.part == "overall" and rule.category not in family.by_code:
                yield f"{rule.id} gives {rule.category}, which is no category of the family"


def _inputs(family: Family) -> Iterator[str]:
    yield from _twice("input", (one.name for one in family.inputs))
    yield from _twice("setting", (one.name for one in family.settings))
    for one in family.inputs:
        if not (re.fullmatch(r"\w+", one.name) and one.help.strip()):
            yield f'the input "{one.name}" cannot be typed or says nothing of itself'
    for setting in family.settings:
        try:
            setting.reads.read(setting.default)
        except ValueError:
            yield f'the setting {setting.name} does not take its own default "{setting.default}"'
    for common in COMMON_SETTINGS:
        if common.name not in {one.name for one in family.settings}:
            yield f"the setting {common.name}, which every family has, is missing (base.COMMON_SETTINGS)"


def _values(family: Family) -> Iterator[str]:
    listed = {one.name for one in family.inputs}
    for name, analyte in (*family.analytes.items(), *family.lesion_analytes.items()):
        if name != analyte.name:
            yield f"the value {analyte.name} is found under another name, {name}"
    for name in (*family.analytes, *(f"N1_{name}" for name in family.lesion_analytes)):
        if name not in listed:
            yield f"the value {name} is not among the inputs"
    for name, said in family.events.items():
        if not (re.fullmatch(r"[a-z][a-z0-9_]*", name) and said.strip()):
            yield f'the event "{name}" cannot be typed or says nothing of itself'


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"the {what} {name} is there {times} times"
