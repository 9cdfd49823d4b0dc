"""
Writes the worked cases that `criteria show` prints: a few of `tests/cases`, run through the engine.

    python tests/showcases.py     # from the top of the project, after a case or a rule has changed

`tests/test_contract.py` makes them again and compares, so what is printed is what the engine says today.
"""

import csv
import io
from pathlib import Path

from casefiles import FOLDER
from labcases import lab_cases
from lesioncases import measured_cases

from remtrack.fold import assess

SHOWN = Path(__file__).resolve().parent.parent / "remtrack" / "criteria" / "cases"
HEADER = ("case_id", "title", "settings", "visit_on", "seen", "overall", "reported", "rule")

#: The cases that show best what a family is about: a limit, what proves a response, what ends it.
CHOSEN = {
    "recist-1.1": ("R01", "R03", "R06", "R17", "R22"),
    "irecist": ("I01", "I03", "I04", "I12"),
    "mrecist-hcc": ("M01", "M03", "M07", "M12"),
    "rano-2.0": ("G02", "G05", "G07", "G10"),
    "lugano-2014": ("U01", "U05", "U10", "U16"),
    "blood-aml-eln-2022": ("A01", "A05", "A09", "A11", "A14"),
    "blood-all": ("B02", "B08", "B09", "B12"),
    "blood-cml-eln-2020": ("K01", "K03", "K05", "K09"),
    "blood-cll-iwcll-2018": ("C03", "C05", "C08", "C12"),
    "myeloma-imwg-2016": ("Y01", "Y05", "Y07", "Y08"),
    "markers": ("P01", "P07", "S03", "S04"),
}


def cases(family):
    """Yield every case of a family, whichever layout its file has."""
    with (FOLDER / f"{family}.csv").open(encoding="utf-8") as file:
        has_lesions = "lesion_id" in file.readline()
    yield from measured_cases(family) if has_lesions else lab_cases(family)


def rows(family):
    """Yield the rows that are shown of a family: the baseline, events, and what the engine makes of each visit."""
    by_id = {case.case_id: case for case in cases(family)}
    for case_id in CHOSEN[family]:
        case = by_id[case_id]
        history = case.history(line=1)
        answers = {answer.visit_on: answer for answer in assess(history, family, case.settings).assessments}
        told = [(event.event_on, f"event: {said(event.event, event.detail)}", None) for event in history.events]
        if history.line.started_on:
            told.append((history.line.started_on, "event: treatment_start", None))
        for visit in history.visits:
            first = visit is history.visits[0]
            lesions = [lesion for lesion in history.lesions if first or lesion.role == "new"]
            told.append((visit.visit_on, seen(visit, lesions), answers.get(visit.visit_on)))
        settings = ";".join(f"{name}={value}" for name, value in case.settings.items())
        for on, what, answer in sorted(told, key=lambda row: row[0]):
            result = (answer.overall, answer.reported, answer.rule) if answer else ("", "", "")
            yield (case_id, case.title, settings, on.isoformat(), what, *result)


def said(*words):
    return " ".join(filter(None, words))


def seen(visit, lesions):
    """Return what was seen at a visit as it is typed and read; of a baseline's lesions also what they are."""
    are = {lesion.lesion_id: lesion for lesion in lesions}
    told = [reading(one, are.get(one.lesion_id)) for one in visit.measurements]
    return ", ".join([*told, *(result(one, visit.visit_on) for one in visit.results)]) or "nothing entered"


def reading(one, lesion):
    what = ""
    if lesion is not None:
        role = {"nontarget": "non-target", "new": "new"}.get(lesion.role, "")
        kind = "" if lesion.kind == "nonnodal" else lesion.kind
        what = role if lesion.role == "new" else said(role, kind, lesion.organ if lesion.organ != kind else "")
    sizes = [f"{size.normalize():f}" for size in (one.longest_mm, one.short_mm) if size is not None]
    if one.state == "absent":
        sizes = []
    size = f"{' x '.join(sizes)} mm" if sizes else ""
    state = "" if one.state == "measured" else said(one.state.replace("_", " "), one.other_id)
    return said(one.lesion_id, what, state, size)


def result(one, visit_on):
    value = one.text if one.value is None or one.text else f"{one.value:f}"
    on = f"(sample of {one.sampled_on})" if one.sampled_on and one.sampled_on != visit_on else ""
    return said(one.test, value, one.unit, on)


def text(family):
    """Return the file of a family as it must be."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(family))
    return file.getvalue()


if __name__ == "__main__":
    SHOWN.mkdir(exist_ok=True)
    for name in CHOSEN:
        (SHOWN / f"{name}.csv").write_text(text(name), encoding="utf-8")
    print(f"{sum(map(len, CHOSEN.values()))} worked cases written to {SHOWN}")
