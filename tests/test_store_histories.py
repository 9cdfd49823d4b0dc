"""Facts become histories: which visits belong to a line, where it begins, who read it, and what ended it."""

# ruff: noqa: S311 - the shuffling must be the same each time

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from store_samples import (
    BASELINE,
    FIRST,
    SECOND,
    THIRD,
    new_record,
    only_case,
    put_lesion,
    put_patient,
    put_story,
    put_visit,
)

from remtrack.model import Event, Lesion, Line, Measurement, Result, Visit
from remtrack.store import Unjudged

DAY = timedelta(days=1)


@pytest.fixture
def record(record_path):
    with new_record(record_path) as record:
        yield record


def write(record, *steps):
    with record.change("add") as change:
        for step in steps:
            step(change)


def days(case):
    return [visit.visit_on for visit in case.history.visits]


def cases(record, patient_id="P01", as_of=None):
    [(_patient, found)] = record.histories([patient_id], as_of)
    return {(case.history.line.number, case.history.reader, case.criteria): case for case in found}


def event(change, on, name, line=1, detail=""):
    change.put("events", {"patient_id": "P01", "line": line, "event_on": on, "event": name, "detail": detail})


def test_a_history_holds_the_facts_as_they_were_entered(record):
    with record.change("add") as change:
        put_patient(change, disease="lung")
        put_lesion(change, "L1", organ="liver", site="segment 4")
        put_lesion(change, "X1", role="nontarget", organ="bone")
        put_visit(change, BASELINE, {"L1": 32.5, "X1": "present"}, label="BL", method="CT", note="first")
        put_visit(change, FIRST, {"L1": 30}, label="V1")
        names = {"patient_id": "P01", "visit_on": FIRST, "lesion_id": "X1"}
        change.put(
            "measurements", {**names, "state": "not_assessed", "reason": "not scanned", "measured_on": FIRST + DAY}
        )
        result = {"patient_id": "P01", "visit_on": FIRST, "test": "psa", "sampled_on": FIRST - DAY}
        change.put("results", {**result, "value": Decimal("0.1"), "text": "<0.1", "unit": "ng/mL", "upper_limit": 4})
        event(change, FIRST, "local_therapy", detail="L1")
    case = only_case(record)

    assert case.criteria == "recist-1.1"
    assert case.settings == {}
    assert case.history.line == Line(1, "", date(2024, 1, 15))
    assert case.history.lesions == (
        Lesion("L1", "target", "nonnodal", "liver", "segment 4"),
        Lesion("X1", "nontarget", "nonnodal", "bone", ""),
    )
    assert case.history.visits == (
        Visit(
            BASELINE,
            "BL",
            "CT",
            "first",
            (Measurement("L1", "measured", Decimal("32.5")), Measurement("X1", "present")),
        ),
        Visit(
            FIRST,
            "V1",
            measurements=(
                Measurement("L1", "measured", Decimal(30)),
                Measurement("X1", "not_assessed", reason="not scanned", measured_on=FIRST + DAY),
            ),
            results=(Result("psa", Decimal("0.1"), "<0.1", "ng/mL", Decimal(4), FIRST - DAY),),
        ),
    )
    assert case.history.events == (Event("local_therapy", FIRST, "L1"),)
    assert case.history.new_therapy_on is None
    assert case.history.as_of is None


def test_a_merged_or_split_lesion_names_the_other(record):
    with record.change("add") as change:
        put_story(change, sizes=(50,))
        put_lesion(change, "L2")
        put_visit(change, FIRST, {"L1": 40})
        names = {"patient_id": "P01", "visit_on": FIRST, "lesion_id": "L2"}
        change.put("measurements", {**names, "state": "merged_into", "other_id": "L1"})

    assert only_case(record).history.visits[1].measurements[1] == Measurement("L2", "merged_into", other_id="L1")


@pytest.mark.parametrize("size", ["0.1", "9.8", "14.0", "33.3", "123.45", "999.9", "0", "7e-3"])
def test_a_size_comes_back_as_the_decimal_that_was_typed(record, size):
    write(record, lambda change: put_story(change, sizes=(Decimal(size),)))
    found = only_case(record).history.visits[0].measurements[0].longest_mm

    assert found == Decimal(size)
    assert isinstance(found, Decimal)


def test_the_order_of_entry_is_of_no_account(tmp_path):
    found = []
    for seed in range(3):
        shuffled = random.Random(seed)
        with new_record(tmp_path / f"{seed}.db") as record:
            lesions = [(patient, lesion) for patient in ("P02", "P01") for lesion in ("L2", "L10", "L1")]
            visits = [(patient, day) for patient in ("P01", "P02") for day in (BASELINE, FIRST, SECOND)]
            for some in (lesions, visits):
                shuffled.shuffle(some)
            with record.change("add") as change:
                for patient in shuffled.sample(["P01", "P02"], 2):
                    put_patient(change, patient)
            for patient, lesion in lesions:
                with record.change("add") as change:
                    put_lesion(change, lesion, patient)
            for patient, day in visits:
                with record.change("add") as change:
                    readings = shuffled.sample(["L1", "L2", "L10"], 3)
                    put_visit(change, day, {lesion: len(lesion) * 10 for lesion in readings}, patient)
            found.append(list(record.histories()))

    assert found[0] == found[1] == found[2]
    assert [patient for patient, _cases in found[0]] == ["P01", "P02"]


def test_asking_for_some_patients_gives_them_as_asking_for_all_does(record):
    write(record, *(lambda change, name=f"P{number:04}": put_story(change, name) for number in range(700)))
    everyone = dict(record.histories())
    some = [f"P{number:04}" for number in range(0, 700, 2)]

    assert list(everyone) == [f"P{number:04}" for number in range(700)]
    assert dict(record.histories(everyone)) == everyone
    assert dict(record.histories([*reversed(some), *some, "nobody"])) == {name: everyone[name] for name in some}
    assert dict(record.histories([])) == {}


def test_a_patient_without_a_visit_comes_without_a_case(record):
    write(record, put_patient)

    assert list(record.histories()) == [("P01", ())]


def test_each_family_of_a_line_gets_the_same_history_and_its_own_settings_headline_first(record):
    with record.change("add") as change:
        put_story(change)
        names = {"patient_id": "P01", "line": 1}
        change.put("line_criteria", {**names, "criteria": "a-marker", "position": 1})
        change.put("line_criteria", {**names, "criteria": "recist-1.1", "settings": {"confirm_days": "35"}})
    [(_patient, found)] = record.histories()

    assert [(case.criteria, case.settings) for case in found] == [
        ("recist-1.1", {"confirm_days": "35"}),
        ("a-marker", {}),
    ]
    assert found[0].history == found[1].history


def test_a_line_begins_at_its_first_visit_unless_it_names_another(record):
    write(record, put_story)
    assert days(only_case(record)) == [BASELINE, FIRST, SECOND]

    write(record, lambda change: change.put("lines", {"patient_id": "P01", "line": 1, "baseline_on": FIRST}))
    assert days(only_case(record)) == [FIRST, SECOND]


def test_a_baseline_day_without_a_visit_gives_no_answer_and_says_so(record):
    write(record, put_story, lambda change: put_patient(change, baseline_on=date(2023, 12, 1)))

    assert cases(record) == {}
    assert list(record.unjudged()) == [Unjudged("P01", 1, "", BASELINE, date(2023, 12, 1))]


def two_lines(change, baseline_on=FIRST, started_on=date(2024, 4, 1)):
    put_story(change, sizes=(30, 60))
    put_patient(change, line=2, started_on=started_on, baseline_on=baseline_on)
    put_lesion(change, "L1", line=2)
    put_visit(change, SECOND, {"L1": 40}, line=2)
    put_visit(change, THIRD, {"L1": 38}, line=2)


def test_the_visit_that_ended_one_line_may_be_the_baseline_of_the_next(record):
    write(record, two_lines)
    first, second = cases(record).values()

    assert days(first) == [BASELINE, FIRST]
    assert days(second) == [FIRST, SECOND, THIRD]
    assert first.history.new_therapy_on == date(2024, 4, 1)
    assert second.history.new_therapy_on is None


def test_without_its_start_the_next_line_begins_therapy_at_its_baseline(record):
    write(record, lambda change: two_lines(change, started_on=None))
    assert cases(record)[1, "", "recist-1.1"].history.new_therapy_on == FIRST


def test_without_start_and_baseline_the_next_line_begins_therapy_at_its_first_visit(record):
    write(record, lambda change: two_lines(change, baseline_on=None, started_on=None))
    assert cases(record)[1, "", "recist-1.1"].history.new_therapy_on == SECOND


def test_lesions_have_the_roles_of_their_line(record):
    def second_line(change):
        two_lines(change)
        put_lesion(change, "N1", role="new")
        put_lesion(change, "N1", role="target", line=2)

    write(record, second_line)
    first, second = cases(record).values()

    assert [(lesion.lesion_id, lesion.role) for lesion in first.history.lesions] == [("L1", "target"), ("N1", "new")]
    assert [(lesion.lesion_id, lesion.role) for lesion in second.history.lesions] == [
        ("L1", "target"),
        ("N1", "target"),
    ]


def test_a_therapy_after_the_baseline_is_a_new_therapy_and_one_before_it_is_not(record):
    def therapies(change):
        put_story(change)
        event(change, BASELINE - DAY, "therapy")
        event(change, BASELINE, "therapy")
        event(change, SECOND, "therapy")
        event(change, SECOND + DAY, "therapy")

    write(record, therapies)
    assert only_case(record).history.new_therapy_on == SECOND


def test_death_and_last_contact_belong_to_every_line_and_other_events_to_their_own(record):
    def events(change):
        two_lines(change)
        event(change, SECOND, "clinical_progression", line=2)
        event(change, BASELINE, "transplant")
        event(change, THIRD, "death", line=1)
        event(change, BASELINE, "last_contact", line=1)

    write(record, events)
    first, second = cases(record).values()

    assert [one.event for one in first.history.events] == ["last_contact", "transplant", "death"]
    assert [one.event for one in second.history.events] == ["clinical_progression", "death"]


def test_readers_have_their_own_visits_and_roles(record):
    def readers(change):
        put_story(change, sizes=(60, 42))
        put_lesion(change, "L2", reader="R1")
        put_visit(change, BASELINE, {"L2": 20}, reader="R1")
        put_visit(change, FIRST, {"L2": 14}, reader="R1")

    write(record, readers)
    ordinary, central = cases(record).values()

    assert (ordinary.history.reader, central.history.reader) == ("", "R1")
    assert [lesion.lesion_id for lesion in ordinary.history.lesions] == ["L1"]
    assert [lesion.lesion_id for lesion in central.history.lesions] == ["L2"]
    assert [m.longest_mm for visit in central.history.visits for m in visit.measurements] == [20, 14]


@pytest.mark.parametrize(
    ("began", "judged"), [(BASELINE - DAY, True), (BASELINE, True), (BASELINE + DAY, False), (FIRST, False)]
)
def test_a_reader_who_begins_after_the_baseline_gets_no_answer(record, began, judged):
    def readers(change):
        put_story(change, sizes=(60, 42))
        put_visit(change, began, {"L1": 20}, reader="R1")
        put_visit(change, SECOND, {"L1": 14}, reader="R1")

    write(record, readers)

    assert ((1, "R1", "recist-1.1") in cases(record)) is judged
    assert list(record.unjudged()) == ([] if judged else [Unjudged("P01", 1, "R1", began, BASELINE)])


def test_readers_without_an_ordinary_record_begin_with_the_first_of_them(record):
    def readers(change):
        put_patient(change)
        put_lesion(change, "L1")
        put_visit(change, BASELINE, {"L1": 20}, reader="R1")
        put_visit(change, FIRST, {"L1": 20}, reader="R2")

    write(record, readers)

    assert list(cases(record)) == [(1, "R1", "recist-1.1")]
    assert [one.reader for one in record.unjudged()] == ["R2"]


def test_a_reader_needs_a_reading_of_their_own_on_a_named_baseline_day(record):
    def readers(change):
        two_lines(change)
        put_visit(change, FIRST, {"L1": 60}, reader="R1")
        put_visit(change, SECOND, {"L1": 41}, line=2, reader="R1")
        put_visit(change, SECOND, {"L1": 41}, line=2, reader="R2")

    write(record, readers)

    assert days(cases(record)[2, "R1", "recist-1.1"]) == [FIRST, SECOND]
    assert (2, "R2", "recist-1.1") not in cases(record)


def test_as_of_leaves_out_what_happened_after_that_day(record):
    def later(change):
        two_lines(change)
        event(change, THIRD, "death")
        event(change, FIRST, "local_therapy")

    write(record, later)

    assert list(cases(record, as_of=BASELINE - DAY)) == []
    assert days(cases(record, as_of=FIRST - DAY)[1, "", "recist-1.1"]) == [BASELINE]
    then = cases(record, as_of=date(2024, 3, 31))
    assert days(then[1, "", "recist-1.1"]) == [BASELINE, FIRST]
    assert then[1, "", "recist-1.1"].history.new_therapy_on is None
    assert [one.event for one in then[1, "", "recist-1.1"].history.events] == ["local_therapy"]
    assert then[2, "", "recist-1.1"].history.line.started_on is None
    assert then[1, "", "recist-1.1"].history.as_of == date(2024, 3, 31)
    assert cases(record, as_of=date(2024, 4, 1))[1, "", "recist-1.1"].history.new_therapy_on == date(2024, 4, 1)


def test_as_of_the_last_day_differs_from_now_by_that_day_alone(record):
    write(record, two_lines)
    now, then = cases(record), cases(record, as_of=THIRD)

    assert [case.history.visits for case in now.values()] == [case.history.visits for case in then.values()]


def test_facts_can_be_read_while_answers_are_being_written(record):
    write(record, *(lambda change, name=f"P{number:03}": put_story(change, name) for number in range(50)))
    with record.change("recompute") as change:
        seen = []
        for patient_id, found in record.histories():
            change.put_answers(patient_id, ())
            seen.append((patient_id, len(found)))

    assert seen == [(f"P{number:03}", 1) for number in range(50)]
