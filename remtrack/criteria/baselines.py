"""
What is unusual about a baseline of lesions that are measured in one diameter: remarks, never a refusal.

The rules are those of Eisenhauer 2009, §3.1-3.2 and §4.1, with the working group's reading of "organ": the two
lungs are one, and all lymph nodes together are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ..model import History, Lesion, Measurement
from ..verdict import Problem
from .base import number
from .lesions import MEASURABLE_NODE_MM, NORMAL_NODE_MM, Roster

MOST_TARGETS = 5
MOST_IN_ONE_ORGAN = 2
OLDEST_DAYS = 28
MEASURABLE_MM = Decimal(10)
MEASURABLE_ON_XRAY_MM = Decimal(20)

# Disease that is never measurable (§3.1.2), as organ or site are likely to name it.
_NEVER_MEASURABLE = re.compile(r"effusion|ascites|leptomening|lymphangi|blastic", re.IGNORECASE)
_SIDE = re.compile(r"\b(left|right|both|l|r|lt|rt|upper|lower|middle|lobe)\b", re.IGNORECASE)
_SAME = {"ovaries": "ovary", "lungs": "lung", "kidneys": "kidney"}


def unusual_baseline(history: History, roster: Roster) -> Iterator[Problem]:
    """Yield a warning for each rule of the baseline that is not kept, naming the lesions."""
    baseline = history.visits[0]
    who = f"{history.patient_id}, line {history.line.number}"
    rows = {row.lesion_id: row for row in baseline.measurements}
    yield from _dates(history, who)
    yield from _numbers(roster, who)
    for lesion in roster.targets:
        yield from _target(lesion, rows.get(lesion.lesion_id), baseline.method, who)
    for lesion in roster.nontargets:
        yield from _nontarget(lesion, rows.get(lesion.lesion_id), who)
    for lesion in roster.news:
        if lesion.lesion_id in rows:
            yield Problem(
                "warning",
                f"{who}: {lesion.lesion_id} is called new and is recorded at the baseline",
                "a new lesion is one that was not there at the baseline; the reading of the baseline is not counted",
                rule="new-at-baseline",
            )


def _dates(history: History, who: str) -> Iterator[Problem]:
    started_on, baseline_on = history.line.started_on, history.visits[0].visit_on
    if started_on is None:
        return
    days = (started_on - baseline_on).days
    if days > OLDEST_DAYS:
        yield Problem(
            "warning",
            f"{who}: the baseline of {baseline_on} is {days} days before the start of treatment on {started_on}",
            f"it should be as close as possible and at most {OLDEST_DAYS} days before (Eisenhauer 2009, §3.2)",
            rule="baseline-too-early",
        )
    elif days < 0:
        yield Problem(
            "warning",
            f"{who}: the baseline of {baseline_on} is after the start of treatment on {started_on}",
            "growth or shrinkage before the baseline is not seen (Eisenhauer 2009, §3.2)",
            rule="baseline-after-start",
        )


def _numbers(roster: Roster, who: str) -> Iterator[Problem]:
    if len(roster.targets) > MOST_TARGETS:
        names = ", ".join(lesion.lesion_id for lesion in roster.targets)
        yield Problem(
            "warning",
            f"{who}: {len(roster.targets)} target lesions ({names})",
            f"at most {MOST_TARGETS} should be chosen (Eisenhauer 2009, §4.1)",
            rule="six-targets",
        )
    by_organ: dict[str, list[str]] = {}
    for lesion in roster.targets:
        organ = organ_of(lesion)
        if organ:
            by_organ.setdefault(organ, []).append(lesion.lesion_id)
    for organ, members in by_organ.items():
        if len(members) > MOST_IN_ONE_ORGAN:
            yield Problem(
                "warning",
                f"{who}: {len(members)} target lesions in one organ, {organ} ({', '.join(members)})",
                f"at most {MOST_IN_ONE_ORGAN}; a pair of organs is one, and so are all nodes (Eisenhauer 2009, §4.1)",
                rule="three-in-one-organ",
            )


def organ_of(lesion: Lesion) -> str:
    """Return the organ a lesion counts for, "" when none was given."""
    if lesion.kind == "node":
        return "lymph nodes"
    organ = " ".join(_SIDE.sub(" ", lesion.organ).lower().replace("_", " ").split())
    return _SAME.get(organ, organ)


def _target(lesion: Lesion, row: Measurement | None, method: str, who: str) -> Iterator[Problem]:
    name = lesion.lesion_id
    is_node = lesion.kind == "node"
    if lesion.kind == "marker" or _NEVER_MEASURABLE.search(f"{lesion.organ} {lesion.site}"):
        yield Problem(
            "warning",
            f"{who}: target {name} is of a kind that is not measured",
            "markers, effusions, ascites, leptomeningeal, lymphangitic and blastic disease are non-target "
            "(Eisenhauer 2009, §3.1.2)",
            rule="not-measurable",
        )
    size = None if row is None else row.short_mm if is_node else row.longest_mm
    if row is None or size is None:
        why = "nothing is entered for it" if row is None else "the axis that counts has no size"
        if row is not None and is_node and row.longest_mm is not None:
            why = "a node counts by its short axis, and only the longest diameter is entered"
        yield Problem(
            "warning",
            f"{who}: target {name} has no size at the baseline",
            f"{why}; without it no visit can be PR or SD",
            rule="target-without-baseline",
        )
        return
    xray = re.search(r"x-?ray|\bcxr\b", method, re.IGNORECASE)
    least = MEASURABLE_NODE_MM if is_node else MEASURABLE_ON_XRAY_MM if xray else MEASURABLE_MM
    if size < least:
        yield Problem(
            "warning",
            f"{who}: target {name} measures {number(size)} mm at the baseline",
            f"a target should have at least {number(least)} mm {'in short axis ' if is_node else ''}"
            "(Eisenhauer 2009, §3.1.1)",
            rule="target-too-small",
        )


def _nontarget(lesion: Lesion, row: Measurement | None, who: str) -> Iterator[Problem]:
    name = lesion.lesion_id
    if lesion.kind == "node" and row is not None and row.short_mm is not None and row.short_mm < NORMAL_NODE_MM:
        yield Problem(
            "warning",
            f"{who}: non-target node {name} measures {number(row.short_mm)} mm at the baseline",
            f"a node under {number(NORMAL_NODE_MM)} mm in short axis is normal and is not recorded "
            "(Eisenhauer 2009, §3.1.1)",
            rule="normal-node",
        )
    if row is not None and row.state == "absent":
        yield Problem(
            "warning",
            f"{who}: non-target {name} is absent at the baseline",
            "what is not there at the baseline is not followed as non-target disease",
            rule="nontarget-absent-at-baseline",
        )
    if row is None:
        yield Problem(
            "warning",
            f"{who}: non-target {name} is not recorded at the baseline",
            "a lesion that was first seen later is a new lesion",
            rule="nontarget-without-baseline",
        )
