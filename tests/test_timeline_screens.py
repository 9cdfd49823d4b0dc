"""
The timelines of invented people, one a family, as they would be seen: at several widths and in both voices.

The snapshots hold whole screens that were read and approved; what must always be true stands in `test_timeline`.
"""

import json
import re
from datetime import date

import pytest
from inside import runner
from rich.cells import cell_len
from timeline_stories import STORIES

from remtrack import words

NEVER = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words.FORBIDDEN), re.IGNORECASE)
DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """All the stories in one record, written by the program itself."""
    from remtrack.cli import run

    folder = tmp_path_factory.mktemp("stories")
    for patient_id, tables in STORIES.items():
        for name, text in tables.items():
            table = folder / f"{patient_id}-{name}"
            table.write_text(text, encoding="utf-8")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("REMTRACK_TODAY", DAY.isoformat())
                assert run(["--db", str(folder / "record.db"), "import", str(table)]) == 0, (patient_id, name)
    return folder / "record.db"


@pytest.fixture
def shown(record, capsys, monkeypatch):
    """Return the function that shows the timeline of a patient as a table of some width."""
    monkeypatch.setenv("REMTRACK_TODAY", DAY.isoformat())
    typed = runner(record, capsys)

    def show(patient_id, width=80, *options):
        monkeypatch.setenv("COLUMNS", str(width))
        told = typed("timeline", patient_id, "--format", "table", *options)
        assert told.code == 0, told.err
        return told.out

    return show


@pytest.mark.parametrize("patient_id", STORIES)
def test_a_timeline_is_as_it_was_read_and_approved(patient_id, shown, snapshot):
    assert snapshot == shown(patient_id)


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize("patient_id", ["A01", "C01", "D01", "F01", "H01"])
def test_a_timeline_fits_narrow_and_wide_terminals(patient_id, width, shown, snapshot):
    assert snapshot == shown(patient_id, width)


@pytest.mark.parametrize("patient_id", ["A01", "C01", "D01", "F01", "H01", "I01", "J01"])
def test_a_timeline_in_plain_words_is_as_it_was_read_and_approved(patient_id, shown, snapshot):
    assert snapshot == shown(patient_id, 80, "--plain-words")


@pytest.mark.parametrize("patient_id", STORIES)
def test_no_line_of_a_story_is_wider_than_its_terminal(patient_id, shown):
    wide = [
        (width, line)
        for width in (40, 51, 60, 72, 80, 100, 160)
        for options in ((), ("--plain-words",))
        for line in shown(patient_id, width, *options).splitlines()
        if cell_len(line) > width
    ]

    assert wide == []


@pytest.mark.parametrize("patient_id", STORIES)
def test_no_bar_is_broken_over_two_lines(patient_id, shown):
    for width in (60, 71, 80, 93, 120):
        for options in ((), ("--plain-words",)):
            lines = shown(patient_id, width, *options).splitlines()
            alone = [line for line in lines if re.fullmatch(r" *(\d+\.\d|[█·│┊<>]+)( +\d+\.\d)?", line)]

            assert alone == [], (width, options)


@pytest.mark.parametrize("patient_id", STORIES)
def test_in_plain_words_no_code_of_a_category_stands_among_the_visits(patient_id, shown, record, capsys, monkeypatch):
    monkeypatch.setenv("REMTRACK_TODAY", DAY.isoformat())
    told = runner(record, capsys)(f"timeline {patient_id} --json")
    codes = {row["reported"] for row in json.loads(told.out)["rows"]} - {
        "",
        "Relapse",
        "Refractory",
        "response",
        "stable",
    }
    plain = shown(patient_id, 80, "--plain-words")
    found = [code for code in codes if re.search(rf"(?<![\w.-]){re.escape(code)}(?![\w-])", plain)]

    assert found == []


@pytest.mark.parametrize("patient_id", STORIES)
def test_no_word_that_promises_too_much_is_shown(patient_id, shown):
    assert not NEVER.search(shown(patient_id))
    assert not NEVER.search(shown(patient_id, 80, "--plain-words"))
