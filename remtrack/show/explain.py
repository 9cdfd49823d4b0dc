"""
Why one visit got its category: every step with its numbers, and what would change the answer.

Draws and says what `verdict.Explanation` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from ..words import plain
from . import Row, Screen
from .data import fields, said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..verdict import Explanation

_NARROW = 72  # below it four columns of text are no longer readable
_WIDEST_RULE = 16  # so that the numbers have the room


def explanation_screen(explanations: Sequence[Explanation], as_of: date, plain_words: bool = False) -> Screen:
    """Return the reasons of one visit, one explanation a line and family, as a screen; the rows are the steps."""
    return Screen(
        command="explain",
        as_of=as_of,
        rows=lambda: (row for told in explanations for row in step_data(told)),
        said=lambda: (_said(told, plain_words=plain_words) for told in explanations),
        draw=lambda: render_explanations(explanations, plain_words),
        head={
            "explanations": [
                {name: value for name, value in fields(told).items() if name != "steps"} for told in explanations
            ]
        },
        notes=(words.footer(plain_words=plain_words),),
    )


def step_data(told: Explanation) -> Iterator[Row]:
    """Yield each step as data, with the visit and the family it belongs to."""
    for number, step in enumerate(told.steps, 1):
        yield {
            "patient_id": told.patient_id,
            "line": told.line,
            "reader": told.reader,
            "criteria": told.criteria,
            "visit_on": told.visit_on,
            "step": number,
            **fields(step),
        }


def render_explanations(explanations: Sequence[Explanation], plain_words: bool = False) -> RenderableType:
    """Return each explanation under the one before, with one closing line."""
    from .table import paragraph, stack

    parts: list[RenderableType] = []
    for told in explanations:
        parts += [_explanation(told, plain_words=plain_words), ""]
    return stack(*parts, paragraph(words.footer(plain_words=plain_words)))


def _explanation(told: Explanation, *, plain_words: bool) -> RenderableType:
    """Return the steps as a table, then what would change the answer, the response, who entered it, the source."""
    from .table import Fit, facts, paragraph, stack

    heading = paragraph(_heading(told, plain_words=plain_words), told.kind, by=0)
    if plain_words:
        return stack(heading, "", facts(_plain_fields(told)))
    below = list(_below(told))
    return stack(heading, "", Fit(lambda frame: _steps(told, frame.width)), "", facts(below))


def _heading(told: Explanation, *, plain_words: bool) -> str:
    day = words.long_day(told.visit_on) if plain_words else words.day_in_words(told.visit_on)
    if plain_words:
        return f"{told.patient_id}, scan of {day}"
    line = f", line {told.line}" if told.line > 1 else ""
    reader = f", reader {told.reader}" if told.reader else ""
    return f"{told.patient_id}{line}{reader}, scan of {day}: {_state(told)}  {told.title}"


def _state(told: Explanation) -> str:
    if not told.overall:
        return "baseline"
    means = words.state_words(told.kind, words.word_for(told.criteria), told.overall)
    reported = f", reported {told.reported}" if told.reported != told.overall else ""
    return f"{words.symbol(told.kind)} {told.overall}{f', {means}' if means else ''}{reported}"


def _steps(told: Explanation, width: int) -> RenderableType:
    from .table import Column, indented, stack, styled, table

    numbered = [(f"{number} {step.label}", step) for number, step in enumerate(told.steps, 1)]
    if width < _NARROW:
        lines: list[RenderableType] = []
        for label, step in numbered:
            lines.append(indented(styled(f"{label}: {step.result}", "head")))
            lines += [indented(styled(told), 3) for told in (step.value, f"rule: {_rule(step.rule)}") if told]
        return stack(*lines)
    return table(
        [
            Column("Step", [label for label, _step in numbered]),
            Column("Value", [step.value for _label, step in numbered], wraps=True),
            Column("Rule", [_rule(step.rule) for _label, step in numbered], wraps=True, most=_WIDEST_RULE),
            Column("Result", [step.result for _label, step in numbered]),
        ]
    )


def _rule(rule: str) -> str:
    """Return a rule for a narrow column: an id (`recist.target.pd`) without its family, which the heading names."""
    return rule if " " in rule else rule.partition(".")[2].replace(".", " ") or rule


def _below(told: Explanation) -> Iterator[tuple[str, str]]:
    yield "Because", told.because
    for label, sentences in (
        ("Would change it", told.would_change),
        ("Missing", told.undecided),
        ("For review", [flag.removeprefix("review: ") for flag in told.flags]),
        ("Response", told.response),
    ):
        for sentence in sentences:
            yield label, sentence
    yield "On record", told.entered
    yield "Source", told.source


def _plain_fields(told: Explanation) -> list[tuple[str, str]]:
    return [
        ("In words", plain.explained(told)),
        ("Rules used", plain.rules(told.criteria, told.title)),
        ("The steps", f"The care team can read them with: remtrack explain {told.patient_id} {told.visit_on}"),
    ]


def _said(told: Explanation, *, plain_words: bool) -> Row:
    if plain_words:
        return {"Person": told.patient_id, "Scan": words.long_day(told.visit_on), **said_row(_plain_fields(told))}
    steps = (
        (f"{step.label}", "; ".join(part for part in (step.value, step.rule, step.result) if part))
        for step in told.steps
    )
    head = {"Patient": told.patient_id, "Visit": told.visit_on, "State": _state(told), "Rules": told.title}
    return {**head, **said_row([*steps, *_below(told)])}
