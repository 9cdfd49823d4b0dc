"""Every command of the program with an example that works, on a record that has something of everything."""

from pathlib import Path

from remtrack.cli.app import COMMANDS

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"

#: What makes the record: a patient with lesions under two families, one with laboratory values, one to take out.
PREPARED = (
    "patient add P01 --criteria recist-1.1 --criteria irecist --note geheim --regimen geheim",
    'add P01 2026-01-05 --target "L1 liver:geheim 42" --target "G1 node:axilla 18" --nontarget "B1 bone"',
    "add P01 2026-03-02 L1=28 G1=12 B1=present --note geheim",
    "patient add A1 --criteria blood-aml-eln-2022 --started 2026-01-06",
    "add A1 2026-01-05 bm_blasts_pct=60 pb_blasts_pct=30 anc=0.4 plt=20 emd=no",
    "add A1 2026-02-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=1.4 plt=120 emd=no",
    "patient add GEHEIM",
    "backup -o {place}/kept.db",
)
#: What reads and leaves the record as it was; {place} is a folder for what comes out.
READING = (
    "status",
    "status P01 --as-of 2026-02-01",
    "timeline P01",
    "explain P01 2026-03-02",
    "compare P01 --criteria recist-1.1 --criteria irecist",
    "remission",
    "lesions P01",
    "patients",
    "patient show P01",
    "line list P01",
    "log",
    'log P01 --at "change 3"',
    "log --head",
    "export assessments",
    "export patients --format table",
    "export -o {place}/out/all",
    "export --deidentify --key-file {place}/key -o {place}/out/masked",
    "export results -o {place}/results.csv",
    "backup",
    "backup -o {place}/copies/one.db",
    "check",
    "check {place}/rows.csv",
    "doctor",
    "criteria list",
    "criteria show irecist",
    "demo",
    "purge GEHEIM -o {place}/without.db",
)
#: What writes into the record, each with the command that `log` names and the kind of row it touches, in this order.
WRITING = (
    ("patient add P02 --note geheim", "patient add", "patients"),
    ("patient add P02 --note anders", "patient add", "patients"),
    ('add P02 2026-01-05 --target "L1 lung 20" --reason "first scan"', "add", "measurements"),
    ('edit P01 2026-03-02 L1=27 --reason "typing error"', "edit", "measurements"),
    ('edit A1 2026-02-10 anc=1.5 --reason "wrong tube"', "edit", "results"),
    ('edit A1 2026-02-10 --remove plt --reason "wrong tube"', "edit", "results"),
    ('edit P01 2026-03-02 --date 2026-03-03 --reason "wrong day"', "edit", "visits"),
    ("edit P01 2026-03-03 --method MRI", "edit", "visits"),
    ("event P01 therapy 2026-03-04 --detail geheim", "event", "events"),
    ("lesion add P01 L4 --organ liver --role nontarget", "lesion add", "lesions"),
    ('lesion close P01 L4 2026-03-05 --reason "out of the field"', "lesion close", "lesions"),
    ('line set P01 1 confirm_days=56 --reason "as the protocol says"', "line set", "line_criteria"),
    ("line stop P01 2026-05-01", "line stop", "lines"),
    ("line start P01 2026-05-20 --regimen geheim", "line start", "lines"),
    ("patient rename P02 P03 --reason doubled", "patient rename", "patients"),
    ('undo 11 --yes --reason "another patient"', "undo", "measurements"),
    ('redo --yes --reason "it was right"', "redo", "measurements"),
    ('import {place}/rows.csv --reason "from the site"', "import measurements", "measurements"),
    ("import {samples}/stories", "import", "results"),
    ("recompute", "recompute", ""),
    ("restore {place}/kept.db --yes", "restore", ""),
)
#: What makes a record that is not there yet.
MAKING = ("init",)
ROWS = "patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\nP50,2026-03-05,T1,20\n"


def lines(place):
    """Every example as it is typed, in the order in which each finds what it needs."""
    return [line.format(place=place, samples=SAMPLES) for line in (*MAKING, *READING, *(each[0] for each in WRITING))]


def prepare(typed, place):
    """Make the record and what the examples need beside it."""
    place.mkdir(mode=0o700, exist_ok=True)
    (place / "rows.csv").write_text(ROWS)
    for line in PREPARED:
        told = typed(line.format(place=place))
        assert told.code == 0, (line, told)


def unmentioned():
    """The commands that no example here is of."""
    return set(COMMANDS) - {line.split()[0] for line in lines(Path())}
