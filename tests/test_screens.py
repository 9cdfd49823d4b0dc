"""
The screens, as three people would see them: at several widths, in each format, in both voices.

The values are invented (`screen_samples`), the day is fixed, and there is no colour unless a test
is about colour. The snapshots hold whole screens; what must always be true stands in tests of its own.
"""

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import screen_samples as samples
from hypothesis import given, strategies as st
from rich.cells import cell_len

from remtrack import words
from remtrack.show import (
    criteria_screen,
    explanation_screen,
    family_screen,
    lesions_screen,
    lines_screen,
    log_screen,
    output,
    overview_screen,
    patient_screen,
    patients_screen,
    problems_screen,
    remission_screen,
    status_screen,
    table_screen,
    terminal_width,
    timeline_screen,
    wants_color,
)
from remtrack.show.bars import Bars

ROOT = Path(__file__).resolve().parent.parent
TODAY, d = samples.TODAY, samples.d
FORMATS = ("table", "plain", "json", "csv")

# Each screen in the clinical voice, and those that patients read in plain words.
CLINICAL = {
    "overview": overview_screen(samples.overview()),
    "overview of ten thousand": overview_screen(samples.ten_thousand()),
    "overview of nobody": overview_screen(samples.overview(patients=0, measurements=0, rows=(), counts=())),
    **{f"status {row.patient_id}": status_screen([row], TODAY) for row in samples.ALL},
    "status of a second line": status_screen(samples.SECOND_LINE, TODAY),
    "status of a leukaemia": status_screen([samples.LEUKAEMIA], TODAY),
    "status of a relapse": status_screen([samples.RELAPSED], TODAY),
    "timeline": timeline_screen("P01", [samples.TIMELINE], TODAY),
    "timeline of growth": timeline_screen("P04", [samples.GROWN], TODAY),
    "timeline without disease": timeline_screen("P07", [samples.NED_TIMELINE], TODAY),
    "timeline of nothing": timeline_screen("P09", [], TODAY),
    "remission": remission_screen(samples.REMISSIONS, TODAY),
    "remission of nobody": remission_screen([], TODAY),
    "explain": explanation_screen([samples.EXPLANATION], TODAY),
    "lesions": lesions_screen("P01", samples.LESIONS, TODAY),
    "patients": patients_screen(samples.PATIENTS, TODAY),
    "patient show": patient_screen(samples.PATIENT_FACTS, TODAY),
    "line list": lines_screen("P12", samples.LINES, TODAY),
    "log": log_screen(samples.CHANGES, TODAY),
    "check": problems_screen(samples.PROBLEMS, TODAY),
    "check without a problem": problems_screen([], TODAY),
    "criteria list": criteria_screen(samples.FAMILIES, TODAY),
    "criteria show": family_screen(samples.FAMILY, TODAY),
    "export": table_screen("episodes", samples.EXPORT_COLUMNS, samples.EXPORT_ROWS, TODAY),
}
PLAIN = {
    "overview": overview_screen(samples.overview(), plain_words=True),
    "overview of ten thousand": overview_screen(samples.ten_thousand(), plain_words=True),
    **{f"status {row.patient_id}": status_screen([row], TODAY, plain_words=True) for row in samples.ALL},
    "status of a second line": status_screen(samples.SECOND_LINE, TODAY, plain_words=True),
    "status of a leukaemia": status_screen([samples.LEUKAEMIA], TODAY, plain_words=True),
    "status of a relapse": status_screen([samples.RELAPSED], TODAY, plain_words=True),
    "timeline": timeline_screen("P01", [samples.TIMELINE], TODAY, plain_words=True),
    "timeline of growth": timeline_screen("P04", [samples.GROWN], TODAY, plain_words=True),
    "timeline without disease": timeline_screen("P07", [samples.NED_TIMELINE], TODAY, plain_words=True),
    "remission": remission_screen(samples.REMISSIONS, TODAY, plain_words=True),
    "explain": explanation_screen([samples.EXPLANATION], TODAY, plain_words=True),
}
STRANGE = {
    "overview": overview_screen(samples.overview(rows=(samples.STRANGE, *samples.ALL))),
    "status": status_screen([samples.STRANGE], TODAY),
    "timeline": timeline_screen("x", [replace(samples.TIMELINE, status=samples.STRANGE)], TODAY),
    "lesions": lesions_screen("x\x1b[2J", samples.STRANGE_LESIONS, TODAY),
    "check": problems_screen(samples.STRANGE_PROBLEMS, TODAY),
}
EVERY = (
    {f"{name}, clinical": screen for name, screen in CLINICAL.items()}
    | {f"{name}, plain words": screen for name, screen in PLAIN.items()}
    | {f"{name}, strange text": screen for name, screen in STRANGE.items()}
)

every_screen = pytest.mark.parametrize("screen", EVERY.values(), ids=EVERY.keys())
every_plain_screen = pytest.mark.parametrize("screen", PLAIN.values(), ids=PLAIN.keys())
UNSEEN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def show(screen, fmt="table", width=80, *, color=False):
    stream = io.StringIO()
    output(screen, fmt, stream, width, color)
    return stream.getvalue()


def show_encoded(screen, fmt, encoding):
    """What arrives at a terminal of that encoding."""
    stream = io.TextIOWrapper(raw := io.BytesIO(), encoding=encoding)
    output(screen, fmt, stream, 80, color=False)
    stream.flush()
    return raw.getvalue().decode()


class Terminal(io.StringIO):
    def isatty(self):
        return True


# Whole screens


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", CLINICAL)
def test_a_clinical_screen_is_as_it_was_read_and_approved(name, width, snapshot):
    assert snapshot == show(CLINICAL[name], width=width)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", PLAIN)
def test_a_screen_in_plain_words_is_as_it_was_read_and_approved(name, width, snapshot):
    assert snapshot == show(PLAIN[name], width=width)


@pytest.mark.parametrize("name", ["overview", "status P04", "timeline", "remission", "explain"])
def test_a_screen_as_plain_text_is_as_it_was_read_and_approved(name, snapshot):
    assert snapshot == show(CLINICAL[name], "plain")


def test_an_overview_in_colour_is_as_it_was_read_and_approved(snapshot):
    assert snapshot == show(CLINICAL["overview"], color=True)


# Width


@every_screen
def test_no_line_is_wider_than_the_terminal(screen):
    too_wide = [
        (width, line)
        for width in (40, 47, 71, 100, 200)
        for line in show(screen, width=width).splitlines()
        if cell_len(line) > width
    ]

    assert too_wide == []


@every_screen
def test_no_word_of_a_screen_is_cut_off_on_a_narrow_terminal(screen):
    def letters(shown):
        return re.sub(r"[^\w]", "", shown)

    narrow = letters(show(screen, width=40))
    notes = letters("".join(screen.notes))

    assert notes in narrow


def test_a_narrow_overview_loses_since_then_the_nadir_then_the_sum_and_never_the_state():
    lost = []
    before = overview_columns(100)
    for width in range(99, 39, -1):
        columns = overview_columns(width)
        lost += [name for name in before if name not in columns]
        before = columns
        assert "State" in columns

    assert lost[:3] == ["Since", "vs nadir", "Sum mm"]


def overview_columns(width):
    head = next(line for line in show(CLINICAL["overview"], width=width).splitlines() if line.startswith(" Patient"))
    return re.split(r"  +", head.strip())


def test_a_state_is_whole_at_forty_columns():
    shown = show(CLINICAL["overview"], width=40)

    assert all(words.state_short(row.current, row.current_kind, row.visits) in shown for row in samples.ALL)


def test_events_of_a_timeline_are_told_at_every_width():
    for width in (40, 59, 60, 79, 80, 120):
        shown = re.sub(r"\s+", " ", show(CLINICAL["timeline"], width=width))
        assert "L2 radiotherapy" in shown


# Colour and encodings


@every_screen
def test_colour_adds_nothing(screen):
    without = [line.rstrip() for line in ESCAPE.sub("", show(screen, color=True)).splitlines()]

    assert without == show(screen).splitlines()


@every_screen
def test_without_colour_there_is_no_escape_byte_in_any_format(screen):
    assert [fmt for fmt in FORMATS if "\x1b" in show(screen, fmt)] == []


@pytest.mark.parametrize("fmt", ["plain", "json", "csv"])
def test_only_a_table_has_colour(fmt):
    assert "\x1b" not in show(CLINICAL["overview"], fmt, color=True)


@pytest.mark.parametrize(
    ("surrounding", "colored"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm", "FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_has_colour_as_its_user_decides(surrounding, colored, monkeypatch):
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surrounding.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    output(CLINICAL["overview"], "table", stream, 80)

    assert colored == ("\x1b" in stream.getvalue())


def test_a_pipe_has_no_colour_unless_it_is_forced(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert not wants_color(io.StringIO())

    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(io.StringIO())


@pytest.mark.parametrize(("columns", "width"), [("57", 57), ("0", 80), ("wide", 80), ("", 80)])
def test_columns_are_asked_of_the_environment_and_are_eighty_where_nobody_knows(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)

    assert width == terminal_width(io.StringIO())


@every_screen
def test_an_ascii_terminal_gets_ascii(screen):
    table, plain = (show_encoded(screen, fmt, "ascii") for fmt in ("table", "plain"))

    assert plain.isascii()
    assert table.isascii()
    assert max(map(len, table.splitlines())) <= 80


def test_the_bars_and_rules_of_an_ascii_terminal_are_drawn_in_ascii():
    shown = show_encoded(CLINICAL["timeline"], "table", "ascii")

    assert "?????" not in shown
    assert "##|" in shown
    assert "-----------" in shown


@pytest.mark.parametrize("fmt", ["json", "csv"])
def test_data_is_utf8_whatever_the_terminal_holds(fmt):
    screen = status_screen([replace(samples.SD, disease="Döhner 肺")], TODAY)

    assert "Döhner 肺" in show_encoded(screen, fmt, "ascii")


# Text that somebody typed


@pytest.mark.parametrize("screen", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.parametrize("fmt", FORMATS)
def test_no_control_character_reaches_the_terminal_raw(screen, fmt):
    shown = show(screen, fmt).replace("\r\n", "\n")

    assert not UNSEEN.search(shown)


def test_markup_in_a_name_is_text():
    assert "[bold]肺がん[/bold]" in show(STRANGE["status"], width=120)
    assert "[link=x]y[/link]" in show(STRANGE["status"], width=120)


def test_wide_characters_keep_the_columns_in_line():
    rows = tuple(replace(samples.SD, patient_id=name) for name in ("P01", "肺がん", "🫁🫁", "Łódź"))
    lines = show(overview_screen(samples.overview(rows=rows))).splitlines()[4:8]

    assert {cell_len(line[: line.index("2026-01-12")]) for line in lines} == {10}


@given(st.text(st.characters(), max_size=30), st.integers(40, 120))
def test_no_text_can_widen_a_screen_or_steer_a_terminal(typed, width):
    row = replace(samples.PD_AFTER_PR, patient_id=typed or "P", disease=typed, flags=(typed,), because=typed)
    screen = overview_screen(samples.overview(rows=(row,)))

    for drawn in (screen, status_screen([row], TODAY)):
        shown = show(drawn, width=width)
        assert max(map(cell_len, shown.splitlines())) <= width
        assert not UNSEEN.search(shown)


# Words


@every_screen
def test_the_forbidden_words_are_nowhere(screen):
    shown = re.sub(r"\s+", " ", "".join(show(screen, fmt) for fmt in FORMATS)).lower()

    assert [word for word in words.FORBIDDEN if re.search(rf"\b{re.escape(word)}\b", shown)] == []


@every_screen
@pytest.mark.parametrize("fmt", ["table", "plain"])
def test_no_evidence_of_disease_is_always_on_tests(screen, fmt):
    shown = re.sub(r"\s+", " ", show(screen, fmt, width=200)).lower()

    assert shown.count("no evidence of disease") == shown.count("no evidence of disease on tests")


@every_plain_screen
@pytest.mark.parametrize("fmt", ["table", "plain"])
def test_plain_words_have_no_abbreviation_without_its_words(screen, fmt):
    shown = re.sub(r"\s+", " ", show(screen, fmt, width=100))
    shown = shown.replace("Response Evaluation Criteria in Solid Tumours, version 1.1 (RECIST 1.1)", "")
    shown = (
        shown.replace("The published rules called ELN AML 2022", "").replace("A01 AML", "A01").replace("A02 AML", "A02")
    )
    bare = r"\b(CR|PR|SD|PD|NE|NED|NA|CRi|iUPD|BOR|RECIST|AML|CT|MRI|mm|cm|vs|nadir|baseline|target|n/e)\b"

    assert re.findall(bare, shown) == []


@pytest.mark.parametrize(
    "name", [name for name in CLINICAL if name.startswith(("status", "timeline", "remission", "explain"))]
)
@pytest.mark.parametrize("fmt", ["table", "plain"])
def test_every_answer_ends_by_saying_what_it_is_not(name, fmt):
    assert re.sub(r"\s+", " ", show(CLINICAL[name], fmt)).endswith(f"{words.footer()} ")


@every_plain_screen
@pytest.mark.parametrize("fmt", ["table", "plain"])
def test_every_answer_in_plain_words_ends_by_saying_what_it_is_not(screen, fmt):
    assert "are not a diagnosis, and are to be discussed with your care team. " in re.sub(
        r"\s+", " ", show(screen, fmt)
    )


def test_a_nurse_reads_the_command_that_comes_next():
    assert "Next: remtrack add P02\n" in show(CLINICAL["status P02"])
    assert "Next: remtrack timeline P01\n" in show(CLINICAL["status P01"])


def test_a_patient_code_that_a_shell_would_split_is_quoted_in_the_next_command():
    assert "Next: remtrack timeline 'P 1'" in show(status_screen([replace(samples.SD, patient_id="P 1")], TODAY))


def test_settings_that_differ_from_their_default_are_printed_on_every_report():
    assert "confirm_days=35, min_sd_days=56 (not the default)" in show(CLINICAL["status P04"])
    assert "confirm_days=35, min_sd_days=56 (not the default)" in show(CLINICAL["timeline of growth"])


def test_a_leukaemia_is_explained_as_remission():
    told = samples.EXPLANATION._replace(criteria="blood-aml-eln-2022", overall="CR", reported="CR", kind="complete")

    assert "* CR, complete remission" in show(explanation_screen([told], TODAY))


def test_an_answer_says_of_which_day_it_is():
    assert "As of 2026-03-10." in show(CLINICAL["overview"])
    assert "As of 10 March 2026." in show(PLAIN["status P01"])


def test_an_answer_that_was_worked_out_just_now_says_so():
    assert "out of date" in show(status_screen([replace(samples.SD, fresh=False)], TODAY))


def test_the_days_since_a_scan_are_counted_from_the_day_that_was_asked_about():
    assert "(57 days ago)" in show(CLINICAL["status P05"])
    assert "(67 days ago)" in show(status_screen([samples.SD], samples.later(10)))


# Many patients


def test_a_cohort_is_counted_and_only_those_who_need_attention_are_named():
    shown = show(CLINICAL["overview of ten thousand"])

    assert "= SD stable          4,210  42.1 %" in shown
    assert "In response now: 2,412 of 10,000" in shown
    assert "9,960 patients not listed. All of them: remtrack status --all" in shown
    assert shown.count("remtrack add") < 30


def test_a_patient_whose_response_ended_is_not_counted_as_in_response():
    after = replace(samples.PD_AFTER_PR, current="PR", current_kind="partial")
    shown = show(overview_screen(samples.overview(patients=2, rows=(after, samples.PR_CONFIRMED))))

    assert "In response now: 1 of 2" in shown


# Bars


@given(st.decimals(0, 400, places=2), st.integers(8, 60), st.booleans())
def test_a_bar_reaches_the_mark_of_a_partial_response_only_if_the_size_does(share, cells, unicode):
    row = replace(samples.TIMELINE.rows[1], pct_of_baseline=share)
    bars = Bars(replace(samples.TIMELINE, rows=(samples.TIMELINE.rows[0], row)), cells, unicode=unicode)
    drawn = bars.bar(row)[:cells]
    beyond = drawn[drawn.index(bars.line) + 1 :]

    assert len(drawn) == cells
    assert beyond.startswith(bars.full) == (share > 70)


def test_a_size_that_is_left_is_seen_however_small():
    row = replace(samples.TIMELINE.rows[1], pct_of_baseline=d("0.4"))
    gone = replace(row, pct_of_baseline=d("0"))
    bars = Bars(samples.TIMELINE, 30, unicode=False)

    assert bars.bar(row).startswith("#.")
    assert bars.bar(gone).startswith("..")


def test_a_line_whose_baseline_has_no_size_is_drawn_against_its_largest_value():
    rows = tuple(replace(row, pct_of_baseline=None) for row in samples.TIMELINE.rows)
    timeline = replace(samples.TIMELINE, rows=rows, status=replace(samples.PR_CONFIRMED, baseline_value=None))

    assert "% of the largest" in show(timeline_screen("P01", [timeline], TODAY))


# Plain text, JSON, CSV


@every_screen
def test_plain_text_is_one_label_and_value_a_line(screen):
    odd = [line for line in show(screen, "plain").splitlines() if line and not re.match(r"[^:\s][^:]*: \S", line)]

    assert odd == []


@every_screen
def test_plain_text_draws_no_box(screen):
    assert not re.search(r"[\u2500-\u259f]|---|##|\t", show(screen, "plain"))


@every_screen
def test_json_parses_and_says_which_command_and_day_it_answers(screen):
    found = json.loads(show(screen, "json"))

    assert found["schema_version"] == 1
    assert found["command"] == screen.command
    assert found["as_of"] == "2026-03-10"
    assert isinstance(found["rows"], list)


def test_json_holds_every_digit_that_is_stored():
    found = json.loads(show(CLINICAL["status P01"], "json"), parse_float=Decimal)["rows"][0]

    assert found["change_from_baseline_pct"] == samples.PR_CONFIRMED.change_from_baseline_pct
    assert '"partial_to_mm": 52.50,' in show(CLINICAL["status P01"], "json")


def test_json_says_null_where_a_value_is_not_known_or_infinite():
    row = replace(samples.NE, change_from_nadir_pct=d("Infinity"))
    found = json.loads(show(status_screen([row], TODAY), "json"))["rows"][0]

    assert (found["value"], found["change_from_nadir_pct"], found["response_began_on"]) == (None, None, None)


def test_json_of_a_status_answers_whether_it_lasted_a_month():
    found = json.loads(show(CLINICAL["status P03"], "json"))["rows"][0]

    assert (found["response_lasted_month"], found["response_settles_on"]) == ("not yet", "2026-03-20")


def test_text_survives_json_unchanged():
    found = json.loads(show(STRANGE["status"], "json"))["rows"][0]

    assert found["patient_id"] == samples.STRANGE.patient_id
    assert found["flags"] == list(samples.STRANGE.flags)


@every_screen
def test_csv_has_as_many_cells_in_every_row_as_in_its_header(screen):
    text = show(screen, "csv")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert len({len(row) for row in rows}) <= 1
    assert not text or text.endswith("\r\n")


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"])
def test_a_cell_of_text_cannot_run_as_a_formula_and_a_number_stays_a_number(typed):
    text = show(status_screen([replace(samples.SD, disease=typed)], TODAY), "csv")
    row = next(csv.DictReader(io.StringIO(text, newline="")))

    assert not row["disease"].startswith(("=", "+", "-", "@", "\t", "＝"))
    assert row["change_from_baseline_pct"].startswith("-8.33")


@pytest.mark.parametrize("fmt", ["plain", "json", "csv"])
def test_data_is_written_without_loading_what_draws(fmt):
    program = (
        "import io, sys, screen_samples as samples\n"
        "from remtrack.show import output, status_screen\n"
        f"output(status_screen([samples.SD], samples.TODAY), {fmt!r}, io.StringIO())\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'rich', 'dateutil', 'sqlite_utils'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""


def test_a_table_loads_no_part_of_rich_that_it_does_not_draw_with():
    program = (
        "import io, sys, screen_samples as samples\n"
        "from remtrack.show import output, status_screen\n"
        "output(status_screen([samples.SD], samples.TODAY), 'table', io.StringIO(), 80)\n"
        "print(*sorted({'rich.progress', 'rich.markdown', 'pygments', 'markdown_it'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
