"""What a person types of a laboratory's report: read with its unit, kept as printed, judged, corrected, taken back."""

import csv
import io
import json
from decimal import Decimal

import pytest

from remtrack.criteria import FAMILIES, load_family
from remtrack.exchange.cells import CellError
from remtrack.exchange.readings import parse_typed_result
from remtrack.store import open_record


@pytest.fixture
def leukaemia(typed):
    """A person with AML: 60 % blasts before treatment, a remission with incomplete counts afterwards."""
    typed("patient add A1 --criteria blood-aml-eln-2022 --started 2026-01-06")
    typed("add A1 2026-01-05 bm_blasts_pct=60% pb_blasts_pct=30 anc=400/uL plt=20 emd=no")
    typed("add A1 2026-02-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=0.4 plt=120 emd=no")
    return typed


@pytest.fixture
def lymphoma(typed):
    typed("patient add Y1 --criteria lugano-2014 --started 2026-01-06")
    typed('add Y1 2026-01-05 --target "N1 node:axilla 30x20" dps=5')
    return typed


@pytest.fixture
def liver(typed):
    typed("patient add H1 --criteria mrecist-hcc --started 2026-01-06")
    typed('add H1 2026-01-05 --target "T1 liver 30x40"')
    return typed


def kept(path, patient_id, test):
    """What the record holds of a test: (number, text, unit, upper limit, day of the sample), by day."""
    with open_record(path) as record:
        rows = record.rows("results", patient_id=patient_id, test=test)
    return [(row["value"], row["text"], row["unit"], row["upper_limit"], str(row["sampled_on"])) for row in rows]


def answers(told):
    return {row["criteria"]: row["overall"] for row in json.loads(told.out)["answers"]}


# ------------------------------------------------------------------------------------ one word


@pytest.mark.parametrize(
    ("text", "value", "printed", "unit", "limit"),
    [
        ("1.2", "1.2", "1.2", "", None),
        ("2%", "2", "2", "%", None),
        ("1200/uL", "1200", "1200", "/uL", None),
        ("112 g/L", "112", "112", "g/L", None),
        ("112g/L", "112", "112", "g/L", None),
        ("1.2 10^9/L", "1.2", "1.2", "10^9/L", None),
        ("1.2x10^9/L", "1.2", "1.2", "x10^9/L", None),
        ("1e-5", "0.00001", "1e-5", "", None),
        ("1e9/L", "1E+9", "1e9", "/L", None),
        ("<0.1", None, "<0.1", "", None),
        ("<0.1 ng/mL", None, "<0.1", "ng/mL", None),
        ("≥5 mg/dL", None, "≥5", "mg/dL", None),
        (">600", None, ">600", "", None),
        ("0.5-1 %", None, "0.5-1", "%", None),
        ("undetectable", None, "undetectable", "", None),
        ("low-level", None, "low-level", "", None),
        ("80 (ULN 35)", "80", "80", "", "35"),
        ("80 U/mL uln:35", "80", "80", "U/mL", "35"),
        ("<5 (ULN 35.5)", None, "<5", "", "35.5"),
    ],
)
def test_one_word_gives_number_text_unit_and_upper_limit(text, value, printed, unit, limit):
    expected = (None if value is None else Decimal(value), printed, unit, None if limit is None else Decimal(limit))

    assert parse_typed_result(text) == expected


@pytest.mark.parametrize("text", ["", "1,2", "1,200/uL", "NaN", "#DIV/0!", "80 (ULN 0)", "a\x1bb"])
def test_a_word_that_can_mean_two_things_or_nothing_is_refused(text):
    with pytest.raises(CellError):
        parse_typed_result(text)


# ------------------------------------------------------------------------------------ recorded


def test_the_values_of_a_visit_give_its_category(leukaemia):
    told = leukaemia("add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=1.0 plt=100 emd=no")

    assert told.code == 0
    assert "AML, ELN 2022: CR   marrow blasts 2 %" in told.out
    assert "recorded  bm_blasts_pct 2 %; pb_blasts_pct 0 %; anc 1 10^9/L; plt 100 10^9/L; emd no" in told.out
    assert "Saved as change 4.  Wrong?  remtrack undo" in told.err


@pytest.mark.parametrize(("anc", "category"), [("999/uL", "CRh"), ("1000/uL", "CR"), ("0.999", "CRh"), ("1.0", "CR")])
def test_a_count_in_another_unit_meets_the_threshold_exactly(leukaemia, anc, category):
    told = leukaemia(f"add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 anc={anc} plt=100 --json")

    assert answers(told) == {"blood-aml-eln-2022": category}


def test_a_value_in_another_unit_is_echoed_as_it_was_understood_and_kept_as_it_was_printed(leukaemia, record_path):
    told = leukaemia("add A1 2026-03-10 anc=1200/uL")

    assert "anc 1.2 10^9/L (1200 /uL as entered)" in told.out
    assert kept(record_path, "A1", "anc")[-1] == (1200, "1200", "/uL", None, "2026-03-10")


def test_a_first_visit_without_lesions_is_a_baseline_of_values(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022")
    told = typed("add A1 2026-01-05 bm_blasts_pct=60 pb_blasts_pct=30 anc=0.4 plt=20")

    assert told.code == 0
    assert "baseline of line 1" in told.out
    assert "AML, ELN 2022: baseline, marrow blasts 60 %" in told.out


def test_a_baseline_without_the_value_that_counts_says_which_one_is_missing(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022")
    told = typed("add A1 2026-01-05 --visit-only")

    assert told.code == 0
    assert "baseline, marrow blasts not entered" in told.out
    assert "warning: A1, line 1: no marrow blasts before treatment" in told.err


def test_what_a_baseline_lacks_is_not_said_again_at_every_visit(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022")
    typed("add A1 2026-01-05 --visit-only")
    told = typed("add A1 2026-03-10 bm_blasts_pct=2")

    assert "before treatment" not in told.err


def test_lesions_and_values_are_typed_in_one_command(lymphoma):
    told = lymphoma("add Y1 2026-03-05 N1=12x8 dps=2 marrow=normal")

    assert "recorded  N1 12x8 mm; dps 2; marrow normal" in told.out
    assert "Lugano 2014: CMR" in told.out


def test_a_marker_beside_imaging_is_judged_by_its_own_family(typed):
    typed("patient add M1 --criteria recist-1.1 --criteria markers --started 2026-01-06")
    typed('add M1 2026-01-05 --target "L1 liver 42" ca125=300')
    told = typed("add M1 2026-03-05 L1=30 ca125=100 --json")

    assert answers(told) == {"recist-1.1": "SD", "markers": "response"}


@pytest.mark.parametrize(
    ("word", "said", "category"),
    [
        ("bcr_abl_is_pct=undetectable", "0 % IS (undetectable as entered)", "MR4.5"),
        ('"bcr_abl_is_pct=<0.01"', "<0.01 % IS", "MR4"),
        ("bcr_abl_is_pct=0.1%", "0.1 % IS", "MR3"),
        ("bcr_abl_is_pct=0.001 fraction", "0.1 % IS (0.001 fraction as entered)", "MR3"),
    ],
)
def test_a_value_is_read_as_a_laboratory_prints_it(typed, word, said, category):
    typed("patient add C1 --criteria blood-cml-eln-2020 --started 2026-01-06")
    typed("add C1 2026-01-05 bcr_abl_is_pct=52 abl1_copies=32000")
    word = word.strip('"')
    told = typed("add", "C1", "2026-07-05", word, "abl1_copies=32000")
    answer = typed("add", "C1", "2026-07-05", word, "--json")

    assert f"bcr_abl_is_pct {said}; abl1_copies 32000 copies" in told.out
    assert answers(answer) == {"blood-cml-eln-2020": category}


def test_a_bound_that_cannot_decide_says_what_would(typed):
    typed("patient add C1 --criteria blood-cml-eln-2020 --started 2026-01-06")
    typed("add C1 2026-01-05 bcr_abl_is_pct=52")
    told = typed("add", "C1", "2026-07-05", "bcr_abl_is_pct=<0.01")

    assert "CML, ELN 2020: MR3" in told.out
    assert "not decided: nothing is entered for abl1_copies" in told.out


def test_what_could_not_be_decided_is_printed_with_the_value_that_would_settle_it(leukaemia):
    told = leukaemia("add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=1.0")

    assert "AML, ELN 2022: CR " not in told.out
    assert "not decided: nothing is entered for plt" in told.out


def test_tests_that_are_merely_missing_stand_in_one_line(typed):
    typed("patient add D1 --criteria blood-cll-iwcll-2018 --started 2026-01-06")
    typed("add D1 2026-01-05 nodes_spd=12cm2 largest_node_mm=40 spleen_cm=17 lymphocytes=90 plt=80 hb=9.5 liver=normal")
    told = typed("add D1 2026-04-05 nodes_spd=none largest_node_mm=none spleen_cm=120mm lymphocytes=2 plt=180 hb=12.5")

    assert "CLL, iwCLL 2018: PR" in told.out
    assert "not decided: nothing is entered for anc, constitutional, marrow" in told.out


def test_a_value_that_was_not_done_is_kept_as_such(leukaemia, record_path):
    told = leukaemia("add A1 2026-03-10 bm_blasts_pct=nd")

    assert "bm_blasts_pct not done" in told.out
    assert kept(record_path, "A1", "bm_blasts_pct")[-1][:2] == (None, "nd")


def test_the_upper_limit_of_a_laboratory_is_kept_and_compared_with_the_setting(typed, record_path):
    typed("patient add F1 --criteria markers --started 2026-01-06")
    typed("add", "F1", "2026-01-05", "ca125=200 (ULN 35)")
    told = typed("add", "F1", "2026-02-05", "ca125=80 U/mL uln:40")

    assert "ca125 80 U/mL (upper limit 40)" in told.out
    assert "the laboratory's upper limit is 40 U/mL, the rules use 35" in told.out
    assert [row[3] for row in kept(record_path, "F1", "ca125")] == [35, 40]


def test_a_share_with_an_exponent_is_said_to_be_taken_in_percent(typed):
    typed("patient add B1 --criteria blood-all")
    told = typed("add B1 2026-01-05 bm_blasts_pct=2 mrd=2e-5")
    other = typed("add", "B1", "2026-02-05", "mrd=2e-5 fraction")

    assert "mrd 0.00002 % (2e-5 as entered)" in told.out
    assert 'note: mrd=2e-5 is taken as 0.00002 %; a share of one is typed "mrd=2e-5 fraction"' in told.err
    assert "mrd 0.002 % (2e-5 fraction as entered)" in other.out
    assert "note" not in other.err


def test_a_name_is_read_whatever_its_case(leukaemia, record_path):
    assert leukaemia("add A1 2026-03-10 ANC=1.2").code == 0
    assert len(kept(record_path, "A1", "anc")) == 3


def test_a_late_value_prints_the_earlier_answers_it_changed(leukaemia):
    leukaemia("add A1 2026-04-10 bm_blasts_pct=6 pb_blasts_pct=0 anc=1.1 plt=110")
    told = leukaemia("edit A1 2026-02-10 bm_blasts_pct=40 --reason slip")

    assert "this changed answers given before:" in told.out
    assert "2026-02-10  CRi -> NR" in told.out
    assert "2026-04-10  Relapse -> PR" in told.out


# ------------------------------------------------------------------------------------ samples of another day


def test_a_sample_of_another_day_keeps_its_day_and_pairs_by_the_window_of_the_family(leukaemia, record_path):
    inside = leukaemia("add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 plt=100 anc=1.1@2026-03-24")

    assert "anc 1.1 10^9/L, sample of 2026-03-24" in inside.out
    assert "AML, ELN 2022: CR " in inside.out
    assert kept(record_path, "A1", "anc")[-1] == (Decimal("1.1"), "1.1", "", None, "2026-03-24")


def test_a_sample_outside_the_window_is_kept_and_said_not_to_count(leukaemia):
    told = leukaemia("add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 plt=100 anc=1.1@2026-03-25")

    assert told.code == 0
    assert "AML, ELN 2022: CR " not in told.out
    assert "not decided: anc of 2026-03-25 is outside the window" in told.out


def test_two_samples_of_one_visit_are_two_values_and_each_is_corrected_by_its_day(leukaemia, record_path):
    leukaemia("add A1 2026-03-10 anc=0.9 anc=1.1@2026-03-14")
    vague = leukaemia("edit A1 2026-03-10 anc=1.0 --reason slip")
    named = leukaemia("edit A1 2026-03-10 anc=1.2@2026-03-14 --reason slip")

    assert vague.code == 4
    assert "anc has 2 samples at the visit of 2026-03-10" in vague.err
    assert named.code == 0
    assert [row[1] for row in kept(record_path, "A1", "anc")[-2:]] == ["0.9", "1.2"]


def test_a_lesion_has_no_sample(lymphoma):
    told = lymphoma("add Y1 2026-03-05 N1=12x8@2026-03-01")

    assert told.code == 4
    assert "a lesion is read on the day of its visit" in told.err


def test_a_visit_that_is_moved_takes_its_values_along_and_leaves_a_sample_its_own_day(leukaemia, record_path):
    leukaemia("add A1 2026-03-10 bm_blasts_pct=2 pb_blasts_pct=0 plt=100 anc=1.1@2026-03-14")
    told = leukaemia("edit A1 2026-03-10 --date 2026-03-12 --reason slip")

    assert told.code == 0
    assert "AML, ELN 2022: CR " in told.out
    assert kept(record_path, "A1", "plt")[-1][-1] == "2026-03-12"
    assert kept(record_path, "A1", "anc")[-1][-1] == "2026-03-14"


def test_a_visit_is_not_moved_onto_the_day_of_one_of_its_own_samples(leukaemia):
    leukaemia("add A1 2026-03-10 anc=0.9 anc=1.1@2026-03-14")
    told = leukaemia("edit A1 2026-03-10 --date 2026-03-14 --reason slip")

    assert told.code == 4
    assert "anc has a sample of 2026-03-14 beside that of the visit" in told.err
    assert leukaemia(*told.hint).code == 0
    assert leukaemia("edit A1 2026-03-10 --date 2026-03-14 --reason slip").code == 0


# ------------------------------------------------------------------------------------ again, otherwise, back


def test_the_same_values_typed_again_say_so_and_change_nothing(leukaemia):
    before = leukaemia("log --json").rows
    told = leukaemia("add A1 2026-02-10 bm_blasts_pct=2 anc=400/uL")

    assert told.code == 0
    assert "already recorded, nothing to change" in told.out
    assert leukaemia("log --json").rows == before


def test_another_value_for_the_same_day_needs_edit_and_the_hint_does_it(leukaemia):
    told = leukaemia("add A1 2026-02-10 anc=1.2")

    assert told.code == 4
    assert "anc is already recorded on 2026-02-10: 0.4 10^9/L, not 1.2 10^9/L" in told.err
    again = leukaemia(*told.hint)
    assert again.code == 0
    assert "corrected anc 0.4 10^9/L -> 1.2 10^9/L" in again.out
    assert "2026-02-10  CRi -> CR" in again.out


def test_what_nobody_looked_for_is_not_said_to_be_absent(typed):
    """Disease outside the marrow counts as none where nothing was entered; the reason must not say it was sought."""
    typed("patient add A3 --criteria blood-aml-eln-2022 --started 2026-01-06")
    typed("add A3 2026-01-05 bm_blasts_pct=60 pb_blasts_pct=30 anc=0.4 plt=20")
    told = typed("add A3 2026-02-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=1.4 plt=150")

    assert "no extramedullary disease entered" in told.out
    typed("add A3 2026-02-10 emd=no")
    because = typed("export assessments --json").rows[-1]["because"]
    assert "no extramedullary disease" in because
    assert "entered" not in because


def test_a_value_is_taken_back_and_undo_brings_it_again(leukaemia, record_path):
    told = leukaemia('edit A1 2026-02-10 --remove anc --reason "wrong tube"')

    assert "anc 0.4 10^9/L taken back" in told.out
    assert "not decided: nothing is entered for anc" in told.out
    assert len(kept(record_path, "A1", "anc")) == 1
    leukaemia("undo --yes")
    assert kept(record_path, "A1", "anc")[-1][1] == "0.4"
    assert leukaemia("check").code == 0


def test_a_correction_of_how_a_value_was_printed_is_one(leukaemia, record_path):
    assert leukaemia("edit A1 2026-02-10 anc=400/uL --reason slip").code == 0
    assert kept(record_path, "A1", "anc")[-1][1:3] == ("400", "/uL")
    assert "already recorded" in leukaemia("edit A1 2026-02-10 anc=400/uL --reason slip").out


def test_the_log_names_the_value(leukaemia):
    leukaemia('edit A1 2026-02-10 anc=1.2 --reason "typing error"')
    newest = leukaemia("log A1 --json").rows[0]

    assert newest["reason"] == "typing error"
    assert newest["rows"][0].startswith("A1 2026-02-10 anc: 0.4")
    assert "-> 1.2" in newest["rows"][0]


def test_values_of_an_independent_reader_are_theirs(leukaemia):
    leukaemia("add A1 2026-01-05 --reader R1 bm_blasts_pct=55")
    told = leukaemia("add A1 2026-02-10 --reader R1 bm_blasts_pct=4 pb_blasts_pct=0 anc=1.0 plt=120 --json")
    same = [row for row in json.loads(told.out)["answers"] if row["reader"] == "R1"]

    assert [row["overall"] for row in same] == ["CR"]


def test_what_was_typed_is_what_an_import_keeps(leukaemia, typed, tmp_path, capsys):
    """The export of typed values, imported, is the same record: number, text, unit, limit, day of the sample."""
    from inside import runner

    leukaemia("add A1 2026-03-10 anc=1200/uL plt=<20 bm_blasts_pct=2%@2026-03-12 mrd=neg")
    leukaemia(f"export -o {tmp_path / 'one'}")
    again = runner(tmp_path / "again.db", capsys)

    assert again(f"import {tmp_path / 'one'}").code == 0
    again(f"export -o {tmp_path / 'two'}")
    assert (tmp_path / "two" / "results.csv").read_bytes() == (tmp_path / "one" / "results.csv").read_bytes()
    assert "nothing new" in leukaemia(f"import {tmp_path / 'one'}").err
    with (tmp_path / "one" / "results.csv").open(newline="") as file:
        rows = {row["test"]: row for row in csv.DictReader(file) if row["date"] >= "2026-03-10"}
    assert (rows["anc"]["value"], rows["anc"]["unit"]) == ("1200", "/uL")


# ------------------------------------------------------------------------------------ one lesion's own values


def test_a_value_of_a_single_lesion_is_read_by_its_id(liver):
    unclear = liver('add H1 2026-03-05 T1=12x38 --new "N1 liver 12" --json')
    told = liver("add H1 2026-03-05 N1_typical_pattern=yes --json")

    assert answers(unclear) == {"mrecist-hcc": "PR"}
    assert answers(told) == {"mrecist-hcc": "PD"}


def test_a_size_of_a_single_lesion_is_converted(liver):
    told = liver('add H1 2026-03-05 T1=12x38 --new "N1 liver present" N1_longest_mm=1.4cm N1_typical_pattern=no')

    assert told.code == 0, told.err
    assert "n1_longest_mm 14 mm (1.4 cm as entered)" in told.out


def test_a_value_of_a_lesion_that_is_not_recorded_is_refused(liver):
    told = liver("add H1 2026-03-05 T1=12x38 N9_typical_pattern=yes")

    assert told.code == 3
    assert "N9_typical_pattern" in told.err


def test_a_lesion_with_the_name_of_a_test_wins_where_it_is_recorded(typed):
    typed("patient add Y1 --criteria lugano-2014 --started 2026-01-06")
    typed('add Y1 2026-01-05 --target "marrow pelvis 30x20" dps=5')
    told = typed("add Y1 2026-03-05 marrow=12x8 dps=2")

    assert "recorded  marrow 12x8 mm; dps 2" in told.out


# ------------------------------------------------------------------------------------ refused, with what to type


@pytest.mark.parametrize(
    ("word", "said", "hint"),
    [
        ("anc=1200", "anc 1200 10^9/L is outside 0 to 100", "anc=1200/uL"),
        ("plt=150000", "plt 150000 10^9/L is outside 0 to 2000", "plt=150000/uL"),
    ],
)
def test_a_number_in_the_unit_of_the_other_laboratory_is_refused_and_the_hint_gives_the_unit(
    leukaemia, word, said, hint
):
    told = leukaemia(f"add A1 2026-03-10 bm_blasts_pct=2 {word} --note urgent")

    assert told.code == 4
    assert said in told.err
    assert told.hint == ["add", "A1", "2026-03-10", "bm_blasts_pct=2", hint, "--note", "urgent"]
    assert leukaemia(*told.hint).code == 0


@pytest.mark.parametrize(
    ("typed_name", "meant"),
    [("bm_blast=2", "bm_blasts_pct"), ("blasts=2", "bm_blasts_pct"), ("platelets=90", "plt"), ("neutrophils=1", "anc")],
)
def test_a_name_that_no_family_reads_is_answered_with_the_nearest_one(leukaemia, typed_name, meant):
    told = leukaemia(f"add A1 2026-03-10 {typed_name}")

    assert told.code == 3
    assert f"did you mean {meant}" in told.err
    assert told.hint[-1].startswith(f"{meant}=")
    assert leukaemia(*told.hint).code == 0


def test_a_test_of_another_family_names_that_family_and_does_not_add_it(leukaemia):
    told = leukaemia("add A1 2026-03-10 wbc=4")

    assert told.code == 4
    assert "CML, ELN 2020 reads it" in told.err
    assert told.hint == ["criteria", "show", "blood-cml-eln-2020"]
    assert leukaemia(*told.hint).code == 0


def test_before_the_first_visit_the_family_that_reads_it_is_suggested(typed):
    typed("patient add A2")
    told = typed("add A2 2026-03-10 bm_blasts_pct=60")

    assert told.hint == ["line", "set", "A2", "1", "--criteria", "blood-aml-eln-2022"]
    assert typed(*told.hint).code == 0
    assert typed("add A2 2026-03-10 bm_blasts_pct=60").code == 0


def test_a_name_that_nobody_knows_lists_what_is_read(leukaemia):
    told = leukaemia("add A1 2026-03-10 xyzzy=4")

    assert told.code == 3
    assert "known here: bm_blasts_pct, bm_adequate, pb_blasts_pct" in told.err
    assert leukaemia(*told.hint).code == 0


def test_a_lesion_in_another_case_is_not_made_a_new_one_by_the_hint(lymphoma):
    told = lymphoma("add Y1 2026-03-05 n1=12x8 dps=2")

    assert told.code == 3
    assert "did you mean N1?" in told.err
    assert told.hint == ["add", "Y1", "2026-03-05", "N1=12x8", "dps=2"]


def test_the_hint_holds_the_whole_command_with_its_roles(typed):
    typed("patient add Y1 --criteria lugano-2014")
    told = typed('add Y1 2026-01-05 --target "N1 node:axilla 30x20" --nontarget "B1 bone" dps=7 --method PET')

    assert told.code == 4
    again = [word.replace("VALUE", "5") for word in told.hint]
    done = typed(*again)
    assert done.code == 0
    assert "recorded  N1 30x20 mm; B1 present; dps 5" in done.out


def test_a_value_that_one_of_two_families_cannot_use_is_kept_and_said(typed):
    typed("patient add Z1 --criteria blood-aml-eln-2022 --criteria blood-cml-eln-2020")
    told = typed("add Z1 2026-01-05 plt=5000")
    refused = typed("add Z1 2026-02-05 plt=10001")

    assert told.code == 0
    assert "note: AML, ELN 2022 cannot use it: plt 5000 10^9/L is outside 0 to 2000" in told.err
    assert refused.code == 4


@pytest.mark.parametrize("family", [name for name in FAMILIES if load_family(name).analytes])
def test_every_value_of_every_family_is_typed_by_its_name(typed, family):
    """A word it has, else the middle of its range, is read and comes back as already recorded."""
    typed(f"patient add P1 --criteria {family} --started 2026-01-06")
    words = []
    for analyte in load_family(family).analytes.values():
        middle = (analyte.least + (analyte.most or Decimal(1000))) / 2
        words.append(f"{analyte.name}={next(iter(analyte.words), middle)}")
    told = typed("add", "P1", "2026-01-05", *words)
    again = typed("add", "P1", "2026-01-05", *words)

    assert told.code == 0, told.err
    assert again.code == 0, again.err
    assert "already recorded, nothing to change" in again.out
    assert typed("check").code == 0


@pytest.mark.parametrize("family", [name for name in FAMILIES if load_family(name).analytes])
def test_every_number_of_every_family_is_refused_beyond_its_range(typed, family):
    typed(f"patient add P1 --criteria {family} --started 2026-01-06")
    for analyte in load_family(family).analytes.values():
        if analyte.words or analyte.most is None:
            continue
        told = typed("add", "P1", "2026-01-05", f"{analyte.name}={analyte.most + Decimal('0.1')}")

        assert told.code == 4, analyte.name
        assert "is outside" in told.err


# ------------------------------------------------------------------------------------ asked for, off a terminal


@pytest.mark.parametrize(
    ("family", "hint"),
    [
        ("blood-aml-eln-2022", "bm_blasts_pct=VALUE pb_blasts_pct=VALUE anc=VALUE plt=VALUE"),
        ("blood-cml-eln-2020", "bcr_abl_is_pct=VALUE abl1_copies=VALUE"),
        ("markers", "ca125=VALUE psa=VALUE"),
        ("recist-1.1", '--target "L1 ORGAN SIZE"'),
        ("rano-2.0", '--target "L1 ORGAN SIZE" steroid_vs_baseline=VALUE clinical=VALUE'),
    ],
)
def test_add_without_values_prints_the_command_with_what_the_family_needs(typed, family, hint):
    typed(f"patient add P1 --criteria {family}")
    told = typed("add P1")

    assert told.code == 2
    assert f"hint: remtrack add P1 2026-11-02 {hint}\n" in told.err


def test_add_without_values_names_what_was_entered_before(lymphoma):
    lymphoma("add Y1 2026-02-05 N1=12x8 spleen_mm=120")
    told = lymphoma("add Y1 2026-03-05")

    assert told.hint == [
        "add",
        "Y1",
        "2026-03-05",
        "N1=SIZE",
        "dps=VALUE",
        "uptake_vs_baseline=VALUE",
        "spleen_mm=VALUE",
    ]


# ------------------------------------------------------------------------- how a result was come by


def results(typed, test):
    return [
        (row["value"], row["note"])
        for row in csv.DictReader(io.StringIO(typed("export results").out))
        if row["test"] == test
    ]


def test_method_and_sensitivity_stand_in_brackets_behind_a_word_and_are_kept_as_its_note(leukaemia):
    told = leukaemia("add", "A1", "2026-03-10", "mrd=negative (flow, 1e-4)")

    assert told.code == 0
    assert "mrd negative (flow, 1e-4)" in told.out
    assert results(leukaemia, "mrd") == [("negative", "flow, 1e-4")]
    assert leukaemia("add A1 2026-03-10 mrd=negative").code == 0  # the same, said more shortly
    assert results(leukaemia, "mrd") == [("negative", "flow, 1e-4")]


def test_another_method_is_a_correction(leukaemia):
    leukaemia("add", "A1", "2026-03-10", "mrd=negative (flow, 1e-4)")
    told = leukaemia("add", "A1", "2026-03-10", "mrd=negative (NGS)")

    assert told.code == 4
    assert leukaemia(*told.hint).code == 0
    assert results(leukaemia, "mrd") == [("negative", "NGS")]


@pytest.mark.parametrize("word", ["anc=50 (/uL)", "mrd=perhaps (flow)", "mrd=negative (", "mrd=(flow)"])
def test_what_stands_in_brackets_behind_a_number_or_an_unknown_word_is_no_note(leukaemia, word):
    assert leukaemia("add", "A1", "2026-03-10", word).code == 4
