"""
When a response or remission began, was proven and ended, and whether it lasted a month.

Here too are the sums of days that follow: how long a response was held, how long nothing
progressed, which anniversaries were reached. Categories are known by their kind and rank only, so
every family is served; what a family wants done differently it says in its `Terms`.

The rules are those of the month ("generally at least a month", read as 28 days), of confirmation
and of censoring; each family names its own source for the numbers in its `Terms`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from .verdict import (
    COMPLETE,
    END_KINDS,
    NO,
    NOT_EVALUABLE,
    NOT_YET,
    POSSIBLE_PROGRESSION,
    RESPONSE_KINDS,
    STABLE,
    YES,
    Assessment,
    Category,
    Episode,
    Milestone,
)

# What a check says of a response that is being followed.
RESPONSE, NE, END = "response", "NE", "end"

# Kinds of evidence that a response lasted: a visit that shows it again, or also the time up to its end.
CONFIRM, DURATION = "confirm", "duration"

# What became of a response that waits for its proof.
PROVEN, ENDED, GIVEN_UP, OPEN = "proven", "ended", "given up", "open"

NOT_CONFIRMED = "not confirmed"
NEW_THERAPY = "new therapy"
DEATH = "death"


class Confirmation(NamedTuple):
    """
    How a response is proven.

    `needed` False: one visit is enough. Otherwise a visit is confirmed by a later one that also shows
    a response, at least `days` later. Between the two at most `max_ne` visits may have been not
    evaluable (None: any number) and at most `max_stable` stable (never below a complete response).
    Two consecutive visits at any interval are `days` 0, `max_ne` None, `max_stable` 0.
    """

    needed: bool = True
    days: int = 28
    max_ne: int | None = 1
    max_stable: int = 0


class Persistence(NamedTuple):
    """
    How a category is reported while a response goes on.

    `begins` is "off", "first" (after the first response) or "confirmed" (after the visit that
    confirmed it). From then on `replaces` is reported as `by`; `by` "" means the best category so far.
    """

    begins: str = "off"
    replaces: frozenset[str] = frozenset()
    by: str = ""


def still_shown(_before: Assessment, _now: Assessment) -> bool:
    """Say that one visit with a response after another never breaks the response by itself."""
    return True


class Terms(NamedTuple):
    """
    What a family says about its responses, under the settings of one line.

    `categories` by code. `responses` are the kinds that make a response or remission; `losses` are
    kinds that end one and let a new one begin, while progression and relapse end it for the line.
    `holds(before, now)` may refuse a later visit of a response as its continuation (a marker that
    rises within the limit). `unconfirmed_as` is what the best response falls back to; it and
    stable disease need `min_stable_days` from the start. `missed_censors`: an event right after so
    many visits that were not evaluable is not counted (None: off).
    """

    word: str
    categories: Mapping[str, Category]
    confirmation: Confirmation = Confirmation()
    persistence: Persistence = Persistence()
    evidence: str = CONFIRM
    lasting_rule: str = "days28"
    responses: frozenset[str] = RESPONSE_KINDS
    losses: frozenset[str] = frozenset()
    holds: Callable[[Assessment, Assessment], bool] = still_shown
    unconfirmed_as: str = ""
    min_stable_days: int = 0
    missed_censors: int | None = None


class Lasting(NamedTuple):
    """
    Did it last a month: `value` is yes, no or not yet.

    `lasted_on` is the day it became yes; `settles_on` the first day on which a visit would settle
    it, None once it is settled. `days` run to the end, or else to the last check that shows it.
    """

    value: str
    lasted_on: date | None
    settles_on: date | None
    days: int


class Stretch(NamedTuple):
    """
    One stretch of response among the visits of a line, by their index.

    `confirmed` is the visit that proved it, `end` the visit that ended it. `given_up`: too many
    visits in between could not be judged, so that nothing later can prove it. `stop` is one past the
    last visit that belongs to it.
    """

    begin: int
    confirmed: int | None
    end: int | None
    given_up: bool
    stop: int


# ------------------------------------------------------------------------------------- the month


def month_after(began_on: date, rule: str) -> date:
    """Return the first day that is a month away: by `days28` (any number), or `calendar_month` (clipped to its end)."""
    if rule == "calendar_month":
        from dateutil.relativedelta import relativedelta

        return began_on + relativedelta(months=1)
    return began_on + timedelta(days=int(rule.removeprefix("days")))


def lasting(
    began_on: date, checks: Iterable[tuple[date, str]], rule: str = "days28", evidence: str = CONFIRM
) -> Lasting:
    """
    Say whether what began on that day lasted a month, from the checks after it.

    `checks` are (day, status) in date order, status `response`, `NE` or `end`; what follows an
    `end` is not read. With `confirm` a check has to show the response itself, a month or more
    later; with `duration` an end a month or more later is evidence too (the remission is dated up to
    it). Time that passed without a check is no evidence.
    """
    due = month_after(began_on, rule)
    lasted_on: date | None = None
    last = began_on
    for on, status in checks:
        if status == END:
            if lasted_on is None and evidence == DURATION and on >= due:
                lasted_on = on
            return Lasting(NO if lasted_on is None else YES, lasted_on, None, max((on - began_on).days, 0))
        if status == RESPONSE:
            last = on
            if lasted_on is None and on >= due:
                lasted_on = on
    days = (last - began_on).days
    return Lasting(NOT_YET, None, due, days) if lasted_on is None else Lasting(YES, lasted_on, None, days)


def milestones(
    began_on: date,
    checks: Iterable[tuple[date, bool]],
    ended_on: date | None,
    as_of: date,
    marks: str = "3/5/10",
) -> tuple[Milestone, ...]:
    """
    Return the anniversaries that have passed by `as_of`, oldest first.

    `checks` are (day, could be judged). An anniversary is `confirmed` by a check that could be
    judged on or after it and before any end, else it is `passed-not-checked`; one on or after
    `ended_on` was not reached and is not listed. It falls on the same day of the year, for 29 February on
    the 28th of a common year. `marks` are years, or months with an m: "6m/1/3/5/10".
    """
    last = max((on for on, judged in checks if judged and (ended_on is None or on < ended_on)), default=began_on)
    reached = []
    for months, label in read_marks(marks):
        due = months_after(began_on, months)
        if due <= as_of and (ended_on is None or due < ended_on):
            reached.append(Milestone(label, due, "confirmed" if last >= due else "passed-not-checked"))
    return tuple(reached)


def months_after(day: date, months: int) -> date:
    from dateutil.relativedelta import relativedelta

    return day + relativedelta(months=months)


def read_marks(marks: str) -> list[tuple[int, str]]:
    """
    Return (months, label) of each mark, in order of time.

    Raises ValueError for what is not a number of years ("3", "3y") or of months ("6m").
    """
    found = {}
    for mark in marks.replace(",", "/").split("/"):
        word = mark.strip().lower()
        amount = word.removesuffix("y").removesuffix("m")
        if not (amount.isascii() and amount.isdigit() and 0 < int(amount) <= 120) or word.endswith("my"):
            raise ValueError(f"{mark.strip()!r} is not a number of years or months")
        found[int(amount) * (1 if word.endswith("m") else 12)] = word if word[-1] in "ym" else f"{amount}y"
    return sorted(found.items())


# --------------------------------------------------------------------------- stretches of response


def find_stretches(visits: Sequence[Assessment], terms: Terms) -> list[Stretch]:
    """
    Return the stretches of response among the visits, oldest first.

    A stretch begins at the first visit with a response. While it is not proven, a visit without
    response (beyond what the confirmation allows between) ends it and a later response begins anew;
    once proven, only progression, relapse or a loss ends it. After the first progression or relapse
    none begins.
    """
    found: list[Stretch] = []
    index = 0
    while index < len(visits) and visits[index].reported_kind not in END_KINDS:
        if visits[index].kind in terms.responses:
            stretch = _follow(visits, index, terms)
            found.append(stretch)
            # The visit that ended it is looked at again: one marker response may break another.
            index = stretch.stop
        else:
            index += 1
    return found


def _follow(visits: Sequence[Assessment], begin: int, terms: Terms) -> Stretch:
    outcome, index = _proof(visits, begin, len(visits), None, terms)
    if outcome == ENDED:
        return Stretch(begin, None, index, given_up=False, stop=index)
    if outcome == GIVEN_UP:
        # What held back the first of an unbroken run of responses holds back every one of them.
        stop = begin + 1
        while visits[stop].kind in terms.responses:
            stop += 1
        return Stretch(begin, None, None, given_up=True, stop=stop)
    if outcome == OPEN:
        return Stretch(begin, None, None, given_up=False, stop=len(visits))
    end = next((later for later in range(index + 1, len(visits)) if _ends(visits[later], terms)), None)
    return Stretch(begin, index, end, given_up=False, stop=len(visits) if end is None else end)


def _proof(
    visits: Sequence[Assessment], begin: int, stop: int, level: Category | None, terms: Terms
) -> tuple[str, int]:
    """
    Look for the visit that confirms the one at `begin` at that level or a better one (None: any response).

    Returns what became of it (proven, ended, given up, open) and the visit that decided.
    """
    needed = terms.confirmation
    if not needed.needed:
        return PROVEN, begin
    max_stable = needed.max_stable if level is None or level.kind != COMPLETE else 0
    began_on = visits[begin].dated_on
    missed = stable = 0
    for index in range(begin + 1, stop):
        visit = visits[index]
        if _ends(visit, terms):
            return ENDED, index
        if visit.kind == NOT_EVALUABLE:
            missed += 1
            if needed.max_ne is not None and missed > needed.max_ne:
                return GIVEN_UP, index
        elif visit.kind in terms.responses:
            if not terms.holds(visits[index - 1], visit):
                return ENDED, index
            reached = level is None or terms.categories[visit.overall].rank <= level.rank
            if not reached:
                # A lesser response is to a level what stable disease is to a response: it was not held.
                stable += 1
                if stable > max_stable:
                    return ENDED, index
            elif (visit.dated_on - began_on).days >= needed.days:
                return PROVEN, index
        else:
            stable += 1
            if stable > max_stable:
                return ENDED, index
    return OPEN, stop


def _ends(visit: Assessment, terms: Terms) -> bool:
    return visit.reported_kind in END_KINDS or visit.reported_kind in terms.losses


def shows_response(visit: Assessment, terms: Terms) -> bool:
    """Say whether a visit shows a response that is being followed: by itself, or as reported while it goes on."""
    if visit.kind in terms.responses:
        return True
    doubtful = visit.kind in (NOT_EVALUABLE, POSSIBLE_PROGRESSION) or visit.kind in END_KINDS
    return not doubtful and visit.reported_kind in terms.responses


def report(visits: Sequence[Assessment], terms: Terms) -> Sequence[Assessment]:
    """
    Return the visits as reported: while a response persists, a lesser category is reported as the response.

    The literal category stays beside it. Possible progression ends this unless the family replaces it too.
    """
    persistence = terms.persistence
    if persistence.begins == "off" or not any(visit.overall in persistence.replaces for visit in visits):
        return visits
    reported = list(visits)
    for stretch in find_stretches(visits, terms):
        since = stretch.begin if persistence.begins == "first" else stretch.confirmed
        if since is None:
            continue
        best = min(
            _response_codes(visits[stretch.begin : since + 1], terms), key=lambda code: terms.categories[code].rank
        )
        for index in range(since + 1, stretch.stop):
            visit = visits[index]
            if visit.overall in persistence.replaces:
                code = persistence.by or best
                reported[index] = visit._replace(reported=code, reported_kind=terms.categories[code].kind)
            elif visit.kind == POSSIBLE_PROGRESSION:
                break
            elif visit.kind in terms.responses:
                best = min(best, visit.overall, key=lambda code: terms.categories[code].rank)
    return reported


# ---------------------------------------------------------------------------------------- episodes


def find_episodes(
    visits: Sequence[Assessment],
    terms: Terms,
    *,
    died_on: date | None = None,
    new_therapy_on: date | None = None,
) -> tuple[Episode, ...]:
    """
    Return the stretches of response or remission of one line, oldest first.

    `visits` are in date order, as reported. Those after a new therapy do not count; it closes an open
    stretch without ending it. A visit that was not evaluable neither ends nor proves anything.
    """
    counted = before_therapy(visits, new_therapy_on)
    if died_on is not None and new_therapy_on is not None and died_on > new_therapy_on:
        died_on = None
    return tuple(
        _episode(counted, stretch, terms, died_on, closed=new_therapy_on is not None)
        for stretch in find_stretches(counted, terms)
    )


def before_therapy(visits: Sequence[Assessment], new_therapy_on: date | None) -> Sequence[Assessment]:
    """Leave out the visits after a new therapy began; a scan of the same day was still before it."""
    if new_therapy_on is None or not visits or visits[-1].visit_on <= new_therapy_on:
        return visits
    return [visit for visit in visits if visit.visit_on <= new_therapy_on]


def _episode(
    visits: Sequence[Assessment], stretch: Stretch, terms: Terms, died_on: date | None, *, closed: bool
) -> Episode:
    members = visits[stretch.begin : stretch.stop]
    began_on = members[0].dated_on
    checks = [(visit.dated_on, RESPONSE if shows_response(visit, terms) else NE) for visit in members[1:]]
    ended_on, ended_by = _ending(visits, stretch, died_on, closed=closed)
    if ended_on is not None:
        checks.append((ended_on, END))
    month = lasting(began_on, checks, terms.lasting_rule, terms.evidence)
    if stretch.given_up and month.value == NOT_YET:
        month = month._replace(value=NO, settles_on=None)
    elif closed and ended_on is None:
        month = month._replace(settles_on=None)
    category, _ = best_level(visits, stretch, terms)
    return Episode(
        word=terms.word,
        category=category,
        kind=terms.categories[category].kind,
        began_on=began_on,
        confirmed_on=None if stretch.confirmed is None else visits[stretch.confirmed].dated_on,
        last_seen_on=max((on for on, status in checks if status == RESPONSE), default=began_on),
        ended_on=ended_on,
        ended_by=ended_by,
        days=month.days,
        lasted_month=month.value,
        lasted_on=month.lasted_on,
        settles_on=month.settles_on,
        levels=tuple(_levels(members, terms)),
    )


def _ending(
    visits: Sequence[Assessment], stretch: Stretch, died_on: date | None, *, closed: bool
) -> tuple[date | None, str]:
    """Return when and by what a stretch ended; no day when it was only given up or closed by a new therapy."""
    if stretch.end is not None:
        return visits[stretch.end].dated_on, visits[stretch.end].reported
    if stretch.given_up:
        return None, NOT_CONFIRMED
    if died_on is not None and stretch.stop == len(visits) and died_on >= visits[-1].dated_on:
        return died_on, DEATH
    return None, NEW_THERAPY if closed else ""


def _response_codes(visits: Iterable[Assessment], terms: Terms) -> list[str]:
    return [visit.overall for visit in visits if visit.kind in terms.responses]


def _levels(members: Iterable[Assessment], terms: Terms) -> Iterator[tuple[str, date]]:
    """Yield each level that was better than all before it, with the day it was first seen."""
    best: int | None = None
    for visit in members:
        if visit.kind in terms.responses:
            rank = terms.categories[visit.overall].rank
            if best is None or rank < best:
                best = rank
                yield visit.overall, visit.dated_on


def best_level(visits: Sequence[Assessment], stretch: Stretch, terms: Terms) -> tuple[str, date]:
    """Return the best confirmed level of a stretch with the first visit of it, else the best level seen."""
    span = range(stretch.begin, stretch.stop)
    codes = sorted(
        set(_response_codes(visits[stretch.begin : stretch.stop], terms)), key=lambda code: terms.categories[code].rank
    )
    if stretch.confirmed is not None:
        for code in codes:
            level = terms.categories[code]
            for index in span:
                if (
                    visits[index].kind in terms.responses
                    and terms.categories[visits[index].overall].rank <= level.rank
                    and _proof(visits, index, stretch.stop, level, terms)[0] == PROVEN
                ):
                    return code, visits[index].dated_on
    return codes[0], next(visits[index].dated_on for index in span if visits[index].overall == codes[0])


def complete_since(visits: Sequence[Assessment], terms: Terms, new_therapy_on: date | None) -> date | None:
    """Return the first visit of the confirmed complete response, None when there is none."""
    counted = before_therapy(visits, new_therapy_on)
    for stretch in find_stretches(counted, terms):
        code, began_on = best_level(counted, stretch, terms)
        if stretch.confirmed is not None and terms.categories[code].kind == COMPLETE:
            return began_on
    return None


# ----------------------------------------------------------------- best response and durations


class FollowUp(NamedTuple):
    """
    How far a line was followed: the first progression or death, and the last visit that could be judged.

    `event_on` is None while there is none, or where it is not counted because a new therapy or too
    many visits that were not evaluable came before it.
    """

    event_on: date | None
    last_judged_on: date | None


def follow_up(
    visits: Sequence[Assessment], terms: Terms, died_on: date | None, new_therapy_on: date | None
) -> FollowUp:
    """Return the event that ends progression-free time, and where time without it is censored."""
    counted = before_therapy(visits, new_therapy_on)
    index = next((i for i, visit in enumerate(counted) if visit.reported_kind in END_KINDS), len(counted))
    event_on = counted[index].dated_on if index < len(counted) else None
    if died_on is not None and (new_therapy_on is None or died_on <= new_therapy_on):
        event_on = died_on if event_on is None else min(event_on, died_on)
    judged = index - 1
    while judged >= 0 and counted[judged].kind == NOT_EVALUABLE:
        judged -= 1
    missed = index - 1 - judged
    if terms.missed_censors is not None and missed >= terms.missed_censors:
        event_on = None
    return FollowUp(event_on, None if judged < 0 else counted[judged].dated_on)


def days_until(start_on: date, follow: FollowUp, otherwise_on: date) -> tuple[int, bool]:
    """Return the days from the start to the event, or censored to the last judged visit, else to `otherwise_on`."""
    end = follow.event_on or follow.last_judged_on or otherwise_on
    return max((end - start_on).days, 0), follow.event_on is None


def best_response(
    visits: Sequence[Assessment],
    terms: Terms,
    start_on: date,
    new_therapy_on: date | None,
    confirmed: Collection[str] | None = None,
) -> str:
    """
    Return the best response of a line, "" when no visit followed the baseline.

    `confirmed` are the levels that were confirmed; None: every response counts as it was seen. An
    unconfirmed response counts as stable disease would, and that only after the minimum time.
    """
    categories = terms.categories
    if confirmed:
        return min(confirmed, key=lambda code: categories[code].rank)
    counted = before_therapy(visits, new_therapy_on)
    if not counted:
        return ""
    best = next(category for category in categories.values() if category.kind == NOT_EVALUABLE)
    for visit in counted:
        code, kind = visit.overall, visit.kind
        if confirmed is not None and kind in terms.responses:
            code, kind = terms.unconfirmed_as, STABLE
        if kind == STABLE and (visit.dated_on - start_on).days < terms.min_stable_days:
            continue
        if categories[code].rank < best.rank:
            best = categories[code]
        if visit.reported_kind in END_KINDS:
            break
    return best.code
