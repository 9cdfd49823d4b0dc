"""Values for the screens, as the use cases would hand them over: invented patients, one fixed day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from remtrack.verdict import (
    COMPLETE,
    NO,
    NO_DISEASE,
    NOT_EVALUABLE,
    NOT_YET,
    PARTIAL,
    PROGRESSION,
    STABLE,
    YES,
    Episode,
    Explanation,
    Milestone,
    Problem,
    Step,
)
from remtrack.views import Counted, LesionRow, Overview, RemissionRow, StatusRow, Timeline, TimelineRow

TODAY = date(2026, 3, 10)
SOURCE = "Eisenhauer 2009, Eur J Cancer 45:228, section 4.3.1"


def d(text: str) -> Decimal:
    return Decimal(text)


def day(text: str) -> date:
    return date.fromisoformat(text)


def episode(**changes: object) -> Episode:
    base = Episode(
        word="response",
        category="PR",
        kind=PARTIAL,
        began_on=day("2025-09-01"),
        confirmed_on=day("2025-10-06"),
        last_seen_on=day("2026-03-02"),
        ended_on=None,
        ended_by="",
        days=182,
        lasted_month=YES,
        lasted_on=day("2025-10-06"),
        settles_on=None,
        levels=(("PR", day("2025-09-01")),),
    )
    return replace(base, **changes)


def remission(patient_id: str, one: Episode, **changes: object) -> RemissionRow:
    return replace(RemissionRow(patient_id, 1, "", "recist-1.1", one, title="RECIST 1.1"), **changes)


def status(patient_id: str = "P01", **changes: object) -> StatusRow:
    one = remission(patient_id, episode())
    base = StatusRow(
        patient_id=patient_id,
        disease="",
        line=1,
        regimen="",
        reader="",
        criteria="recist-1.1",
        title="RECIST 1.1",
        word="response",
        unit="mm",
        visits=6,
        last_visit_on=day("2026-03-02"),
        current="PR",
        current_kind=PARTIAL,
        since=day("2025-09-01"),
        value=d("32.0"),
        value_complete=True,
        baseline_on=day("2025-06-02"),
        baseline_value=d("75.0"),
        change_from_baseline_pct=(d("32.0") - d("75.0")) * 100 / d("75.0"),
        change_from_nadir_pct=(d("32.0") - d("34.0")) * 100 / d("34.0"),
        nadir_value=d("32.0"),
        nadir_on=day("2026-03-02"),
        best_response="PR",
        best_response_unconfirmed="PR",
        progression_on=None,
        because="sum 32.0 mm is -57.3% of the baseline sum 75.0 mm; partial response is at 52.5 mm or less",
        source=SOURCE,
        flags=(),
        undecided=(),
        thresholds=(("partial_to_mm", d("52.50")), ("progression_from_mm", d("38.40")), ("nadir_mm", d("32.0"))),
        settings=(),
        episodes=(one,),
    )
    return replace(base, **changes)


PR_CONFIRMED = status("P01", disease="lung", regimen="carboplatin")

_CR_EPISODE = episode(
    category="CR",
    kind=COMPLETE,
    began_on=day("2020-03-01"),
    confirmed_on=day("2020-04-05"),
    last_seen_on=day("2025-11-03"),
    days=(day("2025-11-03") - day("2020-03-01")).days,
    lasted_on=day("2020-04-05"),
    levels=(("PR", day("2020-03-01")), ("CR", day("2020-06-01"))),
)
CR_LASTING = status(
    "P02",
    visits=14,
    last_visit_on=day("2025-11-03"),
    current="CR",
    current_kind=COMPLETE,
    since=day("2020-06-01"),
    value=d("0"),
    baseline_on=day("2019-12-01"),
    baseline_value=d("41.0"),
    change_from_baseline_pct=d("-100"),
    change_from_nadir_pct=None,
    nadir_value=d("0"),
    nadir_on=day("2020-06-01"),
    best_response="CR",
    best_response_unconfirmed="CR",
    because="every target lesion is gone, every non-target lesion is gone, no new lesion",
    thresholds=(("progression_from_mm", d("5")), ("nadir_mm", d("0"))),
    episodes=(
        remission(
            "P02",
            _CR_EPISODE,
            number=1,
            milestones=(
                Milestone("3y", day("2023-06-01"), "confirmed"),
                Milestone("5y", day("2025-06-01"), "confirmed"),
            ),
        ),
    ),
    attention=(("no scan for 127 days", "remtrack add P02"),),
)

CR_ONCE = status(
    "P03",
    visits=3,
    current="CR",
    current_kind=COMPLETE,
    since=day("2026-02-20"),
    last_visit_on=day("2026-02-20"),
    value=d("8.5"),
    change_from_baseline_pct=(d("8.5") - d("75")) * 100 / 75,
    nadir_value=d("8.5"),
    nadir_on=day("2026-02-20"),
    best_response="SD",
    best_response_unconfirmed="CR",
    episodes=(
        remission(
            "P03",
            episode(
                category="CR",
                kind=COMPLETE,
                began_on=day("2026-02-20"),
                confirmed_on=None,
                last_seen_on=day("2026-02-20"),
                days=0,
                lasted_month=NOT_YET,
                lasted_on=None,
                settles_on=day("2026-03-20"),
                levels=(("CR", day("2026-02-20")),),
            ),
            number=1,
        ),
    ),
)

PD_AFTER_PR = status(
    "P04",
    visits=7,
    last_visit_on=day("2026-02-20"),
    current="PD",
    current_kind=PROGRESSION,
    since=day("2026-02-20"),
    value=d("71.0"),
    baseline_value=d("80.0"),
    change_from_baseline_pct=d("-11.25"),
    change_from_nadir_pct=d("17") * 100 / d("54"),
    nadir_value=d("54.0"),
    nadir_on=day("2025-10-30"),
    progression_on=day("2026-02-20"),
    because="sum 71.0 mm is +31.5% and +17.0 mm over the lowest sum 54.0 mm on 2025-10-30",
    flags=("the method of L2 changed from CT to MRI",),
    settings=(("confirm_days", "35"), ("min_sd_days", "56")),
    thresholds=(("partial_to_mm", d("56.0")), ("progression_from_mm", d("64.80")), ("nadir_mm", d("54.0"))),
    episodes=(
        remission(
            "P04",
            episode(
                began_on=day("2025-08-04"),
                confirmed_on=day("2025-09-15"),
                lasted_on=day("2025-09-15"),
                last_seen_on=day("2025-12-29"),
                ended_on=day("2026-02-20"),
                ended_by="PD",
                days=200,
                levels=(("PR", day("2025-08-04")),),
            ),
        ),
    ),
    attention=(("the method of L2 changed from CT to MRI", "remtrack explain P04 2026-02-20"),),
)

SD = status(
    "P05",
    visits=4,
    last_visit_on=day("2026-01-12"),
    current="SD",
    current_kind=STABLE,
    since=day("2025-07-15"),
    value=d("44.0"),
    baseline_value=d("48.0"),
    change_from_baseline_pct=d("-4") * 100 / d("48"),
    change_from_nadir_pct=d("2.3255813953488372093"),
    nadir_value=d("43.0"),
    nadir_on=day("2025-09-30"),
    best_response="SD",
    best_response_unconfirmed="SD",
    because="sum 44.0 mm: neither 30% under the baseline sum 48.0 mm nor 20% and 5 mm over the lowest sum 43.0 mm",
    thresholds=(("partial_to_mm", d("33.60")), ("progression_from_mm", d("51.60")), ("nadir_mm", d("43.0"))),
    episodes=(),
)

NE = status(
    "P06",
    visits=3,
    last_visit_on=day("2026-03-01"),
    current="NE",
    current_kind=NOT_EVALUABLE,
    since=day("2026-03-01"),
    value=None,
    value_complete=False,
    change_from_baseline_pct=None,
    change_from_nadir_pct=None,
    best_response="SD",
    best_response_unconfirmed="SD",
    because="target lesion L2 was not assessed, and the others alone do not prove progression",
    undecided=("L2 was not assessed (scan cut off)",),
    episodes=(),
    attention=(("1 of 3 target lesions missing", "remtrack add P06 2026-03-01 L2="),),
)

NED = status(
    "P07",
    visits=5,
    last_visit_on=day("2026-02-02"),
    current="NED",
    current_kind=NO_DISEASE,
    since=day("2025-05-05"),
    value=None,
    value_complete=None,
    baseline_on=day("2025-02-03"),
    baseline_value=None,
    change_from_baseline_pct=None,
    change_from_nadir_pct=None,
    nadir_value=None,
    nadir_on=None,
    best_response="NED",
    best_response_unconfirmed="NED",
    because="no disease at the baseline of 2025-02-03 and no new lesion since",
    thresholds=(),
    episodes=(),
)

BASELINE_ONLY = status(
    "P08",
    visits=1,
    last_visit_on=day("2025-10-22"),
    current="",
    current_kind="",
    since=None,
    value=d("58.0"),
    baseline_on=day("2025-10-22"),
    baseline_value=d("58.0"),
    change_from_baseline_pct=None,
    change_from_nadir_pct=None,
    nadir_value=d("58.0"),
    nadir_on=day("2025-10-22"),
    best_response="",
    best_response_unconfirmed="",
    because="",
    source="",
    thresholds=(("partial_to_mm", d("40.60")), ("progression_from_mm", d("69.60")), ("nadir_mm", d("58.0"))),
    episodes=(),
    attention=(("only a baseline so far", "remtrack add P08"), ("no scan for 139 days", "remtrack add P08")),
)

EMPTY = replace(
    BASELINE_ONLY,
    patient_id="P09",
    visits=0,
    last_visit_on=None,
    value=None,
    baseline_on=None,
    baseline_value=None,
    nadir_value=None,
    nadir_on=None,
    thresholds=(),
    attention=(("no scan recorded yet", "remtrack add P09"),),
)

SHORT_REMISSION = remission(
    "P10",
    episode(
        began_on=day("2025-11-03"),
        confirmed_on=None,
        last_seen_on=day("2025-11-03"),
        ended_on=day("2025-11-24"),
        ended_by="PD",
        days=21,
        lasted_month=NO,
        lasted_on=None,
        levels=(("PR", day("2025-11-03")),),
    ),
    current="PD",
    current_kind=PROGRESSION,
)
OVERDUE_REMISSION = remission(
    "P11",
    episode(
        began_on=day("2025-11-03"),
        confirmed_on=None,
        last_seen_on=day("2025-11-24"),
        days=21,
        lasted_month=NOT_YET,
        lasted_on=None,
        settles_on=day("2025-12-01"),
        levels=(("PR", day("2025-11-03")),),
    ),
)

LEUKAEMIA = status(
    "A01",
    disease="AML",
    criteria="blood-aml-eln-2022",
    title="ELN AML 2022",
    word="remission",
    unit="%",
    current="CR",
    current_kind=COMPLETE,
    since=day("2025-09-01"),
    value=d("2"),
    baseline_value=d("62"),
    change_from_baseline_pct=None,
    change_from_nadir_pct=None,
    nadir_value=None,
    nadir_on=None,
    best_response="CR",
    best_response_unconfirmed="CR",
    because="marrow blasts 2 %, ANC 1.4, platelets 130: every item of CR is met",
    source="Döhner 2022, Blood 140:1345, table 8",
    thresholds=(),
    episodes=(
        remission(
            "A01",
            episode(
                word="remission",
                category="CR",
                kind=COMPLETE,
                levels=(("CRi", day("2025-09-01")), ("CR", day("2025-10-06"))),
            ),
            criteria="blood-aml-eln-2022",
            title="AML, ELN 2022",
            number=2,
        ),
    ),
)
RELAPSED = replace(
    LEUKAEMIA,
    patient_id="A02",
    episodes=(
        replace(
            LEUKAEMIA.episodes[0],
            patient_id="A02",
            episode=replace(LEUKAEMIA.episodes[0].episode, ended_on=day("2026-03-02"), ended_by="Relapse"),
        ),
    ),
    current="Relapse",
    current_kind="relapse",
    progression_on=day("2026-03-02"),
    since=day("2026-03-02"),
)

#: The second line of P12 and the first, which ended.
SECOND_LINE = (
    status("P12", line=2, regimen="pembrolizumab", baseline_on=day("2025-06-02")),
    status(
        "P12",
        line=1,
        regimen="cisplatin",
        visits=4,
        last_visit_on=day("2025-05-20"),
        current="PD",
        current_kind=PROGRESSION,
        since=day("2025-05-20"),
        baseline_on=day("2024-12-02"),
        baseline_value=d("60.0"),
        value=d("75.0"),
        change_from_baseline_pct=d("25"),
        change_from_nadir_pct=d("25"),
        nadir_value=d("60"),
        nadir_on=day("2024-12-02"),
        best_response="SD",
        best_response_unconfirmed="SD",
        progression_on=day("2025-05-20"),
        because="a new lesion N1 (lung)",
        episodes=(),
    ),
)

ALL = (
    PR_CONFIRMED,
    CR_LASTING,
    CR_ONCE,
    PD_AFTER_PR,
    SD,
    NE,
    NED,
    BASELINE_ONLY,
    EMPTY,
    SECOND_LINE[0],
)


def counted(code: str, kind: str, patients: int) -> Counted:
    return Counted(code, kind, patients, "recist-1.1", "RECIST 1.1")


def overview(**changes: object) -> Overview:
    base = Overview(
        path="/home/ann/tumors.db",
        as_of=TODAY,
        patients=len(ALL),
        measurements=214,
        last_visit_on=day("2026-03-02"),
        rows=ALL,
        counts=(
            counted("PR", PARTIAL, 2),
            counted("CR", COMPLETE, 2),
            counted("PD", PROGRESSION, 1),
            counted("SD", STABLE, 1),
            counted("NE", NOT_EVALUABLE, 1),
            counted("NED", NO_DISEASE, 1),
            Counted("", "", 2),
        ),
    )
    return replace(base, **changes)


def ten_thousand() -> Overview:
    """A cohort too large to be listed: counted by category, and those who need attention."""
    return overview(
        patients=10_000,
        measurements=619_615,
        rows=tuple(replace(NE, patient_id=f"S-{n:05}") for n in range(40)),
        hidden=9_960,
        counts=(
            counted("SD", STABLE, 4_210),
            counted("PD", PROGRESSION, 3_105),
            counted("PR", PARTIAL, 2_010),
            counted("CR", COMPLETE, 402),
            counted("NE", NOT_EVALUABLE, 160),
            counted("NED", NO_DISEASE, 88),
            counted("Non-CR/Non-PD", STABLE, 20),
            Counted("", "", 5),
        ),
        responding=(("response", 2_412),),
    )


STRANGE = replace(
    PD_AFTER_PR,
    patient_id="P\x1b[31m\u202e13\u200b",
    disease="[bold]肺がん[/bold] 🫁 \x07",
    regimen="קרבופלטין",
    reader="r\u2066e\x9bader",
    flags=("note says \x1b]0;owned\x07 [link=x]y[/link]",),
)


def _visit(on: str, value: str | None, overall: str, kind: str, **changes: object) -> TimelineRow:
    amount = None if value is None else d(value)
    base = TimelineRow(
        visit_on=day(on),
        visit="",
        week=(day(on) - day("2025-06-02")).days // 7,
        is_baseline=overall == "",
        value=amount,
        complete=amount is not None,
        pct_of_baseline=None if amount is None else amount * 100 / d("75.0"),
        overall=overall,
        reported=overall,
        kind=kind,
        reported_kind=kind,
        new="no" if overall else "",
        proves=False,
        because="" if not overall else f"sum {value} mm",
    )
    return replace(base, **changes)


TIMELINE = Timeline(
    status=PR_CONFIRMED,
    measure="sum of diameters",
    targets=3,
    nontargets=2,
    as_of=TODAY,
    rows=(
        _visit("2025-06-02", "75.0", "", ""),
        _visit("2025-07-28", "61.0", "SD", STABLE),
        _visit("2025-09-01", "48.0", "PR", PARTIAL),
        _visit("2025-10-06", "41.0", "PR", PARTIAL, proves=True),
        _visit("2025-12-01", "53.0", "SD", STABLE, reported="PR", reported_kind=PARTIAL),
        _visit("2026-01-12", None, "NE", NOT_EVALUABLE, complete=False, flags=("L2 was not measured",)),
        _visit("2026-03-02", "32.0", "PR", PARTIAL),
    ),
    events=(
        (day("2025-06-09"), "treatment_start", "carboplatin"),
        (day("2025-11-10"), "local_therapy", "L2 radiotherapy"),
    ),
)
GROWN = replace(
    TIMELINE,
    status=PD_AFTER_PR,
    rows=(
        _visit("2025-06-02", "80.0", "", "", pct_of_baseline=d("100")),
        _visit("2025-09-01", "56.1", "SD", STABLE, pct_of_baseline=d("70.125")),
        _visit("2026-02-20", "140.0", "PD", PROGRESSION, new="yes", pct_of_baseline=d("175")),
    ),
    events=(),
)
NED_TIMELINE = replace(
    TIMELINE,
    status=NED,
    targets=0,
    nontargets=0,
    rows=(
        _visit("2025-02-03", None, "", "", week=0),
        _visit("2025-05-05", None, "NED", NO_DISEASE, week=13, because="no new lesion"),
        _visit("2026-02-02", None, "NED", NO_DISEASE, week=52, because="no new lesion"),
    ),
    events=(),
)

REMISSIONS = (
    PR_CONFIRMED.episodes[0],
    CR_LASTING.episodes[0],
    CR_ONCE.episodes[0],
    PD_AFTER_PR.episodes[0],
    SHORT_REMISSION,
    OVERDUE_REMISSION,
    remission("P12", episode(), line=2, number=0),
    LEUKAEMIA.episodes[0],
)

EXPLANATION = Explanation(
    patient_id="P03",
    line=1,
    reader="",
    criteria="recist-1.1",
    title="RECIST 1.1",
    visit_on=day("2026-02-20"),
    visit="V5",
    overall="PD",
    reported="PD",
    kind=PROGRESSION,
    because="sum 71.0 mm is +31.5% and +17.0 mm over the lowest sum 54.0 mm on 2025-10-30",
    source=SOURCE,
    steps=(
        Step("Target lesions", "L1 40.0 + L2 31.0 = 71.0 mm", "sum", "71.0 mm"),
        Step("Smallest sum so far", "54.0 mm on 2025-10-30 (baseline was 80.0 mm)", "nadir", "54.0 mm"),
        Step("Growth from nadir", "71.0 - 54.0 = 17.0 mm", ">= 5 mm", "yes"),
        Step("Growth in percent", "17.0 / 54.0 = 31.5 %", ">= 20 %", "yes"),
        Step("Target response", "3 and 4 both yes", "PD", "PD"),
        Step("Non-target lesions", "N1 present", "not worse", "Non-CR/Non-PD"),
        Step("New lesions", "none recorded", "any = PD", "no"),
        Step("Overall", "PD + Non-CR/Non-PD + no new", "table 1", "PD"),
    ),
    would_change=("L1 at 33.7 mm or less (the sum would stay below 64.8 mm)",),
    response=("PR from 2025-08-04 ended here; it lasted 200 days (6.6 months)",),
    entered="by dr.lee on 2026-02-20 14:05 +01:00, change 198; never edited",
)

LESIONS = (
    LesionRow("L1", "target", "nonnodal", "liver", "segment 6", d("12.0"), "measured", day("2025-12-01")),
    LesionRow("L2", "target", "nonnodal", "lung", "right upper lobe", None, "absent", day("2025-12-01")),
    LesionRow("L3", "target", "node", "lymph node", "mediastinum", d("9.0"), "measured", day("2025-12-01")),
    LesionRow("L4", "target", "nonnodal", "liver", "segment 2", None, "too_small", day("2025-12-01")),
    LesionRow("N1", "nontarget", "nonnodal", "bone", "T9", None, "present", day("2025-12-01"), day("2026-01-01")),
    LesionRow("N2", "nontarget", "nonnodal", "pleura", "", None, "", None),
)

PROBLEMS = (
    Problem("error", 'site.csv: "3,2" is not a size', "a comma can mean 3.2 or 32; nothing was imported",
            "remtrack import site.csv --decimal comma", 48, "longest_mm", "size"),
    Problem("warning", "P01: six target lesions at the baseline", "at most five are allowed (Eisenhauer 2009, 4.1)"),
    Problem("note", "column colour is not known and was left out"),
)  # fmt: skip


def later(days: int) -> date:
    return TODAY + timedelta(days)


# What the use cases hand over as dicts.

PATIENTS = [
    {
        "patient_id": "P01", "disease": "lung", "criteria": "recist-1.1", "lines": 1, "visits": 6,
        "first_visit_on": day("2025-06-02"), "last_visit_on": day("2026-03-02"), "note": "",
    },
    {
        "patient_id": "P12", "disease": "neuroendocrine tumour of the pancreas with liver metastases",
        "criteria": "recist-1.1, irecist", "lines": 2, "visits": 11, "first_visit_on": day("2024-12-02"),
        "last_visit_on": day("2026-03-02"), "note": "moved here in 2025",
    },
    {
        "patient_id": "P09", "disease": "", "criteria": "", "lines": 0, "visits": 0, "first_visit_on": None,
        "last_visit_on": None, "note": "",
    },
]  # fmt: skip
LINES = [
    {
        "patient_id": "P12", "line": 1, "criteria": "recist-1.1", "settings": "", "regimen": "cisplatin",
        "started_on": day("2024-12-09"), "stopped_on": day("2025-05-25"), "baseline_on": day("2024-12-02"), "visits": 4,
    },
    {
        "patient_id": "P12", "line": 2, "criteria": "recist-1.1", "settings": "confirm_days=35",
        "regimen": "pembrolizumab", "started_on": day("2025-06-09"), "stopped_on": None,
        "baseline_on": day("2025-06-02"), "visits": 7,
    },
]  # fmt: skip
PATIENT_FACTS = {
    "patient_id": "P12",
    "disease": "lung",
    "note": "moved here in 2025",
    "lines": LINES,
    "lesions": LESIONS,
    "events": [
        {"line": 1, "date": day("2025-03-03"), "event": "local_therapy", "detail": "L2 radiotherapy"},
        {"line": 2, "date": day("2026-03-05"), "event": "last_contact", "detail": ""},
    ],
}
CHANGES = [
    {
        "number": 214, "at_utc": "2026-03-02T13:05:00Z", "utc_offset": "+01:00", "at_local": "2026-03-02 14:05 +01:00",
        "who": "ann", "command": "edit", "reason": "typing error", "file_name": "", "undoes": None,
        "counts": {"measurements": {"added": 0, "changed": 1, "removed": 0}},
        "rows": ["P01 2026-03-02 L1: 33 mm -> 31 mm"], "rows_left_out": 0,
    },
    {
        "number": 213, "at_utc": "2026-03-01T08:00:00Z", "utc_offset": "+01:00", "at_local": "2026-03-01 09:00 +01:00",
        "who": "ann", "command": "import site.csv", "reason": "", "file_name": "site.csv", "undoes": None,
        "counts": {"measurements": {"added": 604, "changed": 0, "removed": 0}},
        "rows": [f"P{n:02} 2026-02-02 L1: 40 mm" for n in range(30)], "rows_left_out": 574,
    },
    {
        "number": 212, "at_utc": "2026-02-28T08:00:00Z", "utc_offset": "+01:00", "at_local": "2026-02-28 09:00 +01:00",
        "who": "ann", "command": "undo", "reason": "", "file_name": "", "undoes": 211, "counts": {}, "rows": [],
        "rows_left_out": 0,
    },
]  # fmt: skip
FAMILIES = [
    {
        "criteria": "recist-1.1", "title": "RECIST 1.1", "word": "response", "measure": "sum of diameters",
        "unit": "mm", "default": True,
    },
    {
        "criteria": "blood-aml-eln-2022", "title": "ELN AML 2022", "word": "remission", "measure": "marrow blasts",
        "unit": "%", "default": False,
    },
]  # fmt: skip
FAMILY = {
    "criteria": "recist-1.1",
    "title": "RECIST 1.1",
    "word": "response",
    "unit": "mm",
    "revision": 1,
    "source": "Eisenhauer 2009, Eur J Cancer 45:228",
    "reading": "CR is tested before PD.\nNodes under 10 mm are normal.\n\nA nadir of zero: the 5 mm test decides.",
    "categories": [
        {"code": "CR", "label": "complete response", "plain": "no sign of the cancer", "rank": 1, "kind": COMPLETE},
        {"code": "PR", "label": "partial response", "plain": "clearly smaller", "rank": 2, "kind": PARTIAL},
        {"code": "PD", "label": "progressive disease", "plain": "growth or a new area", "rank": 5, "kind": PROGRESSION},
    ],
    "rules": [
        {
            "part": "target", "title": "Target response", "order": 1, "rule": "recist.target.pd", "category": "PD",
            "when": "The sum is 20 % and 5 mm over the lowest sum before",
            "sentence": "the sum grew by 20 % and 5 mm over the lowest sum so far", "source": "Eisenhauer 2009, 4.3.1",
        },
        {
            "part": "target", "title": "Target response", "order": 2, "rule": "recist.target.pr", "category": "PR",
            "when": "The sum is 30 % or more under the baseline",
            "sentence": "the sum {sum_mm} is 30 % or more under the baseline", "source": "Eisenhauer 2009, 4.3.1",
        },
        {
            "part": "overall", "title": "Overall", "order": 1, "rule": "recist.overall.pd", "category": "PD",
            "when": "Any part is PD",
            "sentence": "any part is PD", "source": "Eisenhauer 2009, Table 1",
        },
    ],
    "inputs": [{"name": "longest_mm", "unit": "mm", "help": "longest diameter of a lesion"}],
    "settings": [
        {"name": "confirm_days", "default": "28", "allowed": "a whole number", "help": "days between the two visits"},
    ],
}  # fmt: skip
EXPORT_COLUMNS = (
    "patient_id",
    "line",
    "category",
    "began_on",
    "confirmed_on",
    "days",
    "lasted_month",
    "because",
    "source",
)
EXPORT_ROWS = [
    (
        "P01",
        1,
        "PR",
        day("2025-09-01"),
        day("2025-10-06"),
        182,
        "yes",
        "a reason that is long enough to need its room",
        "",
    ),
    ("P03", 1, "CR", day("2026-02-20"), None, 0, "not yet", "", ""),
]
STRANGE_LESIONS = (
    LesionRow("L\u202e1", "target", "nonnodal", "肝臓\x00", "S6\x1b[1m", d("12.0"), "measured", day("2025-12-01")),
    LesionRow("🫁", "new", "nonnodal", "", "", None, "equivocal", day("2025-12-01")),
)
STRANGE_PROBLEMS = (
    Problem(
        "error", 'site.csv: "\x1b[31m3,2" is not a size', "\u202esee\u200b", "remtrack import 'a\x07b'", 48, "[bold]"
    ),
)
