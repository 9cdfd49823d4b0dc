"""
The screens of every family, as a nurse, a haematologist and a patient would see them.

Values come from the worked cases (`family_samples`); the snapshots hold whole screens at 80 columns, and what must
hold for every category of every family stands in tests of its own.
"""

import csv
import io
import json
import re
from dataclasses import replace

import family_samples as samples
import pytest
import screen_samples
from family_samples import CHOSEN, TODAY, every_category, every_course
from rich.cells import cell_len
from test_screens import show

from remtrack import words
from remtrack.show import explanation_screen, overview_screen, remission_screen, status_screen
from remtrack.verdict import NO_DISEASE, NOT_EVALUABLE, RELAPSE, RESPONSE_KINDS, STABLE
from remtrack.words import limits, plain

every_situation = pytest.mark.parametrize("name", CHOSEN)
CATEGORIES = [pytest.param(family, one, id=f"{family} {one.code}") for family, one in every_category()]
SOLID = ("recist-1.1", "irecist", "mrecist-hcc", "rano-2.0")

# What each situation is called to patients with a solid tumour, whatever the category of the family is.
OF_SOLID = {
    "CR": "complete response (no evidence of disease on tests)",
    "iCR": "complete response (no evidence of disease on tests)",
    "PR": "partial response",
    "iPR": "partial response",
    "MR": "a little smaller",
    "SD": "stable: only a small change",
    "iSD": "stable: only a small change",
    "IR/SD": "still seen, with no clear growth",
    "Non-CR/Non-PD": "still seen, with no clear growth",
    "Non-iCR/Non-iUPD": "still seen, with no clear growth",
    "iUPD": "possible growth; a repeat scan is needed to know",
    "pPD": "possible growth; a repeat scan is needed to know",
}


def screens(family, case_id):
    """Return every screen of one case in both voices: name, screen."""
    row = samples.status_of(family, case_id)
    told, stretches = samples.explanation_of(family, case_id), samples.remissions_of(family, case_id)
    for name, voice in (("clinical", False), ("plain", True)):
        yield f"status {name}", status_screen([row], TODAY, voice)
        yield f"remission {name}", remission_screen(stretches, TODAY, voice)
        yield f"explain {name}", explanation_screen([told], TODAY, voice)
        yield f"overview {name}", overview_screen(replace(samples.mixed(), rows=(row,)), voice)


# Whole screens


@every_situation
def test_the_status_of_each_situation_is_as_it_was_read_and_approved(name, snapshot):
    assert snapshot == show(status_screen([samples.status_of(*CHOSEN[name])], TODAY))


@every_situation
def test_the_status_in_plain_words_is_as_it_was_read_and_approved(name, snapshot):
    assert snapshot == show(status_screen([samples.status_of(*CHOSEN[name])], TODAY, plain_words=True))


@every_situation
def test_the_remissions_of_each_situation_are_as_they_were_read_and_approved(name, snapshot):
    assert snapshot == show(remission_screen(samples.remissions_of(*CHOSEN[name]), TODAY))


@pytest.mark.parametrize("name", ["AML, CRi and then CR", "CML, MR4.5", "CA-125, progression", "lymphoma, relapse"])
def test_the_explanation_of_each_situation_is_as_it_was_read_and_approved(name, snapshot):
    assert snapshot == show(explanation_screen([samples.explanation_of(*CHOSEN[name])], TODAY))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_patients_of_all_families_at_a_glance_are_as_they_were_read_and_approved(width, snapshot):
    assert snapshot == show(overview_screen(samples.mixed()), width=width)


@pytest.mark.parametrize("width", [60, 80])
def test_a_large_cohort_of_several_families_is_counted_as_it_was_read_and_approved(width, snapshot):
    assert snapshot == show(overview_screen(samples.counted()), width=width)


def test_patients_of_all_families_in_plain_words_are_as_they_were_read_and_approved(snapshot):
    assert snapshot == show(overview_screen(samples.mixed(), plain_words=True))


# What holds for every screen of every family


@every_situation
def test_no_line_is_wider_than_the_terminal(name):
    wide = [
        (kind, width, line)
        for kind, screen in screens(*CHOSEN[name])
        for width in (40, 60, 80, 120)
        for line in show(screen, width=width).splitlines()
        if cell_len(line) > width
    ]

    assert wide == []


@every_situation
def test_no_screen_says_what_may_never_be_said(name):
    shown = {kind: re.sub(r"\s+", " ", show(screen)).lower() for kind, screen in screens(*CHOSEN[name])}

    assert [
        (kind, word)
        for kind, text in shown.items()
        for word in words.FORBIDDEN
        if re.search(rf"\b{re.escape(word)}\b", text)
    ] == []


@every_situation
def test_plain_words_have_no_abbreviation_without_its_words_and_no_name_of_a_field(name):
    family, case_id = CHOSEN[name]
    rules = plain.rules(family, samples.status_of(family, case_id).title)
    for kind, screen in screens(family, case_id):
        if kind.endswith("plain"):
            shown = re.sub(r"\s+", " ", show(screen, width=200)).replace(rules, "").replace(case_id, "")
            shown = re.sub(r"remtrack \w+ \S+( \d{4}-\d\d-\d\d)?", "", shown)
            spelled = set(re.findall(r"\(([A-Z][\w:.-]+)\)", shown))
            bare = set(re.findall(r"\b[A-Z]{2,}[\w:.-]*|\bi[A-Z]{2,}\w*|\bpPD\b|\w+_\w+|\bsCR\b", shown))

            assert {word.rstrip(".:") for word in bare} - spelled - {"P01"} == set(), kind


@every_situation
def test_a_laboratory_has_no_scans_and_no_lesions(name):
    family, case_id = CHOSEN[name]
    if family in samples.LABORATORY:
        shown = "".join(show(screen) for kind, screen in screens(family, case_id) if not kind.startswith("overview"))

        assert not re.search(r"\b(scan|scans|lesion|lesions|tumours?)\b", shown.replace("Rules for", ""))


@every_situation
def test_every_format_says_the_same_without_a_box_or_an_escape(name):
    for kind, screen in screens(*CHOSEN[name]):
        assert isinstance(json.loads(show(screen, "json"))["rows"], list), kind
        rows = list(csv.reader(io.StringIO(show(screen, "csv"), newline=""), strict=True))
        assert len({len(row) for row in rows}) <= 1, kind
        said = show(screen, "plain")
        assert [line for line in said.splitlines() if line and not re.match(r"\S.*?: \S", line)] == [], kind


# Every category of every family


def current(family, category, **changes):
    """Return a patient who is in that category now, confirmed and for longer than a month where it is a response."""
    entry = samples.FAMILIES[family]
    on = screen_samples.day("2025-09-01")
    labels = {category.code: (category.label, category.plain)}
    stretch = screen_samples.remission(
        "P01",
        screen_samples.episode(
            word=entry.word, category=category.code, kind=category.kind, levels=((category.code, on),)
        ),
        criteria=family,
        title=entry.title,
        labels=labels,
    )
    responds = category.kind in RESPONSE_KINDS and category.code != "MLFS"
    responds = responds and not (
        entry.word == "remission" and family != "blood-cll-iwcll-2018" and category.code == "PR"
    )
    return screen_samples.status(
        criteria=family,
        title=entry.title,
        word=entry.word,
        unit=entry.unit,
        measure=entry.measure,
        current=category.code,
        current_kind=category.kind,
        labels=labels,
        best_response=category.code,
        best_response_unconfirmed=category.code,
        thresholds=(),
        because="",
        source="",
        undecided=("L2 was not assessed",) if category.kind == NOT_EVALUABLE else (),
        episodes=(stretch,) if responds else (),
        **changes,
    )


@pytest.mark.parametrize(("family", "category"), CATEGORIES)
def test_every_category_is_called_by_its_own_clinical_label(family, category):
    shown = re.sub(r"\s+", " ", show(status_screen([current(family, category)], TODAY)))
    label = category.label
    if category.code.startswith("Non-"):
        label = "neither complete response nor progression"
    elif category.kind == NO_DISEASE:
        label = "no evidence of disease on tests"
    elif label == category.code.lower():
        label = category.code

    assert f"{category.code} {label}" in shown or label == category.code in shown


@pytest.mark.parametrize(("family", "category"), CATEGORIES)
def test_every_category_is_told_to_a_patient_by_its_own_plain_label(family, category):
    said = plain.state(current(family, category))
    label = plain.spelled(category.plain)

    if category.kind == NOT_EVALUABLE:
        assert said == "This visit cannot be rated because L2 was not assessed."
    elif family in SOLID and category.code in OF_SOLID:
        assert OF_SOLID[category.code] in said.lower()
    elif (family, category.code) in {("recist-1.1", "PD"), ("mrecist-hcc", "PD")}:
        assert said == "The measurements show growth (or a new area)."
    elif label.startswith(("complete remission", "partial remission")):
        head, _, tail = label.partition(", ")
        assert said == f"{head.capitalize()} since 1 September 2025{', ' if tail else ''}{tail}."
    else:
        assert label in said or f"{label[0].upper()}{label[1:]}" in said


@pytest.mark.parametrize(("family", "category"), CATEGORIES)
def test_no_category_says_more_in_a_narrow_column_than_its_label(family, category):
    labels = {category.code: (category.label, category.plain)}
    shown = words.state_short(category.code, category.kind, 1, family, labels)
    word = shown.removeprefix(f"{words.symbol(category.kind)} {category.code}").strip()
    known = {"not judged": NOT_EVALUABLE, "none seen": NO_DISEASE}

    assert word in known or word[:8] in category.label or (word == "complete" and category.code.startswith("CR"))


def test_depth_of_a_molecular_response_is_never_called_a_complete_response():
    row = samples.status_of("blood-cml-eln-2020", "K06")
    shown = show(status_screen([row], TODAY)) + show(overview_screen(replace(samples.mixed(), rows=(row,))))

    assert "* MR4.5  molecular response 4.5 (deep) since 2026-04-06" in shown
    assert "* MR4.5 deep" in shown
    assert "complete" not in shown.replace("* complete or deep", "")


# Words


def test_what_comes_back_is_a_relapse_in_blood_and_a_recurrence_in_solid_tumours():
    lymphoma = samples.status_of("lugano-2014", "U17")

    assert "! PD  progressive disease: relapse since" in show(status_screen([lymphoma], TODAY))
    assert words.state_short("PD", RELAPSE, criteria="lugano-2014") == "! PD relapse"
    assert words.state_words(RELAPSE, "response", "PD", "recist-1.1") == "recurrence"
    assert words.end_word(lymphoma) == words.end_word(samples.status_of("blood-all", "B09")) == "relapse"
    assert words.end_word(samples.status_of("recist-1.1", "R22")) == "recurrence"  # after a complete response
    assert words.end_word(samples.status_of("recist-1.1", "R06")) == "progression"
    assert words.end_word(samples.status_of("blood-cll-iwcll-2018", "C12")) == "progression"


@pytest.mark.parametrize(
    ("number", "word", "said"),
    [
        (1, "remission", "first complete remission (CR1)"),
        (2, "remission", "second complete remission (CR2)"),
        (11, "remission", "11th complete remission (CR11)"),
        (1, "response", ""),
        (2, "response", "second complete response"),
        (0, "remission", ""),
    ],
)
def test_complete_remissions_are_numbered(number, word, said):
    assert said == words.nth_complete(number, word)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("32", "mm", "32.0 mm"),
        ("1200", "mm²", "1200 mm²"),
        ("116.25", "mm²", "116.3 mm²"),
        ("2.0", "%", "2 %"),
        ("0.0032", "% IS", "0.0032 % IS"),
        ("0", "% IS", "0 % IS"),
        ("41", "U/mL", "41 U/mL"),
        ("0.04", "ng/mL", "0.04 ng/mL"),
        ("1050", "mg/24h", "1050 mg/24h"),
    ],
)
def test_a_value_keeps_the_decimals_that_matter(value, unit, said):
    assert said == words.quantity(screen_samples.d(value), unit)


def test_a_value_that_is_only_a_bound_is_shown_as_it_was_printed():
    row = replace(samples.status_of("markers", "S03"), value=None, value_text="<0.1", change_from_baseline_pct=None)

    assert "Value            PSA <0.1 ng/mL\n" in show(status_screen([row], TODAY))
    assert "<0.1 ng/mL" in show(overview_screen(replace(samples.mixed(), rows=(row, samples.mixed().rows[0]))))


@pytest.mark.parametrize(
    ("thresholds", "row", "said"),
    [
        ((("relapse_from_pct", "5"),), ("blood-all", "B01"), ("relapse from 5 % of marrow blasts",)),
        (
            (("remission_below_pct", "5"), ("marrow_partial_to_pct", "20")),
            ("blood-aml-eln-2022", "A06"),
            (
                "remission below 5 % of marrow blasts, if the other items of it are met",
                "partial remission at 20 % or less of marrow blasts, if the other items of it are met",
            ),
        ),
        (
            (("mr3_lost_above_pct", "0.1"), ("mr4_to_pct", "0.01"), ("mr4_5_to_pct", "0.0032")),
            ("blood-cml-eln-2020", "K06"),
            (
                "loss of MR3 above 0.1 % IS",
                "MR4 at 0.01 % IS or less with enough control copies",
                "MR4.5 at 0.0032 % IS or less with enough control copies",
            ),
        ),
        (
            (("partial_to", "20"), ("progression_from", "23.75"), ("nadir", "19")),
            ("markers", "S01"),
            ("PSA50 at 20 ng/mL or less", "progression from 23.75 ng/mL"),
        ),
        ((("partial_to", "200"),), ("markers", "P01"), ("marker response at 200 U/mL or less",)),
        ((("progression_above", "149"),), ("myeloma-imwg-2016", "Y11"), ("progression above 149 mg/L",)),
        (
            (("partial_to_mm2", "600"), ("progression_from_mm2", "735.625"), ("nadir_mm", "588")),
            ("rano-2.0", "G01"),
            ("partial response at 600 mm² or less", "progression from 735.63 mm²"),
        ),
        ((("ca99_rise_limit", "7"),), ("markers", "P01"), ("ca99 rise limit: 7 U/mL",)),
    ],
)
def test_the_thresholds_of_each_family_are_told_in_words_with_their_unit(thresholds, row, said):
    given = tuple((name, screen_samples.d(value)) for name, value in thresholds)
    row = replace(
        samples.status_of(*row), thresholds=given, progression_on=None, current="none yet", current_kind=STABLE
    )

    assert said == limits.threshold_words(row)


def test_no_family_names_a_threshold_that_would_be_told_raw():
    told = {said for course in every_course() for said in limits.threshold_words(samples.row_of(course))}

    assert told
    assert [said for said in told if "_" in said or ":" in said or not re.search(r"\d \S", said)] == []


def test_a_response_that_is_no_remission_says_so():
    row = samples.status_of("blood-aml-eln-2022", "A04")

    assert "none so far: MLFS is a response, not yet a remission" in re.sub(
        r"\s+", " ", show(status_screen([row], TODAY))
    )
    assert plain.state(row) == "No leukaemia seen in the marrow, blood counts low. Not yet a remission."


def test_the_legend_speaks_of_growth_only_where_only_sizes_are_followed():
    assert "! growing" in show(overview_screen(screen_samples.overview()))
    shown = show(overview_screen(samples.mixed()))

    assert "! progression or relapse" in shown
    assert "growing" not in shown


def test_categories_of_two_families_are_counted_apart():
    shown = show(overview_screen(samples.counted()))

    assert re.search(r"AML +\* CR complete +490 ", shown)
    assert re.search(r"Myeloma +\* CR complete +\d+ ", shown)
    assert "In response or remission now: 4,480 of 6,000" in shown


def test_the_explanation_of_a_marker_names_the_rules_of_that_marker_alone():
    told = samples.explanation_of("markers", "S03")

    assert "PSA (PCWG3 2016)" in show(explanation_screen([told], TODAY))
    assert "GCIG" not in show(explanation_screen([told], TODAY))


def test_what_a_laboratory_did_not_enter_is_said_to_a_patient_without_the_name_of_its_field():
    said = plain.not_rated(
        (
            "nothing is entered for anc; one sampled by 2024-02-26 belongs to this marrow",
            "sCR needs kappa/lambda <1.65",
        ),
        "blood-aml-eln-2022",
    )

    assert said == "This visit cannot be rated because nothing is entered for the neutrophils (white blood cells)."
    assert plain.not_rated((), "markers") == "This visit cannot be rated by these rules."
