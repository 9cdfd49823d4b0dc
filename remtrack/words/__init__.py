"""
Every sentence shown to a person that is not a rule's own, and how numbers and days are spelled.

Works on values of `verdict` only: it decides nothing, reads no clock and draws nothing. Here is
the clinical voice; `plain` has the one for patients. "Response" is said for solid tumours,
"remission" for blood cancers; "no evidence of disease" always comes with "on tests".
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from ..verdict import (
    COMPLETE,
    END_KINDS,
    MINOR,
    NO,
    NO_DISEASE,
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    REFRACTORY,
    RELAPSE,
    RESPONSE_KINDS,
    STABLE,
    YES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ..verdict import Episode, Milestone
    from ..views import Labels, RemissionRow, StatusRow

_FOOTER = (
    "Arithmetic on the numbers entered, by published rules: not a diagnosis. "
    "To be discussed with the care team."
)  # fmt: skip
_PLAIN_FOOTER = (
    "These results are arithmetic on the numbers entered. They follow published rules, are not a "
    "diagnosis, and are to be discussed with your care team."
)
NO_PATIENT = (
    ("No patient yet", "the first one is entered with: remtrack patient add P01"),
    ("An example", "remtrack demo"),
)
STALE = "worked out just now; the stored answer was out of date (remtrack recompute keeps the new one)"

#: Words that no screen, report or message may ever hold (a test reads them all).
FORBIDDEN = (
    "cure", "cures", "cured", "curative", "cancer-free", "cancer free", "free of cancer", "disease-free",
    "disease gone", "cancer gone", "all clear", "all-clear", "beaten", "beat cancer", "eradicated", "healed", "safe",
    "failed treatment", "survival odds", "chance of survival", "life expectancy", "good news", "bad news",
)  # fmt: skip

# One symbol a kind, so that colour never carries meaning alone. All are plain ASCII on purpose.
_SYMBOLS = {
    COMPLETE: "*",
    PARTIAL: "v",
    MINOR: "v",
    STABLE: "=",
    NO_DISEASE: "o",
    POSSIBLE_PROGRESSION: "~",
    PROGRESSION: "!",
    RELAPSE: "!",
    REFRACTORY: "!",
    NOT_EVALUABLE: "?",
}
_MEANINGS = {
    "*": "complete",
    "v": "shrinking",
    "=": "stable",
    "o": "none seen",
    "~": "possible growth",
    "!": "growing",
    "?": "cannot be judged",
}
# The same where not only sizes are followed: blasts, proteins and genes do not grow or shrink.
_MEANINGS_OF_ALL = {
    "*": "complete or deep",
    "v": "partial",
    "=": "no clear change",
    "o": "none seen",
    "~": "possible progression",
    "!": "progression or relapse",
    "?": "cannot be judged",
}
_SHORT = {
    COMPLETE: "complete",
    PARTIAL: "partial",
    MINOR: "minor",
    STABLE: "stable",
    NO_DISEASE: "none seen",
    POSSIBLE_PROGRESSION: "possible",
    PROGRESSION: "progression",
    RELAPSE: "recurrence",
    REFRACTORY: "refractory",
    NOT_EVALUABLE: "not judged",
}
# What in a category's clinical label gives it another word for a narrow column, or none of its kind's.
_SHORT_OF_LABEL: dict[str, tuple[tuple[str, str], ...]] = {
    COMPLETE: (("complete", "complete"), ("cr with", "complete"), ("deep", "deep")),
    PARTIAL: (("partial re", "partial"), ("partial metabolic", "partial"), ("major", "major")),
    MINOR: (("minor", "minor"), ("minimal", "minimal")),
    STABLE: (("stable", "stable"), ("no response", "no response")),
    POSSIBLE_PROGRESSION: (("unconfirmed", "unconfirmed"), ("preliminary", "preliminary"), ("possible", "possible")),
    PROGRESSION: (("progressi", "progression"),),
}
_EVENTS = {
    "treatment_start": "treatment started",
    "treatment_stop": "treatment stopped",
    "therapy": "a further therapy began",
    "local_therapy": "local treatment",
    "clinical_progression": "progression by symptoms, not by scan",
}

# Families by the beginning of their id: those whose clinicians say remission, those of blood cancers (the disease
# comes back as a relapse, and patients are told of a remission), and those that look at samples of blood alone.
_REMISSION = ("blood-aml", "blood-all", "blood-cll")
BLOOD = {"blood-": "leukaemia", "lugano": "lymphoma", "myeloma": "myeloma"}
_SAMPLES = ("blood-cml", "markers")
_NO_SCANS = ("blood-", "myeloma", "markers")

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS_IN_A_MONTH = Decimal("30.4375")  # the convention for durations of response


def footer(as_of: date | None = None, *, plain_words: bool = False) -> str:
    """Return the sentences with which every answer ends; with `as_of`, of which day it is the answer."""
    if plain_words:
        return f"As of {long_day(as_of)}. {_PLAIN_FOOTER}" if as_of else _PLAIN_FOOTER
    return f"As of {as_of}. {_FOOTER}" if as_of else _FOOTER


def clean(text: str) -> str:
    r"""
    Return text that somebody typed so that it cannot steer a terminal or hide anything.

    A line break or tab becomes a blank; any other unseen character is spelled out ("\x1b").
    """
    if text.isascii() and text.isprintable():
        return text
    from .unseen import spelled_out

    return spelled_out(text)


# Days and numbers


def day_in_words(day: date) -> str:
    """Return "Mon 2 Mar 2026": the form in which every date is echoed."""
    return f"{_WEEKDAYS[day.weekday()]} {short_day(day)}"


def short_day(day: date) -> str:
    """Return "2 Mar 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def long_day(day: date) -> str:
    """Return "2 March 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def ago(day: date, as_of: date) -> str:
    """Return how long before `as_of` the day was: "today", "1 day ago", "98 days ago", "in 3 days"."""
    gap = (as_of - day).days
    if gap == 0:
        return "today"
    return f"{in_days(gap)} ago" if gap > 0 else f"in {in_days(-gap)}"


def count(number: int, thing: str, things: str = "") -> str:
    """Return "1 day", "2 days", "12,000 patients"."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def in_days(number: int) -> str:
    """
    Return "1 day", "1642 days".

    Without a comma, as sizes and values are written: only counts of patients and rows have one.
    """
    return f"{number} {'day' if number == 1 else 'days'}"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


def months(days: int, places: int = 1) -> str:
    """Return days as months of 30.4375 days, without the word."""
    return f"{_round(Decimal(days) / _DAYS_IN_A_MONTH, places)}"


def span(days: int) -> str:
    """Return "200 days (6.6 months)", and the days alone while they are fewer than two months."""
    return in_days(days) if days < 61 else f"{in_days(days)} ({months(days)} months)"


def number(value: Decimal | None, nothing: str = "n/e") -> str:
    """Return a value with one decimal, half rounded away from zero; None gives `nothing`."""
    return nothing if value is None else f"{_round(value, 1)}"


def figure(value: Decimal | None, unit: str, nothing: str = "n/e") -> str:
    """
    Return a value with the decimals that matter in its unit: "32.0" (mm), "1200" (mm²), "2" (%), "0.0032" (% IS).

    Sizes have one decimal, half rounded away from zero, areas have it where there is one, and what a laboratory
    measured keeps every digit it has.
    """
    if value is None:
        return nothing
    if unit == "mm":
        return number(value)
    shown = _round(value, 1) if unit == "mm²" else value
    text = f"{shown:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Decimal | None, unit: str, nothing: str = "n/e") -> str:
    """Return a value with its unit: "32.0 mm", "0.0032 % IS"; None gives `nothing` without a unit."""
    return nothing if value is None else f"{figure(value, unit)} {unit}".rstrip()


def signed(value: Decimal | None, nothing: str = ".") -> str:
    """Return a change in per cent: "-57.3 %", "+31.5 %", "0.0 %"; "from 0" where the lowest was zero."""
    if value is None:
        return nothing
    if not value.is_finite():
        return "from 0"
    shown = _round_short_of_a_threshold(value)
    return f"{shown:+} %" if shown else "0.0 %"


def percent(value: Decimal) -> str:
    """Return a figure in per cent without sign and unit, rounded as `signed` does."""
    return f"{abs(_round_short_of_a_threshold(value))}"


def limit(name: str, value: Decimal, unit: str = "mm") -> str:
    """
    Return a threshold so that the digits shown are on the right side of it.

    Names with `_from` in them are rounded up and those with `_to` down: sizes to two decimals at most, what a
    laboratory measures to five.
    """
    way = ROUND_CEILING if "_from" in name else ROUND_FLOOR if "_to" in name else ROUND_HALF_UP
    if unit.startswith("mm"):
        shown = value.quantize(Decimal("0.01"), way)
        tenths = shown.quantize(Decimal("0.1"), way)
        return figure(tenths, unit) if tenths == shown else f"{shown}"
    return figure(value if value == _round(value, 5) else value.quantize(Decimal("0.00001"), way), unit)


def _round(value: Decimal, places: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded  # "-0.0" would look like a shrinkage


def _round_short_of_a_threshold(value: Decimal) -> Decimal:
    # Thresholds are whole fives of per cent (-30 %, +20 %, +25 %). -29.96 % is not -30 %, so it is
    # not shown as -30.0 %: decimals are added, three at most, until the digits tell them apart.
    shown = value
    for places in (1, 2, 3):
        shown = _round(value, places)
        if shown in (value, 0) or shown % 5 != 0:
            break
    return shown


# States


def symbol(kind: str) -> str:
    """Return the symbol of a kind of category; a baseline alone ("") cannot be judged."""
    return _SYMBOLS.get(kind, "?")


def legend(kinds: Iterable[str], *, sizes: bool = True) -> str:
    """Return the meaning of the symbols that stand for those kinds; `sizes` False: other things are followed too."""
    used = {symbol(kind) for kind in kinds}
    meanings = _MEANINGS if sizes else _MEANINGS_OF_ALL
    return "  ".join(f"{mark} {meaning}" for mark, meaning in meanings.items() if mark in used)


def state_short(code: str, kind: str, visits: int = 1, criteria: str = "", labels: Labels | None = None) -> str:
    """
    Return a state for a narrow column: "v PR partial", "* MR4.5 deep", "? baseline only", "? no scan yet".

    The word is the family's own where `labels` has it; a code whose label has no short word stands alone.
    """
    if not code:
        return "? baseline only" if visits else f"? no {looked_at(criteria)} yet"
    # A long code (Non-CR/Non-PD) and one that is a word say it all.
    meaning = _short_word(code, kind, criteria, labels or {}) if len(code) <= 5 else ""
    return f"{symbol(kind)} {code} {meaning}".rstrip()


def _short_word(code: str, kind: str, criteria: str, labels: Labels) -> str:
    if kind == RELAPSE:
        return comes_back_as(criteria)
    label = labels[code][0].lower() if code in labels else ""
    known = _SHORT_OF_LABEL.get(kind)
    if not label or known is None:
        return _SHORT.get(kind, "")
    return next((short for told, short in known if told in label), "")


def state_words(kind: str, word: str, code: str = "", criteria: str = "", labels: Labels | None = None) -> str:
    """
    Return what a category is called: the family's own label ("very good partial response"), else what its kind means.

    A kind that says more than the label is added to it: "progressive disease: relapse".
    """
    if kind == STABLE and code.startswith("Non-"):
        return f"neither complete {word} nor progression"
    own = labels[code][0] if labels and code in labels else ""
    if not own or kind in (NO_DISEASE, NOT_EVALUABLE):
        return _kind_words(kind, word, criteria)
    if kind == RELAPSE and "relapse" not in own:
        return f"{own}: {comes_back_as(criteria)}"
    if kind == REFRACTORY and "refractory" not in own:
        return f"{own}: refractory"
    return own


def _kind_words(kind: str, word: str, criteria: str) -> str:
    means = {
        COMPLETE: f"complete {word}",
        PARTIAL: f"partial {word}",
        MINOR: f"minor {word}",
        STABLE: f"no {word}" if word == "remission" else "stable disease",
        NO_DISEASE: "no evidence of disease on tests",
        POSSIBLE_PROGRESSION: "possible progression, to be seen again",
        PROGRESSION: "progressive disease",
        RELAPSE: "relapse" if word == "remission" else comes_back_as(criteria),
        REFRACTORY: "refractory disease",
        NOT_EVALUABLE: "not evaluable",
    }
    return means.get(kind, "")


# Families


def word_for(criteria: str) -> str:
    """Return the word of a family: "remission" or "response"."""
    return "remission" if criteria.startswith(_REMISSION) else "response"


def is_blood(criteria: str) -> bool:
    """Say whether a family is one of leukaemia, lymphoma or myeloma."""
    return criteria.startswith(tuple(BLOOD))


def comes_back_as(criteria: str) -> str:
    """Return the word for a disease that is seen again: a relapse (blood cancers) or a recurrence (solid tumours)."""
    return "relapse" if is_blood(criteria) else "recurrence"


def numbers_remissions(criteria: str) -> bool:
    """Say whether complete responses of a family are counted; depth of a molecular response and markers are not."""
    return not criteria.startswith(_SAMPLES)


def end_word(row: StatusRow) -> str:
    """Return what the end of a line by the disease is called: "progression", "relapse" or "recurrence"."""
    last = row.episodes[-1].episode if row.episodes else None
    from_complete = last is not None and last.kind == COMPLETE and last.ended_on == row.progression_on
    if is_blood(row.criteria):
        # In CLL and myeloma the standards call it progression, whatever was reached before.
        by_rule = row.criteria.startswith(("lugano", "blood-a"))
        return "relapse" if row.current_kind == RELAPSE or (from_complete and by_rule) else "progression"
    seen_again = row.current_kind == RELAPSE or row.best_response == "NED" or from_complete
    return "recurrence" if seen_again and row.criteria != "markers" else "progression"


def has_scans(criteria: str) -> bool:
    """Say whether a family follows lesions on scans; the others follow samples of blood, urine or marrow."""
    return not criteria.startswith(_NO_SCANS)


def looked_at(criteria: str) -> str:
    """Return what one look at a patient is under a family: "scan", "visit" or, where blood alone is read, "sample"."""
    if has_scans(criteria):
        return "scan"
    return "sample" if criteria.startswith(_SAMPLES) else "visit"


def looked_at_by_all(families: Iterable[str]) -> str:
    """Return that of several families: "visit" where they differ."""
    found = {looked_at(criteria) for criteria in families}
    return found.pop() if len(found) == 1 else "visit"


def short_title(title: str) -> str:
    """Return the title of a family for a narrow column: "RECIST 1.1", "AML", "PSA"."""
    return title.partition(",")[0].partition(" (")[0]


def nth_complete(number: int, word: str) -> str:
    """
    Return which complete remission of a patient it is, over all lines: "first complete remission (CR1)".

    Responses are not spoken of by number before the second: "second complete response".
    """
    if number < 1 or (word != "remission" and number == 1):
        return ""
    names = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    nth = names[number - 1] if number <= len(names) else ordinal(number)
    return f"{nth} complete {word}{f' (CR{number})' if word == 'remission' else ''}"


# Stretches of response or remission


def level_at(episode: Episode, on: date) -> str:
    """Return the level that a stretch had reached by a day: one confirmed as PSA50 may reach PSA90 later."""
    reached = [code for code, since in episode.levels if since <= on]
    return reached[-1] if reached else episode.category


def is_open(episode: Episode) -> bool:
    """Say whether a stretch may still be going on: not ended, not given up, not closed by a new therapy."""
    return episode.ended_on is None and not episode.ended_by


def current_episode(row: StatusRow) -> Episode | None:
    """Return the stretch of response that the patient is in by the latest visit, None when there is none."""
    if row.current_kind not in RESPONSE_KINDS or not row.episodes:
        return None
    episode = row.episodes[-1].episode
    return episode if episode.ended_on is None and episode.ended_by != "not confirmed" else None


def is_proven(row: StatusRow) -> bool:
    """
    Say whether the category the patient is in now has been confirmed.

    A complete response seen once within a confirmed partial one has not: an episode's category is
    the best level that was confirmed.
    """
    episode = current_episode(row)
    if episode is None or episode.confirmed_on is None:
        return False
    return row.current_kind != COMPLETE or episode.kind == COMPLETE


def is_after_progression(row: StatusRow) -> bool:
    """Say whether the line is over by progression although its latest visit, taken alone, reads otherwise."""
    return row.progression_on is not None and row.current_kind not in END_KINDS | {REFRACTORY}


def proof_words(row: StatusRow) -> str:
    """Return whether the current response is proven: "confirmed", "seen once, not yet confirmed", "" without one."""
    episode = current_episode(row)
    if episode is None:
        if is_after_progression(row):
            return f"after progression on {row.progression_on}"
        # A response of AML or ALL that is no remission has nothing to confirm.
        return "not confirmed" if row.current_kind in RESPONSE_KINDS and row.word != "remission" else ""
    if is_proven(row):
        # By rules that ask for no second visit, the first one is all there is to it.
        return "confirmed" if episode.confirmed_on != episode.began_on else ""
    if episode.confirmed_on is not None:
        return f"not yet confirmed (confirmed as {episode.category})"
    return unproven(episode)


def unproven(episode: Episode) -> str:
    """Say how far a stretch that was never confirmed has got."""
    if not is_open(episode):
        return "never"
    return "seen once, not yet confirmed" if episode.days == 0 else "not yet confirmed"


def is_undetectable(row: StatusRow) -> bool:
    """Say whether nothing was found of what falls by powers of ten; nobody measures 0 % of it."""
    return row.scale == "log" and row.value is not None and not row.value


def no_response(row: StatusRow) -> str:
    """Say that there is no response or remission whose month could be judged, and why where it never applies."""
    if row.current_kind == NO_DISEASE:
        return f"does not apply: no disease at the start, so no {row.word} to measure"
    if row.current_kind == PARTIAL and row.word == "remission":
        return f"none so far: {row.current} is a response, not yet a remission"
    return f"none so far, so no month of {row.word} to judge"


def lasting_words(episode: Episode, as_of: date) -> str:
    """Say whether it lasted a month or more: yes, no or not yet, and what would settle it."""
    if episode.lasted_month == YES:
        return f"yes, shown on {episode.lasted_on}" if episode.lasted_on else "yes"
    if episode.lasted_month == NO:
        unshown = " before a visit had proven it" if episode.ended_on and episode.confirmed_on is None else ""
        return f"no, it {_end_in_words(episode)}{unshown}"
    if episode.settles_on is None:
        return f"not known, it {_end_in_words(episode)}"
    if episode.settles_on > as_of:
        return f"not yet; a visit on or after {episode.settles_on} can settle it ({ago(episode.settles_on, as_of)})"
    return f"not yet; a visit can settle it since {episode.settles_on}, none so far"


def course_words(episode: Episode) -> str:
    """Say how far it has been seen, or how it ended. Days run to the last visit that shows it, never to today."""
    if episode.ended_on is not None:
        return f"{_end_in_words(episode)}, after {span(episode.days)}"
    if episode.days == 0:
        seen = f"seen once, on {episode.last_seen_on}"
    else:
        seen = f"seen for {span(episode.days)}, up to {episode.last_seen_on}"
    return seen if is_open(episode) else f"{seen}; {_end_in_words(episode)}"


def _end_in_words(episode: Episode) -> str:
    if episode.ended_on is not None:
        return f"ended on {episode.ended_on}{f' with {episode.ended_by}' if episode.ended_by else ''}"
    if episode.ended_by == "not confirmed":
        return "was not confirmed by the visits after it"
    if episode.ended_by == "new therapy":
        return "is followed no further, as a new therapy began"
    return "has not been shown"


def overview_words(row: RemissionRow, as_of: date) -> str:
    """Return one response on one line: since when, for how long, and whether a month or more is proven."""
    episode = row.episode
    seen = "seen once" if episode.days == 0 else in_days(episode.days)
    first = episode.levels[0][0] if episode.levels else episode.category
    reached = dict(episode.levels).get(episode.category)
    best = "best " if row.current and row.current != episode.category else ""
    better = f", {best}{episode.category} from {reached}" if first != episode.category and reached else ""
    numbered = row.number and episode.word == "remission"
    head = f"{first} since {episode.began_on}{better}{f' (CR{row.number})' if numbered else ''}, {seen}"
    if episode.lasted_month == YES:
        # By rules that ask for no second visit, the first one proves nothing more.
        later = episode.confirmed_on is not None and episode.confirmed_on != episode.began_on
        return f"{head}: a month or more{f', proven {episode.confirmed_on}' if later else ''}"
    if episode.lasted_month == NO or episode.settles_on is None:
        return f"{head}: a month not shown"
    due = " (due)" if episode.settles_on <= as_of else ""
    return f"{head}: a month not yet shown, settles from {episode.settles_on}{due}"


def milestone_words(mark: Milestone, last_seen_on: date | None) -> str:
    """Say what is known of an anniversary; time without evidence of return, never a probability."""
    name = milestone_name(mark.label)
    if mark.state == "confirmed":
        return f"{name} on {mark.due_on}: confirmed by a visit"
    last = f" (last seen {last_seen_on})" if last_seen_on else ""
    return f"{name} on {mark.due_on}: passed, not checked{last}"


def last_check(row: StatusRow) -> date | None:
    """Return the last visit of a line without disease that could be judged, None where it is not the latest one."""
    judged = row.progression_on is None and row.current_kind != NOT_EVALUABLE
    return row.last_visit_on if judged else None


def milestone_name(label: str) -> str:
    """Return "3 years" for "3y", "6 months" for "6m"; any other label as it is."""
    amount, unit = label[:-1], label[-1:]
    if not amount.isdigit() or unit not in ("y", "m"):
        return label
    return count(int(amount), "year" if unit == "y" else "month")


def event_words(event: str, detail: str = "") -> str:
    """Return an event in words, with what was typed about it."""
    said = _EVENTS.get(event, event.replace("_", " "))
    return f"{said}: {detail}" if detail else said
