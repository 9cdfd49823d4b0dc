"""What an import says of rows that are recorded otherwise."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"


def test_what_a_table_says_otherwise_of_a_line_is_told_with_the_answers_that_move(typed, tmp_path):
    """A lines table once moved a baseline, and a partial response with it, without a word."""
    typed("import", str(SAMPLES / "demo"))
    lines = tmp_path / "lines.csv"
    lines.write_text(
        "patient_id,line,criteria,regimen,started_on,stopped_on,baseline_on,settings\n"
        "DEMO-PR,1,recist-1.1,other,2025-11-12,,2026-03-03,\n",
        encoding="utf-8",
    )
    before = typed("status DEMO-PR").out
    tried = typed("import", str(lines), "--dry-run")

    assert "would change answers given before" in tried.out
    assert typed("status DEMO-PR").out == before
    done = typed("import", str(lines))
    assert "this changed answers given before" in done.out
    assert "DEMO-PR line 1: " in done.err
    assert "baseline_on not said -> 2026-03-03" in done.err
    assert "DEMO-PR 2026-03-03  PR -> no answer" in done.out


def test_a_table_that_says_the_same_or_more_moves_nothing_and_says_nothing(typed, tmp_path):
    typed("import", str(SAMPLES / "demo"))
    typed("export", "-o", str(tmp_path / "out"))
    again = typed("import", str(tmp_path / "out"))

    assert "changed answers" not in again.out
    assert "recorded otherwise" not in again.err


DATES = "patient_id,date,lesion_id,role,organ,longest_mm\n"


@pytest.mark.parametrize(("between", "order"), [(".", "dmy"), ("/", "ORDER")])
def test_dates_of_two_meanings_lead_to_their_order_and_not_to_an_import_without_the_baseline(
    typed, tmp_path, between, order
):
    """The way out was once --partial, which left the baseline out and made the next scan of it."""
    table = tmp_path / "site.csv"
    days = [between.join(day) for day in (("03", "02", "2026"), ("31", "03", "2026"))]
    table.write_text(DATES + f"P01,{days[0]},L1,target,liver,65\nP01,{days[1]},L1,target,liver,45\n", encoding="utf-8")
    told = typed("import", str(table))

    assert told.code == 4
    assert told.hint == ["import", str(table), "--date-order", order]
    if order == "dmy":
        assert typed(*told.hint).code == 0
        assert "baseline 2026-02-03" in typed("explain P01 2026-03-31").out or "65" in typed("status P01").out
    else:
        assert typed(*told.hint).code == 2


def test_a_refused_row_without_a_day_that_can_be_read_may_be_the_baseline_and_is_named(typed, tmp_path):
    table = tmp_path / "site.csv"
    table.write_text(DATES + "P01,soon,L1,target,liver,65\nP01,2026-03-31,L1,target,liver,45\n", encoding="utf-8")
    told = typed("import", str(table), "--partial")

    assert told.code == 0
    assert "it may be that of the baseline" in told.err


@pytest.mark.parametrize(
    "words", ["export assessments -o", "export patients -o", "export --deidentify --key-file k -o"]
)
def test_an_export_takes_the_place_of_an_earlier_one_and_of_nothing_else(typed, tmp_path, monkeypatch, words):
    """A site's only spreadsheet was once replaced, and a de-identified folder by one with the codes."""
    monkeypatch.chdir(tmp_path)
    typed("import", str(SAMPLES / "demo"))
    out = tmp_path / "out"
    assert typed(*words.split(), str(out)).code == 0
    assert typed(*words.split(), str(out)).code == 0
    kept = out / "patients.csv" if out.is_dir() else out
    kept.write_text("my,own\n1,2\n", encoding="utf-8")
    told = typed(*words.split(), str(out))

    assert told.code == 4
    assert "nothing takes its place" in told.err
    assert kept.read_text(encoding="utf-8") == "my,own\n1,2\n"
    if out.is_dir():
        kept.unlink()
        assert typed("export", "-o", str(out)).code == 4


def test_a_lesion_that_was_named_and_never_read_is_missed_aloud(typed, tmp_path):
    """It makes its visits not evaluable, and a record made of the export would not know of it."""
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    assert "warning" not in typed("export", "-o", str(tmp_path / "one")).err
    typed("lesion add P01 L9 --organ lung --role target")

    assert "L9 of P01 has a role in line 1 and no reading" in typed("export", "-o", str(tmp_path / "one")).err


def test_an_export_that_is_no_csv_goes_to_no_file(typed, tmp_path):
    typed("patient add P01")
    told = typed("export", "patients", "--format", "json", "-o", str(tmp_path / "x"))

    assert told.code == 2
    assert not (tmp_path / "x").exists()
