"""
Files as strangers send them: cut, flipped, doubled, in other encodings, with damaged workbooks inside.

For the table of `make torture`: `mutated_files`, `hostile_text`, and `bombs.bombs`. What must hold of every file: no
failure of the program itself, all of it or nothing, a refusal that names the file, the row and the reason, and a
record that verifies afterwards.
"""

import csv
import io
import json
import random
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

from . import bombs
from .base import Outcome, command, faults, small_record, workplace

ROOT = Path(__file__).resolve().parents[2]
_TRIAL = (
    "--map patient_id=Patient_Anonmyized --map day=Treatment_Day --map longest_mm=TargetLesionLongDiam_mm "
    "--set lesion_id=T1 --day-zero 2020-01-01"
)
_SDTM = "--map date=TRDTC --map lesion_id=TRLNKID --map measure_mm=TRSTRESN --set reader=R1"
_CODES = {0, 1, 2, 4}


@cache
def seeds():
    """Return (name, bytes, options of the import) of each file that is damaged."""
    samples, others = ROOT / "sample_data", ROOT / "tests" / "seeds"
    found = [
        ("atezolizumab.csv", _head(samples / "atezolizumab_excerpt.csv"), _TRIAL),
        ("atezolizumab.xlsx", (samples / "atezolizumab_excerpt.xlsx").read_bytes(), f"{_TRIAL} --sheet Study3"),
        ("tr_onco_recist.csv", _head(others / "tr_onco_recist.csv"), _SDTM),
        ("small.xlsx", _small_book(), ""),
        ("small.xlsx", _small_book(), ""),
    ]
    found += [(path.name, _head(path), "") for path in sorted((samples / "demo").glob("*.csv"))]
    found += [(path.name, _head(path), "") for path in sorted((samples / "stories").glob("*.csv"))]
    found += [(path.name, path.read_bytes(), "") for path in sorted(others.glob("*[!r]*.json"))]
    found += [(path.name, path.read_bytes(), "") for path in sorted(others.glob("*s*.csv"))]
    return found


def _head(path, rows=30):
    return b"".join(path.read_bytes().splitlines(keepends=True)[:rows])


def _small_book():
    """A workbook with every kind of cell: shared and own texts, numbers, dates, a formula with its value."""
    strings = ("patient_id", "date", "lesion_id", "longest_mm", "note", "X01", "X02", "5 jan 2026", "soft &amp; round")
    header = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCDE"))
    rows = [f'<row r="1">{header}</row>']
    rows += [
        f'<row r="{at}"><c r="A{at}" t="s"><v>{5 + at % 2}</v></c><c r="B{at}" s="1"><v>{46020 + 7 * at}</v></c>'
        f'<c r="C{at}" t="inlineStr"><is><r><t>L</t></r><r><t>{at}</t></r></is></c>'
        f'<c r="D{at}"><f>30+{at}</f><v>{30 + at}.5</v></c><c r="E{at}" t="str"><v>=1+1</v></c></row>'
        for at in range(2, 12)
    ]
    with workplace() as folder:
        path = folder / "small.xlsx"
        styles = bombs.STYLES.replace("</cellXfs>", '<xf numFmtId="14"/></cellXfs>')
        sheet = bombs.SHEET_BEGINS + "".join(rows) + bombs.SHEET_ENDS
        bombs.book(path, sheets={"xl/worksheets/sheet1.xml": sheet}, strings=strings, parts={"xl/styles.xml": styles})
        return path.read_bytes()


# --- damage ---------------------------------------------------------------------------------------

_PIECES = [
    *(
        b'"',
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"=",
        b"'",
        b"-",
        b".",
    ),
    *(
        b"\x1b[31m",
        "\u202e".encode(),
        "\u200b".encode(),
        b"\xed\xa0\x80",
        "😀".encode(),
        b"1e9",
        b"nan",
        b"3,2",
        b"500.1",
    ),
    *(
        b"'; DROP TABLE patients; --",
        b"=cmd|' /C calc'!A0",
        b"%s%n",
        b"../../x",
        b"<",
        b">",
        b"&",
        b"]]>",
        b"\\",
        b"#REF!",
    ),
    *(b"2026-02-30", b"9999-12-31", b"0000-00-00", b"01/02/2026", b"99999999999999999999", b"NA", b"NULL", b"absent"),
]


def damaged_bytes(data, chance):
    """Flip, cut, double, insert or move a few bytes."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 1, 2, 5, 40, 400))
        deed = chance.randrange(7)
        if deed == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif deed == 1:
            del data[at : at + length]
        elif deed == 2:
            data[at:at] = data[at : at + length]
        elif deed in (3, 4):
            data[at:at] = chance.choice(_PIECES)
        elif deed == 5:
            data[at : at + length] = chance.randbytes(length)
        else:
            del data[at:]
    return bytes(data)


def damaged_text(data, chance):
    """Do to a table what programs and people do: other separators, ends, encodings, cells, columns and rows."""
    return chance.choice((_written_otherwise, _other_rows, _other_cells, _other_cells))(data, chance)


def _written_otherwise(data, chance):
    deed = chance.randrange(3)
    if deed == 0:
        return data.replace(b",", chance.choice((b";", b"\t", b"|", b",,", b" , ")))
    if deed == 1:
        return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\x0b", "\u2028".encode())))
    encodings = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037")
    return data.decode("utf-8", "replace").encode(chance.choice(encodings))


def _other_rows(data, chance):
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    names = lines[0].split(b",")
    deed = chance.randrange(6)
    if deed == 0:
        lines.insert(chance.randrange(len(lines)), lines[at])
    elif deed == 1:
        chance.shuffle(lines)
    elif deed == 2:
        del lines[chance.choice((0, at)) :]
    elif deed == 3:
        lines[0] = lines[0].replace(chance.choice(names), chance.choice(names))
    elif deed == 4:
        lines[1:1] = [b"," * len(names)] * chance.choice((1, 1000))
    else:
        lines[:0] = [chance.choice((b"sep=;", b"", b"A title", b"\xef\xbb\xbf", b"# comment", b"sep=", lines[0]))]
    return b"\n".join(lines)


def _other_cells(data, chance):
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    cells = lines[at].split(b",")
    column = chance.randrange(len(cells))
    deed = chance.randrange(7)
    if deed == 0:
        cells[column] = chance.choice(_PIECES)
    elif deed == 1:
        cells[column] = b'"' + cells[column] + chance.choice((b"", b'"', b'""', b'"x'))
    elif deed == 2:
        cells[column] *= chance.choice((2, 50, 40_000))
    elif deed == 3:
        cells += [b"x"] * chance.choice((1, 3, 20_000))
    elif deed == 4:
        del cells[column:]
    elif deed == 5:
        cells.reverse()
    else:
        cells[column] = chance.choice(cells)
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


_XML = [
    (b"<v>5</v>", b"<v>999999</v>"),
    (b"<v>5</v>", b"<v>-1</v>"),
    (b"<v>5</v>", b"<v>5.5</v>"),
    (b"<v>5</v>", b"<v>x</v>"),
    (b"<v>46", b"<v>9946"),
    (b"<v>46", b"<v>-46"),
    (b"<v>46", b"<v>1e400"),
    (b"<v>", b"<v>nan"),
    (b"<v>", b"<v>1_0"),
    (b't="s"', b't="n"'),
    (b't="s"', b't="d"'),
    (b't="s"', b't="b"'),
    (b't="s"', b't="zz"'),
    (b't="str"', b't="e"'),
    (b' s="1"', b' s="77"'),
    (b' s="1"', b' s="-1"'),
    (b' s="1"', b' s="x"'),
    (b'r="B', b'r="A'),
    (b'r="B', b'r="XFE'),
    (b'r="B', b'r="\xc3\x84'),
    (b'<row r="5"', b'<row r="2"'),
    (b'<row r="5"', b'<row r="0"'),
    (b'<row r="5"', b'<row r="x"'),
    (b'<row r="5"', b'<row r="999999999999"'),
    (b"</row>", b""),
    (b"</sheetData>", b""),
    (b"<sheetData>", b""),
    (b"spreadsheetml", b"wordprocessingml"),
    (b"worksheet", b"chartsheet"),
    (b"sharedStrings", b"comments"),
    (b"worksheets/sheet1", b"../../../etc/passwd"),
    (b"worksheets/sheet1", b"styles"),
    (b"sheet1.xml", b"sheet9.xml"),
    (b"<t>", b"<t>_xD800_"),
    (b"<t>", b"<t>_x001B_"),
    (b"<t>", b"<t>&#55296;"),
    (b"<t>", b"<t>&x;"),
    (b"<t>", b"<t>&#x202e;"),
    (b"<f>", b"<f>HYPERLINK(&quot;http://x&quot;)"),
    (b"<sheetData>", b"<sheetData><row/>" * 3),
    (b'numFmtId="14"', b'numFmtId="-3"'),
    (b"<cellXfs", b"<cellXfs><xf/></cellXfs><cellXfs"),
    (b"UTF-8", b"UTF-16"),
    (b"rId1", b"rId2"),
    (b"<v>", b"<v>\xff"),
]
_DOCTYPES = [
    b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY x "&a;&a;&a;">]>',
    b'<!DOCTYPE x SYSTEM "http://localhost/x.dtd">',
    b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>',
]
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)  # begins an old .xls, and a workbook with a password


def damaged_book(data, chance):
    """Damage a workbook: its zip, or one of its parts packed again as if nothing were."""
    deed = chance.randrange(10)
    if deed == 0:
        return damaged_bytes(data, chance)
    if deed == 1:
        return chance.choice((_OLE, _OLE + data, b"PK\x03\x04", data[: len(data) // 2], b"PK\x05\x06" + bytes(18)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(parts))
    packing = zipfile.ZIP_DEFLATED
    if deed == 2:
        parts[name] = damaged_bytes(parts[name], chance)
    elif deed == 3:
        del parts[name]
    elif deed == 4:
        start, end, rest = parts[name].partition(b"?>") if parts[name].startswith(b"<?xml") else (b"", b"", parts[name])
        parts[name] = start + end + chance.choice(_DOCTYPES) + rest
    elif deed == 5:
        parts[
            chance.choice(("../../evil.xml", "/etc/passwd", "xl\\worksheets\\sheet1.xml", "x" * 5000, "\x1b[31m"))
        ] = b"x"
        parts[f"../{name}"] = parts.pop(name)
    elif deed == 6:
        packing = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    else:
        fitting = [pair for pair in _XML for part in parts.values() if pair[0] in part]
        old, new = chance.choice(fitting)
        name = chance.choice([name for name, part in parts.items() if old in part])
        parts[name] = parts[name].replace(old, new, chance.choice((1, -1)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    if deed == 7:
        # The flag of a part that is protected by a password, in the zip's own list.
        return packed.getvalue().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01", 1)
    return packed.getvalue()


def damaged(name, data, chance):
    """Return the damaged bytes of a file, and the name under which they come."""
    if name.endswith(".xlsx"):
        data = damaged_book(data, chance)
        return (data, chance.choice((name, name, name, "site.xls", "site.csv")))
    data = chance.choice((damaged_bytes, damaged_text, damaged_text))(data, chance)
    return (data, chance.choice((name, name, name, "site.xlsx", "site.json")))


# --- what must hold -------------------------------------------------------------------------------


def mutated_files(tries, seed, first=0):
    """Damaged files, judged, tried, imported whole and in part: never a traceback, nothing half there, all in words."""
    failures, came = [], Counter()
    with workplace() as folder:
        for number in range(first, first + tries):
            chance = random.Random(f"{seed} {number}")
            name, data, options = seeds()[number % len(seeds())]
            data, name = damaged(name, data, chance)
            path = folder / name
            path.write_bytes(data)
            try:
                found, whole, part = _met(folder, path, options)
            except Exception as error:  # noqa: BLE001 - whatever came of it, the try is named
                found, whole, part = [f"{type(error).__name__}: {error}"], False, False
            failures += [f"try {number}, {name}: {fault}" for fault in found]
            path.unlink()
            came["still sound" if whole else "taken in part" if part else "refused"] += 1
    return Outcome(tries, failures, came)


def _met(folder, path, options):
    """Give a file to every command that reads it; return what is wrong, and whether it came in whole or in part."""
    record, before = folder / "record.db", small_record()
    record.touch(mode=0o600)
    record.write_bytes(before)
    failures = []

    def run(words, may_write=False):
        code, out, err = command(record, f"{words} {options}".replace("FILE", f"'{path}'"))
        what = words.partition(" FILE")[0] + words.partition("FILE")[2]
        if code not in _CODES or "Traceback" in out + err:
            failures.append(f"{what}: exit {code}: {err[-300:]}")
        if (code or not may_write) and record.read_bytes() != before:
            failures.append(f"{what}: exit {code}, and the record was changed")
        if any(sign < " " and sign != "\n" for sign in out.replace("\r\n", "\n") + err):
            failures.append(f"{what}: a control character was printed")
        return code, out, err

    judged, _, _ = run("check FILE")
    tried, _, said = run("import FILE --dry-run")
    if tried and (path.name not in said or "error: " not in said):
        failures.append(f"a refusal without its file: {said[-300:]}")
    code, out, err = run("import FILE --json", may_write=True)
    if bool(code) != bool(tried):
        failures.append(f"--dry-run ends with {tried}, the import with {code}")
    if code and not judged:
        failures.append(f"check finds nothing, the import is refused: {err[-300:]}")
    failures += _faulty(record, code, out, err)
    whole = code == 0
    record.write_bytes(before)
    rejects = folder / "rejects.csv"
    rejects.unlink(missing_ok=True)
    code, out, err = run(f"import FILE --partial --rejects '{rejects}' --json", may_write=True)
    failures += _faulty(record, code, out, err)
    if code == 0:
        failures += _miscounted(json.loads(out), rejects)
    return failures, whole, code == 0 and not whole


def _faulty(record, code, out, err):
    """Yield what is wrong with a record that was written to, or with how a file was refused."""
    if code == 0:
        yield from faults(record)
        return
    error = json.loads(err.splitlines()[-1])
    if not error["error"] or (code == 4 and not error["why"]):
        yield f"a refusal without a reason: {err[-300:]}"
    if out:
        problems = [problem for problem in json.loads(out)["problems"] if problem["severity"] == "error"]
        if not problems or not all(problem["line"] and problem["what"] for problem in problems):
            yield f"a refused row without its line or reason: {problems[:3]}"


def _miscounted(done, rejects):
    """Yield where the numbers of an import do not agree with each other or with the file of refused rows."""
    if done["rows"] != done["added"] + done["same"] + done["refused"]:
        yield f"{done['rows']} rows are not {done['added']} + {done['same']} + {done['refused']}"
    kept = 0
    if rejects.exists():
        with rejects.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream, strict=True)
        kept = len(rows)
        if header[-1] != "not_imported_because" or not all(row[-1] for row in rows):
            yield "a refused row without its reason in the rejects file"
    if kept != done["refused"]:
        yield f"{done['refused']} rows were refused, {kept} are in the rejects file"
