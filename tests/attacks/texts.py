"""
Texts that steer a terminal, hide in a name, break a table, run in a spreadsheet or speak SQL.

For the table of `make torture`: `hostile_text`. Each try puts such texts everywhere a record holds text, past
everything that would refuse them at the door, and looks at what the screens make of it; then it types some.
"""

import contextlib
import json
import os
import random
import re
import shlex
import shutil
from datetime import date
from decimal import Decimal

from rich.cells import cell_len

from remtrack.exchange.columns import FACT_TABLES
from remtrack.store import open_record
from remtrack.tracker.derive import derive

from .base import Outcome, attacked, command, faults, workplace

#: What no terminal may be given: control characters but the end of a line, and marks of direction, width or nothing.
RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
PIECES = [
    *("\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\x1b[1;1H", "\r", "\b\b\b", "\x07", "\x7f", "\x0b", "\x85"),
    *("\u202e", "\u202d\u202c", "\u2066\u2069", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029"),
    *("\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u3164", "\ufe0f", "\U000e0041", "\u034f"),
    *("e\u0301", "o" + "\u0308" * 30, "\u0301", "Z\u0351\u0352\u0357", "\u0e01\u0e33", "שלום", "مرحبا", "ﷺ"),
    *("肺", "肺癌" * 12, "🫁", "🧑\u200d🚀", "👍🏽", "🇩🇪", "ﾊ", "Ａ", "½", "x" * 90, "wide " * 30),
    *("\n", "\t", "\n\n", " ", "a\nb", "[red]", "[/]", "{x}", "%s", "\\", "\\x1b", "&amp;", "<b>"),
    *("=1+1", "+1", "-1", "@x", "'=1", "''=", "＝1", "\t=1", "\n-1", ";=1", "x;=1", "x\n=1", '"=1', '"', "'", ",", ";"),
    *("'; DROP TABLE patients; --", '" OR 1=1 --', "Robert'); DELETE FROM visits;--", "%", "_", "?", ":name", "NULL"),
    *("../../etc/passwd", "-x", "--yes", "--help", "~", "$HOME", "`id`", "$(id)", "*", "NaN", "0", "2026-01-05"),
    *("\ufdd0", "\uffff", "\U0001d173", "\ufffc", "\u2800", "\u00a0", "\u3000", "\u115f", "\uffa0"),
]
_RULE = re.compile(r" *(?:─+ +)+─+")


def text(chance, most=3):
    """Return a text of one or a few of the pieces."""
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, most)))


def fill(path, chance):
    """Put texts everywhere that a record holds text, and return (patient_id, the texts of that patient by place)."""

    def one():
        return text(chance)

    patient_id, reader, organ = f"P{one()}", chance.choice(("", one())), one()
    said = {"disease": one(), "note": one(), "regimen": one(), "reason": one(), "detail": one(), "site": one()}
    with (
        open_record(path, write=True) as record,
        record.change(f"add {one()}", who=one(), reason=one(), file_name=one()) as change,
    ):
        change.put("patients", {"patient_id": patient_id, "disease": said["disease"], "note": said["note"]})
        change.put("lines", {"patient_id": patient_id, "line": 1, "regimen": said["regimen"]})
        change.put("line_criteria", {"patient_id": patient_id, "line": 1, "criteria": "recist-1.1"})
        for lesion_id, role in (("L1", "target"), (f"L{one()}", "nontarget")):
            names = {"patient_id": patient_id, "lesion_id": lesion_id}
            change.put("lesions", {**names, "kind": "nonnodal", "organ": organ, "site": said["site"]})
            change.put("line_lesions", {**names, "line": 1, "reader": reader, "role": role})
        for month, size in ((1, 60), (3, 30), (5, 90)):
            visit = {"patient_id": patient_id, "visit_on": date(2026, month, 5), "reader": reader}
            change.put("visits", {**visit, "line": 1, "label": one(), "method": one(), "note": one()})
            change.put(
                "measurements",
                {**visit, "lesion_id": "L1", "state": "measured", "longest_mm": Decimal(size), "note": one()},
            )
            change.put(
                "measurements",
                {**visit, "lesion_id": lesion_id, "state": "not_assessed", "reason": said["reason"]},
            )
            result = {"test": f"t{one()}", "sampled_on": date(2026, month, 5), "text": f"v{one()}", "unit": one()}
            change.put("results", {**visit, **result, "note": one()})
        event = {"patient_id": patient_id, "line": 1, "event_on": date(2026, 5, 6), "event": "note"}
        change.put("events", {**event, "detail": said["detail"]})
        derive(record, change, [patient_id])
    return patient_id, said


def screens(patient_id):
    """Every command that shows what is recorded."""
    return [
        *(["status"], ["status", "--all"], ["status", patient_id], ["status", patient_id, "--plain-words"]),
        *(["timeline", patient_id], ["timeline", patient_id, "--plain-words"], ["explain", patient_id, "2026-05-05"]),
        *(["compare", patient_id, "--criteria", "recist-1.1", "--criteria", "irecist"], ["remission"], ["patients"]),
        *(["lesions", patient_id], ["patient", "show", patient_id], ["line", "list", patient_id], ["log"]),
        *(["log", patient_id], ["log", patient_id, "--at", str(date.today())], ["check"], ["doctor"]),
        *(["export", table] for table in ("patients", "lines", "visits", "measurements", "results", "events")),
        *(["export", table] for table in ("assessments", "episodes", "courses")),
    ]


def typed(said, chance):
    """One of the commands that take text, with a text in its place."""
    templates = [
        *(
            ["--as", said, "patient", "add", "P77"],
            ["patient", "add", said],
            ["patient", "show", said],
            ["status", said],
        ),
        ["patient", "add", "P78", "--disease", said, "--note", said, "--regimen", said],
        *(["patient", "add", "P79", "--criteria", said], ["patient", "add", "P79", "--set", said]),
        *(["patient", "add", "P79", "--set", f"confirm_days={said}"], ["patient", "rename", "P00", said]),
        *(
            ["line", "start", "P00", said],
            ["line", "set", "P00", "1", "--regimen", said],
            ["line", "set", "P00", "1", said],
        ),
        *(["lesion", "add", "P00", said], ["lesion", "close", "P00", "L1", "--reason", said]),
        ["lesion", "add", "P00", "L9", "--organ", said, "--site", said, "--role", "nontarget"],
        *(["event", "P00", "note", "2026-05-05", "--detail", said], ["event", "P00", said], ["event", said, "death"]),
        ["add", "P00", "2026-07-01", "L1=3", "G1=3", "--note", said, "--label", said, "--method", said],
        *(["add", "P00", "2026-07-01", "L1=3", "--reader", said], ["add", "P00", "2026-07-01", f"L1={said}"]),
        *(["add", "P00", "2026-07-01", f"{said}=3"], ["add", "P00", said], ["add", said, "2026-07-01", "L1=3"]),
        *(["add", "P00", "2026-07-01", "--new", said], ["add", "P00", "2026-07-01", "--new", f"N1 {said} 14"]),
        *(["add", "P00", "2026-07-01", "L1=ne", "--reason", said], ["edit", "P00", "2026-03-02", "--remove", said]),
        ["edit", "P00", "2026-03-02", "L1=26", "--reason", said],
        *(["timeline", said], ["explain", "P00", said], ["remission", "--lasted", said], ["status", "--format", said]),
        *(["compare", "P00", "--criteria", said], ["log", said], ["log", "--at", said], ["undo", said, "--yes"]),
        *(["export", said], ["export", "patients", "--patient", said], ["export", "-o", said], ["backup", "-o", said]),
        *(["import", said], ["check", said], ["restore", said, "--yes"], ["criteria", "show", said], [said]),
        *(["purge", said, "-o", "without.db"], ["status", "P00", "--as-of", said], ["export", "patients", "-o", said]),
        *(["import", "site.csv", option, said] for option in ("--prefix", "--map", "--set", "--reason", "--sheet")),
        *(["import", "site.csv", option, said] for option in ("--day-zero", "--decimal", "--date-order", "--rejects")),
        *(["import", "site.csv", "--set", f"{name}={said}"] for name in ("note", "line", "organ", "reader", "visit")),
        ["import", "bad.csv", "--partial", "--rejects", said],
    ]
    return [*chance.choice(templates), *chance.choice(([], [], [], ["--json"]))]


def hostile_text(tries, seed, first=0):
    """Texts of every evil kind in every place: no terminal is given one raw, no table breaks, no record is harmed."""
    failures = []
    with workplace() as folder, contextlib.chdir(folder):
        for number in range(first, first + tries):
            chance = random.Random(f"{seed} {number}")
            found = _shown(attacked(folder), chance) + _said(attacked(folder), folder, chance)
            failures += [f"try {number}: {fault}" for fault in found]
    return Outcome(tries, failures)


def _shown(path, chance):
    patient_id, _said_of = fill(path, chance)
    failures = []
    for words in chance.sample(screens(patient_id), 6):
        width, form = chance.choice((60, 80)), chance.choice(("table", "table", "plain", "json", "csv"))
        with columns(width):
            code, out, err = command(path, [*words, "--format", form])
        what = f"{shlex.join(words)!r} as {form} in {width} columns"
        if code not in (0, 1, 3):  # what belongs to a reader is not found without their name
            failures.append(f"{what}: exit {code}: {err[-300:]}")
        if form == "csv" and words[0] == "export":
            out = ""  # it is for programs and keeps every sign; on a terminal it is cleaned
        failures += [f"{what}: {fault}" for fault in unsafe(out, err, form, width)]
    return failures


def _said(path, folder, chance):
    (folder / "site.csv").write_text("patient_id,date,lesion_id,longest_mm\nQ1,2026-01-05,T1,30\n", encoding="utf-8")
    (folder / "bad.csv").write_text("patient_id,date,lesion_id,longest_mm\nQ1,2026-01-05,T1,x\n", encoding="utf-8")
    failures, told = [], []
    for _ in range(4):
        words = typed(text(chance, most=2), chance)
        before = path.read_bytes()
        code, out, err = command(path, words)
        if code not in (0, 1, 2, 3, 4, 5):
            failures.append(f"{words}: exit {code}: {err[-300:]}")
        if code and path.read_bytes() != before:
            failures.append(f"{words}: exit {code}, and the record was changed")
        failures += [f"{words}: {fault}" for fault in unsafe(out, err, "plain", 80)]
        told.append(words)
    return failures + [f"after {told}: {fault}" for fault in (*faults(path), *other_when_read_again(path, folder))]


def other_when_read_again(path, folder):
    """
    Yield the tables of facts that an export of a record made of this record's export does not write alike.

    Answers may differ: a lesion that was named and never read is in no table.
    """
    out, other, again = folder / "out", folder / "other.db", folder / "again"
    for place in (out, again):
        shutil.rmtree(place, ignore_errors=True)
    other.unlink(missing_ok=True)
    for record, words in ((path, ["export", "-o", out]), (other, ["import", out]), (other, ["export", "-o", again])):
        code, _out, err = command(record, words)
        if code:
            yield f"{words[0]}: exit {code}: {err[-300:]}"
            return
    for table in FACT_TABLES:
        before, after = ((place / f"{table}.csv").read_text("utf-8").splitlines() for place in (out, again))
        if before != after:
            yield f"{table} are read as {set(after) - set(before)}, were {set(before) - set(after)}"


@contextlib.contextmanager
def columns(width):
    """Draw in so many columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def unsafe(out, err, form, width):
    """Yield what a terminal should not have been given."""
    shown = out.replace("\r\n", "\n") if form == "csv" else out
    if bad := RAW.search(shown + err):
        yield f"{bad[0]!r} was printed"
    if form == "json" and out:
        json.loads(out)
    if form == "table":
        yield from broken(out, width)


def broken(out, width):
    """Yield lines that are wider than the terminal, and those of a table that do not keep to its columns."""
    gaps = []
    for line in out.split("\n"):
        if cell_len(line) > width:
            yield f"a line of {cell_len(line)} columns: {line!r}"
        if _RULE.fullmatch(line):
            gaps = [at for at in range(1, len(line)) if line[at - 1 : at + 1] == " ─"]
        elif not line.strip() or line.startswith(" │"):  # what the marks of a picture mean stands behind it
            gaps = []
        elif gaps:
            # The column before each one of the table is blank in every row.
            at = 0
            filled = set()
            for sign in line:
                if sign != " ":
                    filled.update(range(at, at + max(cell_len(sign), 1)))
                at += cell_len(sign)
            if crossed := [gap for gap in gaps if gap - 1 in filled]:
                yield f"a row crosses the edge of column {crossed[0]}: {line!r}"
