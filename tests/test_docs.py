"""The README keeps its word: what it shows was run, what it names is there."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from readme import subcommands

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GENERATED = re.compile(r"<!-- \[\[\[cog\n.*?\]\]\] -->\n(.*?)<!-- \[\[\[end\]\]\] -->", re.DOTALL)
BY_HAND = GENERATED.sub("", README)
# Words that promise more than a scan can show.
NEVER = "cured?|cancer[- ]free|free of cancer|disease gone|all clear|beaten|eradicated|healed|good news|bad news"


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands_named(text):
    """The command of each `remtrack COMMAND` in code, options before it left out."""
    code = re.findall(r"`([^`\n]+)`", text) + "".join(blocks(text, "sh")).splitlines()
    return {
        found["command"]
        for line in code
        if (found := re.match(r"(?:\$ )?remtrack (?:--(?:db|as) \S+ |--no-input )*(?P<command>[a-z]+)", line))
    }


def test_what_the_readme_shows_is_what_its_commands_say_today():
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "-I", str(ROOT / "tests"), "README.md"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, f"run `make docs`\n{done.stdout}\n{done.stderr}"


def test_every_block_of_output_was_made_by_running_its_command():
    assert blocks(README, "console")
    assert blocks(BY_HAND, "console") == []


def test_the_python_example_runs_and_prints_what_the_page_says():
    (example,) = blocks(BY_HAND, "python")
    (expected,) = blocks(BY_HAND, "text")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(example, "README.md", "exec"), {"__name__": "readme_example"})  # noqa: S102 (our own page)

    assert expected == printed.getvalue()


def test_every_command_the_page_names_exists(remtrack):
    named = commands_named(BY_HAND)

    assert named
    assert named <= set(subcommands(remtrack("--help").out))


def test_every_command_is_in_the_reference(remtrack):
    in_reference = re.findall(r"<summary><code>remtrack (\S+)</code>", README)

    assert subcommands(remtrack("--help").out) == in_reference


def test_every_make_target_the_page_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)(?=`|\s+#)", README))

    assert named
    assert named <= targets
    assert set(re.findall(r'"make ([a-z]+)', makefile)) <= targets


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", README))))
def test_every_file_the_page_points_to_is_there(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(#([^)]+)\)", README))))
def test_every_heading_the_page_points_to_is_there(link):
    headings = re.findall(r"^#+ (.+)$", README, flags=re.MULTILINE)

    assert link in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_tables_and_views_the_page_names_are_in_a_new_record(remtrack, record_path):
    import sqlite3

    remtrack("init")
    connection = sqlite3.connect(record_path)
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    connection.close()
    section = BY_HAND.split("## The record")[1].split("What is promised")[0]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", section))

    assert named
    assert named <= there


def test_the_page_promises_nothing_that_a_scan_cannot_show():
    assert re.findall(rf"\b({NEVER})\b", README, flags=re.IGNORECASE) == []
