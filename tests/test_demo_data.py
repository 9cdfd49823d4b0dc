"""The invented patients of sample_data/demo give what was worked out by hand in its EXPECTED.md."""

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "sample_data" / "demo"
EXPECTED = (DEMO / "EXPECTED.md").read_text(encoding="utf-8")


def expected(table):
    """The rows of the table under the heading that names this export."""
    section = EXPECTED.split(f"(`export {table}`)")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.MULTILINE)
    ]
    header, _rule, *rows = cells
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Import the folder into a new record; then give the rows of an export, those columns alone."""
    record = tmp_path_factory.mktemp("demo") / "record.db"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "REMTRACK_TODAY": "2026-11-02"}

    def run(*words):
        command = [sys.executable, "-m", "remtrack", "--db", str(record), *words]
        done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("import", str(DEMO))

    def rows(table, columns):
        return [{name: row[name] for name in columns} for row in csv.DictReader(io.StringIO(run("export", table)))]

    return rows


@pytest.mark.parametrize("table", ["assessments", "courses", "episodes"])
def test_the_demo_gives_what_was_worked_out_by_hand(exported, table):
    by_hand = sorted(expected(table), key=lambda row: list(row.values()))

    given = exported(table, by_hand[0])

    assert by_hand == sorted(given, key=lambda row: list(row.values()))


def test_in_the_demo_every_literal_category_is_also_the_reported_one(exported):
    assert all(row["overall"] == row["reported"] for row in exported("assessments", ("overall", "reported")))


def test_the_demo_shows_every_kind_of_answer(exported):
    current = {row["current"] for row in exported("courses", ("current",))}
    lasted = {row["lasted_month"] for row in exported("episodes", ("lasted_month",))}

    assert {"CR", "PR", "SD", "PD", "NE", "Non-CR/Non-PD"} <= current
    assert lasted == {"yes", "no", "not yet"}
