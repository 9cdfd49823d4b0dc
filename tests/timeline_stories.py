"""
Invented people, one a family, as tables to import: a course that a clinician would recognise, told in a few visits.

    for name, tables in STORIES.items(): for file, text in tables.items(): ... `remtrack import file`
"""

RESULTS = "patient_id,line,visit,date,test,value,unit\n"
LINES = "patient_id,line,criteria,regimen,started_on,stopped_on,baseline_on,settings\n"
EVENTS = "patient_id,line,date,event,detail\n"
READINGS = "patient_id,line,visit,date,lesion_id,role,kind,organ,measure_mm,measure2_mm,state\n"


def results(patient_id, *visits):
    """Return rows of results: (line, label, day, {test: value}) a visit."""
    rows = [
        f"{patient_id},{line},{label},{day},{test},{value},\n"
        for line, label, day, values in visits
        for test, value in values.items()
    ]
    return RESULTS + "".join(rows)


def readings(patient_id, *visits, roles=None):
    """Return rows of readings: (line, label, day, {lesion: (kind, organ, first, second, state)}) a visit."""
    rows = []
    for line, label, day, lesions in visits:
        for name, (kind, organ, first, second, state) in lesions.items():
            role = (roles or {}).get(name, "target")
            rows.append(f"{patient_id},{line},{label},{day},{name},{role},{kind},{organ},{first},{second},{state}\n")
    return READINGS + "".join(rows)


def counts(blasts, anc, plt, **more):
    return {"bm_blasts_pct": blasts, "pb_blasts_pct": 0, "anc": anc, "plt": plt, "emd": "no", **more}


#: Diagnosis, CRi, CR with MRD, relapse; a second line, transplant, a second complete remission.
LEUKAEMIA = {
    "lines.csv": LINES
    + "A01,1,blood-aml-eln-2022,7+3,2024-01-10,2024-06-20,,\n"
    + "A01,2,blood-aml-eln-2022,FLAG-IDA,2024-11-11,,2024-11-04,\n",
    "results.csv": results(
        "A01",
        (1, "BL", "2024-01-08", {"bm_blasts_pct": 62, "pb_blasts_pct": 30, "anc": 0.4, "plt": 35, "emd": "no"}),
        (1, "V1", "2024-02-05", {"bm_blasts_pct": 12, "pb_blasts_pct": 0, "anc": 0.3, "plt": 40, "emd": "no"}),
        (1, "V2", "2024-02-26", counts(4, 0.6, 120)),
        (1, "V3", "2024-03-25", counts("2.5", 1.6, 180, mrd="negative")),
        (1, "V4", "2024-06-17", counts("<1", 2.1, 210, mrd="negative")),
        (1, "V5", "2024-09-09", {"pb_blasts_pct": 0, "anc": 2.4, "plt": 190}),
        (1, "V6", "2024-11-04", counts(28, 0.9, 70)),
        (2, "V1", "2024-12-16", counts(8, 0.4, 60)),
        (2, "V2", "2025-01-20", counts(3, 1.2, 130)),
        (2, "V3", "2025-05-12", counts(1, 2.0, 160)),
    ),
    "events.csv": EVENTS + "A01,2,2025-02-20,transplant,allogeneic\n",
}
LYMPHOBLASTIC = {
    "lines.csv": LINES + "B01,1,blood-all,GMALL,2025-01-10,,,\n",
    "results.csv": results(
        "B01",
        (1, "BL", "2025-01-08", counts(90, 0.3, 20)),
        (1, "V1", "2025-02-12", counts(22, 0.8, 60)),
        (1, "V2", "2025-03-10", counts(1, 1.3, 120, trilineage="yes", pb_blasts_abs=0, cns="CNS1")),
        (1, "V3", "2025-05-19", counts(1, 1.6, 150, trilineage="yes", pb_blasts_abs=0, cns="CNS1")),
    ),
}
MYELOID_CHRONIC = {
    "lines.csv": LINES + "C01,1,blood-cml-eln-2020,imatinib,2020-01-06,2025-03-03,,\n",
    "results.csv": results(
        "C01",
        (1, "BL", "2020-01-02", {"bcr_abl_is_pct": 62, "abl1_copies": 40000, "wbc": 88, "plt": 540,
                                 "basophils_pct": 6, "immature": "yes", "spleen_palpable": "yes"}),
        (1, "V1", "2020-04-06", {"bcr_abl_is_pct": "7.4", "abl1_copies": 35000, "wbc": 6, "plt": 210,
                                 "basophils_pct": 1, "immature": "no", "spleen_palpable": "no"}),
        (1, "V2", "2020-07-06", {"bcr_abl_is_pct": "0.8", "abl1_copies": 36000, "ph_pos": 0, "metaphases": 25}),
        (1, "V3", "2021-01-11", {"bcr_abl_is_pct": "0.1", "abl1_copies": 52000}),
        (1, "V4", "2022-01-10", {"bcr_abl_is_pct": "0.0089", "abl1_copies": 48000}),
        (1, "V5", "2023-01-09", {"bcr_abl_is_pct": "0.0032", "abl1_copies": 61000}),
        (1, "V6", "2024-01-08", {"bcr_abl_is_pct": "<0.001", "abl1_copies": 120000}),
        (1, "V7", "2025-02-24", {"bcr_abl_is_pct": "undetectable", "abl1_copies": 110000}),
        (1, "V8", "2025-09-01", {"bcr_abl_is_pct": "0.0410", "abl1_copies": 98000}),
    ),
}  # fmt: skip
LYMPHOMA_PET = {
    "lines.csv": LINES + "D01,1,lugano-2014,R-CHOP,2025-01-20,2025-06-10,,\n",
    "readings.csv": readings(
        "D01",
        (1, "BL", "2025-01-13", {"G1": ("node", "neck", 60, 50, ""), "G2": ("node", "groin", 30, 20, "")}),
        (1, "V1", "2025-03-31", {"G1": ("node", "neck", 30, 20, ""), "G2": ("node", "groin", 14, 10, "")}),
        (1, "V2", "2025-06-30", {"G1": ("node", "neck", 25, 15, ""), "G2": ("node", "groin", 12, 9, "")}),
        (1, "V3", "2025-12-15", {"G1": ("node", "neck", 24, 15, ""), "G2": ("node", "groin", 12, 9, "")}),
    ),
    "results.csv": results(
        "D01",
        (1, "BL", "2025-01-13", {"dps": 5}),
        (1, "V1", "2025-03-31", {"dps": 4, "uptake_vs_baseline": "reduced"}),
        (1, "V2", "2025-06-30", {"dps": 2, "uptake_vs_baseline": "reduced"}),
        (1, "V3", "2025-12-15", {"dps": 3, "uptake_vs_baseline": "reduced"}),
    ),
}
LYMPHOMA_CT = {
    "lines.csv": LINES + "E01,1,lugano-2014,BR,2025-01-20,,,mode=CT\n",
    "readings.csv": readings(
        "E01",
        (1, "BL", "2025-01-13", {"G1": ("node", "neck", 40, 30, ""), "G2": ("node", "groin", 20, 20, "")}),
        (1, "V1", "2025-03-31", {"G1": ("node", "neck", 25, 20, ""), "G2": ("node", "groin", 20, 15, "")}),
        (1, "V2", "2025-06-30", {"G1": ("node", "neck", 18, 12, ""), "G2": ("node", "groin", 16, 10, "")}),
    ),
}
MYELOMA = {
    "lines.csv": LINES + "F01,1,myeloma-imwg-2016,VRd,2025-01-13,,,\n",
    "results.csv": results(
        "F01",
        (1, "BL", "2025-01-06", {"serum_m": "4.2", "urine_m": 50, "sife": "pos", "uife": "neg", "bmpc_pct": 40}),
        (1, "V1", "2025-02-10", {"serum_m": "2.1", "urine_m": 40, "sife": "pos", "uife": "neg"}),
        (1, "V2", "2025-03-10", {"serum_m": "0.9", "urine_m": 30, "sife": "pos", "uife": "neg"}),
        (1, "V3", "2025-04-07", {"serum_m": "0.42", "urine_m": 0, "sife": "pos", "uife": "neg"}),
        (1, "V4", "2025-05-12", {"serum_m": "<0.1", "urine_m": 0, "sife": "pos", "uife": "neg"}),
        (1, "V5", "2025-06-16", {"serum_m": "0", "urine_m": 0, "sife": "neg", "uife": "neg", "bmpc_pct": 2}),
    ),
}
LIGHT_CHAINS = {
    "lines.csv": LINES + "G01,1,myeloma-imwg-2016,Dara-VRd,2025-01-13,,,\n",
    "results.csv": results(
        "G01",
        (1, "BL", "2025-01-06", {"serum_m": 0, "urine_m": 20, "sife": "neg", "uife": "pos", "iflc": 820, "uflc": 8,
                                 "flc_involved": "kappa", "bmpc_pct": 30}),
        (1, "V1", "2025-02-10", {"serum_m": 0, "urine_m": 10, "sife": "neg", "uife": "pos", "iflc": 300, "uflc": 9}),
        (1, "V2", "2025-03-10", {"serum_m": 0, "urine_m": 0, "sife": "neg", "uife": "neg", "iflc": 71, "uflc": 10}),
        (1, "V3", "2025-04-14", {"serum_m": 0, "urine_m": 0, "sife": "neg", "uife": "neg", "iflc": 190, "uflc": 10}),
    ),
}  # fmt: skip
OVARIAN = {
    "lines.csv": LINES + "H01,1,recist-1.1,carboplatin,2025-01-10,,,\n" + "H01,1,markers,,,,,marker=ca125\n",
    "results.csv": results(
        "H01",
        (1, "BL", "2025-01-06", {"ca125": 400}),
        (1, "V1", "2025-03-03", {"ca125": "180"}),
        (1, "V2", "2025-04-28", {"ca125": "31"}),
        (1, "V3", "2025-06-23", {"ca125": "22"}),
        (1, "V4", "2025-10-13", {"ca125": "74"}),
        (1, "V5", "2025-10-27", {"ca125": "96"}),
    ),
    "readings.csv": readings(
        "H01",
        (1, "BL", "2025-01-06", {"L1": ("nonnodal", "liver", 40, "", "")}),
        (1, "V1", "2025-03-03", {"L1": ("nonnodal", "liver", 30, "", "")}),
        (1, "V2", "2025-04-28", {"L1": ("nonnodal", "liver", 25, "", "")}),
        (1, "V3", "2025-06-23", {"L1": ("nonnodal", "liver", 22, "", "")}),
        (1, "V5", "2025-10-27", {"L1": ("nonnodal", "liver", 24, "", "")}),
    ),
}
PROSTATE = {
    "lines.csv": LINES + "I01,1,markers,enzalutamide,2025-01-10,,,marker=psa\n",
    "results.csv": results(
        "I01",
        (1, "BL", "2025-01-06", {"psa": "41.5"}),
        (1, "V1", "2025-02-17", {"psa": "20.75"}),
        (1, "V2", "2025-04-14", {"psa": "3.9"}),
        (1, "V3", "2025-07-07", {"psa": "<0.1"}),
        (1, "V4", "2025-10-06", {"psa": "2.1"}),
    ),
}
CLL = {
    "lines.csv": LINES + "J01,1,blood-cll-iwcll-2018,venetoclax,2024-01-10,,,\n",
    "results.csv": results(
        "J01",
        *(
            (1, label, day, {"nodes_spd": spd, "largest_node_mm": node, "spleen_cm": spleen, "liver": "normal",
                             "constitutional": "no", "lymphocytes": cells, "plt": plt, "hb": 12, "anc": 2,
                             "marrow": marrow})
            for label, day, spd, node, spleen, cells, plt, marrow in (
                ("BL", "2024-01-08", 4000, 45, 19, 100, 90, "involved"),
                ("V1", "2024-05-06", 2000, 30, 16, 40, 110, "nd"),
                ("V2", "2024-09-02", 300, 12, 12, 2, 180, "clear"),
                ("V3", "2025-09-01", 460, 14, 12, 3, 170, "nd"),
            )
        ),
    ),
}  # fmt: skip
GLIOMA = {
    "lines.csv": LINES + "K01,1,rano-2.0,temozolomide,2025-02-10,,,\n",
    "readings.csv": readings(
        "K01",
        (1, "BL", "2025-02-03", {"T1": ("nonnodal", "brain", 30, 20, "")}),
        (1, "V1", "2025-05-05", {"T1": ("nonnodal", "brain", 20, 15, "")}),
        (1, "V2", "2025-07-07", {"T1": ("nonnodal", "brain", 18, 14, "")}),
        (1, "V3", "2025-09-08", {"T1": ("nonnodal", "brain", 20, 15, "")}),
    ),
    "results.csv": results(
        "K01",
        (
            1,
            "V1",
            "2025-05-05",
            {"steroid_vs_baseline": "decreased", "steroid_above_physiologic": "no", "clinical": "stable"},
        ),
        (
            1,
            "V2",
            "2025-07-07",
            {"steroid_vs_baseline": "decreased", "steroid_above_physiologic": "no", "clinical": "improved"},
        ),
        (
            1,
            "V3",
            "2025-09-08",
            {"steroid_vs_baseline": "stable", "steroid_above_physiologic": "no", "clinical": "stable"},
        ),
    ),
}
LIVER = {
    "lines.csv": LINES + "M01,1,mrecist-hcc,TACE,2025-02-10,,,\n",
    "readings.csv": readings(
        "M01",
        (1, "BL", "2025-02-03", {"L1": ("nonnodal", "liver", 40, 42, "")}),
        (1, "V1", "2025-04-14", {"L1": ("nonnodal", "liver", 20, 38, "")}),
        (1, "V2", "2025-06-16", {"L1": ("nonnodal", "liver", 18, 36, "")}),
    ),
}
IMMUNE = {
    "lines.csv": LINES + "N01,1,recist-1.1,nivolumab,2025-02-10,,,\n" + "N01,1,irecist,,,,,\n",
    "readings.csv": readings(
        "N01",
        (1, "BL", "2025-02-03", {"L1": ("nonnodal", "liver", 40, "", "")}),
        (1, "V1", "2025-04-14", {"L1": ("nonnodal", "liver", 50, "", "")}),
        (1, "V2", "2025-05-19", {"L1": ("nonnodal", "liver", 26, "", "")}),
        (1, "V3", "2025-07-21", {"L1": ("nonnodal", "liver", 24, "", "")}),
    ),
}

#: By the patient whose story it is.
STORIES = {
    "A01": LEUKAEMIA,
    "B01": LYMPHOBLASTIC,
    "C01": MYELOID_CHRONIC,
    "D01": LYMPHOMA_PET,
    "E01": LYMPHOMA_CT,
    "F01": MYELOMA,
    "G01": LIGHT_CHAINS,
    "H01": OVARIAN,
    "I01": PROSTATE,
    "J01": CLL,
    "K01": GLIOMA,
    "M01": LIVER,
    "N01": IMMUNE,
}
