"""What holds for every line of lesions under Lugano, iRECIST, mRECIST and RANO, however odd its readings are."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from remtrack.criteria import load_family
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Lesion, Line, Measurement, Result, Visit

START = date(2024, 1, 8)
STATES = (
    *("measured",) * 12,
    *("absent", "too_small", "not_assessed", "treated_locally", "fragment_of", "merged_into", "present", "increased"),
    *("unequivocal_pd", "equivocal", "unequivocal", "disproved"),
)
ANSWERS = {
    "lugano-2014": {
        "dps": ("1", "2", "3", "4", "5", "X", ">3", "7"),
        "uptake_vs_baseline": ("reduced", "same", "increased", "?"),
        "new_fdg_foci": ("yes", "no"),
        "marrow_fdg": ("yes", "no"),
        "marrow": ("normal", "involved", "not_done"),
        "spleen_mm": ("110", "131", "150", "170", "<130", ">140", "large"),
    },
    "irecist": {"unscheduled_new_symptom": ("yes", "no"), "clinically_stable": ("yes", "no")},
    "mrecist-hcc": {
        "arterial_phase": ("adequate", "inadequate"),
        "ascites_cytology": ("benign", "malignant"),
        "porta_node_short_mm": ("18", "20"),
        "N1_typical_pattern": ("yes", "no"),
        "N1_longest_mm": ("8", "20"),
    },
    "rano-2.0": {
        "steroid_above_physiologic": ("yes", "no"),
        "steroid_vs_baseline": ("stable", "increased", "decreased"),
        "clinical": ("stable", "stable", "worse", "improved", "so-so"),
        "new_lesion_in_field": ("yes", "no"),
    },
}
SETTINGS = {
    "lugano-2014": ({}, {"mode": "ct"}),
    "irecist": ({}, {"confirm_required": "yes"}, {"node_reappearance_after_cr": "wait_one_visit"}),
    "mrecist-hcc": ({}, {"min_abs_increase_mm": "5"}),
    "rano-2.0": (
        {},
        {"component": "nce"},
        {"component": "mixed", "pd_confirm_rule": "persistent", "confirm_pd": "always"},
    ),
}

pytestmark = pytest.mark.hypothesis
families = pytest.mark.parametrize("family", sorted(ANSWERS))


def any_line(family, dice):
    """Return a line with lesions, readings, answers and events as they fall."""
    kinds = ("CE", "nCE", "nonnodal") if family == "rano-2.0" else ("nonnodal", "node", "marker")
    places = ("liver", "lung", "porta hepatis", "")
    lesions = [
        Lesion(f"T{i}", "target", dice.choice(kinds[:2]), dice.choice(places)) for i in range(dice.randint(0, 4))
    ]
    lesions += [
        Lesion(f"X{i}", "nontarget", dice.choice(kinds), dice.choice(places)) for i in range(dice.randint(0, 2))
    ]
    lesions += [
        Lesion(f"N{i}", "new", dice.choice(kinds[:2]), dice.choice(places)) for i in range(1, dice.randint(1, 4))
    ]
    days = [START]
    days += [days[-1] + timedelta(days=dice.randint(5, 90) * place) for place in range(1, dice.randint(1, 6))]
    events = [Event("radiotherapy_end", START - timedelta(days=28))] if dice.random() < 0.5 else []
    events += [
        Event(event, START + timedelta(days=dice.randint(0, 400)))
        for event in ("clinical_progression", "death")
        if dice.random() < 0.2
    ]
    return History(
        "P01",
        Line(started_on=dice.choice((None, START)), stopped_on=dice.choice((None, START + timedelta(days=100)))),
        lesions=tuple(lesions),
        visits=tuple(any_visit(family, dice, day, lesions) for day in sorted(set(days))),
        events=tuple(sorted(events, key=lambda event: event.event_on)),
        new_therapy_on=dice.choice((None, None, START + timedelta(days=200))),
        as_of=dice.choice((None, None, START + timedelta(days=150))),
    )


def any_visit(family, dice, day, lesions):
    rows = [any_reading(dice, day, lesion, lesions) for lesion in lesions if dice.random() > 0.1]
    return Visit(
        day,
        measurements=tuple(row for row in rows if day > START or not row.lesion_id.startswith("N")),
        results=tuple(
            Result(test, Decimal(text) if text.isdigit() else None, text)
            for test, texts in ANSWERS[family].items()
            if dice.random() < 0.8
            for text in [dice.choice(texts)]
        ),
    )


def any_reading(dice, day, lesion, lesions):
    state = "measured" if day == START and dice.random() < 0.8 else dice.choice(STATES)
    sizes = [None, None]
    if state in ("measured", "fragment_of") or dice.random() < 0.4:
        sizes = [Decimal(dice.randint(0, 400)) / 10 if dice.random() < 0.92 else None for _ in sizes]
    other = dice.choice(lesions).lesion_id if state in ("fragment_of", "merged_into") else ""
    measured_on = day + timedelta(days=dice.randint(-30, 30)) if dice.random() < 0.05 else None
    return Measurement(lesion.lesion_id, state, *sizes, other, measured_on=measured_on)


@families
@given(dice=st.randoms(use_true_random=False))
def test_any_line_is_judged_by_known_rules_and_told_in_whole_sentences(family, dice):
    history, settings = any_line(family, dice), dice.choice(SETTINGS[family])
    known = load_family(family)
    rules = {rule.id for table in known.tables for rule in table.rules}

    course = assess(history, family, settings)
    json.dumps(course.extra, default=str)
    for row in course.assessments:
        json.dumps(row.extra, default=str)
        assert {row.overall, row.reported} <= set(known.by_code)
        assert {finding.rule for finding in row.findings} <= rules
        told = [row.because, *row.undecided, *row.flags, *(finding.because for finding in row.findings)]
        assert all(is_whole(sentence) for sentence in told), told
    assert all(episode.days >= 0 for episode in course.episodes)
    assert all(is_whole(problem.what) for problem in check_baseline(history, family, settings))


@families
@given(dice=st.randoms(use_true_random=False))
def test_any_visit_can_be_explained(family, dice):
    history, settings = any_line(family, dice), dice.choice(SETTINGS[family])
    for visit in history.visits:
        if history.as_of is None or visit.visit_on <= history.as_of:
            told = explain(history, family, settings, visit.visit_on)

            assert all(is_whole(sentence) for sentence in told.would_change)
            assert all(
                is_whole(step.label) and is_whole(step.result) and "None" not in step.value for step in told.steps
            )


@families
@given(dice=st.randoms(use_true_random=False))
def test_the_order_in_which_lesions_and_readings_were_entered_changes_nothing(family, dice):
    history, settings = any_line(family, dice), dice.choice(SETTINGS[family])
    turned = replace(
        history,
        lesions=history.lesions[::-1],
        visits=tuple(replace(visit, measurements=visit.measurements[::-1]) for visit in history.visits),
    )

    before, after = (
        [(row.overall, row.reported, row.dated_on, row.sum_mm) for row in assess(one, family, settings).assessments]
        for one in (history, turned)
    )
    assert before == after


def is_whole(sentence):
    return (
        bool(sentence)
        and not sentence.startswith((" ", ":", ";"))
        and not {"{", "}"} & set(sentence)
        and "None" not in sentence
    )
