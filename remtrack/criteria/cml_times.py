"""How long CML held a level, and how long it stayed in remission without treatment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from ..episodes import months_after
from ..verdict import Episode
from .cml_visit import BY_CODE, DEEP, LEVELS, CmlLine, Level, Sample, lost_in


def counted_samples(line: CmlLine) -> list[Sample]:
    """Return the rated samples before a new therapy or a progression."""
    ends = [day for day in (line.history.new_therapy_on, line.progressed_on) if day is not None]
    return [sample for sample in line.rated if not ends or sample.on <= min(ends)]


class Interval(NamedTuple):
    """How long a level was held: its first sample, the last one still at it, and the first above it (None: none)."""

    start_on: date
    last_on: date
    lost_on: date | None

    @property
    def days(self) -> int:
        return (self.last_on - self.start_on).days


def held(line: CmlLine, level: Level) -> Interval | None:
    """Return the first interval at a level or deeper, None when it was never reached."""
    deep_enough = {one.code for one in LEVELS[: LEVELS.index(level) + 1]}
    samples = counted_samples(line)
    begin = next((at for at, sample in enumerate(samples) if sample.level in deep_enough), None)
    if begin is None:
        return None
    confirm = level.code == "MR3" and line.choices.values["mr3_loss_confirm"]
    last_on, lost_on = samples[begin].on, None
    for at in range(begin + 1, len(samples)):
        if samples[at].value.above(level.most):
            if not confirm or (at + 1 < len(samples) and samples[at + 1].value.above(level.most)):
                lost_on = samples[at].on
                break
        elif samples[at].level in deep_enough:
            last_on = samples[at].on
    return Interval(samples[begin].on, last_on, lost_on)


def intervals(line: CmlLine) -> dict[str, Any]:
    """Return when MR3, MR4 and MR4.5 began and were lost, how many days they were held, and how long that is."""
    found: dict[str, Any] = {}
    by_level = {code: held(line, BY_CODE[code]) for code in ("MR3", "MR4", "MR4.5")}
    for code, interval in by_level.items():
        if interval is not None:
            name = code.lower().replace(".", "")
            found[f"{name}_start"], found[f"{name}_days"] = interval.start_on.isoformat(), interval.days
            if interval.lost_on is not None:
                found[f"{name}_lost"] = interval.lost_on.isoformat()
    if lasted_years(by_level["MR4"], 3) or lasted_years(by_level["MR4.5"], 2):
        found["sustained_dmr"] = "more than 3 years of MR4 or 2 years of MR4.5"
    elif lasted_years(by_level["MR4"], 2):
        found["sustained_dmr"] = "more than 2 years of MR4"
    return found


def lasted_years(interval: Interval | None, years: int) -> bool:
    if interval is None or interval.days < 365 * years:
        return False
    return interval.last_on > months_after(interval.start_on, 12 * years)


def treatment_free(line: CmlLine) -> dict[str, Any]:
    """
    Return the last treatment-free remission: its start, its loss, and its days up to the last sample in it.

    A stop after which only a new therapy is known is none.
    """
    pause = next((pause for pause in reversed(line.pauses) if pause.was_deep), None)
    if pause is None:
        return {}
    samples = [sample.on for sample in counted_samples(line) if pause.covers(sample.on)]
    if not samples and line.history.new_therapy_on is not None:
        return {}  # stopped for another drug
    lost_on = lost_in(line, pause, samples[-1]) if samples else None
    found: dict[str, Any] = {"tfr_start": pause.stop_on.isoformat()}
    if lost_on is not None:
        found["tfr_lost"] = lost_on.isoformat()
    found["tfr_days"] = ((lost_on or max(samples, default=pause.stop_on)) - pause.stop_on).days
    return found


def complete_spans(line: CmlLine, episodes: Sequence[Episode]) -> dict[str, list[str | None]]:
    """
    Return by the start of each response since when it is deep, and when that was lost (None: not lost).

    Anniversaries are those of the deep response, which may end and begin anew while MR3 goes on.
    """
    found: dict[str, list[str | None]] = {}
    for episode in episodes:
        begin_on = episode.began_on.isoformat()
        for sample in counted_samples(line):
            if sample.on < episode.began_on or (episode.ended_on is not None and sample.on >= episode.ended_on):
                continue
            span = found.get(begin_on)
            if sample.level in DEEP and (span is None or span[1] is not None):
                found[begin_on] = [sample.on.isoformat(), None]
            elif span is not None and span[1] is None and sample.value.above(BY_CODE["MR4"].most):
                span[1] = sample.on.isoformat()
    return found
