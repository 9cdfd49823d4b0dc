"""
Random sequences of changes, and what must hold of every one of them.

Each change leaves the record that the log can show again, to the row; undo and redo lead back and forth to the byte;
undoing everything leaves nothing; and a file without a patient has no byte of them.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from remtrack.errors import NotFoundError, RefusedError, RemtrackError
from remtrack.store import FACT_TABLES, open_record
from remtrack.store.exports import HEADERS
from remtrack.store.schema import CHANGE_COLUMNS
from remtrack.tracker.derive import derive
from remtrack.tracker.undoing import forget, redoable, undo, undoable

from .base import Outcome, chance, workplace

_DAYS = [date(2001, 1, 8) + timedelta(weeks=8 * number) for number in range(4)]


def sequences(tries, seed, first=0):
    """Put, correct, remove, rename, import, undo and redo in any order, through the library."""
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        try:
            failures += [f"try {number}: {fault}" for fault in _one(chance(seed, number), counts)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the other tries go on
            failures.append(f"try {number}: {type(error).__name__} {error}")
    return Outcome(tries, failures, counts)


def _one(dice, counts):
    with workplace() as folder:
        path = folder / "record.db"
        path.write_bytes(_empty())
        with open_record(path, write=True) as record:
            record._connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug here
            people, states = _People(), [_dump(record)]
            for _step in range(dice.randint(3, 12)):
                name = dice.choice(list(_STEPS))
                number = _done(record, people, name, dice)
                counts["changes" if number else "refused"] += 1
                if number:
                    states.append(_dump(record))
                elif _dump(record) != states[-1]:
                    yield f"{name} was refused, and yet wrote something"
            yield from _as_known(record, states, dice)
            yield from _forgotten(record, people, folder, dice)
            yield from _back_and_forth(record)
            yield from _all_undone(record)
            yield from _sound(record, "in the end")


class _People:
    """Who is in the record under which code; a person's mark is in every text of theirs, and in no one else's."""

    def __init__(self):
        self.codes = {}
        self.numbers = 0

    def mark(self, code):
        if code not in self.codes:
            self.numbers += 1
            self.codes[code] = f"mark{self.numbers}of"
        return self.codes[code]


def _done(record, people, name, dice):
    """Do one step; return the change's number, None when it was refused or had nothing to do."""
    try:
        return _STEPS[name](record, people, dice)
    except (RefusedError, NotFoundError):
        return None


def _write(record, people, code, command, work):
    """One change of one person's facts, with the answers that come of it."""
    mark = people.mark(code) if code else ""
    reason = f"about {mark}" if mark else ""
    with record.change(command, who="attacker", reason=reason) as change:
        work(change, mark)
        derive(record, change, sorted(change.touched))
    return change.number


def _put(record, people, dice):
    code, on = dice.choice("ABC"), dice.choice(_DAYS)
    sizes = {lesion: dice.randint(0, 60) for lesion in dice.sample(["L1", "L2", "G1"], dice.randint(1, 3))}

    def work(change, mark):
        _line(change, code, mark)
        change.put("visits", {"patient_id": code, "line": 1, "visit_on": on, "note": mark})
        for lesion_id, size in sizes.items():
            kind = "node" if lesion_id == "G1" else "nonnodal"
            change.put("lesions", {"patient_id": code, "lesion_id": lesion_id, "kind": kind, "organ": mark})
            role = {"patient_id": code, "line": 1, "lesion_id": lesion_id, "role": "target"}
            change.put("line_lesions", role)
            change.put("measurements", _reading(code, on, lesion_id, size, mark))

    return _write(record, people, code, "add", work)


def _line(change, code, mark):
    change.put("patients", {"patient_id": code, "note": mark})
    change.put("lines", {"patient_id": code, "line": 1})
    change.put("line_criteria", {"patient_id": code, "line": 1, "criteria": "recist-1.1"})


def _reading(code, on, lesion_id, size, mark):
    axis = "short_mm" if lesion_id == "G1" else "longest_mm"
    found = {"state": "measured", axis: Decimal(size)} if size else {"state": "absent", axis: None}
    return {"patient_id": code, "visit_on": on, "lesion_id": lesion_id, "note": mark, **found}


def _correct(record, people, dice):
    row = _any(record, "measurements", dice)
    code, size = row["patient_id"], dice.randint(1, 60)
    reading = _reading(code, row["visit_on"], row["lesion_id"], size, people.mark(code))
    return _write(record, people, code, "edit", lambda change, _mark: change.put("measurements", reading))


def _remove(record, people, dice):
    row = _any(record, "measurements", dice)
    names = {name: row[name] for name in ("patient_id", "visit_on", "lesion_id")}
    return _write(record, people, row["patient_id"], "edit", lambda change, _mark: change.remove("measurements", names))


def _remove_visit(record, people, dice):
    row = _any(record, "visits", dice)

    def work(change, _mark):
        names = {"patient_id": row["patient_id"], "visit_on": row["visit_on"]}
        for reading in record.rows("measurements", **names):
            change.remove("measurements", names | {"lesion_id": reading["lesion_id"]})
        change.remove("visits", names)

    return _write(record, people, row["patient_id"], "edit", work)


def _event(record, people, dice):
    row = _any(record, "lines", dice)
    code, on = row["patient_id"], dice.choice(_DAYS)
    event = {"patient_id": code, "line": 1, "event_on": on, "event": "local_therapy", "detail": people.mark(code)}
    return _write(record, people, code, "event", lambda change, _mark: change.put("events", event))


def _rename(record, people, dice):
    old, new = _any(record, "patients", dice)["patient_id"], dice.choice("ABCD")
    if old == new:
        return None
    number = _write(record, people, old, "patient rename", lambda change, _mark: change.rename_patient(old, new))
    if number:
        people.codes[new] = people.codes.pop(old)
    return number


def _import(record, people, dice):
    numbers = range(people.numbers, people.numbers + dice.randint(1, 4))
    rows = [(f"I{number}", "", people.mark(f"I{number}")) for number in numbers]
    return _write(record, people, "", "import", lambda change, _mark: change.put_new("patients", rows))


def _undo(record, people, dice):
    last = record.change_list()
    return _taken_back(record, people, dice.randint(1, last[0]["number"]) if last else 0, "undo")


def _redo(record, people, _dice):
    return _taken_back(record, people, redoable(record)["number"], "redo")


def _taken_back(record, people, number, command):
    found = undo(record, number, "attacker", command=command).number
    # Renames may have come or gone: whose mark a patient's note has is who they are.
    people.codes = {row["patient_id"]: row["note"] for row in record.rows("patients")}
    return found


def _any(record, table, dice):
    rows = record.rows(table)
    if not rows:
        raise NotFoundError(f"nothing in {table} yet")
    return dice.choice(rows)


_STEPS = {
    "put": _put,
    "put again": _put,
    "correct": _correct,
    "remove": _remove,
    "remove visit": _remove_visit,
    "event": _event,
    "rename": _rename,
    "import": _import,
    "undo": _undo,
    "redo": _redo,
}


# -- what must hold -------------------------------------------------------------------------------


def _as_known(record, states, dice):
    """The record as known after each change is the one that was there then."""
    verified = dice.randrange(len(states))
    for number, state in enumerate(states):
        with record.known_at(number) as then:
            if _dump(then) != state:
                yield f"the record as known at change {number} is not the one of then"
            if number == verified:
                yield from _sound(then, f"as known at change {number}")


def _back_and_forth(record):
    before = _exported(record)
    try:
        number = undoable(record)["number"]
    except NotFoundError:
        return
    state = _dump(record)
    try:
        undo(record, number, "attacker")
    except RefusedError as error:  # what it stands on was taken back by itself, and must come back first
        if not error.hint.startswith("remtrack undo ") or _dump(record) != state:
            yield f"undo of change {number} is refused without a way, or half done"
        return
    undo(record, redoable(record)["number"], "attacker", command="redo")
    if _exported(record) != before:
        yield f"undo and redo of change {number} give another export"


def _all_undone(record):
    """Undo, as often as there is something to undo, leaves nothing; where it is refused, by the way that it names."""
    steps = 20
    while True:
        try:
            number = undoable(record)["number"]
        except NotFoundError:
            break
        try:
            undo(record, number, "attacker")
        except RefusedError as error:
            steps -= 1
            if not (steps and error.hint.startswith("remtrack undo ")):
                yield f"undo stops at change {number}: {error.what}; {error.why}"
                return
            undo(record, int(error.hint.split()[-1]), "attacker")  # as it says
        except RemtrackError as error:
            yield f"undo stops at change {number}: {error.what}; {error.why}"
            return
    if any(_exported(record).values()):
        yield "after everything was undone there is something left"


def _forgotten(record, people, folder, dice):
    """A file without a patient has no byte of them, and of the others every answer."""
    codes = [row["patient_id"] for row in record.rows("patients")]
    if not codes:
        return
    code, path = dice.choice(codes), folder / "without.db"
    mark = people.codes[code]
    forget(record, code, str(path), "attacker")
    if mark.encode() in path.read_bytes():
        yield f"{mark} is still in the file without {code}"
    others = [each for each in codes if each != code]
    with open_record(path) as without:
        if _exported(without) != {table: list(record.export_rows(table, others)) for table in HEADERS}:
            yield f"the file without {code} has other exports of the others"
        yield from _sound(without, f"without {code}")


def _sound(record, when):
    yield from (f"{when}: {problem.what}; {problem.why}" for problem in record.verify())


def _exported(record):
    return {table: list(record.export_rows(table)) for table in HEADERS}


def _dump(record):
    """Every row of facts, of their histories and of the changes, but for the mark that has no history."""
    tables = [(name, (*table.names, "changed_by")) for name, table in FACT_TABLES.items()]
    tables += [(table.history, (*table.names, "changed_by", "replaced_by")) for table in FACT_TABLES.values()]
    tables.append(("changes", (*CHANGE_COLUMNS, "hash")))
    execute = record._connection.execute
    return [sorted(map(repr, execute(f"SELECT {', '.join(names)} FROM {name}"))) for name, names in tables]


@cache
def _empty():
    with workplace() as folder:
        path = folder / "record.db"
        open_record(path, write=True, create=True).close()
        return path.read_bytes()
