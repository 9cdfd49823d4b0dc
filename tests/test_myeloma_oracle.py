"""
IMWG 2016 a second time, as plainly as its table is printed, compared with the family over random lines.

Written from the table of levels and the list of progression alone, with numbers and missing values but without
bounds, so that the two share no code: an item gives a number of a level, the lowest counts.
"""

from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings, strategies as st
from labcases import lab_visit
from test_myeloma import FAMILY, START

from remtrack.fold import assess
from remtrack.model import History, Line

SD, MR, PR, VGPR, CR, SCR = range(6)
TENTH, HALF, THREE_QUARTERS = Decimal("0.1"), Decimal("0.5"), Decimal("0.75")
CODES = ("SD", "MR", "PR", "VGPR", "CR", "sCR")

# ------------------------------------------------------------------------------------------- random lines

BASES = {
    "serum": {"serum_m": "1 4 6 8", "urine_m": "- 0 150", "iflc": "- 12 510", "bmpc_pct": "- 4 60"},
    "urine": {"serum_m": "0 0.3 0.9", "urine_m": "200 300 1000 3000", "iflc": "- 12", "bmpc_pct": "- 60"},
    "both": {"serum_m": "1 4", "urine_m": "200 300 1000 3000", "iflc": "-", "bmpc_pct": "60"},
    "chains": {"serum_m": "0.5", "urine_m": "- 50", "iflc": "100 260 510", "bmpc_pct": "- 30"},
    "marrow": {"serum_m": "0.2", "urine_m": "20", "iflc": "12 99", "bmpc_pct": "- 4 29 30 60 80"},
    "unknown": {"serum_m": "0.9", "urine_m": "199", "iflc": "-", "bmpc_pct": "60"},
}
SHARES = "0 0.05 0.1 0.1001 0.25 0.5 0.501 0.75 0.76 1 1.25 2"
RISES = {"serum_m": "0.49 0.5 0.9 1", "urine_m": "199 200", "iflc": "99 100 100.1", "bmpc_pct": "9 10"}
LEFT = {"serum_m": "0 0 0.3", "urine_m": "0 99 100 199 200", "iflc": "10 16.5 16.6", "bmpc_pct": "3 4.9 5"}
MOST = {"serum_m": 20, "urine_m": 100000, "iflc": 500000, "bmpc_pct": 100}


def pick(random, choices):
    """Return one of the values, set apart by blanks; a hyphen is nothing, and what is no number is a word."""
    told = random.choice(choices.split())
    return None if told == "-" else told if told.isalpha() else Decimal(told)


def near(random, test, earlier):
    """Return a value at the share of the baseline where a level begins, or up by what makes progression."""
    way = random.random()
    if way < 0.45 and earlier[0] is not None:
        value = earlier[0] * pick(random, SHARES)
    elif way < 0.75 and (seen := [value for value in earlier if value is not None]):
        value = random.choice(seen) + pick(random, f"0 0 0 {RISES[test]}")
    else:
        value = pick(random, LEFT[test])
    return min(value, Decimal(MOST[test]))


def random_line(seed):
    """Return the results of a baseline and of one to six visits; None where nothing was measured."""
    random = Random(seed)  # noqa: S311 - examples, no secrets
    kind = random.choice(sorted(BASES))
    base = {test: pick(random, choices) for test, choices in BASES[kind].items()}
    base |= {"uflc": Decimal(10), "clonal_pc": pick(random, "- yes no"), "plasmacytoma": pick(random, "0 0 0 0 1000")}
    rows = [base]
    for _ in range(random.randint(1, 6)):
        row = {test: near(random, test, [one[test] for one in rows]) for test in BASES[kind]}
        gaps = {"serum_m": 0.05, "urine_m": 0.05, "iflc": 0.05, "bmpc_pct": 0.5}
        row |= {test: None for test, share in gaps.items() if random.random() < share}
        if random.random() < 0.3:
            row |= {"serum_m": Decimal(0), "urine_m": Decimal(0), "iflc": pick(random, "16.5 16.6")}
        row |= {"uflc": pick(random, "10 10 10 10 -"), "clonal_pc": pick(random, "- no no yes")}
        row |= {test: pick(random, "neg neg neg neg pos -") for test in ("sife", "uife")}
        tumour = random.random() < (0.4 if base["plasmacytoma"] else 0.05)
        row["plasmacytoma"] = pick(random, "0 0 400 500 501 600 1500") if tumour else None
        row["new_bone_lesion"] = "yes" if random.random() < 0.03 else None
        rows.append(row)
    return base, rows[1:]


def history(base, visits):
    rows = [base, *visits]
    return History(
        "P01",
        Line(started_on=START),
        visits=tuple(
            lab_visit(
                (START + timedelta(30 * number - 2)).isoformat(),
                f"V{number}",
                flc_involved="kappa",
                **{
                    test: f"{value:f}" if isinstance(value, Decimal) else value
                    for test, value in row.items()
                    if value is not None
                },
            )
            for number, row in enumerate(rows)
        ),
    )


# --------------------------------------------------------------------------------------- the second reading


def difference(row):
    return None if row["iflc"] is None or row["uflc"] is None else row["iflc"] - row["uflc"]


def measurable(base):
    """Return what gives a level: serum and urine, else the light chains, else the marrow; None: it is not known."""
    found = [test for test, least in (("serum_m", 1), ("urine_m", 200)) if (base[test] or 0) >= least]
    if found:
        return found
    if base["iflc"] is None:
        return None
    if base["iflc"] >= 100 and base["iflc"] > Decimal("1.65") * base["uflc"]:
        return ["chains"]
    return None if base["bmpc_pct"] is None else ["marrow"]


def item_level(item, base, row, marrow):
    if item == "serum_m":
        left = row["serum_m"] / base["serum_m"]
        return VGPR if left <= TENTH else PR if left <= HALF else MR if left <= THREE_QUARTERS else SD
    if item == "urine_m":
        now, left = row["urine_m"], row["urine_m"] / base["urine_m"]
        return VGPR if now < 100 else PR if now < 200 or left <= TENTH else MR if left <= HALF else SD
    if item == "chains":
        left = difference(row) / difference(base)
        return VGPR if left < TENTH else PR if left <= HALF else SD
    return PR if base["bmpc_pct"] >= 30 and marrow * 2 <= base["bmpc_pct"] else SD


def level(items, base, rows):
    """Return the level of the last of these visits against the baseline, None where an item is missing."""
    row = rows[-1]
    latest = {
        test: next((one[test] for one in reversed(rows) if one[test] is not None), None)
        for test in ("bmpc_pct", "clonal_pc", "plasmacytoma")
    }
    marrow = base["bmpc_pct"] if latest["bmpc_pct"] is None else latest["bmpc_pct"]
    tumour = base["plasmacytoma"] if latest["plasmacytoma"] is None else latest["plasmacytoma"]
    for item in items:
        if (item == "chains" and difference(row) is None) or (item.endswith("_m") and row[item] is None):
            return None
    found = min(item_level(item, base, row, marrow) for item in items)
    serum, urine = row["serum_m"], row["urine_m"]
    both = serum is not None and urine is not None
    by_protein = items[0] in ("serum_m", "urine_m")
    if not both or (by_protein and (urine >= 100 or ("serum_m" not in items and serum > base["serum_m"]))):
        found = min(found, PR)
    if both and by_protein and serum == urine == 0:
        found = VGPR
    is_fixed = not (row["sife"] == row["uife"] == "neg")
    ratio = None if row["iflc"] is None or row["uflc"] is None else row["iflc"] / row["uflc"]
    is_normal = ratio is not None and Decimal("0.26") <= ratio <= Decimal("1.65")
    in_blood = both and not is_fixed and (is_normal if items == ["chains"] else items == ["marrow"] or found == VGPR)
    shrunk = tumour == 0 or (base["plasmacytoma"] > 0 and tumour * 2 <= base["plasmacytoma"])
    if in_blood:
        low_marrow = latest["bmpc_pct"] is not None and latest["bmpc_pct"] < 5
        if low_marrow and tumour == 0:
            return SCR if is_normal and latest["clonal_pc"] == "no" else CR
        no_marrow = row["bmpc_pct"] is None and not low_marrow
        if items == ["chains"] and no_marrow:
            found = VGPR
    return found if shrunk else SD


def rises(now, low, least, *, more=False):
    if now is None or low is None or now * 4 < low * 5:
        return False
    return now - low > least if more else now - low >= least


def progresses(items, row, refs, smallest):
    """Return "" or whether the visit progresses "at once" (imaging, marrow) or in blood and urine."""
    tumour = row["plasmacytoma"]
    imaged = tumour and (smallest == 0 or tumour * 2 >= smallest * 3)
    marrow = items == ["marrow"] and rises(row["bmpc_pct"], refs["bmpc_pct"], 10)
    if row["new_bone_lesion"] or imaged or marrow:
        return "at once"
    serum, low = row["serum_m"], refs["serum_m"]
    high = serum is not None and low is not None and low >= 5 and serum - low >= 1
    chains = items == ["chains"] and rises(difference(row), refs["chains"], 100, more=True)
    fluid = rises(serum, low, Decimal("0.5")) or high or rises(row["urine_m"], refs["urine_m"], 200) or chains
    return "fluid" if fluid else ""


def references(base, visits, levels, upto):
    """Return the lowest of the baseline and of the visits whose level the next one with a level keeps."""
    counted = [base]
    for index in range(upto):
        later = next((one for one in levels[index + 1 : upto + 1] if one is not None), None)
        if levels[index] is not None and later is not None and later >= levels[index]:
            counted.append(visits[index])
    values = {
        test: [row[test] for row in counted if row[test] is not None] for test in ("serum_m", "urine_m", "bmpc_pct")
    }
    values["chains"] = [difference(row) for row in counted if difference(row) is not None]
    return {item: min(found, default=None) for item, found in values.items()}


def read(base, visits):
    """Return the category and the reported category of each visit, the best, the response and the progression."""
    items = measurable(base)
    levels = [None if items is None else level(items, base, visits[: i + 1]) for i in range(len(visits))]
    words, kinds = [], []
    for i, row in enumerate(visits):
        seen = [base, *visits[:i]]
        smallest = min(one["plasmacytoma"] for one in seen if one["plasmacytoma"] is not None)
        kinds.append(progresses(items, row, references(base, visits, levels, i), smallest))
        words.append("PD" if kinds[i] else "NE" if levels[i] is None else CODES[levels[i]])
    judged = [i for i, word in enumerate(words) if word != "NE"]
    reported, best, ended, start = [], None, None, None
    for i, word in enumerate(words):
        later = next((j for j in judged if j > i), None)
        if word == "PD" and ended is None:
            refs = references(base, visits, levels, i)
            if kinds[i] == "at once":
                ended = i
            elif later is not None:
                seen = [base, *visits[:later]]
                smallest = min(one["plasmacytoma"] for one in seen if one["plasmacytoma"] is not None)
                ended = i if progresses(items, visits[later], refs, smallest) else None
        elif word not in ("PD", "NE") and ended is None:
            after = SD if later is None or words[later] == "PD" else levels[later]
            shown = min(levels[i], after)
            start = i if start is None and shown >= PR else start
            best = shown if best is None else max(best, shown)
        reported.append("PD" if ended is not None else "NE" if best is None else CODES[best])
    summary = "PD" if best is None and ended is not None else "NE" if best is None else CODES[best]
    return words, reported, summary, start, ended


@settings(max_examples=600)
@given(st.integers(0, 10**9))
def test_a_second_reading_of_the_table_gives_the_same_answers(seed):
    base, visits = random_line(seed)
    course = assess(history(base, visits), FAMILY)

    words, reported, best, start, ended = read(base, visits)

    days = [row.visit_on for row in course.assessments]
    assert words == [row.overall for row in course.assessments]
    assert reported == [row.reported for row in course.assessments]
    assert best == course.best_response
    assert (None if ended is None else days[ended]) == course.progression_on
    assert (None if start is None else days[start]) == course.response_start
