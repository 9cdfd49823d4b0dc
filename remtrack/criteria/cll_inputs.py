"""The inputs of CLL, the limits of normal, and how much a change has to be."""

from __future__ import annotations

from decimal import Decimal

from .results import CENTIMETRES, GRAMS_PER_DL, MILLIMETRES, PERCENT, SQUARE_MM, Analyte, by_name, count, word, words

SPD = Analyte(
    "nodes_spd",
    "mm2",
    "sum of the products of up to six nodes",
    SQUARE_MM,
    most=Decimal(500_000),
    zero_words=frozenset({"none"}),
)
LARGEST = Analyte(
    "largest_node_mm",
    "mm",
    "longest diameter of the largest node",
    MILLIMETRES,
    most=Decimal(500),
    zero_words=frozenset({"none"}),
)
SPLEEN = Analyte("spleen_cm", "cm", "length of the spleen; enlarged from 13.0", CENTIMETRES, most=Decimal(50))
LIVER = word(
    "liver", "whether the liver is enlarged; empty: as last entered", words({"normal": "no", "enlarged": "yes"})
)
SYMPTOMS = word("constitutional", "symptoms of the disease: fever, night sweats, loss of weight, fatigue")
LYMPHOCYTES = count("lymphocytes", "lymphocytes in blood", 2000)
PLT = count("plt", "platelets in blood, untransfused", 2000)
ANC = count("anc", "neutrophils in blood", 100)
HB = Analyte(
    "hb",
    "g/dL",
    "haemoglobin, untransfused and without erythropoietin",
    # 1 mmol/L of haemoglobin (by its single chain) is 1.6114 g/dL.
    {**GRAMS_PER_DL, "mmol/l": Decimal("1.6114")},
    most=Decimal(30),
)
MARROW = word(
    "marrow",
    "clear: of normal cellularity, without CLL cells or nodules; hypocellular: the same, poor in cells",
    words({"clear": "normal,negative", "hypocellular": "hypoplastic", "involved": "positive,infiltrated"}),
)
CAUSE = word(
    "cytopenia_cause",
    "why counts are low, a judgement; empty: unknown",
    words({"cll": "disease", "drug": "treatment", "bleeding": "", "autoimmune": "", "unknown": ""}),
)
RICHTER = word("richter", "transformation to an aggressive lymphoma")
NEW_LESION = word("new_lesion", "new node of 15 mm or more, new organ enlargement or infiltrate")
MARROW_PD = word("marrow_pd", "CLL cells up by half or more on successive marrow biopsies")
_MRD_WORDS = words({"undetectable": "umrd,negative,neg,not detected", "detectable": "positive,pos,detected"})
MRD_BLOOD = Analyte(
    "mrd_blood", "%", "residual CLL cells among white cells of the blood", PERCENT, most=Decimal(100), words=_MRD_WORDS
)
MRD_MARROW = Analyte(
    "mrd_marrow",
    "%",
    "residual CLL cells among white cells of the marrow",
    PERCENT,
    most=Decimal(100),
    words=_MRD_WORDS,
)

ANALYTES = by_name(
    SPD, LARGEST, SPLEEN, LIVER, SYMPTOMS, LYMPHOCYTES, PLT, ANC, HB, MARROW, CAUSE, RICHTER, NEW_LESION, MARROW_PD,
    MRD_BLOOD, MRD_MARROW,
)  # fmt: skip

NORMAL_NODE_MM = Decimal(15)
NORMAL_SPLEEN_CM = Decimal(13)
NORMAL_LYMPHOCYTES = Decimal(4)
NORMAL_PLT, NORMAL_HB, NORMAL_ANC = Decimal(100), Decimal(11), Decimal("1.5")
SPLEEN_GROWTH_CM = Decimal(2)
LYMPHOCYTES_FOR_PD = Decimal(5)
HB_LOSS = Decimal(2)
MRD_LIMIT_PCT = Decimal("0.01")
#: The items of the two groups; a visit without one of them is never SD.
ITEMS = (SPD.name, LARGEST.name, SPLEEN.name, LYMPHOCYTES.name, PLT.name, HB.name)
TWO_MONTHS = "days61"
