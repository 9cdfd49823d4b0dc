"""The milestones of CML since the start of treatment: optimal, warning, failure, and treatment-free remission."""

from __future__ import annotations

from .base import Rule, Table, always
from .cml_visit import (
    ACA,
    ELTS,
    MUTATION,
    NO_MILESTONE,
    ONE,
    SIX_MONTHS,
    TEN,
    TENTH,
    THREE_MONTHS,
    Cml,
    has_started,
    in_window,
    is_later,
    over,
    says_yes,
    still_above_ten,
    undecided_milestone,
    up_to,
)
from .results import all_of, any_of, denied, when

HO = "Hochhaus 2020, milestone table"

MILESTONE: Table[Cml] = Table(
    "milestone",
    "Milestone since the start of treatment (`milestone_window_days` 30)",
    Rule(
        "cml.milestone.progression",
        "progression",
        when("The event `progression` on this day or before", lambda seen: seen.gave("overall") == "Progression"),
        "{overall_because}",
        HO,
    ),
    Rule(
        "cml.milestone.mutation",
        "failure",
        when(
            "After the start of treatment, `resistance_mutation` yes",
            lambda seen: all_of(says_yes(seen, MUTATION), has_started(seen)),
        ),
        "resistance mutation on {day_said}: failure",
        HO,
        needs="failure_needs",
    ),
    Rule(
        "cml.milestone.aca",
        "failure",
        when(
            "After the start of treatment, `high_risk_aca` yes",
            lambda seen: all_of(says_yes(seen, ACA), has_started(seen)),
        ),
        "high-risk additional abnormality on {day_said}: failure",
        HO,
        needs="failure_needs",
    ),
    Rule(
        "cml.milestone.high_risk",
        "warning",
        when(
            "Up to the day of the start of treatment, `high_risk_aca` or `elts_high` yes",
            lambda seen: all_of(any_of(says_yes(seen, ACA), says_yes(seen, ELTS)), denied(has_started(seen))),
        ),
        "high-risk abnormality or ELTS score before treatment: warning",
        HO,
        needs="warning_needs",
    ),
    Rule(
        "cml.milestone.tfr_lost",
        "tfr-lost",
        when(
            "`bcr_abl_is_pct` > 0.1 since a stop in MR4 or deeper, with no event `treatment_restart` since",
            lambda seen: seen.lost_on is not None,
        ),
        "above 0.1 % on {lost_on} after the stop of {stop_on}: treatment-free remission lost",
        HO,
    ),
    Rule(
        "cml.milestone.not_rated",
        NO_MILESTONE,
        when("No sample that can be rated", lambda seen: seen.value is None),
        "no sample that can be rated",
        HO,
    ),
    Rule(
        "cml.milestone.tfr",
        "tfr-ongoing",
        when(
            "`bcr_abl_is_pct` <= 0.1 after a stop in MR4 or deeper",
            lambda seen: all_of(seen.pause is not None, up_to(seen, TENTH)),
        ),
        "{value_said}, at most 0.1 % after the stop of {stop_on}: treatment-free remission goes on",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.3m_optimal",
        "optimal",
        when(
            "Days 61 to 121: `bcr_abl_is_pct` <= 10",
            lambda seen: all_of(in_window(seen, THREE_MONTHS), up_to(seen, TEN)),
        ),
        "{value_said} on {day_said}, at most 10 % at 3 months: optimal",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.3m_failure",
        "failure",
        when(
            "Days 61 to 121: `bcr_abl_is_pct` > 10, again 30 to 92 days later, and none <= 10 between",
            lambda seen: all_of(in_window(seen, THREE_MONTHS), over(seen, TEN), still_above_ten(seen)),
        ),
        "{value_said} on {day_said}, more than 10 % at 3 months and again 30 to 92 days later: failure",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.3m_warning",
        "warning",
        when(
            "Days 61 to 121: `bcr_abl_is_pct` > 10", lambda seen: all_of(in_window(seen, THREE_MONTHS), over(seen, TEN))
        ),
        "{value_said} on {day_said}, more than 10 % at 3 months: warning",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.6m_optimal",
        "optimal",
        when(
            "Days 152 to 212: `bcr_abl_is_pct` <= 1", lambda seen: all_of(in_window(seen, SIX_MONTHS), up_to(seen, ONE))
        ),
        "{value_said} on {day_said}, at most 1 % at 6 months: optimal",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.6m_failure",
        "failure",
        when(
            "Days 152 to 212: `bcr_abl_is_pct` > 10", lambda seen: all_of(in_window(seen, SIX_MONTHS), over(seen, TEN))
        ),
        "{value_said} on {day_said}, more than 10 % at 6 months: failure",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.6m_warning",
        "warning",
        when(
            "Days 152 to 212: `bcr_abl_is_pct` > 1 and <= 10",
            lambda seen: all_of(in_window(seen, SIX_MONTHS), over(seen, ONE), up_to(seen, TEN)),
        ),
        "{value_said} on {day_said}, more than 1 to 10 % at 6 months: warning",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.any_optimal",
        "optimal",
        when("From day 335: `bcr_abl_is_pct` <= 0.1", lambda seen: all_of(is_later(seen), up_to(seen, TENTH))),
        "{value_said} on {day_said}, at most 0.1 % from one year on: optimal",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.any_failure",
        "failure",
        when("From day 335: `bcr_abl_is_pct` > 1", lambda seen: all_of(is_later(seen), over(seen, ONE))),
        "{value_said} on {day_said}, more than 1 % from one year on: failure",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.any_warning",
        "warning",
        when(
            "From day 335: `bcr_abl_is_pct` > 0.1 and <= 1",
            lambda seen: all_of(is_later(seen), over(seen, TENTH), up_to(seen, ONE)),
        ),
        "{value_said} on {day_said}, more than 0.1 to 1 % from one year on: warning",
        HO,
        needs="sample_needs",
    ),
    Rule(
        "cml.milestone.open",
        NO_MILESTONE,
        undecided_milestone,
        "{value_said} on {day_said} does not decide the milestone; an exact value would",
        HO,
    ),
    Rule("cml.milestone.none", NO_MILESTONE, always, "no milestone on this day ({day_said})", HO),
)
