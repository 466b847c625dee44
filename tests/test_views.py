"""Each shipped view against hand-made rows whose answers were worked out by hand. The night is Wed 5 Nov 2025."""

from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from support.shelves import NIGHT, Shelves, only

from datalake.zones.paths import Lake


@pytest.fixture
def shelves(lake: Lake) -> Shelves:
    return Shelves(lake)


def day(text: str) -> date:
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


# --- irb_turnaround -------------------------------------------------------------------------------------------------


def submission(number: int, submitted: str | None, completed: str | None, **values) -> dict:
    return {
        "submission_id": f"MOD{number:08d}",
        "submission_type": "Modification",
        "review_type": "Expedited",
        "status": "Review Complete",
        "date_submitted": submitted and day(submitted),
        "date_completed": completed and day(completed),
        **values,
    }


def test_irb_turnaround_counts_days_by_the_quarter_of_the_determination(shelves: Shelves) -> None:
    shelves.publish(
        "irb_submission",
        submission(1, "2025-09-30", "2025-10-10", days_in_office=4, days_with_pi=6),  # 10 days, in Q4
        submission(2, "2025-10-01", "2025-10-31", days_in_office=20, days_with_pi=10),  # 30 days
        submission(3, "2025-10-01", "2025-10-06", days_in_office=5, days_with_pi=0),  # 5 days
        submission(4, "2025-09-01", "2025-09-30", review_type=None),  # 29 days, in Q3
        submission(5, "2025-10-01", None, status="Pre-Review"),
        submission(6, None, "2025-10-09"),
        submission(7, "2025-10-09", "2025-10-08"),
        submission(8, "2025-10-01", "2025-10-02", status="Withdrawn"),
    )
    fourth, third = shelves.view("irb_turnaround")
    assert fourth == {
        "quarter": "2025-Q4", "submission_type": "Modification", "review_type": "Expedited", "submissions": 3,
        "median_days": 10.0, "min_days": 5, "max_days": 30,
        "median_office_days": 5.0, "min_office_days": 4, "max_office_days": 20,
        "median_pi_days": 6.0, "min_pi_days": 0, "max_pi_days": 10,
    }  # fmt: skip
    assert (third["quarter"], third["review_type"], third["submissions"]) == ("2025-Q3", "not given", 1)
    assert (third["median_days"], third["median_office_days"]) == (29.0, None)
    assert shelves.left_out("irb_turnaround") == {
        "withdrawn": 1, "not_determined": 1, "no_submission_date": 1, "determined_before_submission": 1,
    }  # fmt: skip


# --- irb_expiring and irb_pipeline ----------------------------------------------------------------------------------


def study(number: int, status: str, expires: str | None = None, **values) -> dict:
    return {
        "protocol_id": f"STUDY{number:08d}",
        "study_title": f"Study {number}",
        "pi_name": "Testa, Example",
        "status": status,
        "date_expires": expires and day(expires),
        **values,
    }


def test_irb_expiring_sorts_active_studies_by_how_near_their_expiry_is(shelves: Shelves) -> None:
    shelves.publish(
        "irb",
        study(1, "Approved", "2025-11-04"),  # expired yesterday
        study(2, "Approved", "2025-11-05"),  # still holds today
        study(3, "APPROVED", "2025-12-05"),  # 30 days
        study(4, "Exempt Approved", "2025-12-06"),  # 31
        study(5, "Approved", "2026-01-04"),  # 60
        study(6, "Approved", "2026-02-03"),  # 90
        study(7, "Approved", "2026-02-04"),  # 91: not yet
        study(8, "Approved"),
        study(9, "Closed", "2025-11-04"),
        study(10, "Parked for now", "2025-11-04"),
    )
    assert only(shelves.view("irb_expiring"), "protocol_id", "due", "days_left") == [
        ("STUDY00000001", "expired", -1),
        ("STUDY00000002", "within 30 days", 0),
        ("STUDY00000003", "within 30 days", 30),
        ("STUDY00000004", "within 60 days", 31),
        ("STUDY00000005", "within 60 days", 60),
        ("STUDY00000006", "within 90 days", 90),
    ]
    assert shelves.left_out("irb_expiring") == {"later": 1, "no_expiry": 1, "not_active": 1, "state_unknown": 1}
    assert shelves.unmapped("irb_expiring") == {"irb.status": 1}


def test_irb_pipeline_counts_every_study_under_its_group_of_states_and_its_committee(shelves: Shelves) -> None:
    shelves.publish(
        "irb",
        study(1, "Pre-Submission"),
        study(2, "Committee Review", committee="IRB-01", date_submitted=day("2025-11-01")),  # 4 days
        study(3, "pre-review", committee="IRB-01", date_submitted=day("2025-10-26")),  # 10 days
        study(4, "Pre-Review", committee="IRB-02", date_submitted=day("2025-11-05")),
        study(5, "Modifications Required", committee="IRB-01"),
        study(6, "Approved", committee="IRB-01"),
        study(7, "Parked for now", committee="IRB-01"),
    )
    assert only(
        shelves.view("irb_pipeline"), "state_group", "committee", "studies", "median_days_since_submission"
    ) == [
        ("pre_submission", "not given", 1, None),
        ("in_review", "IRB-01", 2, 7.0),
        ("in_review", "IRB-02", 1, 0.0),
        ("waiting_on_pi", "IRB-01", 1, None),
        ("active", "IRB-01", 1, None),
        ("unmapped", "IRB-01", 1, None),
    ]
    assert shelves.unmapped("irb_pipeline") == {"irb.status": 1}


# --- proposals ------------------------------------------------------------------------------------------------------


def proposal(number: int, status: str, **values) -> dict:
    return {"proposal_id": f"FP{number:08d}", "status": status, "pi_name": "Testa, Example", **values}


def asked(direct: str, indirect: str) -> dict:
    one, other = Decimal(direct), Decimal(indirect)
    return {"total_direct": one, "total_indirect": other, "total_amount": one + other}


def test_proposals_pending_brings_one_sponsors_names_together_and_counts_primes(shelves: Shelves) -> None:
    shelves.publish(
        "grants_proposal",
        proposal(1, "Pending Sponsor Review", sponsor="NIH", **asked("100.00", "50.50")),
        proposal(2, "Award Anticipated", sponsor="National Institutes of Health", **asked("10.00", "5.00")),
        proposal(3, "Pending Sponsor Review", sponsor="Acme", prime_sponsor="nih/nci", **asked("1.00", "0.25")),
        proposal(4, "Pending Sponsor Review", sponsor="Acme"),
        proposal(5, "Pending Sponsor Review"),
        proposal(6, "Awarded", sponsor="NIH", **asked("9.00", "9.00")),
        proposal(7, "Draft", sponsor="NIH"),
        proposal(8, "Somewhere else", sponsor="NIH", **asked("7.00", "7.00")),
    )
    nih, acme, none = shelves.view("proposals_pending_by_sponsor")
    assert nih == {
        "sponsor": "National Institutes of Health", "sponsor_known": True, "proposals": 3,
        "direct_to_sponsor": 2, "through_prime": 1, "total_direct": Decimal("111.00"),
        "total_indirect": Decimal("55.75"), "total_amount": Decimal("166.75"), "without_amount": 0,
    }  # fmt: skip
    assert (acme["sponsor"], acme["sponsor_known"], acme["proposals"], acme["total_amount"]) == ("Acme", False, 1, None)
    assert (none["sponsor"], none["proposals"], none["without_amount"]) == ("not given", 1, 1)
    assert shelves.left_out("proposals_pending_by_sponsor") == {"state_unknown": 1, "not_pending": 2}
    assert shelves.unmapped("proposals_pending_by_sponsor")["grants_proposal.status"] == 1
    assert shelves.card("proposals_pending_by_sponsor")["classification"] == "confidential"


def test_proposals_pending_says_nothing_of_primes_where_the_feed_names_none(shelves: Shelves) -> None:
    shelves.publish("grants_proposal", proposal(1, "Pending Sponsor Review", sponsor="NIH", **asked("1.00", "1.00")))
    (row,) = shelves.view("proposals_pending_by_sponsor")
    assert (row["proposals"], row["direct_to_sponsor"], row["through_prime"]) == (1, None, None)


def submitted(number: int, status: str, date_: str | None, **values) -> dict:
    return proposal(
        number,
        status,
        submitted_date=date_ and day(date_),
        **{"pi_person_id": "U00000001", "proposal_department_code": "0012345", **values},
    )


def test_proposal_outcomes_counts_what_became_of_a_fiscal_years_proposals(shelves: Shelves) -> None:
    shelves.publish(
        "grants_proposal",
        submitted(1, "Awarded", "2025-07-01"),  # the first day of fiscal year 2026
        submitted(2, "Awarded", "2025-06-30"),  # the last of 2025
        submitted(3, "Not Funded", "2025-08-01"),
        submitted(4, "Declined", "2025-08-01"),
        submitted(5, "Pending Sponsor Review", "2025-08-01"),
        submitted(6, "Withdrawn", "2025-08-01"),
        submitted(7, "Terminated", "2025-08-01"),
        submitted(8, "Somewhere else", "2025-08-01"),
        submitted(9, "Draft", None),
        submitted(10, "Pending Sponsor Review", "2025-08-01", pi_person_id="U00000002"),
    )
    first, second, third = shelves.view("proposal_outcomes_fy")
    assert first == {
        "fiscal_year": 2026, "department_code": "0012345", "pi_person_id": "U00000001", "pi_name": "Testa, Example",
        "submitted": 7, "awarded": 1, "not_funded": 2, "pending": 1, "withdrawn": 1, "ended": 1, "state_unknown": 1,
        "hit_rate_percent": 33.3,
    }  # fmt: skip
    assert (second["pi_person_id"], second["pending"], second["hit_rate_percent"]) == ("U00000002", 1, None)
    assert (third["fiscal_year"], third["submitted"], third["hit_rate_percent"]) == (2025, 1, 100.0)
    assert shelves.left_out("proposal_outcomes_fy") == {"not_submitted": 1}


# --- awards ---------------------------------------------------------------------------------------------------------


def award(number: int, status: str = "Active", **values) -> dict:
    return {
        "award_id": f"AWD{number:08d}",
        "status": status,
        "sponsor": "NSF",
        "pi_name": "Testa, Example",
        "amount": Decimal("100.00"),
        "human_subjects": False,
        "animals": False,
        **values,
    }


def activated(number: int, date_: str | None, amount: str, status: str = "Active", **values) -> dict:
    money = {"funds_activated_date": date_ and day(date_), "amount": Decimal(amount)}
    marks = {"university_reportable": True, "sponsor_type": "Federal", "school": "ENG"}
    return award(number, status, **{**marks, **money, **values})


def test_award_totals_counts_an_award_once_a_year_and_adds_money_taken_back(shelves: Shelves) -> None:
    shelves.publish(
        "grants",
        activated(1, "2025-07-01", "1000.00", allocation_id="A1"),
        activated(1, "2025-09-01", "-250.50", allocation_id="A2"),  # taken back: the same award
        activated(1, "2025-06-30", "10.00", allocation_id="A3"),  # the same award in the year before
        activated(2, "2025-08-01", "5.00", status="Closed"),
        activated(3, "2025-08-01", "7.00", status="Nobody knows"),
        activated(4, "2025-08-01", "1.00", university_reportable=None, sponsor_type=None, school=None),
        activated(5, "2025-08-01", "9.00", university_reportable=False),
        activated(6, None, "9.00"),
        activated(7, "2025-08-01", "9.00", status="Withdrawn"),
    )
    assert only(shelves.view("award_totals_fy"), "fiscal_year", "sponsor_type", "school", "awards", "amount") == [
        (2026, "Federal", "ENG", 3, Decimal("761.50")),  # 1000.00 - 250.50 + 5.00 + 7.00
        (2026, "not given", "not given", 1, Decimal("1.00")),
        (2025, "Federal", "ENG", 1, Decimal("10.00")),
    ]
    assert shelves.left_out("award_totals_fy") == {"not_reportable": 1, "not_activated": 1, "not_awarded": 1}
    assert shelves.unmapped("award_totals_fy") == {"grants.status": 1}


def test_the_fiscal_year_begins_in_the_month_of_the_settings(shelves: Shelves) -> None:
    rows = [activated(1, "2025-09-30", "1.00"), activated(2, "2025-10-01", "2.00")]
    shelves.publish("grants", *rows)
    years = {}
    for month in (10, 1):
        shelves.settings = replace(shelves.settings, fiscal_year_start_month=month)
        years[month] = only(shelves.view("award_totals_fy"), "fiscal_year", "amount")
    assert years[10] == [(2026, Decimal("2.00")), (2025, Decimal("1.00"))]
    assert years[1] == [(2025, Decimal("3.00"))]  # the calendar year


def test_awards_ending_soon_takes_an_awards_last_end_date_and_all_of_its_money(shelves: Shelves) -> None:
    shelves.publish(
        "grants",
        award(1, end_date=day("2025-12-01"), allocation_id="A1"),
        award(1, end_date=day("2026-02-03"), allocation_id="A2"),  # 90 days
        award(2, end_date=day("2026-02-04")),  # 91
        award(3, end_date=day("2026-05-04")),  # 180
        award(4, end_date=day("2026-05-05")),  # 181
        award(5, end_date=day("2025-11-05")),  # today
        award(6, end_date=day("2025-11-04")),
        award(7),
        award(8, "Closed", end_date=day("2025-12-01")),
        award(9, "Nobody knows", end_date=day("2025-12-01")),
    )
    assert only(shelves.view("awards_ending_soon"), "award_id", "due", "days_left", "amount") == [
        ("AWD00000005", "within 90 days", 0, Decimal("100.00")),
        ("AWD00000001", "within 90 days", 90, Decimal("200.00")),
        ("AWD00000002", "within 180 days", 91, Decimal("100.00")),
        ("AWD00000003", "within 180 days", 180, Decimal("100.00")),
    ]
    assert shelves.left_out("awards_ending_soon") == {
        "later": 1, "ended": 1, "no_end_date": 1, "not_active": 1, "state_unknown": 1,
    }  # fmt: skip


def animal_protocol(number: int, status: str = "Approved", **values) -> dict:
    return {"protocol_id": f"PROTO{number:09d}", "pi_name": "Testa, Example", "status": status, **values}


def test_award_compliance_gaps_names_awards_for_which_no_protocol_is_current(shelves: Shelves) -> None:
    human, animal = {"human_subjects": True}, {"animals": True}
    shelves.publish(
        "irb",
        study(1, "Approved", "2026-01-01"),
        study(2, "Approved", "2025-11-04"),  # expired yesterday
        study(3, "Pre-Review"),
        study(4, "Suspended"),
        study(5, "Approved", None, funding_ids=["AWD00000006"]),  # the study names the award, not the other way round
        study(6, "Parked for now"),
    )
    shelves.publish("iacuc", animal_protocol(1, date_expires=NIGHT), animal_protocol(2, "Expired"))
    shelves.publish(
        "grants",
        award(1, **human, irb_protocol_ids=["STUDY00000002", "STUDY00000001"]),  # one is current: fine
        award(2, **human, irb_protocol_ids=["STUDY00000002", "STUDY00000003"]),
        award(3, **human),
        award(4, **human, irb_protocol_ids=["STUDY99999999"]),
        award(5, **human, irb_protocol_ids=["STUDY00000004", "STUDY00000006"]),
        award(6, **human),
        award(7, **animal, iacuc_protocol_ids=["PROTO000000002"]),
        award(8, **animal, **human, iacuc_protocol_ids=["PROTO000000001"]),  # animals fine, humans not
        award(9, irb_protocol_ids=["STUDY00000002"]),  # not marked
        award(10, "Closed", **human),
        award(11, **human, end_date=day("2025-11-04")),
        award(12, "Nobody knows", **human),
    )
    assert only(shelves.view("award_compliance_gaps"), "award_id", "subjects", "gap", "protocol_id") == [
        ("AWD00000002", "human subjects", "expired", "STUDY00000002"),
        ("AWD00000002", "human subjects", "not approved", "STUDY00000003"),
        ("AWD00000003", "human subjects", "no protocol is named", None),
        ("AWD00000004", "human subjects", "protocol not found", "STUDY99999999"),
        ("AWD00000005", "human subjects", "lapsed or suspended", "STUDY00000004"),
        ("AWD00000005", "human subjects", "state not known", "STUDY00000006"),
        ("AWD00000007", "animals", "not approved", "PROTO000000002"),
        ("AWD00000008", "human subjects", "no protocol is named", None),
    ]
    assert shelves.left_out("award_compliance_gaps") == {
        "not_marked": 1, "not_active": 1, "ended": 1, "state_unknown": 1,
    }  # fmt: skip
    assert shelves.unmapped("award_compliance_gaps") == {"grants.status": 1, "irb.status": 1}


# --- coi_status -----------------------------------------------------------------------------------------------------


def certification(number: int, person: int, status: str, **values) -> dict:
    return {
        "certification_id": f"CERT{number:08d}",
        "discloser_person_id": f"U{person:08d}",
        "discloser_name": f"Person {person}",
        "status": status,
        "last_profile_update": day("2025-10-06"),
        "last_updated": moment("2025-10-06T12:00:00"),
        **values,
    }


def test_coi_status_tells_of_each_person_what_waits_for_them(shelves: Shelves) -> None:
    late = {"date_due": day("2025-11-04")}
    shelves.publish(
        "coi",
        certification(
            1, 1, "Review Complete", date_completed=day("2025-10-06"), **late, training_expires=day("2025-11-04")
        ),
        certification(2, 2, "Action Required", **late, training_expires=day("2025-12-05")),
        certification(
            3, 2, "Review Complete", last_updated=moment("2025-11-01T12:00:00"), discloser_name="Second Name"
        ),
        certification(4, 2, "Parked for now", date_due=day("2025-11-05"), last_profile_update=day("2025-11-01")),
        certification(5, 2, "Withdrawn", **late),
        certification(6, 3, "Withdrawn"),
        certification(7, 4, "Initial Review", training_expires=day("2025-12-06")),
    )
    names = ("discloser_person_id", "discloser_name", "days_since_update", "action_required", "certifications")
    counts = ("waiting_on_person", "overdue", "state_unknown", "training")
    assert only(shelves.view("coi_status"), *names, *counts) == [
        ("U00000002", "Second Name", 4, True, 3, 1, 1, 1, "within 30 days"),
        ("U00000001", "Person 1", 30, False, 1, 0, 0, 0, "expired"),
        ("U00000004", "Person 4", 30, False, 1, 0, 0, 0, "valid"),
    ]
    assert shelves.left_out("coi_status") == {"withdrawn": 2}
    assert shelves.unmapped("coi_status") == {"coi.status": 1}


def test_coi_status_brings_nothing_back_that_the_rules_keep_from_being_published(shelves: Shelves) -> None:
    done = {"date_due": NIGHT, "date_completed": NIGHT, "has_interest": True, "determination": "Managed"}
    shelves.publish("coi", certification(1, 1, "Review Complete", **done))
    row = shelves.view("coi_status")[0]
    assert not {"has_interest", "entity_name", "interest_type", "value_band", "determination"} & set(row)
    assert shelves.card("coi_status")["classification"] == "confidential"


# --- protocol_renewals_due and agreements_aging ---------------------------------------------------------------------


def test_protocol_renewals_due_lists_each_renewal_of_animal_and_safety_protocols(shelves: Shelves) -> None:
    far = {"triennial_due": day("2027-01-01")}
    shelves.publish(
        "iacuc",
        animal_protocol(1, annual_review_due=day("2025-11-04"), **far),  # overdue
        animal_protocol(2, annual_review_due=day("2025-12-05"), triennial_due=day("2026-02-03")),  # 30 and 90 days
        animal_protocol(3, annual_review_due=day("2025-11-04"), parent_protocol_id="PROTO000000001"),
        animal_protocol(4, "Expired", annual_review_due=day("2025-11-04"), **far),
        animal_protocol(5, "Parked for now", annual_review_due=day("2025-11-04"), **far),
    )
    shelves.publish(
        "safety",
        {
            "safety_id": "SPROTO202500001",
            "safety_type": "Biosafety",
            "pi_name": "Testa, Example",
            "status": "Approved",
            "annual_renewal_due": day("2026-01-04"),  # 60 days
            "date_expires": day("2026-02-04"),  # 91
        },
    )
    assert only(shelves.view("protocol_renewals_due"), "module", "protocol_id", "renewal", "due", "days_left") == [
        ("IACUC", "PROTO000000001", "annual", "overdue", -1),
        ("IACUC", "PROTO000000002", "annual", "within 30 days", 30),
        ("Biosafety", "SPROTO202500001", "annual", "within 60 days", 60),
        ("IACUC", "PROTO000000002", "three-year", "within 90 days", 90),
    ]
    assert shelves.left_out("protocol_renewals_due") == {
        "follow_on": 2, "not_active": 2, "state_unknown": 2, "later": 2,
    }  # fmt: skip


def test_protocol_renewals_due_goes_without_safety_where_no_file_of_it_ever_came(shelves: Shelves) -> None:
    shelves.publish("iacuc", animal_protocol(1, annual_review_due=day("2025-11-04"), triennial_due=day("2026-01-01")))
    assert only(shelves.view("protocol_renewals_due"), "renewal") == [("annual",), ("three-year",)]
    sources = shelves.card("protocol_renewals_due")["sources"]
    assert [(each["feed"], each["as_of"]) for each in sources] == [("iacuc", "2025-11-04"), ("safety", None)]


def agreement(number: int, status: str, submitted_: str | None, updated: str, **values) -> dict:
    return {
        "agreement_id": f"AGMT{number:08d}",
        "agreement_type": "DUA",
        "status": status,
        "date_submitted": submitted_ and day(submitted_),
        "last_updated": moment(updated),
        **values,
    }


def test_agreements_aging_tells_how_old_open_agreements_are_and_in_whose_court(shelves: Shelves) -> None:
    shelves.publish(
        "agreements",
        agreement(1, "Internal Review", "2025-10-06", "2025-11-04T12:00:00", waiting_on="Us"),  # 30 days
        agreement(2, "Clarification Requested", "2025-10-05", "2025-11-05T03:00:00"),  # 31; the 4th in New York
        agreement(3, "External Review", "2025-08-07", "2025-10-05T12:00:00"),  # 90
        agreement(4, "Unassigned", "2025-08-06", "2025-10-05T12:00:00", waiting_on="Other party"),  # 91
        agreement(5, "Active", "2025-08-06", "2025-10-05T12:00:00"),
        agreement(6, "Draft", None, "2025-10-05T12:00:00"),
        agreement(7, "Parked for now", "2025-08-06", "2025-10-05T12:00:00"),
    )
    names = ("agreement_id", "age", "days_open", "days_unchanged", "whose_court")
    assert only(shelves.view("agreements_aging"), *names) == [
        ("AGMT00000004", "over 90 days", 91, 31, "Other party"),
        ("AGMT00000003", "61 to 90 days", 90, 31, "not given"),
        ("AGMT00000002", "31 to 60 days", 31, 1, "PI"),
        ("AGMT00000001", "up to 30 days", 30, 1, "Us"),
    ]
    assert shelves.left_out("agreements_aging") == {"settled": 1, "not_submitted": 1, "state_unknown": 1}


# --- feed_health ----------------------------------------------------------------------------------------------------


def test_feed_health_compares_each_published_version_with_the_one_before(shelves: Shelves) -> None:
    monday, tuesday = day("2025-11-03"), day("2025-11-04")
    first = [activated(each, "2025-07-01", "1.00", last_updated=moment("2025-11-01T12:00:00")) for each in range(1, 5)]
    shelves.publish("grants", *first, day=monday)
    second = activated(5, "2025-09-01", "1000.25", "Nobody knows", last_updated=moment("2025-11-03T12:00:00"))
    shelves.publish("grants", *first[:2], second, day=tuesday)
    shelves.confirm("grants", day("2025-11-05"))
    now, before = shelves.view("feed_health")
    assert (now["feed"], now["rows"], now["rows_more"], now["rows_more_percent"]) == ("grants", 3, -1, -25.0)
    assert (now["rows_read"], now["rejected"], now["unmapped"]) == (4, 1, 1)
    assert (now["data_date"], now["as_of"], now["is_current"], now["days_old"]) == (tuesday, day("2025-11-05"), True, 0)
    assert now["newest_update"] == day("2025-11-03")
    assert "funds_activated_date 2025-07-01 to 2025-09-01" in now["dates"]
    assert now["sums"] == ["amount 1,002.25"]
    assert (before["rows_more"], before["as_of"], before["is_current"], before["days_old"]) == (
        None,
        monday,
        False,
        None,
    )
    assert before["unmapped"] == 0
