"""
Histories written as one would jot them down.

    line(scan("2024-01-08", L1=50, G1=18, X1="present"), scan("2024-03-11", L1=34, G1="absent", X1="present"))

The first letter of an id says what it is: L a target, G a target node, X a non-target, Y a non-target node,
MK a marker, N a new lesion, M a new node. A number is a size in the axis that counts; a word is a state,
`fragment_of:L1` and `merged_into:L1` with the other lesion, `20 fragment_of:L1` with a size as well.
"""

from datetime import date, timedelta
from decimal import Decimal

from remtrack.fold import assess
from remtrack.model import Event, History, Lesion, Line, Measurement, Visit

ROLES = {"L": "target", "G": "target", "X": "nontarget", "Y": "nontarget", "K": "nontarget", "N": "new", "M": "new"}
KINDS = {"G": "node", "Y": "node", "M": "node", "K": "marker"}
BASELINE = date(2024, 1, 8)


def initial(lesion_id):
    return "K" if lesion_id.startswith("MK") else lesion_id[0]


def lesion(lesion_id, organ="", **parts):
    return Lesion(
        lesion_id,
        parts.get("role", ROLES[initial(lesion_id)]),
        parts.get("kind", KINDS.get(initial(lesion_id), "nonnodal")),
        organ,
        parts.get("site", ""),
    )


def reading(lesion_id, said, measured_on=None):
    if isinstance(said, Measurement):
        return said
    words = str(said).split()
    size = Decimal(words.pop(0)) if words[0].replace(".", "", 1).isdigit() else None
    state, _, other = (words[0] if words else "measured").partition(":")
    axis = "short_mm" if KINDS.get(initial(lesion_id)) == "node" else "longest_mm"
    return Measurement(lesion_id, state, other_id=other, measured_on=measured_on, **{axis: size})


def day(on):
    if isinstance(on, date):
        return on
    return BASELINE + timedelta(days=on) if isinstance(on, int) else date.fromisoformat(on)


def scan(on, *, method="", days=None, **readings):
    """Return a visit, by its date or its days after the baseline; `days` are the scan days of some lesions."""
    ids = {name: name.replace("_", ".") for name in readings}
    return Visit(
        day(on),
        method=method,
        measurements=tuple(
            reading(ids[name], said, None if days is None or name not in days else day(days[name]))
            for name, said in readings.items()
        ),
    )


def line(*scans, started_on=None, lesions=(), died=None, therapy=None, as_of=None, number=1):
    """Return the history of these scans, with every lesion that is read in them or given in `lesions`."""
    known = {row.lesion_id: lesion(row.lesion_id) for visit in scans for row in visit.measurements}
    known |= {given.lesion_id: given for given in lesions}
    return History(
        "P01",
        Line(number, started_on=None if started_on is None else day(started_on)),
        lesions=tuple(known.values()),
        visits=scans,
        events=() if died is None else (Event("death", day(died)),),
        new_therapy_on=None if therapy is None else day(therapy),
        as_of=None if as_of is None else day(as_of),
    )


def judged(*scans, settings=None, **parts):
    """Return the course of these scans under RECIST 1.1."""
    return assess(line(*scans, **parts), "recist-1.1", settings)


def overall(*scans, settings=None, **parts):
    """Return the overall categories of the visits after the baseline, in a row."""
    return [row.overall for row in judged(*scans, settings=settings, **parts).assessments]


def reported(*scans, settings=None, **parts):
    return [row.reported for row in judged(*scans, settings=settings, **parts).assessments]


def last(*scans, settings=None, **parts):
    """Return the answer of the last visit."""
    return judged(*scans, settings=settings, **parts).assessments[-1]
