"""What a person types after a scan: recorded, answered, corrected, taken back."""

import json

import pytest
from conversation import Conversation

BASELINE = 'add P01 2026-01-05 --target "L1 liver 42" --target "G1 node:axilla 18" --nontarget "B1 bone"'


@pytest.fixture
def begun(typed):
    """A patient with a baseline of 60 mm and a first scan of 40 mm."""
    typed("patient add P01 --started 2026-01-10")
    typed(BASELINE)
    typed("add P01 2026-03-02 L1=28 G1=12 B1=present")
    return typed


def shown(typed, patient="P01"):
    row = json.loads(typed(f"status {patient} --json").out)["rows"][0]
    return row["current"], row["value"]


def test_a_scan_is_answered_with_its_category_and_the_reason(begun):
    told = begun("add P01 2026-04-06 L1=20 G1=9 B1=present")

    assert told.code == 0
    assert "Mon 6 Apr 2026" in told.out
    assert "RECIST 1.1: PR   sum 29 mm is -51.7 % from the baseline 60 mm" in told.out
    assert "Saved as change 4.  Wrong?  remtrack undo" in told.err


def test_sizes_in_centimetres_two_axes_and_words_are_understood(begun):
    told = begun("add P01 2026-04-06 L1=2.0cm G1=14x9 B1=gone")

    assert "recorded  L1 20 mm; G1 14x9 mm; B1 absent" in told.out


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("L1=gone G1=9.9 B1=gone", "CR"),
        ("L1=gone G1=10 B1=gone", "PR"),
        ("L1=tiny G1=9 B1=gone", "PR"),
        ("L1=ne G1=9 B1=gone", "NE"),
        ("L1=28 G1=12 B1=worse", "PD"),
        ('L1=28 G1=12 B1=present --new "N1 lung 9"', "PD"),
        ('L1=28 G1=12 B1=present --new "N1 lung 9 equivocal"', "PR"),
    ],
)
def test_each_way_of_saying_what_was_seen_gives_its_category(begun, words, category):
    told = json.loads(begun(f"add P01 2026-04-06 {words} --json").out)

    assert [row["overall"] for row in told["answers"]] == [category]


def test_the_same_scan_typed_again_says_so_and_changes_nothing(begun):
    before = begun("log --json").rows
    told = begun("add P01 2026-03-02 L1=28 G1=12 B1=present")

    assert told.code == 0
    assert "already recorded" in told.out
    assert begun("log --json").rows == before


def test_another_size_for_the_same_day_needs_edit_and_the_hint_does_it(begun):
    told = begun("add P01 2026-03-02 L1=31")

    assert told.code == 4
    assert "already recorded on 2026-03-02: 28 mm, not 31 mm" in told.err
    assert shown(begun) == ("PR", 40)

    assert begun(*told.hint).code == 0
    assert shown(begun) == ("SD", 43)


def test_a_correction_prints_the_earlier_answers_it_changed(begun):
    begun("add P01 2026-04-06 L1=30 G1=12 B1=present")
    told = begun('edit P01 2026-03-02 L1=20 --reason "read again"')

    assert told.code == 0
    assert "corrected L1 28 mm -> 20 mm" in told.out
    assert "2026-04-06  PR -> PD" in told.out


def test_a_late_entry_prints_the_earlier_answers_it_changed(begun):
    begun("add P01 2026-06-01 L1=30 G1=12 B1=present")
    told = begun("add P01 2026-04-06 L1=20 G1=9 B1=present")

    assert "this changed answers given before:" in told.out
    assert "2026-06-01  PR -> PD" in told.out


def test_an_equivocal_lesion_proven_later_dates_progression_back(begun):
    begun('add P01 2026-04-06 L1=28 G1=12 B1=present --new "N1 lung 6 equivocal"')
    told = begun("add P01 2026-05-04 L1=28 G1=12 B1=present N1=unequivocal")

    assert "2026-04-06  PR -> PD" in told.out
    assert json.loads(begun("status P01 --json").out)["rows"][0]["progression_on"] == "2026-04-06"


def test_edit_moves_a_visit_and_takes_a_reading_back(begun):
    assert begun("edit P01 2026-03-02 --date 2026-03-09 --reason slip").code == 0
    assert begun("edit P01 2026-03-09 --remove L1 --reason slip").code == 0
    assert shown(begun)[0] == "NE"
    assert "L1" in begun("explain P01 2026-03-09").out


@pytest.mark.parametrize(
    "words",
    [
        "2026-03-02 L1=31",
        "2026-03-02 L1=ne",
        "2026-03-02 --remove L1",
        "2026-03-02 --date 2026-03-09",
        "2026-03-02 L1=28 G1=11 --note 'seen again'",
    ],
)
@pytest.mark.parametrize("reason", ["", "--reason ' '", "--reason '\t-'"])
def test_what_was_measured_is_not_changed_without_a_reason_and_the_hint_is_the_whole_command(begun, words, reason):
    before = begun("export measurements").out, begun("log --json").out
    told = begun(f"edit P01 {words} {reason}")

    assert (told.code, told.out) == (2, "")
    assert "a reason is needed to change what was recorded of P01 on 2026-03-02" in told.err
    assert (begun("export measurements").out, begun("log --json").out) == before
    assert begun(*told.hint).code == 0
    assert begun("log --last 1 --json").rows[0]["reason"] == "typing error"
    assert begun("export measurements").out != before[0]


@pytest.mark.parametrize("words", ["--visit V1", "--method MRI", "--note telephone", "L1=28", "--date 2026-03-02"])
def test_a_label_a_method_a_note_and_what_changes_nothing_need_no_reason(begun, words):
    assert begun(f"edit P01 2026-03-02 {words}").code == 0


def test_before_and_after_stand_in_the_refusal(begun):
    told = begun("edit P01 2026-03-02 L1=31 --remove G1")

    assert "G1 12 mm taken back; L1 28 mm -> 31 mm" in told.err


def test_at_a_terminal_it_shows_before_and_after_and_asks_why(begun, record_path):
    with Conversation(record_path, "edit", "P01", "2026-03-02", "L1=31") as talk:
        talk.answer("L1 28 mm -> 31 mm", "  ")
        talk.answer("Some words", "two digits swapped")
        assert talk.end() == 0
    newest = begun("log --last 1 --json").rows[0]

    assert newest["reason"] == "two digits swapped"
    assert newest["rows"] == ["P01 2026-03-02 L1: 28 mm -> 31 mm"]


def test_at_a_terminal_nothing_is_written_when_no_reason_is_given(begun, record_path):
    before = begun("log --json").out
    with Conversation(record_path, "edit", "P01", "2026-03-02", "--remove", "L1") as talk:
        talk.interrupt("L1 28 mm taken back", "\x03")

    assert begun("log --json").out == before


def test_what_was_shown_must_still_be_there_when_the_reason_is_given(begun, record_path):
    with Conversation(record_path, "edit", "P01", "2026-03-02", "L1=31") as talk:
        talk.wait_for("L1 28 mm -> 31 mm")
        begun("edit P01 2026-03-02 L1=30 --reason 'measured again'")
        talk.answer("Why?", "typing error")
        assert talk.end() == 4
        assert "was changed by somebody else meanwhile" in talk.shown

    assert begun("status P01 --json").rows[0]["value"] == 42


def test_undo_takes_the_last_change_back_and_undo_again_the_one_before(begun):
    begun("add P01 2026-04-06 L1=20 G1=9 B1=present")
    assert begun("undo --yes").code == 0
    assert shown(begun) == ("PR", 40)

    begun("undo --yes")
    assert shown(begun)[0] == ""  # only the baseline is left


def test_undo_of_an_undo_brings_the_change_back(begun):
    begun("undo --yes")
    begun("undo 4 --yes")

    assert shown(begun) == ("PR", 40)


def test_undo_refuses_what_a_later_change_touched(begun):
    begun("edit P01 2026-03-02 L1=31 --reason slip")
    told = begun("undo 3 --yes")

    assert told.code == 4
    assert shown(begun) == ("SD", 43)


def test_the_log_names_every_change_with_before_and_after(begun):
    begun('edit P01 2026-03-02 L1=31 --reason "typing error"')
    newest = begun("log P01 --json").rows[0]

    assert newest["command"] == "edit"
    assert newest["reason"] == "typing error"
    assert newest["who"] == "tester"
    assert newest["rows"] == ["P01 2026-03-02 L1: 28 mm -> 31 mm"]


def test_a_second_line_begins_at_the_scan_that_showed_progression(begun):
    begun('add P01 2026-05-04 L1=45 G1=20 B1=present --new "N1 lung 14"')
    told = begun("line start P01 2026-05-11 --baseline 2026-05-04 --regimen second")

    assert told.code == 0
    assert "N1 is target in line 2" in told.err
    begun("add P01 2026-07-06 L1=30 G1=12 N1=9 B1=present")
    rows = json.loads(begun("status P01 --json").out)["rows"]
    assert [(row["line"], row["current"], row["baseline_value"]) for row in rows] == [(2, "PR", 79), (1, "PD", 60)]


def test_a_line_may_be_judged_with_another_setting(begun):
    begun("add P01 2026-03-30 L1=28 G1=12 B1=present")
    assert begun("remission P01 --json").rows[0]["confirmed_on"] == "2026-03-30"

    told = begun("line set P01 1 confirm_days=56")

    assert told.code == 0
    assert begun("remission P01 --json").rows[0]["confirmed_on"] is None
    assert "confirm_days=56" in begun("status P01").out


def test_an_event_of_death_ends_the_response(begun):
    begun("add P01 2026-04-06 L1=28 G1=12 B1=present")
    begun("event P01 death 2026-05-01")
    row = begun("remission P01 --json").rows[0]

    assert (row["ended_on"], row["ended_by"], row["days"]) == ("2026-05-01", "death", 60)


def test_a_patient_is_renamed_with_every_fact(begun):
    assert begun("patient rename P01 S2-P01").code == 0
    assert begun("status P01").code == 3
    assert shown(begun, "S2-P01") == ("PR", 40)
    assert begun("check").code == 0


def test_a_lesion_is_named_before_it_is_read_and_closed_when_it_is_followed_no_more(begun):
    begun("lesion add P01 X2 --role nontarget --organ pleura")
    begun('lesion close P01 X2 2026-03-02 --reason "drained"')
    rows = {row["lesion_id"]: row for row in begun("lesions P01 --json").rows}

    assert (rows["X2"]["role"], rows["X2"]["closed_on"]) == ("nontarget", "2026-03-02")


def test_no_disease_at_the_baseline_is_recorded_without_a_lesion(typed):
    typed("patient add P02")
    typed("add P02 2026-01-05 --visit-only")
    typed("add P02 2026-04-06 --visit-only")
    assert shown(typed, "P02")[0] == "NED"

    typed('add P02 2026-07-06 --new "N1 liver 12"')
    assert shown(typed, "P02")[0] == "PD"


def test_as_of_leaves_out_what_came_after(begun):
    begun("add P01 2026-05-04 L1=50 G1=20 B1=present")
    rows = json.loads(begun("status P01 --as-of 2026-04-01 --json").out)["rows"]

    assert rows[0]["current"] == "PR"


def test_what_an_independent_reader_saw_has_its_own_answer(begun):
    begun('add P01 2026-01-05 --reader R1 --target "L1 liver 40"')
    begun("add P01 2026-03-02 --reader R1 L1=41")
    rows = json.loads(begun("status P01 --json").out)["rows"]

    assert {row["reader"]: row["current"] for row in rows} == {"": "PR", "R1": "SD"}


def test_a_reader_without_a_baseline_gets_no_answer_and_check_says_why(begun):
    begun("line set P01 1 --baseline 2026-01-05")
    begun('add P01 2026-03-02 --reader R1 --new "N1 lung 9"')
    told = begun("check --json")

    assert told.code == 0
    assert [row["rule"] for row in told.rows] == ["reader-without-baseline"]
    assert {row["reader"] for row in begun("status P01 --json").rows} == {""}
