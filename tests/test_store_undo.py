"""Undo and redo: what a change did is taken back whole, or refused whole."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from store_samples import (
    BASELINE,
    FIRST,
    SECOND,
    exported,
    facts_of,
    new_record,
    put_lesion,
    put_patient,
    put_story,
    put_visit,
)

from remtrack.errors import NotFoundError, RefusedError
from remtrack.store import FACT_TABLES

READING = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "L1"}


@pytest.fixture
def record(record_path):
    with new_record(record_path) as record:
        with record.change("add") as change:
            put_story(change)
        yield record


def undo(record, number):
    with record.change("undo", undoes=number) as change:
        change.undo(number)
    return change.number


def edit(record, size):
    with record.change("edit") as change:
        change.put("measurements", {**READING, "longest_mm": Decimal(size)})
    return change.number


def test_undoing_everything_leaves_nothing(record):
    undo(record, 1)

    assert facts_of(record) == {}
    assert record.verify() == []


def test_undo_puts_back_what_a_change_replaced(record):
    before = facts_of(record)
    undo(record, edit(record, 55))

    assert facts_of(record) == before


def test_undo_puts_back_what_a_change_took_out(record):
    before = facts_of(record)
    with record.change("edit") as change:
        change.remove("measurements", READING)
        change.remove("visits", {"patient_id": "P01", "visit_on": BASELINE})
    undo(record, change.number)

    assert facts_of(record) == before


def test_undo_of_an_undo_is_a_redo(record):
    after = exported(record)
    undone = undo(record, 1)
    undo(record, undone)

    assert exported(record) == after
    assert record.verify() == []


def test_a_redo_can_itself_be_undone_and_done_again(record):
    after = exported(record)
    number = 1
    for _ in range(4):
        number = undo(record, number)

    assert exported(record) == after
    undo(record, 1)  # the first change holds again, so it can be undone by its own number
    assert facts_of(record) == {}


def test_changes_are_undone_one_after_another_from_the_last_to_the_first(record):
    first = facts_of(record)
    second = edit(record, 55)
    third = edit(record, 54)
    undo(record, third)
    undo(record, second)
    assert facts_of(record) == first
    undo(record, 1)
    assert facts_of(record) == {}


def test_an_undo_is_refused_when_a_later_change_touched_the_same_rows(record):
    second = edit(record, 55)
    edit(record, 54)
    before = exported(record)
    with pytest.raises(RefusedError, match=f"change {second} cannot be undone by itself") as caught:
        undo(record, second)

    assert caught.value.why == "the same rows were changed later, by change 3"
    assert caught.value.hint == "remtrack undo 3"
    assert exported(record) == before


def test_an_undo_is_refused_even_when_a_later_change_brought_back_the_same_value(record):
    second = edit(record, 55)
    edit(record, 54)
    edit(record, 55)
    with pytest.raises(RefusedError):
        undo(record, second)


def test_an_undo_is_refused_when_a_later_change_took_out_the_row(record):
    second = edit(record, 55)
    with record.change("edit") as change:
        change.remove("measurements", READING)
    with pytest.raises(RefusedError, match="cannot be undone by itself"):
        undo(record, second)


def test_an_undo_is_refused_while_later_rows_hang_on_those_it_would_take_out(record):
    with record.change("add") as change:
        put_visit(change, SECOND + timedelta(weeks=20), {"L1": 30})
    with pytest.raises(RefusedError) as caught:
        undo(record, 1)

    assert caught.value.why == f"later changes build on it: {change.number}"
    assert caught.value.hint == f"remtrack undo {change.number}"


def test_an_undo_is_refused_when_what_its_rows_hang_on_was_taken_out_later(record):
    with record.change("edit") as second:
        second.remove("measurements", READING)
    with record.change("edit") as third:
        third.remove("visits", {"patient_id": "P01", "visit_on": BASELINE})
    with pytest.raises(RefusedError, match="cannot be undone by itself") as caught:
        undo(record, second.number)

    assert caught.value.why == f"later changes build on it: {third.number}"


def test_an_undo_is_refused_when_the_same_visit_was_recorded_anew(record):
    with record.change("edit") as second:
        second.remove("measurements", READING)
        second.remove("visits", {"patient_id": "P01", "visit_on": BASELINE})
    with record.change("add") as third:
        put_visit(third, BASELINE, {})
    before = exported(record)
    with pytest.raises(RefusedError) as caught:
        undo(record, second.number)

    assert caught.value.why == f"later changes build on it: {third.number}"
    assert exported(record) == before


def test_a_change_is_undone_only_once(record):
    undo(record, 1)
    with pytest.raises(RefusedError, match="change 1 is undone already"):
        undo(record, 1)


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_change_that_never_was_cannot_be_undone(record, number):
    with pytest.raises(NotFoundError, match=f"no change {number}"):
        undo(record, number)


def test_changes_that_do_not_touch_each_other_are_undone_in_any_order(record):
    with record.change("add") as change:
        put_story(change, "P02")
    edit(record, 55)
    undo(record, change.number)

    assert list(record.patient_ids()) == ["P01"]
    assert record.rows("measurements", **READING)[0]["longest_mm"] == Decimal(55)


def test_a_rename_is_undone_everywhere(record):
    before = exported(record)
    with record.change("patient rename") as change:
        change.rename_patient("P01", "P77")
    undo(record, change.number)

    assert exported(record) == before
    assert record.verify() == []


def test_dates_that_moved_up_one_after_another_are_put_back(record):
    before = facts_of(record)
    keys = {row["visit_on"]: row["visit_key"] for row in record.rows("visits")}
    with record.change("edit") as change:
        change.put("visits", {"visit_key": keys[SECOND], "visit_on": SECOND + timedelta(days=70)})
        change.put("visits", {"visit_key": keys[FIRST], "visit_on": SECOND})
        change.put("visits", {"visit_key": keys[BASELINE], "visit_on": FIRST})
    undo(record, change.number)

    assert facts_of(record) == before


# -- any sequence of changes ---------------------------------------------------------------------

patients = st.sampled_from(["A", "B"])
days = st.sampled_from([BASELINE, FIRST, SECOND])
lesions = st.sampled_from(["L1", "L2"])
steps = st.one_of(
    st.tuples(st.just("visit"), patients, days, lesions, st.integers(1, 3)),
    st.tuples(st.just("remove"), patients, days, lesions),
    st.tuples(st.just("remove visit"), patients, days),
    st.tuples(st.just("note"), patients, st.sampled_from(["", "x"])),
    st.tuples(st.just("event"), patients, days),
    st.tuples(st.just("rename"), patients, st.sampled_from(["C", "A"])),
    st.tuples(st.just("undo"), st.integers(1, 12)),
)


def perform(record, step):
    """Do one step in a change of its own; return the change's number, None if it was refused or did nothing."""
    what, *how = step
    try:
        if what == "undo":
            return undo(record, how[0])
        with record.change(what) as change:
            if what == "visit":
                patient_id, day, lesion_id, size = how
                put_patient(change, patient_id)
                put_lesion(change, lesion_id, patient_id)
                put_visit(change, day, {lesion_id: size}, patient_id)
            elif what == "remove":
                change.remove("measurements", dict(zip(("patient_id", "visit_on", "lesion_id"), how, strict=True)))
            elif what == "remove visit":
                change.remove("visits", dict(zip(("patient_id", "visit_on"), how, strict=True)))
            elif what == "note":
                put_patient(change, how[0], note=how[1])
            elif what == "event":
                change.put("events", {"patient_id": how[0], "line": 1, "event_on": how[1], "event": "therapy"})
            elif what == "rename" and record.has_patient(how[0]):
                change.rename_patient(*how)
    except (RefusedError, NotFoundError):
        return None
    return change.number


def test_what_is_one_persons_never_comes_back_to_another_who_has_their_code_now(record_path):
    """A removed visit, taken back after a rename, once went to the next person of that code."""
    with new_record(record_path) as record:
        with record.change("add") as change:
            put_story(change, "B")
            change.put("events", {"patient_id": "B", "line": 1, "event_on": BASELINE, "event": "note", "detail": "x"})
        with record.change("edit") as removed:
            [event] = record.rows("events", patient_id="B")
            removed.remove("events", {"event_key": event["event_key"]})
        with record.change("patient rename") as change:
            change.rename_patient("B", "A")
        with record.change("add") as change:
            put_story(change, "B", (11, 12))
        with (
            pytest.raises(RefusedError, match="cannot be undone by itself") as refused,
            record.change("undo", undoes=removed.number) as change,
        ):
            change.undo(removed.number)

        assert record.rows("events") == []
        assert refused.value.hint == "remtrack undo 4"  # whose code it is now


@settings(max_examples=50)
@given(st.lists(steps, min_size=1, max_size=12))
def test_any_sequence_of_changes_can_be_undone_from_the_last_to_the_first_and_redone(tmp_path_factory, sequence):
    with new_record(tmp_path_factory.mktemp("undo") / "record.db") as record:
        states = [facts_of(record)]
        for step in sequence:
            if perform(record, step) is None:
                assert facts_of(record) == states[-1]
            else:
                states.append(facts_of(record))
        undos = []
        for number in range(len(states) - 1, 0, -1):
            undos.append(undo(record, number))
            assert facts_of(record) == states[number - 1]
        for number, undone in enumerate(reversed(undos), 1):
            undo(record, undone)
            assert facts_of(record) == states[number]
        assert record.verify() == []


@settings(max_examples=60)
@given(st.lists(steps, min_size=2, max_size=8), st.data())
def test_an_undo_that_is_allowed_changes_exactly_what_the_change_changed(tmp_path_factory, sequence, data):
    with new_record(tmp_path_factory.mktemp("undo") / "record.db") as record:
        states = [rows_by_key(record)]
        states += [rows_by_key(record) for step in sequence if perform(record, step) is not None]
        if len(states) == 1:
            return
        number = data.draw(st.integers(1, len(states) - 1))
        before, after, now = states[number - 1], states[number], states[-1]
        touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        expected = {key: row for key, row in now.items() if key not in touched}
        expected |= {key: row for key, row in before.items() if key in touched}
        undone = perform(record, ("undo", number))

        assert rows_by_key(record) == (now if undone is None else expected)


def rows_by_key(record):
    return {
        (table, *(row[name] for name in FACT_TABLES[table].key)): row
        for table, rows in facts_of(record).items()
        for row in rows
    }
