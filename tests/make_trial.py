"""
A seeded generator of an invented solid-tumour trial. Standard library only.

    python tests/make_trial.py --subjects 500 --seed 1 --out DIR

Writes into DIR:
  adsl.csv    one row a subject: STUDYID, USUBJID, RANDDT, TRTSDT
  tu.csv      tumour identification, shaped like SDTM
  tr.csv      tumour results, shaped like SDTM (LDIAM and LPERP of targets, TUMSTATE of the others)
  flat.csv    one row a lesion and visit: patient_id, lesion_id, role, kind, organ, date,
              diameter_mm, state, new_lesion  (the diameter is the short axis for lymph nodes)
  trial.json  parameters, row counts and the SHA-256 of each file

The same seed and subject number give the same subject whatever --subjects is, so the trial of 500 is
the first part of the trial of 2,000.

Half of the subjects grow and shrink by Stein's y0*(exp(-ks*t) + exp(kg*t) - 1), the other half by
Claret's y0*exp(kl*t - kd/lam*(1 - exp(-lam*t))), t in weeks, with log-normal effects of subject and
lesion and a multiplicative reader's error; rounded to whole mm, under 2 mm recorded as 0, 2 to 5 mm
as 5 (too small to measure).
"""

import argparse
import csv
import datetime as dt
import hashlib
import json
import math
import random
from contextlib import ExitStack
from pathlib import Path

ORGANS = ["LIVER", "LUNG", "ADRENAL GLAND", "KIDNEY", "BREAST", "SPLEEN", "SOFT TISSUE", "PANCREAS"]
NT_ORGANS = ["BONE", "PLEURAL EFFUSION", "PERITONEUM", "LIVER", "LUNG", "LYMPH NODE", "MEDIASTINUM"]
STUDY = "SIM01"
TESTS = {"LDIAM": "Longest Diameter", "LPERP": "Longest Perpendicular", "TUMSTATE": "Tumor State"}
HEADERS = {
    "adsl": "STUDYID USUBJID RANDDT TRTSDT",
    "tu": "STUDYID DOMAIN USUBJID TUSEQ TULNKID TUTESTCD TUTEST TUORRES TUSTRESC TULOC TUMETHOD TUEVAL VISIT VISITNUM"
    " TUDTC",
    "tr": "STUDYID DOMAIN USUBJID TRSEQ TRGRPID TRLNKID TRTESTCD TRTEST TRORRES TRORRESU TRSTRESC TRSTRESN TRSTRESU"
    " TRSTAT TREVAL VISIT VISITNUM TRDTC",
    "flat": "patient_id lesion_id role kind organ date diameter_mm state new_lesion",
}


def organs_for(rng, n):
    """n organs, never more than two lesions in one; each a lymph node with probability 0.3."""
    used, out = {}, []
    while len(out) < n:
        organ = "LYMPH NODE" if rng.random() < 0.3 else rng.choice(ORGANS)
        if used.get(organ, 0) < 2:
            used[organ] = used.get(organ, 0) + 1
            out.append(organ)
    return out


def curve(kind, p, t):
    if kind == "stein":
        return math.exp(-p["ks"] * t) + math.exp(p["kg"] * t) - 1.0
    return math.exp(p["kl"] * t - p["kd"] / p["lam"] * (1.0 - math.exp(-p["lam"] * t)))


def record(size, nodal):
    size = min(size, 300)  # the growth curves know no bound; a body does
    if nodal:
        return max(2, round(size))
    return 0 if size < 2 else 5 if size < 5 else round(size)


def subject(seed, i):
    # The order of the calls to rng is part of the format: another order is another trial.
    rng = random.Random(f"{seed}:{i}")
    uid = f"{STUDY}-{101 + i % 40:03}-{i:06}"
    rand = dt.date(2019, 1, 7) + dt.timedelta(days=rng.randrange(1400))
    trt = rand + dt.timedelta(days=rng.choice((0, 0, 0, 1, 2, 3)))
    step = rng.choice((42, 49, 56))
    nvis = rng.randint(8, 14)
    model = rng.choice(("stein", "claret"))
    deep = rng.random() < 0.08  # deep responders, so that complete responses occur
    ks = math.exp(rng.gauss(-3.8, 1.1)) * (4.0 if deep else 1.0)
    kg = math.exp(rng.gauss(-4.0, 0.9)) * (0.1 if deep else 1.0)
    kd = math.exp(rng.gauss(-3.5, 1.0)) * (5.0 if deep else 1.0)
    lam = math.exp(rng.gauss(-2.6, 0.5))
    targets = []
    for k, organ in enumerate(organs_for(rng, rng.randint(2, 5)), 1):
        nodal = organ == "LYMPH NODE"
        y0 = rng.uniform(16, 45) if nodal else min(130.0, max(11.0, rng.lognormvariate(3.3, 0.5)))
        e = math.exp(rng.gauss(0, 0.25))
        f = math.exp(rng.gauss(0, 0.25))
        p = {"ks": ks * e, "kg": kg * f, "kl": kg * f, "kd": kd * e, "lam": lam}
        ratio = rng.uniform(0.6, 0.95)
        targets.append({"id": f"T{k:02}", "organ": organ, "nodal": nodal, "y0": y0, "ratio": ratio, "p": p})
    nts = [{"id": f"NT{k:02}", "organ": rng.choice(NT_ORGANS)} for k in range(1, rng.randint(1, 3) + 1)]
    visits = [("SCREENING", 1, rand - dt.timedelta(days=rng.randint(1, 27)), 0.0)]
    for v in range(1, nvis):
        if v > 1 and rng.random() < 0.05:
            continue  # missed visit
        d = trt + dt.timedelta(days=step * v + rng.randint(-5, 5))
        visits.append((f"WEEK {step // 7 * v}", v + 1, d, (d - trt).days / 7.0))
    tu, tr, flat = [], [], []
    for x in targets + nts:
        role = "TARGET" if x["id"][0] == "T" else "NON-TARGET"
        tu.append((uid, x["id"], role, x["organ"], "SCREENING", 1, visits[0][2]))
    news = []
    burden0 = sum(x["y0"] for x in targets)
    for name, num, d, t in visits:
        ds = d.isoformat()
        rel = sum(x["y0"] * curve(model, x["p"], t) for x in targets) / burden0
        for x in targets:
            nodal = x["nodal"]
            kindname = "nodal" if nodal else "non-nodal"
            if num > 1 and rng.random() < 0.02:
                tr.append((uid, "TARGET", x["id"], "LDIAM", "", "mm", "NOT DONE", name, num, ds))
                tr.append((uid, "TARGET", x["id"], "LPERP", "", "mm", "NOT DONE", name, num, ds))
                flat.append((uid, x["id"], "target", kindname, x["organ"], ds, "", "NOT EVALUABLE", "N"))
                continue
            size = x["y0"] * curve(model, x["p"], t) * math.exp(rng.gauss(0, 0.05))
            if nodal:
                short = max(record(size, nodal=True), 15 if num == 1 else 0)
                longest = round(short / x["ratio"], 1)
            else:
                longest = record(size, nodal=False) if num > 1 else max(10, round(size))
                short = round(longest * x["ratio"], 1)
            used = short if nodal else longest
            state = "ABSENT" if (used < 10 if nodal else used == 0) else "PRESENT"
            tr.append((uid, "TARGET", x["id"], "LDIAM", longest, "mm", "", name, num, ds))
            tr.append((uid, "TARGET", x["id"], "LPERP", short, "mm", "", name, num, ds))
            flat.append((uid, x["id"], "target", kindname, x["organ"], ds, used, state, "N"))
        for x in nts:
            kindname = "nodal" if x["organ"] == "LYMPH NODE" else "non-nodal"
            r = rng.random()
            if num == 1:
                state = "PRESENT"
            elif r < 0.01:
                state = ""
            elif (rel > 1.3 and r < 0.08) or r < 0.013:
                state = "UNEQUIVOCAL"
            elif (rel < 0.35 and r < 0.75) or (rel < 0.7 and r < 0.2):
                state = "ABSENT"
            else:
                state = "PRESENT"
            tr.append((uid, "NON-TARGET", x["id"], "TUMSTATE", state, "", "" if state else "NOT DONE", name, num, ds))
            flat.append((uid, x["id"], "non-target", kindname, x["organ"], ds, "", state or "NOT EVALUABLE", "N"))
        if num > 1 and len(news) < 3 and rng.random() < min(0.25, 0.008 + 0.10 * max(0.0, rel - 0.9)):
            organ = rng.choice([*ORGANS, "BRAIN", "BONE"])
            x = {"id": f"NEW{len(news) + 1:02}", "organ": organ, "sure": rng.random() > 0.1}
            news.append(x)
            tu.append((uid, x["id"], "NEW", x["organ"], name, num, d))
        for x in news:
            state = "UNEQUIVOCAL" if x["sure"] else "EQUIVOCAL"
            x["sure"] = x["sure"] or rng.random() < 0.5
            tr.append((uid, "NEW", x["id"], "TUMSTATE", state, "", "", name, num, ds))
            flat.append((uid, x["id"], "new", "non-nodal", x["organ"], ds, "", state, "Y"))
    return uid, rand, trt, tu, tr, flat


def write_trial(subjects, seed, folder):
    """Write the files into the folder and return how many rows each has."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in HEADERS}
    rows = dict.fromkeys(paths, 0)
    with ExitStack() as stack:
        files = {name: stack.enter_context(path.open("w", newline="")) for name, path in paths.items()}
        out = {name: csv.writer(file, lineterminator="\n") for name, file in files.items()}
        for name, header in HEADERS.items():
            out[name].writerow(header.split())
        for i in range(subjects):
            uid, rand, trt, tu, tr, flat = subject(seed, i)
            out["adsl"].writerow([STUDY, uid, rand, trt])
            for k, (who, lesion, role, organ, visit, num, d) in enumerate(tu, 1):
                test = ["TUMIDENT", "Tumor Identification", role, role, organ, "CT SCAN", "INVESTIGATOR"]
                out["tu"].writerow([STUDY, "TU", who, k, lesion, *test, visit, num, d])
            for k, (who, group, lesion, code, value, unit, status, visit, num, ds) in enumerate(tr, 1):
                number = value if code != "TUMSTATE" else ""
                test = [code, TESTS[code], value, unit, value, number, unit, status, "INVESTIGATOR"]
                out["tr"].writerow([STUDY, "TR", who, k, group, lesion, *test, visit, num, ds])
            out["flat"].writerows(flat)
            rows["adsl"] += 1
            rows["tu"] += len(tu)
            rows["tr"] += len(tr)
            rows["flat"] += len(flat)
    digests = {}
    for name, path in paths.items():
        with path.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    trial = {"subjects": subjects, "seed": seed, "rows": rows, "sha256": digests}
    (folder / "trial.json").write_text(json.dumps(trial, indent=1))
    return rows


def main():
    parser = argparse.ArgumentParser(description="write an invented trial, the same for the same seed")
    parser.add_argument("--subjects", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    wanted = parser.parse_args()
    print(json.dumps(write_trial(wanted.subjects, wanted.seed, wanted.out)))


if __name__ == "__main__":
    main()
