"""The questions of `add`: what is asked of whom, asked again, shown before it is saved, and what ends it."""

import hashlib
import json
from datetime import date
from decimal import Decimal

import pytest
from conversation import Conversation

from remtrack.criteria import load_family
from remtrack.model import History, Line, Result, Visit
from remtrack.store import open_record
from remtrack.tracker.questions import doubt, missed, prepare


@pytest.fixture
def asked(record_path):
    """Start `remtrack WORDS` on a terminal."""
    talks = []

    def start(*words):
        talks.append(Conversation(record_path, *words))
        return talks[-1]

    yield start
    for talk in talks:
        talk.__exit__()


@pytest.fixture
def solid(typed):
    """Two targets, 42 and 18 mm at the baseline, and a bone; 30 mm in all at the first scan."""
    typed("patient add P01 --started 2026-01-10")
    typed('add P01 2026-01-05 --target "L1 liver:segment-6 42" --target "G1 node:axilla 18" --nontarget "B1 bone"')
    typed("add P01 2026-03-02 L1=20 G1=10 B1=present")
    return typed


@pytest.fixture
def leukaemia(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022 --started 2026-01-06")
    typed("add A1 2026-01-05 bm_blasts_pct=60 pb_blasts_pct=30 anc=0.4 plt=20 emd=no")
    typed("add A1 2026-02-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=0.4 plt=120 emd=no")
    return typed


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def current(typed, patient_id):
    return json.loads(typed(f"status {patient_id} --json").out)["rows"][0]["current"]


# ------------------------------------------------------------------------------------ on a terminal


def test_a_scan_is_asked_lesion_by_lesion_with_the_last_size_beside_and_saved_after_a_yes(solid, asked):
    talk = asked("add", "P01", "2026-04-06")
    talk.wait_for("P01, scan of Mon 6 Apr 2026. Longest diameter in mm (short axis for nodes).")
    talk.answer("G1  lymph node, axilla  target, node  10 on 2026-03-02       now:", "9")
    talk.answer("L1  liver, segment-6    target        20 on 2026-03-02       now:", "18")
    talk.answer("B1  bone                non-target    present on 2026-03-02  now:", "present")
    talk.answer("Any new lesion? [y/N]:", "")
    talk.wait_for("Sum of diameters   30 -> 27 mm")
    talk.wait_for("Response           PR (was PR)")
    talk.answer("Save these 3 entries? [Y/n]:", "y")

    assert talk.end() == 0
    assert "Saved as change 4.  Wrong?  remtrack undo" in talk.shown
    assert [line for line in talk.shown.splitlines() if len(line) > 80] == []
    assert current(solid, "P01") == "PR"


def test_patient_and_date_are_asked_until_they_can_be_used(solid, asked):
    talk = asked("add")
    talk.answer("Patient [P01]:", "P9")
    talk.wait_for("patient P9 is not known; known: P01")
    talk.answer("Patient [P01]:", "")
    talk.answer("Date of the visit [today, Mon 2 Nov 2026]:", "1/2/26")
    talk.answer("Date of the visit", "2026-04-06")
    talk.wait_for("P01, scan of Mon 6 Apr 2026.")
    talk.interrupt("now:", "\x03")

    assert talk.end() == 130


def test_a_size_that_is_far_from_the_last_one_is_asked_again(solid, asked):
    talk = asked("add", "P01", "2026-04-06")
    talk.answer("G1", "9")
    talk.answer("L1", "180")
    talk.wait_for("180 mm is 9 times the last value. Did you mean 18?")
    talk.answer("[18/180/skip]:", "18")
    talk.answer("B1", "")
    talk.answer("Any new lesion?", "n")
    talk.wait_for("Sum of diameters   30 -> 27 mm")
    talk.answer("Save these 2 entries?", "y")

    assert talk.end() == 0


def test_a_size_that_was_far_off_and_is_right_is_typed_again_or_skipped(solid, asked):
    talk = asked("add", "P01", "2026-04-06")
    talk.answer("G1", "1")
    talk.wait_for("1 mm is 10 times less than the last value. Did you mean 10?")
    talk.answer("[10/1/skip]:", "skip")
    talk.answer("L1", "180")
    talk.answer("[18/180/skip]:", "180")
    talk.answer("B1", "")
    talk.answer("Any new lesion?", "n")
    talk.answer("Save this entry?", "y")

    assert talk.end() == 0
    assert "recorded" not in solid("add P01 2026-04-06 L1=180").err
    assert solid("add P01 2026-04-06 G1=9").code == 0  # it had been skipped


def test_a_reading_that_cannot_be_read_is_asked_again_with_the_reason(solid, asked):
    talk = asked("add", "P01", "2026-04-06")
    talk.answer("G1", "3,2")
    talk.wait_for('"3,2" is not a size; a comma can mean "3.2" or "32"')
    talk.answer("now:", "9")
    talk.answer("L1", "")
    talk.answer("B1", "")
    talk.answer("Any new lesion?", "y")
    talk.answer("Lesion, organ and size, if measured (N1 liver 32):", "N1 14")
    talk.wait_for("its organ is needed, too")
    talk.answer("Lesion, organ and size, if measured (N1 liver 32):", "N1 lung 9,5")
    talk.wait_for("a comma can mean")
    talk.answer("Lesion, organ and size, if measured (N1 liver 32):", "N1 lung 9 equivocal")
    talk.answer("Any new lesion?", "n")
    talk.answer("Save these 2 entries?", "y")

    assert talk.end() == 0
    assert solid("lesions P01 --json").rows[-1]["lesion_id"] == "N1"


def test_a_first_visit_asks_for_every_lesion_with_its_role(typed, asked):
    typed("patient add P01")
    talk = asked("add", "P01", "2026-01-05")
    talk.wait_for("No lesions are recorded yet. Name each one")
    talk.answer("Role: t = target, n = non-target, Enter = done:", "t")
    talk.answer("Lesion, organ and size (L1 liver 32):", "L1 liver")
    talk.wait_for('all three are needed, such as "L1 liver 32"')
    talk.answer("Lesion, organ and size (L1 liver 32):", "L1 liver 42")
    talk.answer("Role:", "n")
    talk.answer("Lesion, organ and size, if measured", "B1 bone")
    talk.answer("Role:", "t")
    talk.answer("Lesion, organ and size", "L1 lung 12")
    talk.wait_for("L1 is named already")
    talk.answer("Role:", "")
    talk.wait_for("Baseline           42 mm")
    talk.answer("Save these 2 entries?", "")

    assert talk.end() == 0
    assert "Any new lesion" not in talk.shown
    assert typed("lesions P01 --json").rows[0]["role"] == "target"


def test_somebody_who_is_not_known_is_told_how_to_be_added(solid, asked):
    talk = asked("add")
    talk.answer("Patient [P01]:", "N01")
    talk.wait_for("a new one: Ctrl-C, then:  remtrack patient add N01")
    talk.interrupt("Patient", "\x03")

    assert talk.end() == 130


def test_a_leukaemia_is_asked_its_values_and_no_lesion(leukaemia, asked):
    talk = asked("add", "A1", "2026-03-10")
    talk.wait_for("A1, visit of Tue 10 Mar 2026. AML, ELN 2022.")
    talk.wait_for("bm_blasts_pct: blasts among the nucleated cells of the marrow (0 to 100 %)")
    talk.answer("last 2 % on 2026-02-10  now:", "2%")
    talk.answer("pb_blasts_pct: ", "0")
    talk.answer("emd: ", "")
    talk.wait_for("anc: neutrophils in blood (0 to 100, in 10^9/L)")
    talk.answer("last 0.4 10^9/L on 2026-02-10  now:", "1200/uL")
    talk.wait_for("1.2 10^9/L (1200 /uL as entered)")
    talk.answer("plt: ", "130")
    talk.answer("Any other value? NAME=VALUE, ? = which ones, Enter = no:", "")
    talk.wait_for("Marrow blasts      2 -> 2 %")
    talk.wait_for("Remission          CR (was CRi)")
    talk.answer("Save these 4 entries?", "y")

    assert talk.end() == 0
    assert "lesion" not in talk.shown
    assert [line for line in talk.shown.splitlines() if len(line) > 80] == []
    assert current(leukaemia, "A1") == "CR"


def test_a_first_visit_of_a_leukaemia_asks_what_its_rules_need(typed, asked):
    typed("patient add A1 --criteria blood-aml-eln-2022")
    talk = asked("add", "A1", "2026-01-05")
    for name, value in (("bm_blasts_pct", "60"), ("pb_blasts_pct", "30"), ("anc", "0.4"), ("plt", "20")):
        talk.wait_for(f"{name}: ")
        talk.answer("now:", value)
    talk.answer("Any other value?", "")
    talk.wait_for("Baseline           marrow blasts 60 %")
    talk.answer("Save these 4 entries?", "y")

    assert talk.end() == 0


def test_a_value_that_cannot_be_used_is_asked_again_with_the_reason(leukaemia, asked):
    talk = asked("add", "A1", "2026-03-10")
    talk.answer("bm_blasts_pct: ", "120")
    talk.wait_for("bm_blasts_pct 120 % is outside 0 to 100")
    talk.answer("now:", "few")
    talk.wait_for('bm_blasts_pct is entered as "few", which is no number')
    talk.answer("now:", "nd")
    talk.answer("pb_blasts_pct: ", "")
    talk.answer("emd: ", "")
    talk.answer("anc: ", "1200")
    talk.wait_for("1200 /uL would be 1.2 10^9/L")
    talk.answer("now:", "40")
    talk.wait_for("40 10^9/L is 100 times the last value. Did you mean 4?")
    talk.answer("[4/40/skip]:", "4")
    talk.answer("plt: ", "")
    talk.answer("Any other value?", "platelets=90")
    talk.wait_for("platelets is not known here; did you mean plt?")
    talk.answer("Any other value?", "mrd")
    talk.answer("now:", "negative")
    talk.answer("Any other value?", "mrd=positive")
    talk.wait_for("mrd is entered already")
    talk.answer("Any other value?", "?")
    talk.wait_for("auer_rods: blasts with Auer rods")
    talk.answer("Any other value?", "")
    talk.answer("Save these 3 entries?", "y")

    assert talk.end() == 0


def test_a_lymphoma_is_asked_first_its_lesions_then_its_values(typed, asked):
    typed("patient add Y1 --criteria lugano-2014 --started 2026-01-06")
    typed('add Y1 2026-01-05 --target "N1 node:axilla 30x20" dps=5')
    talk = asked("add", "Y1", "2026-03-05")
    talk.wait_for("Two diameters in mm, such as 32x14.")
    talk.answer("N1  lymph node, axilla  target, node  30x20 on 2026-01-05  now:", "12x8")
    talk.answer("Any new lesion?", "n")
    talk.answer("dps: ", "2")
    talk.answer("uptake_vs_baseline: ", "")
    talk.answer("Any other value?", "spleen_mm=12cm")
    talk.wait_for("120 mm (12 cm as entered)")
    talk.answer("Any other value?", "")
    talk.wait_for("Sum of products    600 -> 96 mm²")
    talk.wait_for("Response           CMR")
    talk.answer("Save these 3 entries?", "y")

    assert talk.end() == 0


def test_a_new_nodule_of_the_liver_is_asked_for_what_would_decide_it(typed, asked):
    typed("patient add H1 --criteria mrecist-hcc --started 2026-01-06")
    typed('add H1 2026-01-05 --target "T1 liver 30x40"')
    talk = asked("add", "H1", "2026-03-05")
    talk.wait_for("Viable diameter in mm")
    talk.answer("T1", "12x38")
    talk.answer("Any new lesion?", "y")
    talk.answer("Lesion, organ and size", "N1 liver 12")
    talk.answer("Any new lesion?", "n")
    talk.answer("Any other value?", "N1_typical_pattern=yes")
    talk.answer("Any other value?", "")
    talk.wait_for("Response           PD")
    talk.answer("Save these 3 entries?", "y")

    assert talk.end() == 0
    assert current(typed, "H1") == "PD"


def test_what_the_visit_has_already_is_told_and_not_asked_again(leukaemia, asked, record_path):
    before = digest(record_path)
    talk = asked("add", "A1", "2026-02-10")
    talk.wait_for("Recorded already: bm_blasts_pct 2 %, pb_blasts_pct 0 %, emd no, anc 0.4 10^9/L,")
    talk.answer("Any other value?", "")
    talk.wait_for("Nothing was entered, nothing was written.")

    assert talk.end() == 0
    assert digest(record_path) == before


def test_a_no_at_the_end_writes_nothing(leukaemia, asked, record_path):
    before = digest(record_path)
    talk = asked("add", "A1", "2026-03-10")
    talk.answer("bm_blasts_pct: ", "60")
    talk.wait_for("60 % is 30 times the last value. Did you mean 6?")
    talk.answer("[6/60/skip]:", "60")
    for name in ("pb_blasts_pct", "emd", "anc", "plt"):
        talk.answer(f"{name}: ", "")
    talk.answer("Any other value?", "")
    talk.wait_for("Remission          Relapse (was CRi)")
    talk.answer("Save this entry?", "n")

    assert talk.end() == 130
    assert "nothing was written" in talk.shown
    assert digest(record_path) == before


@pytest.mark.parametrize(("key", "name"), [("\x03", "Ctrl-C"), ("\x04", "Ctrl-D")])
def test_an_interruption_writes_nothing(leukaemia, asked, record_path, key, name):
    before = digest(record_path)
    talk = asked("add", "A1", "2026-03-10")
    talk.answer("bm_blasts_pct: ", "2")
    talk.wait_for("pb_blasts_pct: ")
    talk.interrupt("now:", key)

    assert talk.end() == 130, name
    assert "nothing was written" in talk.shown
    assert "Traceback" not in talk.shown
    assert digest(record_path) == before


def test_nothing_is_asked_where_nobody_wants_to_be(leukaemia, asked):
    talk = asked("--no-input", "add", "A1")

    assert talk.end() == 2
    assert "bm_blasts_pct=VALUE" in talk.shown


# ------------------------------------------------------------------------------------ what is asked


def test_a_visit_before_others_shows_what_was_known_by_then(solid, record_path):
    solid("add P01 2026-06-01 L1=50 G1=30 B1=present")
    with open_record(record_path) as record:
        late = prepare(record, "P01", date(2026, 4, 6))

    assert [(one.row.lesion_id, one.last) for one in late.lesions] == [
        ("G1", "10 mm"),
        ("L1", "20 mm"),
        ("B1", "present"),
    ]


def test_a_new_line_asks_for_the_lesions_of_the_line_before_that_keep_their_roles(solid, record_path):
    solid('add P01 2026-05-04 L1=45 G1=20 B1=present --new "N1 lung 14"')
    solid("line start P01 2026-05-11 --regimen second")
    with open_record(record_path) as record:
        asked_now = prepare(record, "P01", date(2026, 5, 18))

    assert asked_now.line == 2
    assert asked_now.is_first
    assert [one.row.lesion_id for one in asked_now.lesions] == ["G1", "L1", "B1"]


def test_a_closed_lesion_is_asked_no_more_from_its_day_on(solid, record_path):
    solid("lesion close P01 B1 2026-03-20")
    with open_record(record_path) as record:
        ids = [
            [one.row.lesion_id for one in prepare(record, "P01", day).lesions]
            for day in (date(2026, 3, 19), date(2026, 3, 20))
        ]

    assert ids == [["G1", "L1", "B1"], ["G1", "L1"]]


@pytest.mark.parametrize(
    ("criteria", "first"),
    [
        ("recist-1.1", set()),
        ("blood-aml-eln-2022", {"bm_blasts_pct", "pb_blasts_pct", "anc", "plt"}),
        ("blood-all", {"bm_blasts_pct", "pb_blasts_abs", "anc", "plt", "trilineage"}),
        ("blood-cml-eln-2020", {"bcr_abl_is_pct", "abl1_copies"}),
        ("myeloma-imwg-2016", {"serum_m", "urine_m", "plasmacytoma", "bmpc_pct", "sife", "uife"}),
        ("lugano-2014", {"dps", "uptake_vs_baseline"}),
        ("rano-2.0", {"steroid_vs_baseline", "clinical"}),
        ("markers", {"ca125", "psa"}),
    ],
)
def test_a_first_visit_is_asked_for_what_the_rules_of_its_family_miss(criteria, first):
    assert missed(load_family(criteria), History("P1"), {}, date(2026, 1, 5)) == first


def test_a_line_of_psa_is_asked_for_no_other_marker():
    before = Visit(date(2026, 1, 5), results=(Result("psa", Decimal(40)),))

    assert missed(load_family("markers"), History("P1", Line(1), visits=(before,)), {}, date(2026, 3, 5)) == {"psa"}


@pytest.mark.parametrize(
    ("value", "last", "times", "meant"),
    [
        ("45", "9", 5, None),  # five times is not more than five times
        ("45.1", "9", 5, "4.51"),
        ("85", "9", 5, "8.5"),
        ("1.8", "9", 5, None),
        ("1.7", "9", 5, "17"),
        ("0", "9", 5, None),
        ("9", "0", 5, None),
        ("120", "12", 10, None),
        ("121", "12", 10, "12.1"),
        ("1.2", "12", 10, None),
        ("1.1", "12", 10, "11"),
        ("9000", "9", 5, "9"),
        ("60000000", "9", 5, ""),
    ],
)
def test_a_number_far_from_the_last_is_doubted_and_the_slipped_point_is_named(value, last, times, meant):
    found = doubt(Decimal(value), Decimal(last), times)

    assert (found if found is None else found.meant) == meant
