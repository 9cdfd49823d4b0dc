"""
The four leukaemias a second time, as plainly as their tables are printed, compared with the families on random lines.

Written from the published tables with plain numbers and None for what is missing. Nothing of the families is used but
their answers; how laboratories print bounds and units is tested in the files of the families.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from hypothesis import given, settings, strategies as st
from labcases import lab_visit

from remtrack.fold import assess
from remtrack.model import Event, History, Line

D = Decimal
START = date(2024, 1, 10)
MANY = settings(max_examples=120, deadline=None)


def one_of(words):
    """Values to draw from, set apart by blanks, the frequent ones repeated; a hyphen is nothing entered."""
    return st.sampled_from([None if word == "-" else word for word in words.split()])


def rows_of(least, most, gaps, **columns):
    """Rows of values with the days between them: the shape of a line."""
    row = st.fixed_dictionaries({name: one_of(words) for name, words in columns.items()})
    return st.lists(st.tuples(st.sampled_from([int(gap) for gap in gaps.split()]), row), min_size=least, max_size=most)


def dated(rows, start=START):
    """Return (day, values) of each row, with numbers as numbers."""
    found, day = [], start
    for gap, row in rows:
        day += timedelta(gap)
        found.append((day, {name: number_of(told) for name, told in row.items()}))
    return found


def number_of(told):
    if told is None:
        return None
    try:
        return D(told)
    except ArithmeticError:
        return told


def history(before, rows, events=(), **line):
    visits = [(START - timedelta(2), before), *rows] if before is not None else rows
    return History(
        "P01",
        Line(started_on=START, **line),
        visits=tuple(
            lab_visit(day.isoformat(), **{name: str(told) for name, told in row.items() if told is not None})
            for day, row in visits
        ),
        events=tuple(Event(name, day) for name, day in events),
    )


# ------------------------------------------------------------------------------------------- AML

REMISSION = ("CR", "CRh", "CRi")
BEST_FIRST = ("CR", "CRh", "CRi", "MLFS", "PR", "Refractory", "NR", "Relapse", "Possible relapse", "NE")


def aml_level(marrow, usable, blood, emd, anc, plt, before):
    if marrow is None or not usable:
        return "NE"
    if marrow < 5:
        if None in (blood, anc, plt):
            return "NE"
        if blood > 0 or emd == "yes":
            return "NR"
        if anc >= 1 and plt >= 100:
            return "CR"
        if anc >= D("0.5") and plt >= 50:
            return "CRh"
        return "CRi" if anc >= 1 or plt >= 100 else "MLFS"
    if None in (blood, anc, plt, before) or blood > 0 or emd == "yes":
        return "NR"
    return "PR" if marrow <= 25 and 2 * marrow <= before and anc >= 1 and plt >= 100 else "NR"


def proven_blasts(rows):
    """Return the days of blood blasts in runs, each with whether the run reaches seven days."""
    runs, run = {}, []
    for day, row in [*rows, (date.max, {"pb_blasts_pct": D(0)})]:
        blood = row["pb_blasts_pct"]
        if blood is None:
            continue
        if blood > 0:
            run.append(day)
        else:
            runs |= dict.fromkeys(run, bool(run) and (run[-1] - run[0]).days >= 7)
            run = []
    return runs


def aml(before, rows, landmark):
    """Return the literal and the reported category of each visit."""
    runs, found = proven_blasts(rows), []
    emd, best, relapsed, waiting = before["emd"] or "no", None, False, None
    marrow_before = None if before["bm_adequate"] == "no" else before["bm_blasts_pct"]
    for day, row in rows:
        emd = row["emd"] or emd
        marrow, usable = row["bm_blasts_pct"], row["bm_adequate"] != "no"
        blood = [row["pb_blasts_pct"], row["anc"], row["plt"]]
        regrows = best and marrow is not None and marrow >= 5 and row["blasts_regenerating"] == "yes"
        level = "NE" if regrows else aml_level(marrow, usable, blood[0], emd, blood[1], blood[2], marrow_before)
        borrowed = False
        if marrow is None and usable and waiting and any(one is not None for one in blood):
            on, value, counts, rank = waiting
            if (day - on).days <= 14:
                counts = [old if new is None else new for old, new in zip(counts, blood, strict=True)]
                together = aml_level(value, True, counts[0], emd, counts[1], counts[2], marrow_before)
                limit = min(rank, BEST_FIRST.index(best) if best else rank)
                waiting = (on, value, counts, rank)
                if BEST_FIRST.index(together) < limit:
                    level, borrowed, blood = together, True, counts
        literal = level
        leukaemic = marrow is not None and marrow >= 5 and row["blasts_regenerating"] != "yes"
        if best and (leukaemic or runs.get(day) or emd == "yes"):
            literal = "Relapse"
        elif best and day in runs:
            literal = "Possible relapse"
        elif not best and landmark and day >= landmark and level in ("MLFS", "PR", "NR"):
            literal = "Refractory"
        if marrow is not None:
            waiting = (day, marrow, blood, BEST_FIRST.index(literal)) if usable else None
        elif borrowed:
            waiting = (waiting[0], waiting[1], blood, BEST_FIRST.index(literal))
        relapsed = relapsed or literal == "Relapse"
        if literal in REMISSION and (best is None or BEST_FIRST.index(literal) < BEST_FIRST.index(best)):
            best = literal
        found.append((literal, "Relapse" if relapsed else best or literal))
    return found


AML_ROWS = rows_of(
    1,
    7,
    "3 7 7 8 14 15 28 35",
    bm_blasts_pct="2 2 4.9 5 12 20 25 25.1 30 60 - -",
    bm_adequate="- - - - - - no",
    blasts_regenerating="- - - yes",
    pb_blasts_pct="0 0 0 0 0.1 3 -",
    emd="- - - - no yes",
    anc="0.4 0.49 0.5 0.99 1.0 1.5 1.5 -",
    plt="20 49 50 99 100 150 150 -",
)
AML_BEFORE = st.fixed_dictionaries({
    "bm_blasts_pct": one_of("60 60 40 24 10 -"), "pb_blasts_pct": one_of("30 0"), "emd": one_of("no no - yes"),
    "bm_adequate": one_of("- - - no"),
})  # fmt: skip


@MANY
@given(AML_BEFORE, AML_ROWS, st.one_of(st.none(), st.integers(0, 120)))
def test_aml_is_judged_as_its_table_is_printed(before, rows, landmark):
    before = {name: number_of(told) for name, told in before.items()}
    rows = dated(rows)
    landmark = None if landmark is None else START + timedelta(landmark)
    expected = aml(before, rows, landmark)

    found = assess(history(before, rows, [("response_landmark", landmark)] if landmark else []), "blood-aml-eln-2022")

    assert expected == [(row.overall, row.reported) for row in found.assessments]
    until = next((at for at, pair in enumerate(expected) if pair[1] == "Relapse"), len(expected))
    assert found.best_response == min((pair[0] for pair in expected[: until + 1]), key=BEST_FIRST.index)
    assert_month(found, expected, REMISSION)


def assert_month(found, expected, remission):
    """Hold the start, the relapse and the month of the first remission against the days of the visits."""
    days = [row.dated_on for row in found.assessments]
    start = next((at for at, pair in enumerate(expected) if pair[0] in remission), None)
    end = next((at for at, pair in enumerate(expected) if pair[1] == "Relapse"), None)
    if start is None:
        assert found.episodes == ()
        return
    assert (found.response_start, found.progression_on) == (days[start], None if end is None else days[end])
    month = "not yet"
    for at in range(start + 1, len(days)):
        far = (days[at] - days[start]).days >= 28
        if at == end:
            month = "yes" if month == "yes" or far else "no"
            break
        if far and expected[at][0] not in ("NE", "Possible relapse"):
            month = "yes"
    assert found.episodes[0].lasted_month == month


# ------------------------------------------------------------------------------------------- ALL

ALL_BEST_FIRST = ("CR", "CRi", "MLFS", "PR", "Refractory", "NR", "PD", "Relapse", "NE")


def all_level(row, marrow, usable, emd, last_cns, before):
    if marrow is None or not usable:
        return "NE"
    blood, anc, plt = row["pb_blasts_abs"], row["anc"], row["plt"]
    if marrow >= 5:
        fine = None not in (blood, anc, plt, before) and blood == 0 and emd == "no" and anc > 1 and plt > 100
        return "PR" if fine and marrow <= 25 and 2 * marrow <= before else "NR"
    if None in (blood, anc, plt):
        return "NE"
    cns = row["cns"] or (1 if last_cns in (None, 1) else None)
    if blood > 0 or emd == "yes" or row["trilineage"] == "no" or cns in (2, 3):
        return "NR"
    if row["trilineage"] is None or cns is None:
        return "NE"
    return ("MLFS", "CRi", "CR")[(anc > 1) + (plt > 100)]


def grown(now, before):
    return now is not None and before is not None and now > before and 4 * now >= 5 * before


def all_rows(before, rows, end_of_induction):
    usable = before["bm_adequate"] != "no"
    lowest = before["bm_blasts_pct"] if usable else None
    reference, lowest_blood = lowest, before["pb_blasts_abs"]
    emd, cns, best, relapsed, found = before["emd"] or "no", before["cns"], None, False, []
    for day, row in rows:
        marrow, usable, blood = row["bm_blasts_pct"], row["bm_adequate"] != "no", row["pb_blasts_abs"]
        new_emd = row["emd"] == "yes" and emd == "no"
        emd = row["emd"] or emd
        level = all_level(row, marrow, usable, emd, cns, reference)
        if best:
            bad = (blood or 0) > 0 or (marrow or 0) >= 5 or emd == "yes" or row["cns"] == 3
            literal = "Relapse" if bad else level
        elif (
            (usable and (marrow or 0) >= 5 and grown(marrow, lowest))
            or grown(blood, lowest_blood)
            or new_emd
            or (row["cns"] == 3 and cns in (1, 2))
        ):
            literal = "PD"
        elif end_of_induction and day >= end_of_induction and level in ("MLFS", "PR", "NR"):
            literal = "Refractory"
        else:
            literal = level
        if usable and marrow is not None:
            lowest = marrow if lowest is None else min(lowest, marrow)
        if blood is not None:
            lowest_blood = blood if lowest_blood is None else min(lowest_blood, blood)
        cns = row["cns"] or cns
        relapsed = relapsed or literal == "Relapse"
        if literal in ("CR", "CRi") and best != "CR":
            best = literal
        found.append((literal, "Relapse" if relapsed else best or literal))
    return found


ALL_COLUMNS = {
    "bm_blasts_pct": "1 1 1 4.9 5 6.2 6.25 20 25 25.1 40 50 -", "bm_adequate": "- - - - - no",
    "trilineage": "yes yes yes no -",
    "pb_blasts_abs": "0 0 0 0 0.1 4 5 -", "emd": "- - - no yes", "cns": "1 1 1 - 2 3",
    "anc": "0.5 1.0 1.01 1.5 1.5 -", "plt": "40 100 100.1 150 150 -",
}  # fmt: skip
ALL_BEFORE = st.fixed_dictionaries({
    "bm_blasts_pct": one_of("80 80 40 24 -"), "pb_blasts_abs": one_of("10 4 0 -"), "emd": one_of("no no - yes"),
    "cns": one_of("1 1 - 2 3"), "bm_adequate": one_of("- - - no"),
})  # fmt: skip


@MANY
@given(ALL_BEFORE, rows_of(1, 6, "15 20 28 35", **ALL_COLUMNS), st.one_of(st.none(), st.integers(0, 120)))
def test_all_is_judged_as_its_table_is_printed(before, rows, end):
    before = {name: number_of(told) for name, told in before.items()}
    rows = dated(rows)
    end = None if end is None else START + timedelta(end)
    expected = all_rows(before, rows, end)

    found = assess(history(before, rows, [("induction_end", end)] if end else []), "blood-all")

    assert expected == [(row.overall, row.reported) for row in found.assessments]
    until = next((at for at, pair in enumerate(expected) if pair[1] == "Relapse"), len(expected))
    assert found.best_response == min((pair[0] for pair in expected[: until + 1]), key=ALL_BEST_FIRST.index)
    if any(pair[0] in ("CR", "CRi") for pair in expected):
        assert_month(found, expected, ("CR", "CRi"))
        assert found.extra["cr_held_28d"] == found.episodes[0].lasted_month
    else:
        assert found.extra["cr_held_28d"] == "no"


# ------------------------------------------------------------------------------------------- CML


def cml_level(value, copies):
    if value is None:
        return "NE"
    number = D(0) if value == "undetectable" else value
    if copies is None:
        if value == "undetectable" or number == 0:
            return "NE"
        depths = (("MR3", "0.1"), ("MR2", "1"), ("MR1", "10"))
        return next((code for code, most in depths if number <= D(most)), ">10%")
    if copies < 10000:
        return "NE"
    depths = (("MR5", "0.001", 100000), ("MR4.5", "0.0032", 32000), ("MR4", "0.01", 0), ("MR3", "0.1", 0))
    depths += (("MR2", "1", 0), ("MR1", "10", 0))
    return next((code for code, most, least in depths if number <= D(most) and copies >= least), ">10%")


DEEP = ("MR5", "MR4.5", "MR4")
MAJOR = (*DEEP, "MR3")


def cml(rows, stopped, restarted):
    """Return the level and the milestone of each sample."""
    told = [(day, cml_level(row["value"], row["copies"]), number_or_zero(row["value"])) for day, row in rows]
    rated = [(day, level, value) for day, level, value in told if level != "NE"]
    deep = stopped and next((level for day, level, _ in reversed(rated) if day <= stopped), "") in DEEP
    found = []
    for (day, row), (_, level, value) in zip(rows, told, strict=True):
        after = (day - START).days
        free = deep and day > stopped and not (restarted and day > restarted)
        above = [on for on, _, seen in rated if free and stopped < on <= day and seen > D("0.1")]
        if row["mutation"] == "yes" and after > 0:
            milestone = "failure"
        elif above:
            milestone = "tfr-lost"
        elif level == "NE":
            milestone = "-"
        elif free:
            milestone = "tfr-ongoing"
        elif 61 <= after <= 121:
            milestone = "optimal" if value <= 10 else "warning"
            later = [(on, seen) for on, _, seen in rated if 0 < (on - day).days <= 92]
            until = next((at for at, (on, _) in enumerate(later) if (on - day).days >= 30), None)
            if value > 10 and until is not None and all(seen > 10 for _, seen in later[: until + 1]):
                milestone = "failure"
        elif 152 <= after <= 212:
            milestone = "optimal" if value <= 1 else "warning" if value <= 10 else "failure"
        elif after >= 335:
            milestone = "optimal" if value <= D("0.1") else "warning" if value <= 1 else "failure"
        else:
            milestone = "-"
        found.append((level, milestone))
    return found


def number_or_zero(value):
    return D(0) if value in (None, "undetectable") else value


def cml_interval(rows, codes, limit):
    """Return the first day at a level, the first one above its limit, and the days between first and last at it."""
    start = lost = last = None
    for day, row in rows:
        level = cml_level(row["value"], row["copies"])
        if level == "NE" or lost:
            continue
        if level in codes:
            start, last = start or day, day
        elif start and number_or_zero(row["value"]) > D(limit):
            lost = day
    return start, lost, (last - start).days if start else None


CML_ROWS = rows_of(
    1,
    9,
    "1 20 29 30 31 60 61 90 92 93 120 200",
    value="0.0005 0.001 0.0011 0.0032 0.0033 0.01 0.011 0.1 0.11 1 1.1 10 10.1 15 50 undetectable 0 0.005 0.02 -",
    copies="9999 10000 31999 32000 99999 100000 100000 100000 - -",
    mutation="- - - - - - - - - yes",
)


@MANY
@given(CML_ROWS, st.one_of(st.none(), st.integers(0, 900)), st.one_of(st.none(), st.integers(1, 400)))
def test_cml_is_judged_as_its_tables_are_printed(rows, stop, restart):
    rows = dated(rows)
    stopped = None if stop is None else START + timedelta(stop)
    restarted = stopped + timedelta(restart) if stopped and restart else None
    names = {"value": "bcr_abl_is_pct", "copies": "abl1_copies", "mutation": "resistance_mutation"}
    typed = [(day, {names[name]: told for name, told in row.items()}) for day, row in rows]

    found = assess(
        history(None, typed, [("treatment_restart", restarted)] if restarted else [], stopped_on=stopped),
        "blood-cml-eln-2020",
    )

    assert cml(rows, stopped, restarted) == [(row.overall, row.extra["milestone"]) for row in found.assessments]
    for name, codes, limit in (("mr3", MAJOR, "0.1"), ("mr4", DEEP, "0.01")):
        start, lost, days = cml_interval(rows, codes, limit)
        assert found.extra.get(f"{name}_start") == (start and start.isoformat())
        assert found.extra.get(f"{name}_lost") == (lost and lost.isoformat())
        assert found.extra.get(f"{name}_days") == days
    start, lost, _ = cml_interval(rows, MAJOR, "0.1")
    if start:
        assert (found.episodes[0].began_on, found.episodes[0].ended_on) == (start, lost)


# ------------------------------------------------------------------------------------------- CLL

ITEMS = ("nodes_spd", "largest_node_mm", "spleen_cm", "lymphocytes", "plt", "hb")


def excess(spleen):
    return max(spleen - 13, D(0))


def improved_enough(before, now, *, by_drug):
    """Return whether PR-L and PR hold, for a baseline and a visit in which nothing is missing."""
    nodes = (before["largest_node_mm"] >= 15, 2 * now["nodes_spd"] <= before["nodes_spd"])
    spleen = before["spleen_cm"] >= 13
    shrunk = not spleen or 2 * excess(now["spleen_cm"]) <= excess(before["spleen_cm"])
    was_large = before["liver"] == "enlarged"
    organs = (spleen or was_large, shrunk and not (was_large and now["liver"] == "enlarged"))
    cells = (before["lymphocytes"] >= 4, 2 * now["lymphocytes"] <= before["lymphocytes"])
    blood = (
        (before["plt"] < 100, now["plt"] >= 100 or 2 * now["plt"] >= 3 * before["plt"]),
        (before["hb"] < 11, now["hb"] >= 11 or 2 * now["hb"] >= 3 * before["hb"]),
    )
    abnormal = [better for was, better in blood if was]
    marrow = any(abnormal) or not abnormal
    solid = [better for was, better in (nodes, organs) if was]
    disease = [better for was, better in (nodes, organs, cells) if was]
    lymphocytosis = by_drug and now["lymphocytes"] >= 4 and not cells[1]
    return (
        bool(lymphocytosis and marrow and solid and all(solid)),
        marrow and bool(disease) and sum(disease) >= min(2, len(disease)),
    )


def completions(row):
    """Yield the row with every missing item as low and as high as it can be, and in between."""
    missing = [name for name in ITEMS if row[name] is None]
    for values in product((D(0), D(20), D(10**6)), repeat=len(missing)):
        yield row | dict(zip(missing, values, strict=True))


def cll_progression(before, lowest, row, liver_before, *, by_drug):
    """Return whether progression is proven."""
    now = row.get
    if row["richter"] == "yes" or (row["liver"] == "enlarged" and liver_before == "normal"):
        return True
    spd, least = now("nodes_spd"), lowest["nodes_spd"]
    if spd is not None and spd > least and 2 * spd >= 3 * least and (now("largest_node_mm") or 0) >= 15:
        return True
    spleen, least = now("spleen_cm"), lowest["spleen_cm"]
    if spleen is not None and spleen >= 13 and spleen >= least + 2 and 2 * excess(spleen) >= 3 * excess(least):
        return True
    cells, least = now("lymphocytes"), lowest["lymphocytes"]
    if not by_drug and cells is not None and cells >= 5 and 2 * cells >= 3 * least:
        return True
    if row["cytopenia_cause"] != "cll":
        return False
    return (now("plt") is not None and 2 * now("plt") <= before["plt"]) or (
        now("hb") is not None and now("hb") + 2 <= before["hb"]
    )


def cll_complete(row):
    """Return CR or CRi, "" for neither."""
    if None in (row["largest_node_mm"], row["spleen_cm"], row["lymphocytes"]) or row["constitutional"] != "no":
        return ""
    if row["largest_node_mm"] >= 15 or row["spleen_cm"] >= 13 or row["liver"] == "enlarged" or row["lymphocytes"] >= 4:
        return ""
    counts = [(row["plt"], 100), (row["hb"], 11), (row["anc"], D("1.5"))]
    low = any(value is not None and value < limit for value, limit in counts)
    if low:
        by_drug = row["cytopenia_cause"] == "drug" and row["marrow"] in ("clear", "hypocellular")
        return "CRi" if by_drug else ""
    if any(value is None for value, _ in counts):
        return ""
    return {"clear": "CR", "hypocellular": "CRi"}.get(row["marrow"], "")


def cll(before, rows, *, by_drug):
    lowest, liver, found, best = dict(before), before["liver"], [], None
    order = ("CR", "CRi", "PR", "PR-L")
    for _, given_row in rows:
        row = given_row | {"liver": given_row["liver"] or liver}
        answers = {improved_enough(before, whole, by_drug=by_drug) for whole in completions(row)}
        if cll_progression(before, lowest, row, liver, by_drug=by_drug):
            literal = "PD"
        elif cll_complete(row):
            literal = cll_complete(row)
        elif all(lymphocytosis for lymphocytosis, _ in answers):
            literal = "PR-L"
        elif all(partial for _, partial in answers):
            literal = "PR"
        else:
            literal = "SD" if None not in [row[name] for name in ITEMS] else "NE"
        for name in ("nodes_spd", "spleen_cm", "lymphocytes"):
            lowest[name] = lowest[name] if row[name] is None else min(lowest[name], row[name])
        liver = row["liver"]
        better = literal in order and (best is None or (best in order and order.index(literal) < order.index(best)))
        if best != "PD" and (literal == "PD" or better):
            best = literal
        found.append((literal, best or literal))
    return found


CLL_COLUMNS = {
    "nodes_spd": "0 300 1000 1500 2000 2001 4000 4000 6000 -", "largest_node_mm": "0 12 14.9 15 25 45 -",
    "spleen_cm": "11 12 12.9 13.0 14 16.0 16.1 18 20.5 -", "liver": "normal normal normal - enlarged",
    "constitutional": "no no no yes -", "lymphocytes": "2 3.9 4.0 4.9 5 20 50 50.1 100 150 -", "anc": "2 2 1.5 1.4 -",
    "plt": "45 60 90 99 100 150 150 -", "hb": "8 8.1 10 10.9 11.0 13 15 -",
    "marrow": "clear clear hypocellular involved -", "cytopenia_cause": "- - drug cll bleeding",
    "richter": "- - - - - - - yes",
}  # fmt: skip
CLL_BEFORE = st.fixed_dictionaries({
    "nodes_spd": one_of("4000 4000 300"), "largest_node_mm": one_of("45 15 14.9"), "spleen_cm": one_of("19 13.0 12"),
    "liver": one_of("normal normal enlarged"), "lymphocytes": one_of("100 4.0 3.9"), "plt": one_of("90 100 180"),
    "hb": one_of("10 11.0 13"), "anc": one_of("2"), "marrow": one_of("involved"),
})  # fmt: skip
NORMAL_OFTEN = st.one_of(st.just({}), st.just({
    "largest_node_mm": "12", "spleen_cm": "12", "liver": "normal", "constitutional": "no", "lymphocytes": "2",
    "plt": "150", "hb": "13", "anc": "2",
}))  # fmt: skip


@MANY
@given(CLL_BEFORE, rows_of(1, 5, "28 61 90", **CLL_COLUMNS), st.booleans(), NORMAL_OFTEN)
def test_cll_is_judged_as_its_table_is_printed(before, rows, by_drug, first):
    before = {name: number_of(told) for name, told in before.items()}
    rows = dated([(rows[0][0], rows[0][1] | first), *rows[1:]])
    expected = cll(before, rows, by_drug=by_drug)

    found = assess(history(before, rows), "blood-cll-iwcll-2018", {"redistribution_drug": "yes" if by_drug else "no"})

    assert expected == [(row.overall, row.reported) for row in found.assessments]
    progressed = next((at for at, pair in enumerate(expected) if pair[1] == "PD"), None)
    assert found.progression_on == (None if progressed is None else rows[progressed][0])
