"""What an import says of rows that are recorded otherwise."""

from pathlib import Path

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
