"""
Where a value stands in a bar, what the marks of a family are, and what several lines of one patient tell together.

The screens themselves are in `test_timeline_screens`.
"""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import screen_samples as samples
from hypothesis import given, strategies as st
from inside import runner
from rich.cells import cell_len
from timeline_stories import STORIES

from remtrack import words
from remtrack.show import output, timeline_screen
from remtrack.show.bars import Bars
from remtrack.show.scale import Threshold, in_fifties, linear, logarithmic, round_end
from remtrack.verdict import COMPLETE, NOT_EVALUABLE, PARTIAL
from remtrack.views import TimelineRow
from remtrack.words import drawn

d = Decimal
DECADES = ("0.001", "0.01", "0.1", "1", "10")
LEVELS = tuple(
    (f"mr{name}_to_pct", d(value))
    for name, value in (("5", "0.001"), ("4_5", "0.0032"), ("4", "0.01"), ("3", "0.1"), ("2", "1"), ("1", "10"))
)
GENE = replace(
    samples.LEUKAEMIA,
    criteria="blood-cml-eln-2020",
    title="CML, ELN 2020",
    word="response",
    unit="% IS",
    scale="log",
    measure="BCR::ABL1",
    thresholds=(),
)


def look(value, on="2025-06-02", **changes):
    """Return a visit on which so much was measured; None: nothing, "<0.1": that was printed."""
    amount = None if value is None or (isinstance(value, str) and value[:1] in "<>") else d(str(value))
    row = TimelineRow(
        date.fromisoformat(on), "", 0, False, amount, None, None, "CR", "CR", COMPLETE, COMPLETE, "", False
    )
    if isinstance(value, str) and value[:1] == "<":
        row = replace(row, value_text=value, value_from=d(0), value_to=d(value[1:]))
    elif isinstance(value, str) and value[:1] == ">":
        row = replace(row, value_text=value, value_from=d(value[1:]), value_to=None)
    return replace(row, **changes)


def over_time(status, *values, marks=(), **changes):
    rows = tuple(look(value, f"2025-{month:02}-01") for month, value in enumerate(values, 1))
    return replace(
        samples.TIMELINE,
        status=status,
        measure=status.measure,
        rows=rows,
        events=(),
        targets=0,
        nontargets=0,
        marks=marks,
        **changes,
    )


def gene(*values):
    return over_time(GENE, *values, marks=LEVELS)


def blasts(*values, **changes):
    status = replace(samples.LEUKAEMIA, measure="marrow blasts", thresholds=(), baseline_value=d(62), **changes)
    return over_time(status, *values, marks=(("remission_below_pct", d(5)), ("marrow_partial_to_pct", d(25))))


def drawn_bar(timeline, value, cells=30, *, unicode=False):
    """Return the cells of the bar of one more visit with that value."""
    row = look(value, "2025-12-01")
    timeline = replace(timeline, rows=(*timeline.rows, row))
    return Bars(timeline, cells, unicode=unicode).bar(row)[:cells]


def passed(bar, nth):
    """Say whether a bar goes on behind the nth mark (counted from 0)."""
    at = [place for place, sign in enumerate(bar) if sign in "|:"][nth]
    return bar[at + 1 : at + 2] == "#"


# Scales


@pytest.mark.parametrize("place", range(len(DECADES)))
@pytest.mark.parametrize("cells", [24, 30, 40])
def test_a_bar_of_genes_passes_the_mark_of_a_level_only_above_it(place, cells):
    """0.1 % is MR3, 0.1001 % is MR2, however many cells a decade has."""
    limit = d(DECADES[place])
    scale = logarithmic(cells, [d("0.0005"), d(60)], [Threshold(d(text), False) for text in DECADES])
    stop = scale.stops[limit]

    assert scale.length(limit) <= stop
    assert scale.length(limit * d("0.9999")) <= stop
    assert scale.length(limit * d("1.0001")) > stop


def test_a_decade_has_as_many_cells_as_any_other():
    scale = logarithmic(60, [d("0.001"), d(50)])

    assert (scale.low, scale.high) == (d("0.0001"), d(100))
    assert [scale.cell(d(text)) for text in ("0.0001", *DECADES, "100")] == [0, 10, 20, 30, 40, 50, 60]


def test_the_mark_between_two_decades_stands_at_the_half():
    scale = logarithmic(60, [d(50)], [Threshold(value, False) for _name, value in LEVELS])

    assert scale.stops == {d("0.001"): 10, d("0.0032"): 15, d("0.01"): 20, d("0.1"): 30, d(1): 40, d(10): 50}


def test_a_value_on_the_far_end_of_a_logarithmic_scale_still_passes_its_mark():
    scale = logarithmic(24, [d(10)], [Threshold(d(10), False)])

    assert scale.high == 100
    assert scale.length(d("10.1")) > scale.stops[d(10)] >= scale.length(d(10))


@given(
    st.lists(st.decimals("0.0001", 1000, places=4), min_size=1, max_size=7, unique=True),
    st.decimals(0, 1200, places=4),
    st.integers(16, 60),
    st.booleans(),
    st.booleans(),
)
def test_no_bar_is_on_another_side_of_a_mark_than_its_value(limits, value, cells, is_log, starts_beyond):
    marks = [Threshold(limit, starts_beyond) for limit in limits]
    end = max(*limits, value)
    scale = logarithmic(cells, [value], marks) if is_log else linear(cells, round_end(end), marks)
    length = scale.length(value)

    assert 0 <= length <= cells
    assert (length > 0) == (value > 0)
    assert len(set(scale.stops.values())) == len(limits)
    assert [length > scale.stops[mark.value] for mark in marks] == [mark.passed_by(value) for mark in marks]


@given(st.decimals("0.0001", 100000, places=4))
def test_the_end_of_a_linear_scale_is_round_and_holds_the_value(value):
    end = round_end(value)

    assert value <= end <= 2 * value
    assert len(f"{end.normalize():f}".replace(".", "").strip("0")) <= 2


@pytest.mark.parametrize(
    ("value", "end"), [("0", "1"), ("0.1", "0.1"), ("3.9", "4"), ("62", "70"), ("100", "100"), ("101", "150")]
)
def test_the_end_of_a_scale_is_the_next_round_number(value, end):
    assert round_end(d(value)) == d(end)


@pytest.mark.parametrize(("share", "end"), [("0", 100), ("100", 100), ("100.1", 150), ("150", 150), ("151", 200)])
def test_bars_in_per_cent_end_at_a_hundred_or_in_whole_fifties(share, end):
    assert in_fifties(d(share)) == end


def test_more_marks_than_cells_are_left_out():
    scale = linear(3, d(100), [Threshold(d(value), False) for value in (10, 20, 30)])

    assert scale.stops == {}
    assert scale.length(d(50)) == 2


# Bars


@pytest.mark.parametrize(("value", "full"), [("4.9", False), ("5", True), ("5.1", True)])
def test_five_per_cent_of_blasts_is_past_the_mark_of_remission(value, full):
    assert passed(drawn_bar(blasts(62), value), 0) == full


@pytest.mark.parametrize(("value", "full"), [("24.9", False), ("25", False), ("25.1", True)])
def test_twenty_five_per_cent_of_blasts_is_not_past_the_mark_of_a_partial_remission(value, full):
    assert passed(drawn_bar(blasts(62), value), 1) == full


def test_a_score_of_three_reaches_the_mark_and_four_passes_it():
    status = replace(samples.LEUKAEMIA, criteria="lugano-2014", unit="", measure="five-point score", thresholds=())
    scores = over_time(status, 5, marks=(("metabolic_to", d(3)),), most=d(5))

    assert drawn_bar(scores, 3, 20) == "###########|........"
    assert drawn_bar(scores, 4, 20) == "###########|####...."
    assert drawn_bar(scores, 5, 20) == "###########|########"


def test_undetectable_is_a_sign_at_the_beginning_of_a_logarithmic_scale_not_a_bar():
    assert drawn_bar(gene(62), 0, 30).startswith("<...")
    assert "#" not in drawn_bar(gene(62), 0, 30)


def test_nothing_left_is_an_empty_bar_on_a_linear_scale():
    assert drawn_bar(blasts(62), 0, 28) == ".|.......|.................."


@pytest.mark.parametrize(("printed", "nth"), [("<0.001", 0), ("<0.01", 2), ("<0.1", 3)])
def test_a_bound_is_a_sign_beside_the_mark_it_is_printed_at(printed, nth):
    bar = drawn_bar(gene(62), printed, 40)
    marks = [place for place, sign in enumerate(bar) if sign == "|"]

    assert bar.index("<") == marks[nth] - 1
    assert "#" not in bar


def test_more_than_can_be_measured_is_a_bar_with_a_sign_behind_it():
    bar = drawn_bar(blasts(62), ">50", 40)

    assert re.fullmatch(r"[#|]+>\.+", bar)


def test_undetectable_without_a_limit_is_a_sign_at_the_beginning():
    row = look(None, value_text="undetectable", value_from=d(0), value_to=None)
    bars = Bars(replace(blasts(62), rows=(look(62), row)), 28, unicode=False)

    assert bars.bar(row) == "<|.......|.................."


def test_a_visit_without_the_test_says_so():
    timeline = blasts(62, None)

    assert Bars(timeline, 20, unicode=False).bar(timeline.rows[1]) == "not measured"
    assert Bars(timeline, 0, unicode=False).bar(timeline.rows[1]) == ""


def test_equal_values_have_equal_bars():
    timeline = gene("0.1", "0.1", "0.1")
    bars = Bars(timeline, 30, unicode=True)

    assert len({bars.bar(row) for row in timeline.rows}) == 1


def test_one_visit_alone_is_drawn():
    timeline = gene("0.0032")
    bar = Bars(timeline, 36, unicode=False).bar(timeline.rows[0])

    assert not passed(bar, 1)
    assert passed(bar, 0)


def test_where_progression_would_begin_is_marked_otherwise_than_where_a_response_does():
    bars = Bars(samples.TIMELINE, 30, unicode=True)
    bar = bars.bar(samples.TIMELINE.rows[-1])

    assert (bar.count("│"), bar.count("┊")) == (1, 1)


def test_after_progression_no_limit_of_growth_is_drawn():
    over = replace(samples.TIMELINE, status=replace(samples.PR_CONFIRMED, progression_on=date(2026, 3, 2)))

    assert [name for name, _value in drawn.marks(over)] == ["partial_to_mm"]


def test_the_axis_names_levels_for_clinicians_and_numbers_for_patients():
    bars = Bars(gene(62), 36, unicode=True)

    assert bars.axis().split() == ["MR5", "MR4", "MR3", "MR2", "MR1"]
    assert not re.search("[A-Z]", bars.axis(plain_words=True))


@given(
    st.lists(st.one_of(st.none(), st.decimals(0, 200, places=4), st.sampled_from(["<0.01", ">100"])), max_size=5),
    st.integers(8, 60),
    st.booleans(),
    st.sampled_from([gene, blasts]),
)
def test_bars_and_axis_keep_to_their_cells(values, cells, unicode, kind):
    timeline = kind(62, *values)
    bars = Bars(timeline, cells, unicode=unicode)

    assert all(cell_len(bars.bar(row)) in (cells, len("not measured")) for row in timeline.rows)
    assert len(bars.axis()) <= cells


# Numbers, marks and words


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("0.0032", "% IS", "0.0032"),
        ("0.10", "% IS", "0.1"),
        ("62.0", "%", "62"),
        ("20.75", "ng/mL", "20.75"),
        ("52.54", "mm", "52.5"),
        ("1200", "mm²", "1200"),
        ("0.33333333333", "g/dL", "0.3333"),
        ("1234.56789", "mg/L", "1234.6"),
    ],
)
def test_a_value_has_the_decimals_that_matter(value, unit, shown):
    assert drawn.amount(d(value), unit) == shown


def test_rounding_never_puts_a_value_on_a_threshold():
    marks = (("mr3_to_pct", d("0.1")),)

    assert drawn.amount(d("0.100000001"), "% IS", marks) == "0.100000001"
    assert drawn.amount(d("0.1"), "% IS", marks) == "0.1"


@pytest.mark.parametrize(
    ("name", "way", "subject"),
    [
        ("partial_to_mm", "to", "partial"),
        ("partial_to", "to", "partial"),
        ("remission_below_pct", "below", "remission"),
        ("nodes_progression_from_mm2", "from", "nodes_progression"),
        ("progression_above", "above", "progression"),
        ("mr4_5_to_pct", "to", "mr4_5"),
        ("nadir_mm", "", "nadir_mm"),
        ("nadir", "", "nadir"),
    ],
)
def test_a_threshold_is_named_by_what_begins_there_and_which_way(name, way, subject):
    assert (drawn.way(name), drawn.subject(name)) == (way, subject)


def test_a_threshold_named_twice_is_marked_once_and_one_place_may_have_two():
    status = replace(samples.LEUKAEMIA, thresholds=(("remission_below_pct", d(5)), ("relapse_from_pct", d(5))))
    timeline = over_time(status, 62, 3, marks=(("remission_below_pct", d(5)),))

    assert drawn.marks(timeline) == (("remission_below_pct", d(5)), ("relapse_from_pct", d(5)))
    assert [one.text for one in drawn.captions(timeline, plain_words=False)] == [
        "5 %: below it the marrow of a remission; from it on relapse"
    ]


def test_a_threshold_of_an_added_family_is_said_as_it_is_named():
    status = replace(samples.LEUKAEMIA, criteria="kidney-1", thresholds=(("small_change_to_pct", d(40)),))

    assert [one.text for one in drawn.captions(over_time(status, 62), plain_words=False)] == [
        "40 %: up to it small change"
    ]


def test_twice_the_upper_limit_of_normal_is_told_as_such():
    status = replace(
        samples.LEUKAEMIA,
        criteria="markers",
        unit="U/mL",
        nadir_value=d(22),
        thresholds=(("progression_from", d(70)), ("nadir", d(22))),
    )
    told = drawn.captions(over_time(status, 400, 22, marks=(("normal_to", d(35)),)), plain_words=False)

    assert [one.text for one in told] == [
        "35 U/mL: up to it the normal range",
        "70 U/mL (twice the upper limit of normal): from it on progression at the next visit",
    ]


def test_a_limit_that_moves_with_the_lowest_value_says_from_where_it_was_counted():
    told = [one.text for one in drawn.captions(samples.TIMELINE, plain_words=False)]

    assert told == [
        "38.4 mm (+20.0 % over the lowest, 32.0 mm on 2026-03-02): from it on progression at the next visit",
        "52.5 mm (30 % under the baseline): up to it partial response",
    ]


# What the record gives


@pytest.fixture
def story_of(tmp_path, capsys, monkeypatch):
    """Import the tables of one story and return the function that runs a command on them."""
    monkeypatch.setenv("REMTRACK_TODAY", "2026-11-22")

    def imported(patient_id):
        typed = runner(tmp_path / "record.db", capsys)
        for name, text in STORIES[patient_id].items():
            table = tmp_path / name
            table.write_text(text, encoding="utf-8")
            told = typed("import", str(table))
            assert told.code == 0, told.err
        return typed

    return imported


def visits(typed, patient_id):
    told = typed(f"timeline {patient_id} --json")
    assert told.code == 0, told.err
    return json.loads(told.out)


def test_a_leukaemia_is_drawn_by_its_marrow_blasts_and_their_limits(story_of):
    found = visits(story_of("A01"), "A01")
    first, second = found["courses"]

    assert (first["measure"], first["unit"], first["scale"]) == ("marrow blasts", "%", "linear")
    assert first["marks"] == [
        {"name": "remission_below_pct", "value": 5},
        {"name": "marrow_partial_to_pct", "value": 25},
    ]
    assert {mark["name"] for mark in second["marks"]} == {
        "remission_below_pct",
        "marrow_partial_to_pct",
        "relapse_from_pct",
    }
    assert [row["value"] for row in found["rows"]] == [62, 12, 4, 2.5, None, None, 28, 28, 8, 3, 1]
    assert [row["value_text"] for row in found["rows"] if row["value_text"]] == ["<1"]


def test_a_value_that_was_printed_as_a_bound_keeps_its_ends_in_the_data(story_of):
    typed = story_of("C01")
    rows = {row["visit"]: row for row in visits(typed, "C01")["rows"]}
    told = list(csv.DictReader(io.StringIO(typed("timeline C01 --format csv").out)))

    assert (rows["V6"]["value"], rows["V6"]["value_text"]) == (None, "<0.001")
    assert (rows["V6"]["value_from"], rows["V6"]["value_to"]) == (0, 0.001)
    assert rows["V5"]["value"] == 0.0032
    assert (told[5]["scale"], told[5]["unit"]) == ("log", "% IS")
    assert told[5]["marks"].startswith("mr5_to_pct=0.001; mr4_5_to_pct=0.0032; ")


def test_a_family_that_judges_the_first_visit_lists_it_once(story_of):
    rows = visits(story_of("C01"), "C01")["rows"]

    assert [row["visit_on"] for row in rows].count("2020-01-02") == 1
    assert (rows[0]["is_baseline"], rows[0]["overall"]) == (True, ">10%")


def test_lymphoma_on_pet_is_drawn_by_its_score_with_ct_and_the_sum_beside(story_of):
    found = visits(story_of("D01"), "D01")

    assert [row["value"] for row in found["rows"]] == [5, 4, 2, 3]
    assert (found["courses"][0]["measure"], found["courses"][0]["value"]) == ("five-point score", 3)
    assert found["rows"][1]["beside"] == ["CT PR", "740 mm²"]


def test_lymphoma_on_ct_is_drawn_by_its_sum_of_products(story_of):
    found = visits(story_of("E01"), "E01")

    assert [row["value"] for row in found["rows"]] == [1600, 800, 376]
    assert found["courses"][0]["marks"] == [{"name": "partial_to_mm2", "value": 800}]


@pytest.mark.parametrize(
    ("patient_id", "measure", "unit", "marks"),
    [
        ("F01", "M-protein in serum", "g/dL", {"partial_to": 2.1, "very_good_to": 0.42}),
        (
            "G01",
            "light-chain difference",
            "mg/L",
            {"partial_to": 406, "very_good_below": 81.2, "progression_above": 391},
        ),
        ("I01", "PSA", "ng/mL", {"psa50_to": 20.75, "psa90_to": 4.15}),
        ("J01", "sum of products of nodes", "mm²", {"nodes_partial_to_mm2": 2000, "nodes_progression_from_mm2": 450}),
        ("M01", "sum of viable diameters", "mm", {"partial_to_mm": 28, "progression_from_mm": 21.6}),
    ],
)
def test_a_family_is_drawn_by_what_it_measures_with_its_own_limits(story_of, patient_id, measure, unit, marks):
    course = visits(story_of(patient_id), patient_id)["courses"][0]

    assert (course["measure"], course["unit"]) == (measure, unit)
    assert {mark["name"]: mark["value"] for mark in course["marks"]} == marks


def test_ca_125_stands_beside_the_sum_with_the_upper_limit_of_normal(story_of):
    imaging, marker = visits(story_of("H01"), "H01")["courses"]

    assert (imaging["criteria"], marker["criteria"]) == ("recist-1.1", "markers")
    assert {mark["name"]: mark["value"] for mark in marker["marks"]} == {"normal_to": 35, "partial_to": 200}


def test_the_first_marrow_is_shown_as_it_was_even_where_a_later_one_is_what_counts(tmp_path, story_of):
    """The reference of a partial remission is the last marrow before treatment, 70 %; the first showed 62 %."""
    typed = story_of("A01")
    table = tmp_path / "more.csv"
    table.write_text("patient_id,line,visit,date,test,value\nA01,1,BL2,2024-01-10,bm_blasts_pct,70\n", encoding="utf-8")
    assert typed("import", str(table)).code == 0

    assert [row["value"] for row in visits(typed, "A01")["rows"]][:2] == [62, 70]


# Several lines and families


def test_the_lines_of_a_leukaemia_are_told_in_order_with_their_remissions_by_number(story_of):
    told = [(one["on"], one["line"], one["what"]) for one in visits(story_of("A01"), "A01")["story"]]

    assert told == [
        ("2024-01-10", 1, "treatment started: 7+3"),
        ("2024-02-26", 1, "first complete remission (CR1) begins as CRh"),
        ("2024-03-25", 1, "CR reached; CR1: a month or more shown"),
        ("2024-06-20", 1, "treatment stopped"),
        ("2024-11-04", 1, "CR1 ends with Relapse, after 252 days (8.3 months); a month or more: yes"),
        ("2024-11-11", 2, "treatment started: FLAG-IDA"),
        ("2025-01-20", 2, "second complete remission (CR2) begins"),
        ("2025-02-20", 2, "transplant: allogeneic"),
        ("2025-05-12", 2, "CR2 last seen, 112 days (3.7 months) so far; a month or more: yes"),
    ]


def test_a_marker_beside_imaging_keeps_its_own_response_in_one_story(story_of):
    told = [(one["on"], one["criteria"]) for one in visits(story_of("H01"), "H01")["story"]]

    assert told == sorted(told, key=lambda one: one[0])
    assert ("2025-04-28", "recist-1.1") in told
    assert ("2025-10-13", "markers") in told
    assert [criteria for _on, criteria in told].count("") == 1  # the start of treatment, told once for both


def test_one_course_alone_has_no_story_above_it(story_of):
    assert "the whole course" not in story_of("F01")("timeline F01 --format table").out


def test_a_remission_without_treatment_is_told_in_a_story(story_of):
    assert "treatment-free remission begins" in story_of("C01")("timeline C01 --format table").out


def test_a_response_that_was_never_confirmed_and_a_progression_are_told(story_of):
    told = [one["what"] for one in visits(story_of("N01"), "N01")["story"] if one["criteria"] == "recist-1.1"]

    assert told == ["progression"]


def test_a_line_that_is_asked_for_is_shown_without_the_others(story_of):
    shown = story_of("A01")("timeline A01 --line 2 --format table").out

    assert "line 2, FLAG-IDA" in shown
    assert "7+3" not in shown


# Every width


AMOUNTS = st.one_of(
    st.none(), st.decimals(0, 300, places=4), st.sampled_from(["<0.001", ">600", "undetectable", "<0.1"])
)
CODES = st.sampled_from(["CR", "MR4.5", "possible-progression", "response-normal", "Non-CR/Non-PD", "NE"])


@st.composite
def any_timeline(draw):
    status = draw(st.sampled_from([GENE, samples.LEUKAEMIA, samples.PR_CONFIRMED]))
    rows = []
    for month in range(draw(st.integers(1, 5))):
        value = draw(AMOUNTS)
        row = look(None if value == "undetectable" else value, f"2025-{month + 1:02}-01")
        if value == "undetectable":
            row = replace(row, value_text=value, value_from=d(0))
        code = draw(CODES)
        kind = draw(st.sampled_from([COMPLETE, PARTIAL, NOT_EVALUABLE]))
        beside = draw(st.sampled_from([(), ("optimal", "CHR"), ("CT PR", "1200 mm²")]))
        new = draw(st.sampled_from(["", "no"]))
        rows.append(replace(row, reported=code, overall=draw(CODES), reported_kind=kind, beside=beside, new=new))
    marks = draw(st.sampled_from([(), LEVELS, (("remission_below_pct", d(5)), ("marrow_partial_to_pct", d(25)))]))
    return replace(samples.TIMELINE, status=status, measure=status.measure, rows=tuple(rows), marks=marks)


def shown_as(timeline, width, encoding="utf-8", *, plain_words=False):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    output(timeline_screen("P01", [timeline], samples.TODAY, plain_words), "table", stream, width, color=False)
    stream.flush()
    return raw.getvalue().decode(encoding)


@given(any_timeline(), st.integers(40, 200), st.booleans(), st.sampled_from(["utf-8", "ascii"]))
def test_no_line_is_wider_than_the_terminal_whatever_was_measured(timeline, width, plain_words, encoding):
    shown = shown_as(timeline, width, encoding, plain_words=plain_words)

    assert [line for line in shown.splitlines() if cell_len(line) > width] == []


def test_an_ascii_terminal_has_both_kinds_of_marks():
    shown = shown_as(samples.TIMELINE, 80, "ascii")

    assert "| 52.5 mm" in shown
    assert ": 38.4 mm" in shown


def test_no_forbidden_word_stands_in_a_caption():
    timelines = [gene(62, 0), blasts(62, 3), samples.TIMELINE]
    told = " ".join(
        caption.text
        for timeline in timelines
        for plain_words in (True, False)
        for caption in drawn.captions(timeline, plain_words=plain_words)
    )

    assert [word for word in words.FORBIDDEN if re.search(rf"\b{re.escape(word)}\b", told, re.IGNORECASE)] == []
