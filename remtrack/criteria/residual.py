"""
Measurable residual disease beside the category: whether it is negative, and whether it has come back.

[H] Heuser M et al. 2021 update on measurable residual disease in AML. Blood 2021;138:2753-2767. Not compared with
    the paper again.

It never changes a category and never ends a remission. What each family calls negative stands in its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import NamedTuple

from ..verdict import COMPLETE, RELAPSE, Assessment, Course
from .results import Amount, Panel, lowest

NEGATIVE, LOW_LEVEL, POSITIVE = "negative", "low-level", "positive"
MRD_RELAPSE, POSSIBLE_MRD_RELAPSE = "MRD relapse", "possible MRD relapse"


class Sampled(NamedTuple):
    """One MRD sample: negative, low-level or positive, and how much, None when no number was given."""

    status: str
    level: Amount | None = None


def label_mrd(
    visits: Sequence[Assessment], samples: Mapping[date, Sampled], name: Callable[[Assessment, str], str]
) -> dict[date, str]:
    """
    Return what is said of MRD at each visit that has a sample, by its day.

    `name` says what a family calls a status at a visit. Samples from the first remission until a relapse are
    compared, the present one with those before, and a return of MRD with the next one. MRD that comes back with
    the leukaemia itself is not named a relapse of its own.
    """
    labels = {}
    remission_on = next((visit.visit_on for visit in visits if visit.kind == COMPLETE), None)
    relapse_on = next((visit.visit_on for visit in visits if visit.kind == RELAPSE), None)
    done = [visit for visit in visits if visit.visit_on in samples]
    track = MrdTrack()
    for visit, after in zip_longest(done, done[1:]):
        sample = samples[visit.visit_on]
        label = name(visit, sample.status)
        in_remission = remission_on is not None and visit.visit_on >= remission_on
        if in_remission and (relapse_on is None or visit.visit_on < relapse_on):
            label = track.follow(sample, None if after is None else samples[after.visit_on]) or label
        labels[visit.visit_on] = label
    return labels


class MrdTrack:
    """What earlier MRD samples of a remission showed, with the levels of the low ones, and whether MRD is back."""

    def __init__(self) -> None:
        self.was_negative = self.is_back = False
        self.levels: list[Amount] = []

    def follow(self, now: Sampled, after: Sampled | None) -> str:
        """Return what one more sample says of a relapse, "" for nothing; the next one is asked whether it agrees."""
        if now.status == NEGATIVE:
            self.was_negative, self.is_back = True, False
            self.levels.clear()
            return ""
        turned = self.was_negative and now.status == POSITIVE
        rose = self._rose(now)
        agrees = after is not None and (
            after.status == POSITIVE if turned else rose and after.status != NEGATIVE and self._rose(after)
        )
        if now.level is not None and now.status == LOW_LEVEL:
            self.levels.append(now.level)
        self.is_back = self.is_back or agrees
        if self.is_back:
            return MRD_RELAPSE
        return POSSIBLE_MRD_RELAPSE if (turned or rose) and after is None else ""

    def _rose(self, sample: Sampled) -> bool:
        """Say whether it is ten times the lowest low-level sample or more: one step on the logarithmic scale."""
        if sample.level is None or not self.levels:
            return False
        return sample.level.at_least(lowest(self.levels).times(10)) is True


def with_labels(visits: Sequence[Assessment], labels: Mapping[date, str]) -> Sequence[Assessment]:
    """Return the visits with what is said of MRD beside their category."""
    for visit in visits:
        if visit.visit_on in labels:
            visit.extra["mrd"] = labels[visit.visit_on]  # anew would take ten times as long
    return visits


def add_relapse_date(course: Course, panels: Mapping[date, Panel], *tests: str) -> None:
    """Add the day of the sample that first showed an MRD relapse to the facts beside a course."""
    back = next((visit for visit in course.assessments if visit.extra.get("mrd") == MRD_RELAPSE), None)
    if back is not None:
        samples = (panels[back.visit_on].last(test) for test in tests)
        days = [sample.on for sample in samples if sample is not None]
        course.extra["mrd_relapse_date"] = days[0].isoformat()
