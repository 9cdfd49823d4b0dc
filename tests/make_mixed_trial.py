"""
A seeded generator of invented patients under every family, as tables to import and as histories in memory.

    python tests/make_mixed_trial.py --subjects 500 --seed 1 --out DIR

Writes lines.csv, visits.csv, measurements.csv, results.csv and events.csv into DIR. Families take turns, so
that any number of patients is a fair share of each; the same seed and number give the same patient whatever
--subjects is. Blood is drawn 6 to 20 times a line, scans are made 5 to 14 times. Disease shrinks and grows
again by Stein's exp(-ks*t) + exp(kg*t) - 1 (t in weeks); values are missing, printed as bounds ("<0.1"), as
words ("undetectable", "not done") and in other units (/uL, g/L, mg/dL) as laboratories print them. One
patient in eight who relapses is treated again, in a second line.
"""

import argparse
import csv
import math
import random
from datetime import date, timedelta
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from labcases import result as lab_result
from lesioncases import reading as read_lesion

from remtrack.model import Event, History, Lesion, Line, Visit

ORGANS = ("liver", "lung", "adrenal gland", "soft tissue", "kidney", "spleen")
#: How many lesions a family follows by their size: as many as its paper asks for, or as such a patient has.
TARGETS = {"lugano-2014": (2, 6), "mrecist-hcc": (1, 2), "rano-2.0": (1, 3)}
TABLES = {
    "lines": "patient_id line criteria started_on stopped_on settings",
    "visits": "patient_id line visit date method",
    "measurements": "patient_id line visit date lesion_id role kind organ measure_mm measure2_mm state",
    "results": "patient_id line visit date test value unit",
    "events": "patient_id line date event detail",
}


class Treatment(NamedTuple):
    """
    One line of one patient.

    `visits` are (label, day); `readings` and `results` are rows as the files of cases have them, with the label
    of their visit; `events` are (event, day).
    """

    patient_id: str
    line: int
    family: str
    settings: dict
    started_on: date
    stopped_on: date | None
    visits: list
    readings: list
    results: list
    events: list


class Look(NamedTuple):
    """What a family's function is given for one visit: how much disease there is, as a share of the first look."""

    rng: random.Random
    number: int  # 0 is the baseline
    burden: float
    deepest: float  # the least burden before


# ------------------------------------------------------------------------------------- blood counts


def printed(rng, value, digits, unit="", other="", factor=1):
    """Return (value, unit) as a laboratory prints it: one time in five in another unit."""
    if other and rng.random() < 0.2:
        return f"{value * factor:.{max(digits - 3, 0) if factor >= 1 else digits + 3}f}", other
    return f"{value:.{digits}f}", unit if rng.random() < 0.7 else ""


def counts(look):
    """Neutrophils and platelets: low with much disease, recovering after."""
    rng, sick = look.rng, min(look.burden, 1.0)
    anc = max(0.05, rng.lognormvariate(0.7, 0.4) * (1 - 0.85 * sick))
    plt = max(5.0, rng.lognormvariate(5.1, 0.3) * (1 - 0.8 * sick))
    found = {"anc": printed(rng, anc, 2, "10^9/L", "/uL", 1000)}
    found["plt"] = ("<20", "10^9/L") if plt < 20 else printed(rng, plt, 0, "10^9/L", "/uL", 1000)
    return found


def blasts(rng, burden, first):
    share = min(95.0, first * burden)
    if share < 1:
        return ("<1", "%") if rng.random() < 0.3 else ("0", "%")
    return f"{share:.0f}", "%"


def aml(look):
    rng = look.rng
    found = counts(look)
    if look.number < 3 or rng.random() < 0.75:
        found["bm_blasts_pct"] = blasts(rng, look.burden, 60)
        found["mrd"] = ("neg" if look.burden < 0.002 else "pos", "")
        if rng.random() < 0.5:
            found["mrd_pct"] = (f"{min(60 * look.burden, 99):.3f}" if look.burden > 0.0002 else "<0.01", "%")
    found["pb_blasts_pct"] = blasts(rng, look.burden**1.5, 30)
    if look.number == 0 or rng.random() < 0.5:
        found["emd"] = ("no" if rng.random() < 0.97 else "yes", "")
    return found


def acute_lymphoblastic(look):
    rng = look.rng
    found = counts(look)
    if look.number < 3 or rng.random() < 0.75:
        found["bm_blasts_pct"] = blasts(rng, look.burden, 80)
        found["trilineage"] = ("yes" if look.burden < 0.05 else "no", "")
        found["mrd"] = (f"{min(80 * look.burden, 99):.4f}", "%") if look.burden > 1e-4 else ("negative", "")
    found["pb_blasts_abs"] = (f"{10 * look.burden**1.5:.2f}", "10^9/L")
    found["cns"] = ("1", "")
    if look.number == 0 or rng.random() < 0.5:
        found["emd"] = ("no", "")
    return found


def cml(look):
    rng = look.rng
    level = 80 * look.burden
    copies = rng.choice((8_000, 24_000, 45_000, 120_000))
    found = {
        "bcr_abl_is_pct": ("undetectable", "") if level < 0.0008 else (f"{level:.4g}", "% IS"),
        "abl1_copies": (str(copies), "copies"),
    }
    if rng.random() < 0.6:
        found["wbc"] = printed(rng, 4 + 90 * min(look.burden, 1), 1, "10^9/L", "/uL", 1000)
        found["plt"] = printed(rng, 180 + 400 * min(look.burden, 1), 0, "10^9/L", "/uL", 1000)
        found["basophils_pct"] = ("1" if look.burden < 0.5 else "7", "%")
        found["immature"] = ("no" if look.burden < 0.3 else "yes", "")
        found["spleen_palpable"] = ("no" if look.burden < 0.3 else "yes", "")
    if look.number < 4 and rng.random() < 0.4:
        found["ph_pos"], found["metaphases"] = (str(min(20, round(20 * look.burden))), ""), ("20", "")
    return found


def cll(look):
    rng, burden = look.rng, look.burden
    found = counts(Look(rng, look.number, burden * 0.5, look.deepest))
    found["lymphocytes"] = printed(rng, 1.5 + 100 * burden, 1, "10^9/L", "/uL", 1000)
    found["hb"] = printed(rng, 14 - 4 * min(burden, 1), 1, "g/dL", "g/L", 10)
    if look.number % 2 == 0 or rng.random() < 0.5:
        found["nodes_spd"] = (f"{4000 * burden:.0f}", "mm^2")
        found["largest_node_mm"] = (f"{10 + 35 * burden:.0f}", "mm")
        found["spleen_cm"] = printed(rng, 12 + 7 * min(burden, 1.2), 1, "cm", "mm", 10)
    found["liver"] = ("normal", "")
    found["constitutional"] = ("yes" if burden > 0.7 else "no", "")
    found["marrow"] = ("clear" if burden < 0.05 else "involved", "") if rng.random() < 0.3 else ("nd", "")
    if rng.random() < 0.2:
        found["mrd_blood"] = ("undetectable", "") if burden < 0.001 else (f"{min(90 * burden, 90):.3f}", "%")
    return found


def myeloma(look):
    rng, burden = look.rng, look.burden
    serum = 4 * burden
    found = {
        "serum_m": ("0", "g/dL") if serum < 0.05 else printed(rng, serum, 2, "g/dL", "g/L", 10),
        "sife": ("neg" if burden < 0.02 else "pos", ""),
        "uife": ("neg" if burden < 0.05 else "pos", ""),
        "iflc": printed(rng, 12 + 500 * burden, 0, "mg/L", "mg/dL", 0.1),
        "uflc": printed(rng, 11, 0, "mg/L", "mg/dL", 0.1),
        "hb": (f"{13 - 3 * min(burden, 1):.1f}", "g/dL"),
    }
    if rng.random() < 0.8:
        found["urine_m"] = (f"{500 * burden:.0f}", "mg/24h")
    if look.number == 0:
        found["flc_involved"], found["bmpc_pct"] = ("kappa", ""), ("40", "%")
        found["plasmacytoma"] = ("none", "")
    elif burden < 0.05 and rng.random() < 0.4:
        found["bmpc_pct"], found["clonal_pc"] = ("2", "%"), ("no" if burden < 0.02 else "yes", "")
    return found


def ca125(look):
    value = 5 + 480 * look.burden
    found = {"ca125": ("<7", "U/mL") if value < 7 else (f"{value:.0f}", "U/mL")}
    if look.rng.random() < 0.03:
        found["peritoneal_procedure_within_28d"] = ("yes", "")
    return found


def psa(look):
    value = 60 * look.burden
    if value < 0.1:
        return {"psa": look.rng.choice((("<0.1", "ng/mL"), ("undetectable", "")))}
    return {"psa": printed(look.rng, value, 2, "ng/mL", "ug/L", 1)}


# ------------------------------------------------------------------------------------------- lesions


def lugano_results(look):
    rng, burden = look.rng, look.burden
    if rng.random() < 0.1:
        return {"spleen_mm": (f"{110 + 60 * min(burden, 1):.0f}", "mm")}
    score = 5 if burden > 1.1 else 4 if burden > 0.4 else 3 if burden > 0.2 else 2
    found = {"dps": (str(score), ""), "spleen_mm": (f"{110 + 60 * min(burden, 1):.0f}", "mm")}
    if score >= 4 and look.number:
        found["uptake_vs_baseline"] = ("reduced" if burden < 0.9 else "increased", "")
        found["new_fdg_foci"] = ("no", "")
    if look.number:
        found["marrow_fdg"] = ("no", "")
    return found


def rano_results(look):
    if not look.number:
        return {}
    grown = look.burden > 1.2 * look.deepest
    return {
        "steroid_above_physiologic": ("no" if look.burden < 0.6 else "yes", ""),
        "steroid_vs_baseline": ("increased" if grown and look.rng.random() < 0.3 else "stable", ""),
        "clinical": ("worse" if grown and look.rng.random() < 0.2 else "stable", ""),
    }


def no_results(_look):
    return {}


#: Family -> (results of a visit, kinds of the lesions that are followed; "" where no lesion is).
FAMILIES = {
    "recist-1.1": (no_results, "nonnodal nonnodal node"),
    "lugano-2014": (lugano_results, "node node nonnodal"),
    "irecist": (no_results, "nonnodal nonnodal node"),
    "mrecist-hcc": (no_results, "nonnodal"),
    "rano-2.0": (rano_results, "CE"),
    "blood-aml-eln-2022": (aml, ""),
    "blood-all": (acute_lymphoblastic, ""),
    "blood-cml-eln-2020": (cml, ""),
    "blood-cll-iwcll-2018": (cll, ""),
    "myeloma-imwg-2016": (myeloma, ""),
    "markers": (ca125, ""),
}
IN_ORDER = tuple(FAMILIES)


def lesion_row(lesion, label, on, size, rng, family):
    """Return one reading of a target, as the files of cases write it."""
    lesion_id, kind, organ, ratio = lesion
    row = {"lesion_id": lesion_id, "role": "target", "kind": kind, "organ": organ, "visit": label, "date": str(on)}
    if rng.random() < 0.02 and label != "BL":
        return {**row, "measure_mm": "", "measure2_mm": "", "state": "not_assessed"}
    if size < 2:
        viable = family == "mrecist-hcc"
        sizes = ("0", "20") if viable else ("0", "") if family in ("recist-1.1", "irecist") else ("0", "0")
        return {**row, "measure_mm": sizes[0], "measure2_mm": sizes[1], "state": "measured" if viable else "absent"}
    if size < 5:
        return {**row, "measure_mm": "", "measure2_mm": "", "state": "too_small"}
    first = round(min(size, 250))
    second = ""
    if family == "mrecist-hcc":
        second = str(max(first, 20))
    elif family in ("lugano-2014", "rano-2.0"):
        second = str(max(1, round(first * ratio)))
    return {**row, "measure_mm": str(first), "measure2_mm": second, "state": "measured"}


def follow_lesions(rng, family, line, kinds, visits, burdens):
    """Return the readings of some targets, of a non-target and of what is new, over the visits of a line."""
    chosen = kinds.split()
    count = rng.randint(*TARGETS.get(family, (2, 5)))
    targets = [
        (
            f"L{line}{number}",
            rng.choice(chosen),
            {"rano-2.0": "brain", "mrecist-hcc": "liver"}.get(family, ORGANS[number]),
            rng.uniform(0.6, 0.95),
        )
        for number in range(count)
    ]
    others = [f"X{line}{number}" for number in range(rng.randint(1, 3 if count > 2 else 1))]
    starts = {lesion[0]: rng.uniform(18, 60) for lesion in targets}
    rows, new = [], False
    for (label, on), burden in zip(visits, burdens, strict=True):
        for lesion in targets:
            size = starts[lesion[0]] * burden * math.exp(rng.gauss(0, 0.04 if label != "BL" else 0))
            rows.append(lesion_row(lesion, label, on, size, rng, family))
        beside = {"role": "nontarget", "kind": targets[0][1], "organ": "bone", "visit": label, "date": str(on)}
        for lesion_id in others:
            state = "present" if burden > 0.3 else "absent"
            if burden > 1.5 and rng.random() < 0.3:
                state = "unequivocal_pd"
            rows.append({**beside, "lesion_id": lesion_id, "measure_mm": "", "measure2_mm": "", "state": state})
        new = new or (label != "BL" and burden > 1.2 and rng.random() < 0.2)
        if new:
            fresh = {**beside, "role": "new", "lesion_id": f"N{line}", "organ": "lung"}
            sure = "unequivocal" if rng.random() < 0.8 else "equivocal"
            rows.append({**fresh, "measure_mm": "", "measure2_mm": "", "state": sure})
    return rows


# ------------------------------------------------------------------------------------------ patients


def treatments(seed, number):
    """Return the lines of one patient."""
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - invented patients, no secrets
    family = IN_ORDER[number % len(IN_ORDER)]
    baseline_on = date(2012, 1, 2) + timedelta(days=rng.randrange(2000))
    first = treatment(rng, f"{family[:9].strip('-').upper()}-{number:06}", family, 1, baseline_on)
    found = [first]
    if first.stopped_on is not None and rng.random() < 0.5:
        found.append(treatment(rng, first.patient_id, family, 2, first.stopped_on + timedelta(days=rng.randint(5, 40))))
    return found


def treatment(rng, patient_id, family, line, baseline_on):
    values_of, kinds = FAMILIES[family]
    settings = {}
    if family == "markers" and rng.random() < 0.5:
        values_of, settings = psa, {"marker": "psa"}
    elif family == "lugano-2014" and rng.random() < 0.5:
        settings = {"mode": "ct"}
    started_on = baseline_on + timedelta(days=rng.randint(1, 14))
    every = {"": rng.choice((28, 35, 91))}.get(kinds, rng.choice((42, 56, 63)))
    shrinking = math.exp(rng.gauss(-1.5 if not kinds else -3.2, 0.8)) * (5 if rng.random() < 0.4 else 1)
    growing = math.exp(rng.gauss(-5.0, 0.9)) * (0 if rng.random() < 0.4 else 1)
    visits, burdens = [("BL", baseline_on)], [1.0]
    for look in range(1, rng.randint(5, 14) if kinds else rng.randint(6, 20)):
        if rng.random() < 0.04:
            continue  # missed
        on = started_on + timedelta(days=every * look + rng.randint(-4, 4))
        weeks = (on - started_on).days / 7
        burden = min(3.0, math.exp(-shrinking * weeks) + math.exp(growing * weeks) - 1)
        visits.append((f"V{look}", on))
        burdens.append(max(burden, 0.0))
    results = []
    for index, ((label, on), burden) in enumerate(zip(visits, burdens, strict=True)):
        deepest = min(burdens[:index], default=burden)
        for test, said in values_of(Look(rng, index, burden, deepest)).items():
            lost = rng.random() if index else 1
            if lost < 0.02:
                continue  # not drawn, and nobody wrote that down
            value, unit = said if lost > 0.04 else ("not done", "")
            sampled_on = on + timedelta(days=rng.choice((-2, -1, 1)) if not kinds and rng.random() < 0.05 else 0)
            results.append({"visit": label, "date": str(sampled_on), "key": test, "value": value, "unit": unit})
    readings = follow_lesions(rng, family, line, kinds, visits, burdens) if kinds else []
    relapsed = burdens[-1] > 0.3 and min(burdens) < 0.2
    events = []
    if family == "rano-2.0":
        events.append(("radiotherapy_end", baseline_on - timedelta(days=rng.randint(20, 400))))
    if rng.random() < 0.03:
        events.append(("death", visits[-1][1] + timedelta(days=rng.randint(5, 90))))
    stopped_on = visits[-1][1] + timedelta(days=3) if relapsed and not events else None
    return Treatment(
        patient_id,
        line,
        family,
        settings,
        started_on,
        stopped_on,
        visits,
        readings,
        results,
        sorted(events, key=itemgetter(1)),
    )


# ----------------------------------------------------------------------------------------- as values


def histories(subjects, seed=1):
    """Yield (history, family, settings) of every line, as the import makes them."""
    for number in range(subjects):
        lines = treatments(seed, number)
        for one, following in zip(lines, [*lines[1:], None], strict=True):
            yield history(one, following), one.family, one.settings


def history(one, following=None):
    lesions = {row["lesion_id"]: row for row in one.readings}
    return History(
        patient_id=one.patient_id,
        line=Line(one.line, started_on=one.started_on, stopped_on=one.stopped_on),
        lesions=tuple(Lesion(name, row["role"], row["kind"], row["organ"]) for name, row in sorted(lesions.items())),
        visits=tuple(visit(one, label, on) for label, on in one.visits),
        events=tuple(Event(event, on) for event, on in one.events),
        new_therapy_on=None if following is None else following.started_on,
    )


def visit(one, label, on):
    readings = sorted((row for row in one.readings if row["visit"] == label), key=itemgetter("lesion_id"))
    results = sorted((row for row in one.results if row["visit"] == label), key=itemgetter("key", "date"))
    return Visit(
        on,
        label,
        measurements=tuple(as_kept(row, one.family) for row in readings),
        results=tuple(lab_result(row, on) for row in results),
    )


def as_kept(row, family):
    """Return a reading as it is kept: what is absent or too small has no size."""
    if row["state"] in ("absent", "too_small"):
        row = {**row, "measure_mm": "", "measure2_mm": ""}
    return read_lesion(row, family)


# ----------------------------------------------------------------------------------------- as tables


def write_mixed(subjects, seed, folder):
    """Write the tables into the folder and return how many rows each has."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: [] for name in TABLES}
    for number in range(subjects):
        for one in treatments(seed, number):
            who = (one.patient_id, one.line)
            settings = ";".join(f"{name}={value}" for name, value in one.settings.items())
            rows["lines"].append((*who, one.family, one.started_on, one.stopped_on or "", settings))
            rows["visits"] += [(*who, label, on, "CT" if one.readings else "") for label, on in one.visits]
            rows["measurements"] += [
                (*who, *(row[name] for name in ("visit", "date", *TABLES["measurements"].split()[4:])))
                for row in one.readings
            ]
            rows["results"] += [
                (*who, *(row[name] for name in ("visit", "date", "key", "value", "unit"))) for row in one.results
            ]
            rows["events"] += [(*who, on, event, "") for event, on in one.events]
    for name, header in TABLES.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([header.split(), *rows[name]])
    return {name: len(found) for name, found in rows.items()}


def main():
    parser = argparse.ArgumentParser(description="write invented patients of every family, the same for the same seed")
    parser.add_argument("--subjects", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    wanted = parser.parse_args()
    print(write_mixed(wanted.subjects, wanted.seed, wanted.out))


if __name__ == "__main__":
    main()
