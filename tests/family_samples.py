"""
One patient a situation, of every family: worked cases of `tests/cases` arranged as the screens are given them.

    status_of("blood-aml-eln-2022", "A14") -> StatusRow        explanation_of(family, case, day) -> Explanation
"""

from dataclasses import replace
from datetime import date
from functools import cache

from casefiles import lesion_cases
from labcases import lab_cases
from lesioncases import measured_cases

from remtrack.criteria import FAMILIES, load_family
from remtrack.fold import assess, explain
from remtrack.tracker.looking import numbering, remission_rows, status_row
from remtrack.views import Counted, Overview

TODAY = date(2028, 12, 1)  # after the last day of every case
LABORATORY = (
    "blood-aml-eln-2022", "blood-all", "blood-cml-eln-2020", "blood-cll-iwcll-2018", "myeloma-imwg-2016", "markers",
)  # fmt: skip

#: By what a reader of the screen sees: family and case.
CHOSEN = {
    "AML, CRi and then CR": ("blood-aml-eln-2022", "A14"),
    "AML, a response that is no remission": ("blood-aml-eln-2022", "A04"),
    "AML, refractory": ("blood-aml-eln-2022", "A09"),
    "AML, relapse": ("blood-aml-eln-2022", "A10"),
    "AML, MRD relapse in remission": ("blood-aml-eln-2022", "A15"),
    "AML, a marrow that cannot be used": ("blood-aml-eln-2022", "A08"),
    "ALL, remission of four weeks": ("blood-all", "B01"),
    "ALL, progression before any remission": ("blood-all", "B07"),
    "CML, MR4.5": ("blood-cml-eln-2020", "K06"),
    "CML, loss of MR3": ("blood-cml-eln-2020", "K07"),
    "CML, treatment-free remission lost": ("blood-cml-eln-2020", "K09"),
    "CML, blood counts and metaphases alone": ("blood-cml-eln-2020", "K11"),
    "CLL, PR with lymphocytosis": ("blood-cll-iwcll-2018", "C08"),
    "CLL, progression": ("blood-cll-iwcll-2018", "C10"),
    "myeloma, VGPR": ("myeloma-imwg-2016", "Y03"),
    "myeloma, CR": ("myeloma-imwg-2016", "Y05"),
    "myeloma, light chains": ("myeloma-imwg-2016", "Y11"),
    "CA-125, normalised": ("markers", "P04"),
    "CA-125, progression": ("markers", "P07"),
    "PSA90": ("markers", "S03"),
    "PSA, possible progression": ("markers", "S09"),
    "lymphoma, CMR": ("lugano-2014", "U10"),
    "lymphoma, relapse": ("lugano-2014", "U17"),
    "liver, viable part smaller": ("mrecist-hcc", "M01"),
    "immunotherapy, iUPD after iPR": ("irecist", "I09"),
    "immunotherapy, iCPD": ("irecist", "I01"),
    "glioma, minor response": ("rano-2.0", "G04"),
    "glioma, preliminary progression": ("rano-2.0", "G20"),
}


@cache
def cases(family):
    """Return the cases of a family by their id."""
    if family in LABORATORY:
        found = lab_cases(family)
    else:
        found = lesion_cases(family) if family == "recist-1.1" else measured_cases(family)
    return {case.case_id: case for case in found}


@cache
def course_of(family, case_id, line=1):
    case = cases(family)[case_id]
    return assess(case.history(line=line), family, case.settings)


def row_of(course, as_of=TODAY, patient_id="", **patient):
    """Return a course as the status of one patient."""
    course = replace(course, patient_id=patient_id or course.patient_id)
    return status_row(course, patient, {}, as_of, fresh=True, numbers=numbering([course]), as_of=as_of)


def status_of(family, case_id, **more):
    return row_of(course_of(family, case_id), **more)


def remissions_of(family, case_id):
    course = course_of(family, case_id)
    return list(remission_rows(course, numbering([course]), TODAY))


def explanation_of(family, case_id):
    """Return why the last visit of a case got its category."""
    case, course = cases(family)[case_id], course_of(family, case_id)
    return explain(case.history(), family, case.settings, course.assessments[-1].visit_on)


def every_course():
    """Yield every course of every case of every family."""
    for family in FAMILIES:
        for case in cases(family).values():
            for line in case.lines:
                yield course_of(family, case.case_id, line)


def every_category():
    """Yield each category of each family."""
    for family in FAMILIES:
        for category in load_family(family).categories:
            yield family, category


def mixed():
    """Return patients of all families at a glance."""
    rows = tuple(
        status_of(family, case_id, patient_id=f"P{number:02}")
        for number, (family, case_id) in enumerate(
            [("recist-1.1", "R01"), *(CHOSEN[name] for name in CHOSEN if CHOSEN[name][1] in GLANCE)], 1
        )
    )
    return Overview("/home/ann/tumors.db", TODAY, len(rows), 61, date(2028, 7, 10), rows, results=140)


GLANCE = ("A14", "A10", "K06", "K09", "C08", "Y05", "Y11", "P04", "S03", "U10", "M01", "I09", "G20")


def counted():
    """Return a cohort of several families that is too large to be listed."""
    rows = mixed().rows
    counts = tuple(
        Counted(row.current, row.current_kind, 500 - 10 * number, row.criteria, row.title, row.labels)
        for number, row in enumerate(rows)
    )
    responding = (("remission", 1_460), ("response", 3_020))
    return replace(mixed(), patients=6_000, rows=rows[:3], counts=counts, hidden=5_997, responding=responding)
