"""
Where one patient stands: one answer in ten seconds, then how it came about and what comes next.

Draws and says what `views.StatusRow` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from . import Row, Screen
from .data import fields, said_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..verdict import Episode
    from ..views import RemissionRow, StatusRow

Facts = list[tuple[str, str]]  # (label, value); a value of "" does not apply and is left out

_RESPONSE = (
    "category", "began_on", "confirmed_on", "last_seen_on", "ended_on", "ended_by", "days",
    "lasted_month", "lasted_on", "settles_on",
)  # fmt: skip
# What is told of a patient's further families, readers and earlier lines.
_TOLD_OF_OTHERS = {
    "State", "Last scan", "Last visit", "Last sample", "Sum", "Value", "Best response", "Response", "Remission",
    "Marker response", "A month or more", "Progression", "Relapse", "Recurrence", "Residual disease", "Treatment-free",
    "Milestones", "Now", "Treatment", "Sensitive test", "Time", "Five-point score",
}  # fmt: skip


def status_screen(rows: Sequence[StatusRow], as_of: date, plain_words: bool = False) -> Screen:
    """Return one patient as a screen; `rows` begin with the latest line, its headline family first."""
    return Screen(
        command="status",
        as_of=as_of,
        rows=lambda: (status_data(row, as_of) for row in rows),
        said=lambda: (_said(row, as_of, plain_words=plain_words) for row in rows),
        draw=lambda: render_patient(rows, as_of, plain_words),
        notes=(words.footer(as_of, plain_words=plain_words),),
    )


def status_data(row: StatusRow, as_of: date) -> Row:
    """Return one row as data; `response_*` are those of the latest stretch of response, null when there is none."""
    latest = row.episodes[-1].episode if row.episodes else None
    return {
        **fields(row),
        "settings": ";".join(f"{name}={value}" for name, value in row.settings),
        "days_since_last_visit": (as_of - row.last_visit_on).days if row.last_visit_on else None,
        **{f"response_{name}": getattr(latest, name) if latest else None for name in _RESPONSE},
        "thresholds": dict(row.thresholds),
        "labels": {code: {"label": label, "plain": plain} for code, (label, plain) in row.labels.items()},
        "attention": [{"what": what, "command": command} for what, command in row.attention],
        "episodes": [
            {
                **fields(one.episode),
                "levels": [{"category": code, "on": on} for code, on in one.episode.levels],
                "number": one.number or None,
                "milestones": [fields(mark) for mark in one.milestones],
            }
            for one in row.episodes
        ],
    }


def who(row: StatusRow) -> str:
    """Return the patient, with what `more_of` says."""
    return f"{row.patient_id} {more_of(row)}".rstrip()


def more_of(row: StatusRow) -> str:
    """Return the line (from the second on) and the reader (where there are several): "line 2 reader B"."""
    line = f"line {row.line}" if row.line > 1 else ""
    reader = f"reader {row.reader}" if row.reader else ""
    return f"{line} {reader}".strip()


def measured(row: StatusRow, *, with_unit: bool = True) -> str:
    """Return the last value; "n/e" where it is not complete, "." where there never is one."""
    unit = f" {row.unit}" if with_unit and row.unit else ""
    if row.value is None:
        if row.value_text:
            return f"{row.value_text}{unit}"
        return "n/e" if row.baseline_value is not None else "."
    if words.is_undetectable(row):
        return "undetectable"
    return f"{words.figure(row.value, row.unit)}{unit}"


def last_look(row: StatusRow) -> str:
    """Return what the last look at a patient is called: "Last scan", "Last visit" or "Last sample"."""
    return f"Last {words.looked_at(row.criteria)}"


def value_label(row: StatusRow) -> str:
    """Return what the value of a line is called: "Sum" where sizes in mm are added up."""
    return "Sum" if row.unit == "mm" else "Value"


def nadir_label(row: StatusRow) -> str:
    """Return what the lowest value is called; in myeloma it counts from the second sample that shows it."""
    return "Lowest confirmed" if row.criteria.startswith("myeloma") else "Nadir so far"


def state_short(row: StatusRow) -> str:
    """Return the current category for a narrow column."""
    return words.state_short(row.current, row.current_kind, row.visits, row.criteria, row.labels)


def state_line(row: StatusRow) -> str:
    """Return the current category in full: "v PR  partial response since 2025-09-01, confirmed"."""
    if not row.current:
        return state_short(row)
    code = f"{words.symbol(row.current_kind)} {row.current}"
    means = words.state_words(row.current_kind, row.word, row.current, row.criteria, row.labels)
    said = code if means.lower() == row.current.lower() else f"{code}  {means}"
    since = f" since {row.since}" if row.since else ""
    proof = words.proof_words(row)
    return f"{said}{since}{f', {proof}' if proof else ''}"


def next_command(row: StatusRow) -> str:
    """Return the command to type next."""
    if row.attention:
        return row.attention[0][1]
    from shlex import quote

    return f"remtrack timeline {quote(row.patient_id)}"


def render_patient(rows: Sequence[StatusRow], as_of: date, plain_words: bool = False) -> RenderableType:
    """Return the first row in full, the others (further families, readers, earlier lines) in short."""
    from .table import facts, paragraph, stack, styled

    first = rows[0]
    tell = plain_blocks if plain_words else clinical_blocks
    parts = [_heading(first, plain_words=plain_words), "", facts(*tell(first, as_of), kind=first.current_kind), ""]
    for row in rows[1:]:
        short = [(label, value) for block in tell(row, as_of) for label, value in block if label in _TOLD_OF_OTHERS]
        parts.append(paragraph(_other_heading(first, row, plain_words=plain_words), "head"))
        parts += [facts(short, kind=row.current_kind), ""]
    if not plain_words:
        parts += [styled(f" Next: {next_command(first)}", "command"), ""]
    return stack(*parts, paragraph(words.footer(as_of, plain_words=plain_words)))


def _heading(row: StatusRow, *, plain_words: bool) -> RenderableType:
    """Return the patient and the disease, with line and rules beside them, or under them where both do not fit."""
    from .table import Fit, Frame, line, paragraph, stack, styled

    named = line(styled(row.patient_id, "head"), styled(f"  {row.disease}" if row.disease else ""))
    if plain_words:
        return named
    rules = _line_and_family(row)

    def drawn(frame: Frame) -> RenderableType:
        if named.cell_len + len(words.clean(rules)) <= frame.width:
            return line(named, styled(rules))
        return stack(named, paragraph(rules.strip(), by=0))

    return Fit(drawn)


def _line_and_family(row: StatusRow) -> str:
    regimen = f", {row.regimen}" if row.regimen else ""
    line = f"  line {row.line}{regimen}" if row.line > 1 or regimen else ""
    return f"{line}  {row.title}{f', reader {row.reader}' if row.reader else ''}"


def _other_heading(first: StatusRow, row: StatusRow, *, plain_words: bool) -> str:
    title = row.title
    if plain_words:
        from ..words import plain

        title = plain.rules(row.criteria, row.title)
    reader = f", reader {row.reader}" if row.reader else ""
    if row.line == first.line:
        return f"Also: {title}{reader}"
    regimen = f", {row.regimen}" if row.regimen else ""
    return f"{'Earlier treatment' if plain_words else 'Earlier line'} {row.line}{regimen}: {title}{reader}"


def _said(row: StatusRow, as_of: date, *, plain_words: bool) -> Row:
    if plain_words:
        treatment = f"{row.line} {row.regimen}".strip() if row.line > 1 or row.regimen else ""
        head, blocks = {"Person": row.patient_id, "Treatment": treatment}, plain_blocks(row, as_of)
    else:
        line = f"{row.line} {row.regimen}".strip()
        head = {
            "Patient": row.patient_id,
            "Disease": row.disease,
            "Line": line,
            "Reader": row.reader,
            "Rules": row.title,
        }
        blocks = clinical_blocks(row, as_of)
    return {**head, **said_row(pair for block in blocks for pair in block)}


# The clinical voice


def clinical_blocks(row: StatusRow, as_of: date) -> tuple[Facts, ...]:
    """Return what a clinician reads on one line of one patient: where it stands, the response, the grounds."""
    return _standing(row, as_of), response_facts(row, as_of), _grounds(row)


def _standing(row: StatusRow, as_of: date) -> Facts:
    last, from_base, from_nadir = row.last_visit_on, row.change_from_baseline_pct, row.change_from_nadir_pct
    nadir_on = f" on {row.nadir_on}" if row.nadir_on else ""
    unconfirmed = row.best_response_unconfirmed
    more = f" (seen, not confirmed: {unconfirmed})" if unconfirmed not in ("", row.best_response) else ""
    return [
        ("State", state_line(row)),
        (last_look(row), f"{words.day_in_words(last)} ({words.ago(last, as_of)})" if last else ""),
        ("Five-point score", _score(row)),
        (value_label(row), _value(row)),
        ("vs baseline", "" if from_base is None else f"{words.signed(from_base)}{_from_the_start(row)}"),
        ("vs nadir", "" if from_nadir is None else f"{words.signed(from_nadir)} from the lowest before"),
        (nadir_label(row), "" if row.nadir_value is None else f"{words.quantity(row.nadir_value, row.unit)}{nadir_on}"),
        ("Best response", f"{row.best_response}{more}"),
        (words.end_word(row).capitalize(), f"dated {row.progression_on}" if row.progression_on else ""),
        *_beside(row),
        *(("Milestones", words.milestone_words(mark, words.last_check(row))) for mark in row.milestones),
    ]


def _from_the_start(row: StatusRow) -> str:
    if row.baseline_value is None:
        return ""
    # The sample before treatment has a day of its own, which need not be the baseline's.
    on = f" on {row.baseline_on}" if row.baseline_on and words.has_scans(row.criteria) else " before treatment"
    return f" from {words.quantity(row.baseline_value, row.unit)}{on}"


def _value(row: StatusRow) -> str:
    if row.value is not None or row.value_text:
        if not row.unit.startswith("mm"):
            return f"{row.measure} {measured(row)}".strip()
        what = "" if row.measure in ("", "sum of diameters") else f", {row.measure}"
        return f"{measured(row)}{what}"
    if row.baseline_value is None:
        return ""
    if words.has_scans(row.criteria):
        return "n/e: not everything that counts was measured"
    return f"not measured at this visit{f': {row.measure}' if row.measure else ''}"


def _alone(row: StatusRow) -> str:
    if row.overall in ("", row.current):
        return ""
    from ..words.alone import this_visit_alone

    return this_visit_alone(row)


def _score(row: StatusRow) -> str:
    if not row.beside:
        return ""
    from ..words.beside import score

    return score(row)


def _beside(row: StatusRow) -> Facts:
    if not row.beside:
        return []
    from ..words.beside import beside_words

    return list(beside_words(row))


def response_facts(row: StatusRow, as_of: date) -> Facts:
    """Return when the response began, was proven and ended, and whether it lasted a month."""
    label = "Marker response" if row.criteria == "markers" else row.word.capitalize()
    if not row.episodes:
        return [(label, words.no_response(row))] if row.current else []
    latest = row.episodes[-1]
    episode = latest.episode
    nth = words.nth_complete(latest.number, row.word) if words.numbers_remissions(row.criteria) else ""
    levels = ", ".join(f"{code} from {on}" for code, on in episode.levels) if len(episode.levels) > 1 else ""
    return [
        (label, f"{episode.category}{f', {nth}' if nth else ''}, began {episode.began_on}{_began_as(episode)}"),
        ("Proven", _proven(episode)),
        ("A month or more", words.lasting_words(episode, as_of)),
        ("Duration", words.course_words(episode)),
        ("Levels", levels),
        *(("Milestones", words.milestone_words(mark, episode.last_seen_on)) for mark in latest.milestones),
        *(("Earlier", _earlier(one)) for one in row.episodes[:-1]),
    ]


def _began_as(episode: Episode) -> str:
    first = episode.levels[0][0] if episode.levels else episode.category
    return f" as {first}" if first != episode.category else ""


def _proven(episode: Episode) -> str:
    if episode.confirmed_on is None:
        return words.unproven(episode)
    later = (episode.confirmed_on - episode.began_on).days
    if not later:
        return "no second visit is asked for"
    level = words.level_at(episode, episode.confirmed_on)
    return f"{episode.confirmed_on}, {words.in_days(later)} later{f', as {level}' if level != episode.category else ''}"


def _earlier(one: RemissionRow) -> str:
    episode = one.episode
    until = f" to {episode.ended_on}" if episode.ended_on else ""
    lasted = f"a month or more: {episode.lasted_month}"
    return f"{episode.category} from {episode.began_on}{until}, {words.span(episode.days)}; {lasted}"


def _grounds(row: StatusRow) -> Facts:
    from ..words.limits import threshold_words

    settings = ", ".join(f"{name}={value}" for name, value in row.settings)
    return [
        *(("Next time", said) for said in threshold_words(row)),
        ("Why", _alone(row)),
        ("Why", row.because),
        ("Source", row.source),
        *(("Missing", said) for said in row.undecided),
        *(("For review", said.removeprefix("review: ")) for said in row.flags),
        ("Settings", f"{settings} (not the default)" if settings else ""),
        ("Note", "" if row.fresh else words.STALE),
    ]


# Plain words


def plain_blocks(row: StatusRow, as_of: date) -> tuple[Facts, ...]:
    """Return what a patient reads on one line, in plain words."""
    from ..words import plain

    last = row.last_visit_on
    return (
        [
            ("Now", plain.state(row)),
            (last_look(row), f"{words.long_day(last)} ({words.ago(last, as_of)})" if last else ""),
            ("Score", plain.score(row)),
            ("Size" if row.unit.startswith("mm") else "Measured", plain.size(row)),
            *_plain_beside(row),
            *(("Time", plain.milestone(mark, words.last_check(row))) for mark in row.milestones),
        ],
        _plain_response(row, as_of),
        [
            ("Remark", plain.REMARK if row.flags else ""),
            ("Rules used", plain.rules(row.criteria, row.title) if row.visits else ""),
        ],
    )


def _plain_beside(row: StatusRow) -> Facts:
    if not row.beside:
        return []
    from ..words.beside import plain_beside

    return list(plain_beside(row))


def _plain_response(row: StatusRow, as_of: date) -> Facts:
    from ..words import plain

    if not row.episodes:
        return []
    latest = row.episodes[-1]
    episode = latest.episode
    return [
        (plain.heading(episode.kind, row.word, row.criteria), plain.response(latest)),
        ("A month or more", plain.lasting(episode, as_of)),
        *(("Time", plain.milestone(mark, episode.last_seen_on, row.criteria)) for mark in latest.milestones),
        *(("Earlier", plain.response(one)) for one in row.episodes[:-1]),
    ]
