"""
Why one visit got its category: every step with its numbers, and what would change the answer.

Draws and says what `verdict.Explanation` holds; decides nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import words
from ..words import plain
from . import Row, Screen
from .data import fields, said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..verdict import Explanation, Step

_NARROW = 72  # below it four columns of text are no longer readable
_TESTS = {
    "nodes_spd": "Products of nodes",
    "largest_node_mm": "Largest node",
    "spleen_cm": "Spleen",
    "liver": "Liver",
    "lymphocytes": "Lymphocytes",
    "plt": "Platelets",
    "hb": "Haemoglobin",
    "anc": "Neutrophils",
    "marrow": "Marrow",
    "constitutional": "Symptoms",
}
_WIDEST_STEP, _WIDEST_RULE = 22, 16  # so that the numbers have the room


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

    heading = _heading(told, plain_words=plain_words)
    if plain_words:
        return stack(paragraph(heading, told.kind, by=0), "", facts(_plain_fields(told)))
    below = list(_below(told))
    return stack(_titled(heading, told), "", Fit(lambda frame: _steps(told, frame.width)), "", facts(below))


def _heading(told: Explanation, *, plain_words: bool) -> str:
    day = words.long_day(told.visit_on) if plain_words else words.day_in_words(told.visit_on)
    look = words.looked_at(told.criteria)
    if plain_words:
        return f"{told.patient_id}, {look} of {day}"
    line = f", line {told.line}" if told.line > 1 else ""
    reader = f", reader {told.reader}" if told.reader else ""
    return f"{told.patient_id}{line}{reader}, {look} of {day}: {_state(told)}"


def _titled(heading: str, told: Explanation) -> RenderableType:
    """Return the heading with the title of the rules beside it, or under it where both do not fit on one line."""
    from .table import READABLE, Fit, Frame, paragraph, stack

    title = _title(told)

    def drawn(frame: Frame) -> RenderableType:
        if len(words.clean(heading)) + len(title) + 2 <= min(frame.width, READABLE):
            return paragraph(f"{heading}  {title}", told.kind, by=0)
        return stack(paragraph(heading, told.kind, by=0), paragraph(title, told.kind, by=0))

    return Fit(drawn)


def _title(told: Explanation) -> str:
    """Return the title of a family; of one that holds several standards, that whose steps these are."""
    looked_at = {step.label for step in told.steps}
    parts = told.title.split(", ")
    return next((part for part in parts if words.short_title(part) in looked_at), told.title)


def _state(told: Explanation) -> str:
    if not told.overall:
        return "baseline"
    labels = {told.overall: (told.label, told.plain)}
    means = words.state_words(told.kind, words.word_for(told.criteria), told.overall, told.criteria, labels)
    reported = f", reported {told.reported}" if told.reported != told.overall else ""
    return f"{words.symbol(told.kind)} {told.overall}{f', {means}' if means else ''}{reported}"


def _steps(told: Explanation, width: int) -> RenderableType:
    from .table import Column, indented, stack, styled, table

    numbered = [(f"{number} {_label(step)}", step) for number, step in enumerate(told.steps, 1)]
    if width < _NARROW:
        lines: list[RenderableType] = []
        for label, step in numbered:
            lines.append(indented(styled(f"{label}: {_units(step.result)}", "head")))
            rule = f"rule: {_rule(step.rule)}" if step.rule else ""
            lines += [indented(styled(said), 3) for said in (_value(told, step), rule) if said]
        return stack(*lines)
    return table(
        [
            Column("Step", [label for label, _step in numbered], wraps=True, most=_WIDEST_STEP),
            Column("Value", [_value(told, step) for _label, step in numbered], wraps=True),
            Column("Rule", [_rule(step.rule) for _label, step in numbered], wraps=True, most=_WIDEST_RULE),
            Column("Result", [_units(step.result) for _label, step in numbered], wraps=True, most=_WIDEST_RULE),
        ]
    )


def _label(step: Step) -> str:
    """Return what a step looks at; a value of a laboratory by its words and not the name it is entered under."""
    return _TESTS.get(step.label, step.label)


def _value(told: Explanation, step: Step) -> str:
    """Return what was looked at; the sentence that stands under the table in full is not written twice."""
    return "as said below" if step.value == told.because else _units(step.value)


def _units(text: str) -> str:
    return re.sub(r"\bmm(?:\^2|2)", "mm²", text)


def _rule(rule: str) -> str:
    """Return a rule for a narrow column: an id (`recist.target.pd`) without its family, which the heading names."""
    return rule if " " in rule else re.sub(r"[._]", " ", rule.partition(".")[2]) or rule


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
        ("Rules used", plain.rules(told.criteria, _title(told))),
        ("The steps", f"The care team can read them with: remtrack explain {told.patient_id} {told.visit_on}"),
    ]


def _said(told: Explanation, *, plain_words: bool) -> Row:
    if plain_words:
        look = words.looked_at(told.criteria).capitalize()
        return {"Person": told.patient_id, look: words.long_day(told.visit_on), **said_row(_plain_fields(told))}
    steps = (
        (_label(step), "; ".join(_units(part) for part in (step.value, step.rule, step.result) if part))
        for step in told.steps
    )
    head = {"Patient": told.patient_id, "Visit": told.visit_on, "State": _state(told), "Rules": _title(told)}
    return {**head, **said_row([*steps, *_below(told)])}
