"""
Files made to fill the memory or the disk: each is refused in words, in little memory, in bounded time.

They are made while the attack runs and never kept. `bombs` is the attack for the table of `make torture`.
"""

import json
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from .base import Outcome, workplace

MEGABYTE = 1 << 20
MOST_MEMORY = 200 * MEGABYTE
MOST_SECONDS = 120  # on two busy cores
HEADER = "patient_id,date,lesion_id,longest_mm,note\n"

# Run by a small process of its own: what a process used is at least what the one that started it had.
_LAUNCHER = """
import json, os, resource, sys
words = json.loads(sys.argv[1])
code = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, *words])
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit]), file=sys.stderr)
"""


def measured(folder, words, stdin=None, inherited=()):
    """
    Run a command as its own process; return its exit code, stderr, the most memory it used, and the seconds.

    `inherited` are open files that it may name.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "TMPDIR": str(folder)}
    words = ["-m", "remtrack", "--db", str(folder / "record.db"), *map(str, words)]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, json.dumps(words)],
        stdin=stdin or subprocess.DEVNULL,
        pass_fds=inherited,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    *said, last = done.stderr.splitlines()
    code, memory = json.loads(last)
    return code, "\n".join(said), memory, time.monotonic() - began


# --- CSV ------------------------------------------------------------------------------------------


def endless_line(path):
    """Two thousand million bytes without the end of a line, as a hole in the file: it takes no room."""
    with path.open("wb") as stream:
        stream.write(HEADER.encode() + b"P1,2026-01-05,L1,32,")
        stream.truncate(2_000_000_000)


def _written(path, begins, piece, times, ends=b""):
    with path.open("wb") as stream:
        stream.write(HEADER.encode() + begins)
        for _ in range(times):
            stream.write(piece)
        stream.write(ends)


def long_line(path):
    """The same, written out."""
    _written(path, b"P1,2026-01-05,L1,32,", b"x" * 1_000_000, 2000)


def endless_row(path):
    """One row of 120,000,000 bytes in lines of five: each line is short, and no quote closes the row."""
    _written(path, b"P1,2026-01-05,L1,32", b',"\nab"' * 666_666, 30)


def endless_text(path):
    """A quote that opens and is not closed for 120,000,000 bytes of short lines."""
    _written(path, b'P1,2026-01-05,L1,32,"', b"soft\n" * 800_000, 30)


def large_cell(path):
    """A cell of 100 megabytes."""
    _written(path, b"P1,2026-01-05,L1,32,", b"x" * 1_000_000, 100, b"\n")


def many_columns(path):
    """A hundred thousand columns, each with a name, and rows that fill them all."""
    names = ",".join(f"c{number}" for number in range(100_000))
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"patient_id,date,lesion_id,longest_mm,{names}\n")
        for day in range(1, 29):
            stream.write(f"P1,2026-01-{day:02},L1,32,{'1,' * 99_999}1\n")


def wide_rows(path):
    """Rows of nine hundred thousand empty cells behind an ordinary header, of patients in any order."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for number in range(150):
            stream.write(f"P{number % 3},2026-01-05,L{number},32,{',' * 900_000}x\n")


def empty_rows(path):
    """A million empty rows, and none with something in it."""
    _written(path, b"", b",,,,\n" * 100_000, 10)


def bad_rows(path):
    """A million rows, each of them refused for a reason of its own, of patients in any order."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for number in range(1_000_000):
            stream.write(f"P{number * 7 % 999_983},2026-01-05,L1,{number}x,\n")


def one_patient(path):
    """Two million rows of one patient."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for number in range(2_000_000):
            stream.write(f"P1,2026-01-05,L{number},32,\n")


def no_patient(path):
    """Two million rows without a patient."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for number in range(2_000_000):
            stream.write(f",2026-01-05,L{number},32,\n")


def long_names(path):
    """An ordinary table but for ids and headers of sixty thousand signs."""
    long = "x" * 60_000
    path.write_text(f"patient_id,date,lesion_id,longest_mm,{long}\n{long},2026-01-05,{long},32,{long}\n")


# --- workbooks ------------------------------------------------------------------------------------

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    "{more}</Types>"
)
_TYPE_OF_SHEET = (
    '<Override PartName="/{part}" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ROOT_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{more}</Relationships>'
STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0"/></cellXfs></styleSheet>'
)
SHEET_BEGINS, SHEET_ENDS = f'<worksheet xmlns="{_MAIN}"><sheetData>', "</sheetData></worksheet>"
STRINGS_BEGIN, STRINGS_END = f'<sst xmlns="{_MAIN}">', "</sst>"
HEADER_ROW = "<row>{}</row>".format(
    "".join(
        f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("patient_id", "date", "lesion_id", "longest_mm")
    )
)


def book(path, *, sheets=None, strings=(), kind="worksheet", parts=None, rels=""):
    """
    Write a workbook; a part is a text, or an iterable of texts that is written piece by piece.

    `sheets` is part name -> part, `parts` more parts, which win over those made here; `kind` what the workbook
    calls its sheets, `rels` more of its relationships.
    """
    sheets = {"xl/worksheets/sheet1.xml": SHEET_BEGINS + HEADER_ROW + SHEET_ENDS} if sheets is None else sheets
    names = list(sheets)
    related = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/{kind}" Target="/{name}"/>' for at, name in enumerate(names, 1)
    )
    strings_at = f'<Relationship Id="strings" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    styles_at = f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    listed = "".join(f'<sheet name="S{at}" sheetId="{at}" r:id="rId{at}"/>' for at in range(1, len(names) + 1))
    made = {
        "[Content_Types].xml": _TYPES.format(more="".join(_TYPE_OF_SHEET.format(part=name) for name in names)),
        "_rels/.rels": _ROOT_RELS,
        "xl/_rels/workbook.xml.rels": _RELS.format(more=related + strings_at + styles_at + rels),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": [STRINGS_BEGIN, *(f"<si><t>{text}</t></si>" for text in strings), STRINGS_END],
        **sheets,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in made.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                for piece in [part] if isinstance(part, (str, bytes)) else part:
                    stream.write(piece if isinstance(piece, bytes) else piece.encode())


def noise(number):
    """Return text that hardly shrinks, always the same for the same number."""
    return random.Random(number).randbytes(512).hex()


def _repeated(begin, piece, times, end, shrinks=True):
    yield begin
    for number in range(times):
        yield piece if shrinks else piece.replace("NOISE", noise(number))
    yield end


def blank_sheet(path):
    """A sheet that unpacks to 1,100,000,000 blanks."""
    book(path, sheets={"xl/worksheets/sheet1.xml": _repeated(SHEET_BEGINS, " " * 10_000_000, 110, SHEET_ENDS)})


def noisy_sheet(path):
    """A row of ninety million bytes that shrinks no more than text does."""
    cell = f'<c t="inlineStr"><is><t>{"x" * 29_000}NOISE</t></is></c>'
    book(
        path,
        sheets={
            "xl/worksheets/sheet1.xml": _repeated(
                SHEET_BEGINS + HEADER_ROW + "<row>", cell, 3000, "</row>" + SHEET_ENDS, shrinks=False
            )
        },
    )


def hidden_sheet(path):
    """The same in many small cells, in a part whose name is not that of a sheet."""
    cells = "<c/>" * 4000 + "<!--NOISE-->"
    book(path, sheets={"data/table.xml": _repeated(SHEET_BEGINS + "<row>", cells, 1800, "</row>" + SHEET_ENDS, False)})


def far_cells(path):
    """Rows whose only cell is the last one there can be: each is sixteen thousand cells wide when it is filled up."""
    rows = (f'<row r="{at}"><c r="XFD{at}" t="str"><v>{at}</v></c></row>' for at in range(2, 60_000))
    book(path, sheets={"xl/worksheets/sheet1.xml": [SHEET_BEGINS, HEADER_ROW, *rows, SHEET_ENDS]})


def one_string(path):
    """A text of 900,000 signs that each of 20,000 rows refers to."""
    cells = '<c t="s"><v>0</v></c>' * 5
    rows = (f"<row>{cells}<!--{number}--></row>" for number in range(20_000))
    text = "".join(noise(number) for number in range(900))
    book(path, sheets={"xl/worksheets/sheet1.xml": [SHEET_BEGINS, HEADER_ROW, *rows, SHEET_ENDS]}, strings=[text])


def many_strings(path):
    """Half a million shared strings, and as many empty ones."""
    strings = (f"<si><t>{number:x}</t></si><si/>" for number in range(450_000))
    book(path, parts={"xl/sharedStrings.xml": [STRINGS_BEGIN, *strings, STRINGS_END]})


def deep_elements(path):
    """Elements in elements, three million deep."""
    deep = ("<a>" * 100 + f"<!--{noise(at)}-->" for at in range(30_000))
    book(path, sheets={"xl/worksheets/sheet1.xml": [SHEET_BEGINS, HEADER_ROW, *deep]})


def long_tag(path):
    """A tag of forty million bytes that never ends."""
    begin = SHEET_BEGINS + HEADER_ROW + '<row x="'
    book(path, sheets={"xl/worksheets/sheet1.xml": _repeated(begin, f"{'y' * 9000}NOISE", 4000, "", False)})


def many_attributes(path):
    """A tag of three hundred thousand attributes."""
    begin = SHEET_BEGINS + HEADER_ROW + "<row "
    attributes = (f' a{number:x}="{number % 7}"' for number in range(300_000))
    book(path, sheets={"xl/worksheets/sheet1.xml": [begin, *attributes, "/>" + SHEET_ENDS]})


def row_attributes(path):
    """Two hundred thousand rows as some programs write them, each with its height: long, and nothing wrong with it."""
    more = 'customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"'
    rows = (f'<row r="{at}" {more}></row>' for at in range(2, 200_000))
    header = HEADER_ROW.replace("<row", '<row r="1"')
    book(path, sheets={"xl/worksheets/sheet1.xml": [SHEET_BEGINS, header, *rows, SHEET_ENDS]})


def many_sheets(path):
    """Three thousand sheets."""
    book(path, sheets={f"xl/worksheets/sheet{at}.xml": SHEET_BEGINS + "<row/>" * 50 + SHEET_ENDS for at in range(3000)})


def many_parts(path):
    """A zip of twenty thousand empty parts."""
    book(path)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(20_000):
            archive.writestr(f"p{number}", b"")


def chart_sheet(path):
    """A sheet of forty megabytes that calls itself a chart, which would be read in one piece."""
    rows = (f"<row><c t='str'><v>{noise(at)}</v></c></row>" for at in range(40_000))
    book(path, sheets={"xl/worksheets/sheet1.xml": [SHEET_BEGINS, *rows, SHEET_ENDS]}, kind="chartsheet")


def laughs(part):
    """Return a maker of a workbook in which one part is the billion laughs."""

    def make(path):
        entities = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
        book(path, parts={part: f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x y="&a11;">&a11;</x>'})

    make.__name__ = f"laughs in {part}"
    make.__doc__ = f"A billion laughs in {part}."
    return make


def large_styles(path):
    """Three hundred thousand styles."""
    xfs = ('<xf numFmtId="14"/>' + f"<!--{number:x}-->" for number in range(300_000))
    book(path, parts={"xl/styles.xml": [f'<styleSheet xmlns="{_MAIN}"><cellXfs>', *xfs, "</cellXfs></styleSheet>"]})


def other_packing(method):
    """Return a maker of a workbook packed in a way that takes memory to unpack."""

    def make(path):
        book(path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, part in parts.items():
                archive.writestr(name, part)

    make.__name__ = f"packed by method {method}"
    return make


TABLES = (
    *(endless_line, long_line, endless_row, endless_text, large_cell, many_columns, wide_rows, empty_rows, bad_rows),
    *(one_patient, no_patient, long_names),
)
BOOKS = (
    *(blank_sheet, noisy_sheet, hidden_sheet, far_cells, one_string, many_strings, deep_elements, long_tag),
    *(many_attributes, row_attributes, many_sheets, many_parts, chart_sheet, large_styles),
    *(laughs(part) for part in ("xl/workbook.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/styles.xml")),
    *(laughs(part) for part in ("xl/sharedStrings.xml", "[Content_Types].xml")),
    *(other_packing(method) for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)),
)


#: Every bomb, and the two that anybody would try first before the others; tables also come through a pipe.
ALL = ((endless_line, False), (blank_sheet, False), *((make, True) for make in TABLES if make is not long_line))
ALL += tuple((make, False) for make in (*TABLES, *BOOKS) if make not in (endless_line, blank_sheet))


def exploded(make, piped=False):
    """Let one bomb go off; return what is wrong with how it was met, and exit code, words, memory and seconds."""
    with workplace() as folder:
        path = folder / ("site.csv" if make in TABLES else "site.xlsx")
        make(path)
        if piped:
            with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as source:
                code, said, memory, seconds = measured(folder, ["import", "-"], source.stdout)
                source.stdout.close()
        else:
            code, said, memory, seconds = measured(folder, ["import", path])
        failures = []
        if code != 4 or "error: " not in said or "Traceback" in said:
            failures.append(f"exit {code}: {said[-300:]}")
        if memory > MOST_MEMORY:
            failures.append(f"it took {memory / MEGABYTE:.0f} MB")
        if seconds > MOST_SECONDS:
            failures.append(f"it took {seconds:.0f} s")
        if ("standard input" if piped else path.name) not in said:
            failures.append(f"the refusal names no file: {said[-300:]}")
        if max(map(len, said.splitlines()), default=0) > 20_000:
            failures.append("it said a line of more than 20,000 signs")
        way = " through a pipe" if piped else ""
        return [f"{make.__name__}{way}: {failure}" for failure in failures], (code, said, memory, seconds)


def bombs(tries, _seed, first=0):
    """Files that unpack to far more than they hold: refused in words, under 200 MB of memory."""
    chosen = ALL[first : first + tries]
    failures, most = [], 0
    for make, piped in chosen:
        found, (_code, _said, memory, _seconds) = exploded(make, piped)
        failures += found
        most = max(most, memory)
    return Outcome(len(chosen), failures, f"at most {most / MEGABYTE:.0f} MB of memory")
