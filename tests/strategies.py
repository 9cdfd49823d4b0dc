"""
Random histories for the properties: plausible lines of solid tumours, with everything that a reader enters.

Every target has a size at the baseline and every non-target is present there, so that the line is regular;
what is irregular is tested case by case.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from remtrack.model import Event, History, Lesion, Line, Measurement, Visit

FIRST_DAY = date(2020, 1, 1)


def millimetres(least=0, most=1200):
    """Sizes with one decimal, given in tenths of a millimetre."""
    return st.integers(least, most).map(lambda tenths: Decimal(tenths) / 10)


def measured(lesion, size):
    axis = "short_mm" if lesion.kind == "node" else "longest_mm"
    return Measurement(lesion.lesion_id, "measured", **{axis: size})


def around(size):
    """Sizes around another one: small steps, shares so that the thresholds are met exactly, rarely a leap."""
    near = st.integers(-60, 30).map(lambda tenths: max(size + Decimal(tenths) / 10, Decimal(0)))
    share = st.sampled_from((0, 0, 5, 6, 7, 7, 8, 9, 10, 12)).map(lambda tenths: size * tenths / 10)
    return st.one_of(near, share, near, share, near, share, millimetres())


@st.composite
def target_readings(draw, lesion, before, *, gaps=True):
    """Return a reading of a target, None when nothing is entered, and the size that the next one starts from."""
    others = ("absent", "too_small", "not_assessed", "") if gaps else ("absent",)
    word = draw(st.sampled_from(("measured",) * 8 + others))
    if word == "measured":
        size = draw(around(before))
        return measured(lesion, size), size
    return (Measurement(lesion.lesion_id, word) if word else None), before


@st.composite
def lesions(draw, *, min_targets=0, max_targets=4, max_nontargets=3, max_new=2, kinds=("nonnodal", "node")):
    """Return the lesions of a line; there may be none."""
    targets = [
        Lesion(f"T{number + 1}", "target", draw(st.sampled_from(kinds)), "liver")
        for number in range(draw(st.integers(min_targets, max_targets)))
    ]
    nontargets = [
        Lesion(f"X{number + 1}", "nontarget", draw(st.sampled_from((*kinds, "marker"))), "bone")
        for number in range(draw(st.integers(0, max_nontargets)))
    ]
    news = [
        Lesion(f"N{number + 1}", "new", draw(st.sampled_from(kinds)), "lung")
        for number in range(draw(st.integers(0, max_new)))
    ]
    return targets + nontargets + news


def days_apart():
    """Return the days between two visits; a month, and the days around it, are drawn often."""
    return st.one_of(st.sampled_from((27, 28, 29, 41, 42, 56)), st.integers(1, 120))


@st.composite
def histories(draw, *, max_visits=7, equivocal=True, gaps=True, events=True, **of_lesions):
    """
    Return the history of one line.

    `equivocal` False leaves out new lesions that are unclear, `gaps` False whatever was not assessed or
    not measured, `events` False death and a new therapy.
    """
    known = draw(lesions(**of_lesions))
    on = FIRST_DAY
    sizes = {item.lesion_id: draw(millimetres(150, 600)) for item in known if item.role == "target"}
    first = [measured(item, sizes[item.lesion_id]) for item in known if item.role == "target"]
    first += [Measurement(item.lesion_id, "present") for item in known if item.role == "nontarget"]
    visits = [Visit(on, "BL", measurements=tuple(first))]
    new_states = ("",) * 16 + ("unequivocal",) + ("equivocal", "equivocal", "disproved") * equivocal
    nontarget_states = ("present",) * 6 + ("absent",) * 6 + ("unequivocal_pd", "not_assessed") * gaps
    for number in range(draw(st.integers(0, max_visits))):
        on += timedelta(days=draw(days_apart()))
        rows = []
        for item in known:
            name = item.lesion_id
            if item.role == "target":
                row, sizes[name] = draw(target_readings(item, sizes[name], gaps=gaps))
            else:
                states = nontarget_states if item.role == "nontarget" else new_states
                word = draw(st.sampled_from(states))
                row = Measurement(name, word) if word else None
            if row is not None:
                rows.append(row)
        visits.append(Visit(on, f"V{number + 1}", measurements=tuple(rows)))
    died_on = draw(st.none() | st.integers(0, 60)) if events else None
    return History(
        "P01",
        Line(1, started_on=draw(st.none() | st.integers(0, 28).map(lambda days: FIRST_DAY + timedelta(days=days)))),
        lesions=tuple(known),
        visits=tuple(visits),
        events=() if died_on is None else (Event("death", on + timedelta(days=died_on)),),
        new_therapy_on=draw(st.none() | st.integers(60, 600).map(lambda days: FIRST_DAY + timedelta(days=days)))
        if events
        else None,
    )


@st.composite
def split_histories(draw):
    """Return a history in which a target was split, and the same with the fragments added up under its own name."""
    history = draw(histories(gaps=False, events=False, kinds=("nonnodal",)).filter(lambda h: len(h.visits) > 1))
    target = Lesion("T9", "target", "nonnodal", "liver")
    parts = (Lesion("T9.1", "target", "nonnodal", "liver"), Lesion("T9.2", "target", "nonnodal", "liver"))
    whole, split = [], []
    for number, visit in enumerate(history.visits):
        sizes = draw(millimetres(50, 300)), draw(millimetres(0, 300))
        one = measured(target, sum(sizes))
        two = tuple(
            measured(part, size)._replace(state="fragment_of", other_id="T9")
            for part, size in zip(parts, sizes, strict=True)
        )
        whole.append(replace(visit, measurements=(*visit.measurements, one)))
        split.append(replace(visit, measurements=(*visit.measurements, *(two if number else (one,)))))
    return (
        replace(history, lesions=(*history.lesions, target, *parts), visits=tuple(split)),
        replace(history, lesions=(*history.lesions, target), visits=tuple(whole)),
    )


def shuffled(history):
    """Return strategies for the same history with lesions, readings and events in another order."""
    return st.builds(
        lambda order, rows, events: replace(
            history,
            lesions=tuple(order),
            visits=tuple(
                replace(visit, measurements=tuple(row)) for visit, row in zip(history.visits, rows, strict=True)
            ),
            events=tuple(events),
        ),
        st.permutations(history.lesions),
        st.tuples(*(st.permutations(visit.measurements) for visit in history.visits)),
        st.permutations(history.events),
    )


def scaled(history, factor):
    """Return the history with every size multiplied."""
    return replace(
        history,
        visits=tuple(
            replace(
                visit,
                measurements=tuple(
                    row._replace(
                        longest_mm=None if row.longest_mm is None else row.longest_mm * factor,
                        short_mm=None if row.short_mm is None else row.short_mm * factor,
                    )
                    for row in visit.measurements
                ),
            )
            for visit in history.visits
        ),
    )


#: Settings under which the properties hold as they do under the defaults.
settings = st.fixed_dictionaries(
    {},
    optional={
        "confirm_required": st.sampled_from(("yes", "no")),
        "confirm_days": st.sampled_from(("14", "28", "42")),
        "max_ne_between": st.sampled_from(("0", "1", "2")),
        "accept_sd_between": st.sampled_from(("0", "1")),
        "pr_persistence": st.sampled_from(("after_confirmation", "off")),
        "min_sd_days": st.sampled_from(("0", "42", "56")),
        "min_abs_increase_mm": st.sampled_from(("0", "5", "7.5")),
        "censor_after_missed": st.sampled_from(("off", "1", "2")),
        "lasting_rule": st.sampled_from(("days28", "calendar_month", "days60")),
    },
)
