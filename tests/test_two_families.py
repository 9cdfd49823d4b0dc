"""A marker family beside an imaging family on one line: the visits of one are no missing visits of the other."""

import json

import pytest


def answers(typed, criteria):
    typed("recompute")
    rows = json.loads(typed("export assessments --json").out)["rows"]
    return [(row["date"], row["reported"]) for row in rows if row["criteria"] == criteria]


@pytest.fixture
def ovarian(typed):
    """RECIST 1.1 beside CA-125: a sample before the first scan, and two between the scans."""
    typed("patient add P01 --criteria recist-1.1 --criteria markers --started 2026-01-10")
    assert typed('add P01 2026-01-02 "ca125=400 (ULN 35)"').code == 0
    assert typed('add P01 2026-01-05 --target "L1 ovary 50" --nontarget "X1 peritoneum"').code == 0
    assert typed("add P01 2026-03-02 L1=30 X1=present").code == 0
    assert typed("add P01 2026-03-16 ca125=120").code == 0
    assert typed("add P01 2026-04-13 ca125=60").code == 0
    assert typed("add P01 2026-05-04 L1=28 X1=present").code == 0
    return typed


def test_samples_between_two_scans_are_no_scans_that_could_not_be_read(ovarian):
    assert answers(ovarian, "recist-1.1") == [("2026-03-02", "PR"), ("2026-05-04", "PR")]
    course = next(
        row for row in json.loads(ovarian("export courses --json").out)["rows"] if row["criteria"] == "recist-1.1"
    )
    assert (course["best_response"], course["confirmed_on"]) == ("PR", "2026-05-04")


def test_a_scan_is_no_sample_that_is_missing(ovarian):
    days = [day for day, _reported in answers(ovarian, "markers")]

    assert "2026-03-02" not in days
    assert "2026-04-13" in days


def test_the_baseline_of_the_lesions_is_the_first_scan_and_not_the_sample_before_it(ovarian):
    told = ovarian("explain P01 2026-01-05 --criteria recist-1.1")

    assert told.code == 0
    assert "the baseline" in told.out


def test_why_a_family_says_nothing_of_a_visit_of_the_other_is_told(ovarian):
    told = ovarian("explain P01 2026-03-16 --criteria recist-1.1")

    assert told.code == 3
    assert "is not judged by recist-1.1" in told.err


def test_lesions_imported_without_roles_after_a_sample_are_targets_and_not_new(typed, tmp_path):
    typed("patient add P01 --criteria recist-1.1 --criteria markers")
    typed('add P01 2026-01-02 "ca125=400 (ULN 35)"')
    table = tmp_path / "scans.csv"
    table.write_text("patient_id,date,lesion_id,longest_mm\nP01,2026-01-05,L1,50\nP01,2026-03-02,L1,48\n")

    assert typed("import", str(table)).code == 0
    assert answers(typed, "recist-1.1") == [("2026-03-02", "SD")]


def test_a_visit_at_which_no_lesion_was_seen_is_still_a_baseline(typed):
    typed("patient add P01")
    typed("add P01 2026-01-05 --visit-only")
    told = typed('add P01 2026-03-02 --new "N1 lung 12"')

    assert told.code == 0
    assert "PD" in told.out
