"""Every family keeps the same contract: what it says of itself, and that nothing entered is never a category."""

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import showcases

from remtrack.criteria import FAMILIES, load_family
from remtrack.criteria.base import Rule
from remtrack.criteria.contract import faults
from remtrack.fold import assess, explain
from remtrack.model import History, Lesion, Line, Measurement, Result, Visit
from remtrack.store import open_record
from remtrack.tracker.standards import describe, worked_cases
from remtrack.verdict import NOT_EVALUABLE
from remtrack.words import FORBIDDEN

every_family = pytest.mark.parametrize("criteria", list(FAMILIES))

#: The settings that the project's reference pages on the criteria list, with their defaults.
SETTINGS = {
    "recist-1.1": {
        "confirm_required": "yes", "confirm_days": "28", "max_ne_between": "1", "accept_sd_between": "0",
        "pr_persistence": "after_confirmation", "min_sd_days": "42", "min_abs_increase_mm": "5",
        "node_reappearance_after_cr": "pd_with_review_flag", "visit_date_rule": "split", "censor_after_missed": "off",
    },
    "irecist": {
        "confirm_required": "no", "confirm_days": "28", "max_ne_between": "1", "accept_sd_between": "0",
        "pr_persistence": "after_confirmation", "min_sd_days": "42", "min_abs_increase_mm": "5",
        "node_reappearance_after_cr": "pd_with_review_flag", "visit_date_rule": "split", "censor_after_missed": "off",
        "confirm_tolerance_days": "0",
    },
    "mrecist-hcc": {
        "confirm_required": "yes", "confirm_days": "28", "max_ne_between": "1", "accept_sd_between": "0",
        "pr_persistence": "after_confirmation", "min_sd_days": "42", "min_abs_increase_mm": "0",
        "node_reappearance_after_cr": "pd_with_review_flag", "visit_date_rule": "split", "censor_after_missed": "off",
    },
    "rano-2.0": {
        "confirm_required": "yes", "confirm_days": "28", "max_ne_between": "1", "accept_sd_between": "0",
        "min_sd_days": "0", "component": "CE", "confirm_pd": "within_12_weeks", "pd_confirm_rule": "further_25",
        "censor_after_missed": "off",
    },
    "lugano-2014": {"mode": "PET"},
    "blood-aml-eln-2022": {"cri_rule": "one_recovered", "count_window_days": "14", "auer_rods_block": "no"},
    "blood-all": {
        "cri_rule": "one_recovered", "count_window_days": "14", "relapse_bm": "ge5", "all_counts_strict": "yes",
        "use_crh": "no", "mrd_cr_limit": "off",
    },
    "blood-cml-eln-2020": {"milestone_window_days": "30", "mr3_loss_confirm": "no"},
    "blood-cll-iwcll-2018": {
        "require_marrow_for_cr": "yes", "lymph_pd_reference": "lowest", "spleen_rule": "excess",
        "cll_duration_start": "first_response", "redistribution_drug": "no",
    },
    "myeloma-imwg-2016": {"mm_pd_reference": "lowest_confirmed", "vgpr_plasmacytoma": "50"},
    "markers": {"marker": "auto", "uln": "35", "psa_confirm_no_decline": "no"},
}  # fmt: skip
OF_ALL = {"lasting_rule": "days28", "milestones": "3/5/10"}

#: Numbers without a unit: what is merely counted, a score, a share as one in how many.
WITHOUT_UNIT = {
    "dps",
    "karnofsky",
    "ph_pos",
    "metaphases",
    "plasmacytoma_lesions",
    "bone_new_lesions",
    "mrd_sensitivity",
}
NAMED_UNITS = {"_mm": "mm", "_cm": "cm", "_pct": "%", "_copies": "copies"}


def every_case(criteria):
    return [(case, line, case.history(line)) for case in showcases.cases(criteria) for line in case.lines]


@every_family
def test_a_family_has_no_fault(criteria):
    assert faults(load_family(criteria)) == ()


@every_family
def test_the_table_of_families_says_what_the_family_says_of_itself(criteria):
    family, entry = load_family(criteria), FAMILIES[criteria]

    assert family.id == criteria
    assert (family.title, family.word, family.revision, family.unit, family.measure, family.scale) == (
        entry.title, entry.word, entry.revision, entry.unit, entry.measure, entry.scale,
    )  # fmt: skip
    assert entry.measure


@every_family
def test_no_category_rule_setting_or_input_promises_more_than_a_scan_can_show(criteria):
    family = load_family(criteria)
    said = [text for one in family.categories for text in (one.label, one.plain)]
    said += [text for table in family.tables for rule in table.rules for text in (rule.sentence, rule.when)]
    said += [one.help for one in (*family.settings, *family.inputs)]
    told = " ".join(said).casefold().replace("-", " ").split()

    assert not {word for word in FORBIDDEN if " " not in word and word in told}


@every_family
def test_the_rules_of_a_family_are_named_after_it(criteria):
    family = load_family(criteria)
    first_words = {rule.id.partition(".")[0] for table in family.tables for rule in table.rules}

    assert len(first_words) == 1
    assert {word for word in first_words if word in criteria.replace("-", "_") or criteria.startswith(word)}


@every_family
def test_every_condition_is_in_words(criteria):
    """What a function is called, or what it computes, is no condition that a clinician could read."""
    rules = [rule for table in load_family(criteria).tables for rule in table.rules]

    assert [rule.id for rule in rules if not (rule.holds.__doc__ or "").strip()] == []


@every_family
def test_the_settings_are_those_of_the_pages_with_their_defaults(criteria):
    has = {one.name: one.default.casefold() for one in load_family(criteria).settings}

    assert has == {name: default.casefold() for name, default in {**SETTINGS[criteria], **OF_ALL}.items()}


@every_family
def test_every_number_that_is_read_has_a_unit(criteria):
    family = load_family(criteria)

    for one in family.inputs:
        for ending, unit in NAMED_UNITS.items():
            if one.name.endswith(ending):
                assert unit in one.unit, one.name
    numeric = {one.name for one in family.analytes.values() if one.units or not one.words}
    assert {name for name in numeric if not family.analytes[name].unit} <= WITHOUT_UNIT
    assert set(family.analytes) <= {one.name for one in family.inputs}


@every_family
def test_what_the_standard_leaves_open_is_said_under_our_reading(criteria):
    assert len(describe(criteria)["reading"]) > 100


def unknown(criteria, on, *, first):
    """A visit at which everything the family reads was looked for, and nothing was known."""
    family = load_family(criteria)
    results = tuple(Result(name, None, "not done") for name in family.analytes)
    reads_lesions = any(one.name == "longest_mm" for one in family.inputs)
    if not reads_lesions:
        return Visit(on, results=results)
    seen = ("measured", Decimal(40), Decimal(30)) if first else ("not_assessed", None, None)
    return Visit(on, measurements=(Measurement("L1", *seen),), results=results)


def lesions_of(criteria):
    if not any(one.name == "longest_mm" for one in load_family(criteria).inputs):
        return ()
    return (Lesion("L1", "target", "CE" if criteria == "rano-2.0" else "nonnodal", "liver"),)


@every_family
def test_a_history_without_a_visit_gives_a_course_without_answers(criteria):
    course = assess(History("P01"), criteria)

    assert (course.assessments, course.episodes, course.best_response, course.current) == ((), (), "", "")


@every_family
def test_one_visit_at_which_nothing_was_entered_is_no_category(criteria):
    day = date(2026, 1, 5)
    history = History("P01", visits=(Visit(day),))
    course = assess(history, criteria)

    assert {answer.kind for answer in course.assessments} <= {NOT_EVALUABLE}
    assert course.episodes == ()
    assert explain(history, criteria, None, day).overall in {"", *(answer.overall for answer in course.assessments)}


@every_family
def test_results_that_are_all_unknown_are_never_a_category(criteria):
    days = [date(2026, 1, 5) + timedelta(weeks=8 * number) for number in range(4)]
    visits = tuple(unknown(criteria, on, first=not number) for number, on in enumerate(days))
    history = History("P01", Line(1, started_on=days[0]), "", lesions_of(criteria), visits)
    course = assess(history, criteria)

    assert {answer.kind for answer in course.assessments} == {NOT_EVALUABLE}
    assert {answer.reported_kind for answer in course.assessments} == {NOT_EVALUABLE}
    assert all(answer.undecided for answer in course.assessments)
    assert (course.episodes, course.progression_on) == ((), None)


def shuffled(history, seed):
    """The same facts in another order of entry."""
    order = random.Random(seed)  # noqa: S311 - no secret

    def mixed(rows):
        return tuple(order.sample(rows, len(rows)))

    visits = tuple(
        replace(visit, measurements=mixed(visit.measurements), results=mixed(visit.results)) for visit in history.visits
    )
    return replace(history, lesions=mixed(history.lesions), visits=visits)


@every_family
def test_the_same_facts_give_the_same_answer_in_whatever_order_they_were_entered(criteria):
    for case, line, history in every_case(criteria):
        course = assess(history, criteria, case.settings)
        mixed = assess(shuffled(history, case.case_id), criteria, case.settings)

        assert assess(history, criteria, case.settings) == course
        assert [(one.overall, one.reported, one.dated_on, one.rule) for one in mixed.assessments] == [
            (one.overall, one.reported, one.dated_on, one.rule) for one in course.assessments
        ], (case.case_id, line)


@every_family
def test_every_visit_of_every_case_can_be_explained(criteria):
    for case, _line, history in every_case(criteria):
        course = assess(history, criteria, case.settings)
        answers = {answer.visit_on: answer for answer in course.assessments}
        for visit in history.visits:
            told = explain(history, criteria, case.settings, visit.visit_on)
            if visit.visit_on in answers:
                answer = answers[visit.visit_on]
                assert (told.overall, told.because) == (answer.overall, answer.because), case.case_id
                assert told.steps, case.case_id
            assert all(isinstance(text, str) for step in told.steps for text in step), case.case_id


def as_kept(value):
    """What an answer is after it was kept: a list comes back as a tuple."""
    if isinstance(value, list | tuple):
        return tuple(as_kept(item) for item in value)
    if isinstance(value, dict):
        return {key: as_kept(item) for key, item in value.items()}
    return value


@every_family
def test_every_answer_to_every_case_is_read_back_from_the_record_as_it_was(criteria, tmp_path):
    """All but the sentences of the parts, which are not kept: `explain` asks the rules again."""
    courses = {}
    with open_record(tmp_path / "record.db", write=True, create=True) as record:
        with record.change("add") as change:
            for case in showcases.cases(criteria):
                change.put("patients", {"patient_id": case.case_id})
                courses[case.case_id] = [assess(case.history(line), criteria, case.settings) for line in case.lines]
        with record.change("recompute") as change:
            for patient_id, answers in courses.items():
                change.put_answers(patient_id, answers)
        stored = [one.course for one in record.courses()]
    expected = [course for patient_id in sorted(courses) for course in courses[patient_id]]

    assert len(stored) == len(expected)
    for kept, course in zip(stored, expected, strict=True):
        assert kept.extra == as_kept(course.extra)
        assert (kept.episodes, kept.thresholds, kept.settings) == (course.episodes, course.thresholds, course.settings)
        bare = [one._replace(findings=(), extra=as_kept(one.extra)) for one in course.assessments]
        assert [one._replace(findings=()) for one in kept.assessments] == bare
        empty = {"assessments": (), "extra": {}}
        assert replace(kept, **empty) == replace(course, **empty)


@every_family
def test_the_worked_cases_that_are_printed_are_what_the_rules_give_today(criteria):
    printed = (showcases.SHOWN / f"{criteria}.csv").read_text(encoding="utf-8")

    assert printed == showcases.text(criteria), "run: python tests/showcases.py"
    assert len(list(worked_cases(load_family(criteria)))) == len(showcases.CHOSEN[criteria]) >= 4


@pytest.mark.parametrize("columns", [60, 80, 120])
@every_family
def test_criteria_show_prints_all_of_a_family_within_the_width(criteria, columns, typed, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    told = typed(f"criteria show {criteria} --format table").out
    family = load_family(criteria)
    words = set(told.split())

    assert all(len(line) <= columns for line in told.splitlines())
    assert {one.code.split()[-1] for one in family.categories} <= words
    assert {one.name for one in family.inputs} <= words
    assert {one.name for one in family.settings} <= words
    assert set(family.events) <= words
    assert set(showcases.CHOSEN[criteria]) <= words
    assert "Our reading" in told
    if columns > 60:  # there the names of the rules give way to what they say
        rules = {rule.id.split(".", 2)[-1] for table in family.tables for rule in table.rules}
        assert rules <= words


@every_family
def test_every_rule_is_printed_with_its_condition_sentence_and_source(criteria, typed):
    told = typed(f"criteria show {criteria}").out
    family = load_family(criteria)

    for table in family.tables:
        for order, rule in enumerate(table.rules, 1):
            assert f"{order}. {rule.category}: {rule.when}; says: " in told, rule.id
            assert f"[{rule.source}]" in told, rule.id
    assert "{" not in told


@every_family
def test_a_value_is_named_in_a_condition_as_it_is_typed(criteria):
    """In backticks, so that it can be told from a word of the language."""
    family = load_family(criteria)
    names = "|".join(name for name in family.analytes if "_" in name)
    bare = re.compile(rf"(?<![`\w])(?:{names})(?![`\w])") if names else re.compile("(?!)")

    assert [rule.id for table in family.tables for rule in table.rules if bare.search(rule.when)] == []


def test_each_part_of_the_answer_says_for_itself_when_a_row_holds():
    told = {rule.id: rule.when for name in FAMILIES for table in load_family(name).tables for rule in table.rules}

    assert told["cml.cyto.ccyr"] == "`metaphases` >= 20, none of them `ph_pos`"
    assert told["myeloma.overall.pd"] == "The progression table gives yes"
    assert told["myeloma.overall.vgpr"] == "The level table gives VGPR"
    assert "ca125" not in told["markers.psa.skipped"]
    assert "mouse_antibodies" in told["markers.ca125.skipped"]
    assert told["rano.mixed.parts"] == "At every visit"


def has_bm_blasts_pct(_seen):
    return True


def test_a_condition_without_words_of_its_own_is_named_so_that_what_it_reads_can_be_typed():
    named = Rule("mine.overall.blasts", "CR", has_bm_blasts_pct, "blasts {blasts_said}", "a paper")
    bare = Rule("mine.overall.blasts", "CR", lambda _seen: True, "blasts {blasts_said}: remission", "a paper")

    assert named.when == "has_bm_blasts_pct"
    assert bare.when == "blasts ...: remission"


def test_what_is_asked_of_one_lesion_and_the_events_of_a_family_are_held_to_the_contract_too():
    class Mine(type(load_family("mrecist-hcc"))):
        inputs = tuple(one for one in load_family("mrecist-hcc").inputs if one.name != "N1_longest_mm")
        events = {"Radiotherapy end": "the weeks count from it", "radiotherapy_end": " "}  # noqa: RUF012

    assert faults(Mine()) == (
        "the value N1_longest_mm is not among the inputs",
        'the event "Radiotherapy end" cannot be typed or says nothing of itself',
        'the event "radiotherapy_end" cannot be typed or says nothing of itself',
    )
