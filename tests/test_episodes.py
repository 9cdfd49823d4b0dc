"""
Stretches of response: when they begin, are proven and end, and whether they lasted a month.

The duration cases come from the file; the stretches are RECIST's by default, and a family of our own making
where RECIST has no such thing.
"""

from datetime import date, timedelta

import pytest
from casefiles import duration_cases
from histories import BASELINE, judged, scan

from remtrack.episodes import (
    Confirmation,
    Persistence,
    Terms,
    best_response,
    find_episodes,
    lasting,
    milestones,
    month_after,
    report,
)
from remtrack.verdict import Assessment, Category

CASES = list(duration_cases())


def read_checks(row):
    parts = (check.split("=") for check in row["checks"].split(";") if check)
    return [(date.fromisoformat(on), status) for on, status in parts]


def case_id(row):
    return row["case_id"]


# --------------------------------------------------------------------------------- the duration cases


def test_the_file_of_durations_is_whole():
    assert [f"D{number:02}" for number in range(1, 17)] == [case_id(row) for row in CASES]


@pytest.mark.parametrize("row", CASES, ids=case_id)
def test_whether_it_lasted_a_month_is_as_the_file_says(row):
    found = lasting(date.fromisoformat(row["start_date"]), read_checks(row), row["rule"], row["evidence"])
    lasted_on = "" if found.lasted_on is None else found.lasted_on.isoformat()

    assert (row["expected_lasting"], row["expected_lasting_on"], int(row["expected_days"])) == (
        found.value,
        lasted_on,
        found.days,
    )


@pytest.mark.parametrize("row", CASES, ids=case_id)
def test_which_anniversaries_were_reached_is_as_the_file_says(row):
    checks = read_checks(row)
    ended_on = next((on for on, status in checks if status == "end"), None)
    judged_on = [(on, status != "NE") for on, status in checks]
    found = milestones(date.fromisoformat(row["start_date"]), judged_on, ended_on, date.fromisoformat(row["as_of"]))

    assert row["expected_milestones"] == ";".join(f"{mark.label} {mark.due_on} {mark.state}" for mark in found)


@pytest.mark.parametrize("row", CASES, ids=case_id)
def test_what_is_not_settled_says_from_which_day_a_visit_settles_it(row):
    start = date.fromisoformat(row["start_date"])
    found = lasting(start, read_checks(row), row["rule"], row["evidence"])

    assert (found.settles_on is not None) is (found.value == "not yet")
    if found.settles_on is not None:
        settled = lasting(start, [*read_checks(row), (found.settles_on, "response")], row["rule"], row["evidence"])
        too_soon = [*read_checks(row), (found.settles_on - timedelta(days=1), "response")]

        assert ("yes", found.settles_on) == (settled.value, settled.lasted_on)
        assert lasting(start, too_soon, row["rule"], row["evidence"]).value == "not yet"


# ------------------------------------------------------------------------------------- month and marks


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("days28", "2024-02-01", "2024-02-29"),
        ("days30", "2024-02-01", "2024-03-02"),
        ("calendar_month", "2024-01-31", "2024-02-29"),
        ("calendar_month", "2023-01-31", "2023-02-28"),
        ("calendar_month", "2024-12-31", "2025-01-31"),
    ],
)
def test_a_month_after_a_day_follows_its_rule(rule, start, expected):
    assert date.fromisoformat(expected) == month_after(date.fromisoformat(start), rule)


def test_time_that_passed_without_a_check_is_no_evidence():
    assert lasting(date(2024, 3, 1), [(date(2024, 9, 1), "NE")]).value == "not yet"


def test_what_follows_the_end_is_not_read():
    checks = [(date(2024, 3, 10), "end"), (date(2024, 9, 1), "response")]

    assert lasting(date(2024, 3, 1), checks)[::3] == ("no", 9)


def test_what_lasted_stays_so_when_it_ends_later():
    checks = [(date(2024, 4, 10), "response"), (date(2024, 9, 1), "end")]

    assert ("yes", date(2024, 4, 10), None, 184) == lasting(date(2024, 3, 1), checks)


@pytest.mark.parametrize(("ended", "expected"), [(date(2023, 6, 15), []), (date(2023, 6, 16), ["passed-not-checked"])])
def test_an_end_on_the_anniversary_itself_means_that_it_was_not_reached(ended, expected):
    found = milestones(date(2020, 6, 15), [(ended, True)], ended, date(2023, 7, 1))

    assert expected == [mark.state for mark in found]


def test_an_anniversary_is_listed_from_its_own_day_on():
    start = date(2020, 6, 15)

    assert milestones(start, [], None, date(2023, 6, 14)) == ()
    assert [mark.state for mark in milestones(start, [], None, date(2023, 6, 15))] == ["passed-not-checked"]


def test_a_check_that_could_not_be_judged_confirms_no_anniversary():
    found = milestones(date(2020, 6, 15), [(date(2023, 6, 20), False)], None, date(2023, 7, 1))

    assert [mark.state for mark in found] == ["passed-not-checked"]


def test_anniversaries_can_be_months_and_other_years():
    found = milestones(date(2020, 8, 31), [(date(2022, 9, 1), True)], None, date(2022, 9, 1), "2/6m, 1y")

    assert [("6m", date(2021, 2, 28)), ("1y", date(2021, 8, 31)), ("2y", date(2022, 8, 31))] == [
        (mark.label, mark.due_on) for mark in found
    ]


@pytest.mark.parametrize("marks", ["", "x", "0", "3/", "-3", "3my", "999"])
def test_what_is_no_number_of_years_or_months_is_no_mark(marks):
    with pytest.raises(ValueError, match="years or months"):
        milestones(date(2020, 8, 31), [], None, date(2022, 9, 1), marks)


# ------------------------------------------------------------------------------- the stretches of RECIST


def told(*scans, settings=None, **parts):
    """Return the episodes as (category, began, confirmed, last seen, ended, by, days, month), in days."""
    return [
        (
            found.category,
            (found.began_on - BASELINE).days,
            found.confirmed_on and (found.confirmed_on - BASELINE).days,
            (found.last_seen_on - BASELINE).days,
            found.ended_on and (found.ended_on - BASELINE).days,
            found.ended_by,
            found.days,
            found.lasted_month,
        )
        for found in judged(*scans, settings=settings, **parts).episodes
    ]


START = (scan(0, L1=50), scan(60, L1=30))
NE = "not_assessed"


def test_a_response_seen_once_waits_for_a_visit_a_month_later():
    (found,) = judged(*START).episodes

    assert (found.word, found.category, found.kind) == ("response", "PR", "partial")
    assert (found.confirmed_on, found.lasted_month, found.days) == (None, "not yet", 0)
    assert BASELINE + timedelta(days=88) == found.settles_on


def test_a_second_visit_a_month_later_proves_it():
    assert told(*START, scan(88, L1=30)) == [("PR", 60, 88, 88, None, "", 28, "yes")]


def test_a_second_visit_a_day_too_early_leaves_it_open():
    assert told(*START, scan(87, L1=30)) == [("PR", 60, None, 87, None, "", 27, "not yet")]


def test_progression_before_the_proof_ends_it_as_no_month():
    assert told(*START, scan(100, L1=40)) == [("PR", 60, None, 60, 100, "PD", 40, "no")]


def test_sd_before_the_proof_ends_it_on_that_day():
    assert told(*START, scan(100, L1="35.5")) == [("PR", 60, None, 60, 100, "SD", 40, "no")]


def test_sd_after_the_proof_does_not_end_it():
    assert told(*START, scan(100, L1=30), scan(140, L1="35.5")) == [("PR", 60, 100, 140, None, "", 80, "yes")]


def test_sd_after_the_proof_does_not_prolong_it_where_it_is_not_reported_as_pr():
    settings = {"pr_persistence": "off"}

    assert told(*START, scan(100, L1=30), scan(140, L1="35.5"), settings=settings) == [
        ("PR", 60, 100, 100, None, "", 40, "yes")
    ]


def test_a_visit_that_could_not_be_judged_neither_ends_nor_proves_it():
    assert told(*START, scan(100, L1=NE)) == [("PR", 60, None, 60, None, "", 0, "not yet")]
    assert told(*START, scan(100, L1=NE), scan(140, L1=30)) == [("PR", 60, 140, 140, None, "", 80, "yes")]


def test_too_many_visits_that_could_not_be_judged_give_up_the_proof():
    assert told(*START, scan(80, L1=NE), scan(100, L1=NE)) == [("PR", 60, None, 60, None, "not confirmed", 0, "no")]


def test_the_next_response_after_a_proof_given_up_begins_anew():
    scans = (*START, scan(80, L1=NE), scan(100, L1=NE), scan(140, L1=30), scan(180, L1=30))

    assert told(*scans) == [
        ("PR", 60, None, 60, None, "not confirmed", 0, "no"),
        ("PR", 140, 180, 180, None, "", 40, "yes"),
    ]


def test_responses_in_a_row_are_given_up_together():
    scans = (*START, scan(70, L1=30), scan(80, L1=NE), scan(100, L1=NE))

    assert told(*scans) == [("PR", 60, None, 70, None, "not confirmed", 10, "no")]


def test_a_later_response_may_be_proven_where_the_first_was_given_up():
    """PR, NE, PR, NE, PR: two visits were missed since the first PR, but only one since the second."""
    scans = (*START, scan(65, L1=NE), scan(70, L1=30), scan(80, L1=NE), scan(100, L1=30))

    assert told(*scans) == [
        ("PR", 60, None, 60, None, "not confirmed", 0, "no"),
        ("PR", 70, 100, 100, None, "", 30, "yes"),
    ]


def test_after_the_first_progression_no_new_stretch_begins():
    scans = (*START, scan(100, L1=40), scan(140, L1=20), scan(180, L1=20))

    assert told(*scans) == [("PR", 60, None, 60, 100, "PD", 40, "no")]


def test_pr_and_then_cr_is_one_stretch_with_the_start_of_each_level():
    (found,) = judged(*START, scan(100, L1=0), scan(140, L1=0)).episodes

    assert ("CR", "complete", BASELINE + timedelta(days=60)) == (found.category, found.kind, found.began_on)
    assert (("PR", BASELINE + timedelta(days=60)), ("CR", BASELINE + timedelta(days=100))) == found.levels


def test_a_level_that_was_not_confirmed_does_not_name_the_stretch():
    (found,) = judged(*START, scan(100, L1=0)).episodes

    assert (found.category, len(found.levels)) == ("PR", 2)


def test_a_complete_response_that_was_confirmed_only_as_partial_is_partial():
    scans = (scan(0, L1=20, MK1="present"), scan(60, L1=0, MK1="absent"), scan(120, L1=0, MK1="present"))

    assert told(*scans) == [("PR", 60, 120, 120, None, "", 60, "yes")]


def test_death_ends_it_and_was_no_proof():
    assert told(*START, died=100) == [("PR", 60, None, 60, 100, "death", 40, "no")]
    assert told(*START, scan(100, L1=30), died=120) == [("PR", 60, 100, 100, 120, "death", 60, "yes")]


def test_a_new_therapy_closes_it_without_ending_it():
    (found,) = judged(*START, therapy=70).episodes

    assert (
        found.ended_on,
        found.ended_by,
        found.lasted_month,
        found.settles_on,
    ) == (None, "new therapy", "not yet", None)


def test_visits_after_a_new_therapy_do_not_prove_it():
    assert told(*START, scan(100, L1=30), therapy=70) == [("PR", 60, None, 60, None, "new therapy", 0, "not yet")]


def test_death_after_a_new_therapy_does_not_end_it():
    assert told(*START, scan(100, L1=30), therapy=110, died=130) == [
        ("PR", 60, 100, 100, None, "new therapy", 40, "yes")
    ]


def test_without_confirmation_the_first_visit_is_its_own_proof():
    settings = {"confirm_required": "no"}

    assert told(*START, settings=settings) == [("PR", 60, 60, 60, None, "", 0, "not yet")]
    assert told(*START, scan(80, L1=40), settings=settings) == [("PR", 60, 60, 60, 80, "PD", 20, "no")]


def test_another_month_rule_moves_the_month_but_not_the_confirmation():
    (found,) = judged(*START, scan(89, L1=30), settings={"lasting_rule": "calendar_month"}).episodes

    assert (BASELINE + timedelta(days=89), "not yet") == (found.confirmed_on, found.lasted_month)
    assert date(2024, 4, 8) == found.settles_on


def test_stable_disease_and_no_evidence_of_disease_are_no_response():
    assert told(scan(0, L1=50), scan(60, L1=50), scan(120, L1=50)) == []
    assert told(scan(0), scan(60), scan(120)) == []


# -------------------------------------------------------------------------- what other families will ask

CATEGORIES = {
    category.code: category
    for category in (
        Category("CR", "", "", 1, "complete"),
        Category("PR", "", "", 2, "partial"),
        Category("MR", "", "", 3, "minor"),
        Category("SD", "", "", 4, "stable"),
        Category("maybe", "", "", 5, "possible_progression"),
        Category("relapse", "", "", 6, "relapse"),
        Category("NE", "", "", 7, "not_evaluable"),
    )
}
NO_PROOF = Confirmation(needed=False)


def visits(*codes, every=30):
    """Return a visit every so many days with these categories."""
    found = []
    for number, code in enumerate(codes):
        on = BASELINE + timedelta(days=every * number)
        kind = CATEGORIES[code].kind
        found.append(Assessment(on, "", on, code, code, kind, kind, "", "", ""))
    return found


def stretches(found, terms):
    return [
        (episode.category, episode.lasted_month, episode.ended_by, episode.days)
        for episode in find_episodes(found, terms)
    ]


def test_a_family_that_counts_duration_takes_the_time_up_to_the_relapse_as_proof():
    terms = Terms("remission", CATEGORIES, NO_PROOF, evidence="duration")

    assert stretches(visits("CR", "relapse"), terms) == [("CR", "yes", "relapse", 30)]
    assert stretches(visits("CR", "relapse", every=27), terms) == [("CR", "no", "relapse", 27)]


def test_a_family_may_ask_for_two_visits_in_a_row_at_any_interval():
    terms = Terms("response", CATEGORIES, Confirmation(days=0, max_ne=None))

    assert stretches(visits("PR", "PR", every=7), terms) == [("PR", "not yet", "", 7)]
    assert stretches(visits("PR", "NE", "NE", "PR"), terms) == [("PR", "yes", "", 90)]
    assert stretches(visits("PR", "SD", "PR")[:2], terms) == [("PR", "no", "SD", 30)]


def test_a_level_with_a_lesser_one_between_was_not_held_and_is_not_confirmed():
    terms = Terms("response", CATEGORIES, Confirmation(days=0, max_ne=None))

    assert stretches(visits("CR", "PR", "CR"), terms) == [("PR", "yes", "", 60)]
    assert stretches(visits("CR", "PR", "CR", "CR"), terms) == [("CR", "yes", "", 90)]
    assert stretches(visits("PR", "CR", "PR"), terms) == [("PR", "yes", "", 60)]


def test_a_family_may_end_a_response_by_its_loss_and_let_a_new_one_begin():
    terms = Terms("response", CATEGORIES, NO_PROOF, evidence="duration", losses=frozenset({"stable"}))

    assert stretches(visits("PR", "SD", "PR"), terms) == [("PR", "yes", "SD", 30), ("PR", "not yet", "", 0)]


def test_a_family_may_refuse_a_visit_as_the_continuation_of_a_response():
    terms = Terms("response", CATEGORIES, Confirmation(max_ne=None), holds=lambda *_visits: False)

    assert stretches(visits("PR", "PR"), terms) == [("PR", "no", "PR", 30), ("PR", "not yet", "", 0)]


def test_a_family_may_call_lesser_kinds_a_response():
    terms = Terms("response", CATEGORIES, responses=frozenset({"complete", "partial", "minor"}))

    assert stretches(visits("MR", "PR"), terms) == [("MR", "yes", "", 30)]


def test_the_best_category_so_far_may_be_reported_until_relapse():
    replaced = frozenset({"NE", "SD", "maybe", "PR"})
    terms = Terms("remission", CATEGORIES, NO_PROOF, Persistence("first", replaced), responses=frozenset({"complete"}))
    found = report(visits("PR", "CR", "PR", "NE", "maybe", "relapse", "PR"), terms)

    assert [visit.reported for visit in found] == ["PR", "CR", "CR", "CR", "CR", "relapse", "PR"]


def test_possible_progression_stops_a_category_from_being_reported_as_the_response():
    terms = Terms("response", CATEGORIES, NO_PROOF, Persistence("first", frozenset({"SD"}), "PR"))
    found = report(visits("PR", "SD", "maybe", "SD"), terms)

    assert [visit.reported for visit in found] == ["PR", "PR", "maybe", "SD"]


def test_a_visit_reported_as_response_but_not_evaluable_shows_none():
    terms = Terms("remission", CATEGORIES, NO_PROOF, Persistence("first", frozenset({"NE", "SD"})), evidence="duration")
    found = report(visits("CR", "NE", "NE"), terms)
    shown = report(visits("CR", "NE", "SD"), terms)

    assert stretches(found, terms) == [("CR", "not yet", "", 0)]
    assert stretches(shown, terms) == [("CR", "yes", "", 60)]


def test_the_best_response_without_confirmation_is_the_best_visit_up_to_the_first_relapse():
    found = visits("SD", "PR", "relapse", "CR")

    assert best_response(found, Terms("", CATEGORIES), BASELINE, None) == "PR"


def test_the_best_response_that_was_never_confirmed_falls_back():
    terms = Terms("", CATEGORIES, unconfirmed_as="SD", min_stable_days=42)

    assert best_response(visits("NE", "PR"), terms, BASELINE, None, ()) == "NE"
    assert best_response(visits("NE", "NE", "PR"), terms, BASELINE, None, ()) == "SD"
    assert best_response(visits("NE", "NE", "PR"), terms, BASELINE, None, ["PR"]) == "PR"
