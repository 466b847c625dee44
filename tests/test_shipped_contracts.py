"""The contracts and maps that ship: the layouts, other names and classes of huron-feeds.md sections 6 and 7."""

import shutil
from pathlib import Path

import pytest

from datalake.contracts.config import load_contracts, load_maps
from datalake.contracts.names import match_header
from datalake.contracts.patterns import match_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The configuration as git has it: without what is laid over it here."""
    root = tmp_path_factory.mktemp("shipped")
    shutil.copytree(ROOT / "config", root / "config", ignore=shutil.ignore_patterns("local", "secrets.env"))
    return root


@pytest.fixture(scope="module")
def contracts(shipped):
    return {each.feed: each for each in load_contracts(shipped)}


# The full layouts of section 6, with * where the column and a value must be there. Of grants and irb only what the
# first layout had can be asked for.
LAYOUTS = {
    "irb": "protocol_id* record_type study_title* short_title pi_name* pi_person_id pi_email pi_department_code "
    "pi_department school status* review_type review_categories risk_level committee external_irb is_clinical_trial "
    "nct_number funding_ids sponsors date_submitted date_first_review date_approved date_originally_approved "
    "date_expires date_closed irb_days pi_days enrollment_approved enrolled summary legacy_protocol_number "
    "last_updated*",
    "irb_submission": "submission_id* protocol_id* submission_type status* determination review_type date_submitted "
    "date_completed days_in_office days_with_pi last_updated*",
    "grants": "award_id* allocation_id parent_award_id award_title status* sponsor* sponsor_id sponsor_type "
    "prime_sponsor sponsor_award_number pi_name* pi_person_id pi_department_code award_department_code school "
    "award_type activity_type amount* direct_amount indirect_amount obligated_amount anticipated_amount "
    "cost_share_amount fa_rate fa_base start_date end_date funds_activated_date assistance_listing "
    "funding_proposal_ids irb_protocol_ids iacuc_protocol_ids human_subjects animals cui_flag export_control "
    "account_number university_reportable legacy_award_number last_updated",
    "grants_proposal": "proposal_id* title* status* pi_name* pi_person_id pi_department_code "
    "proposal_department_code sponsor sponsor_type prime_sponsor proposal_type submitted_date sponsor_deadline "
    "requested_start requested_end total_direct total_indirect total_amount original_total_amount fa_rate "
    "cost_share_amount human_subjects animals opportunity_number decision_date award_ids legacy_proposal_number "
    "last_updated*",
    "agreements": "agreement_id* parent_agreement_id title* agreement_type* direction status* waiting_on other_party "
    "other_party_contact pi_name pi_person_id pi_department_code owner related_ids amount date_submitted "
    "date_assigned date_signed effective_date expiration_date evergreen signature_type export_control contains_phi "
    "last_updated*",
    "coi": "certification_id* disclosure_profile_id record_type* discloser_name* discloser_person_id* "
    "department_code status* triggering_event_id related_ids sponsor_is_phs date_required date_due date_submitted "
    "date_completed last_profile_update training_expires has_interest entity_name interest_type value_band "
    "determination management_plan_date last_updated*",
    "iacuc": "protocol_id* submission_type parent_protocol_id title* pi_name* pi_person_id pi_department_code status* "
    "review_path species animals_approved animals_used pain_category funding_ids biosafety_ids date_submitted "
    "date_approved date_expires annual_review_due triennial_due shell_record legacy_protocol_number last_updated*",
    "safety": "safety_id* safety_type* submission_type parent_safety_id title* overview pi_name* pi_person_id "
    "pi_department_code status* containment_level agents rdna select_agent durc nih_section locations related_ids "
    "date_submitted date_approved date_expires annual_renewal_due last_updated*",
}
FIRST_LAYOUTS = {
    "irb": "protocol_id,study_title,pi_name,status,last_updated",
    "grants": "award_id,sponsor,pi_name,amount,status",
}
FILES = {
    "irb": "IRB_PROTOCOL_2025-11-04.csv",
    "irb_submission": "IRB_SUBMISSION_2025-11-04.csv",
    "grants": "GRANTS_2025-11-04.csv",
    "grants_proposal": "GRANTS_PROPOSAL_2025-11-04.csv",
    "agreements": "AGREEMENTS_2025-11-04.csv",
    "coi": "COI_2025-11-04.csv",
    "iacuc": "IACUC_2025-11-04.csv",
    "safety": "SAFETY_2025-11-04.csv",
}


@pytest.mark.parametrize("feed", LAYOUTS)
def test_each_layout_is_described_with_what_must_be_there(contracts, feed):
    told = LAYOUTS[feed].split()
    assert contracts[feed].names == tuple(each.rstrip("*") for each in told)
    required = tuple(each.rstrip("*") for each in told if each.endswith("*"))
    assert tuple(each.name for each in contracts[feed].columns if each.constraints.required) == required
    assert tuple(each.name for each in contracts[feed].columns if each.must_exist) == required


def test_there_is_no_other_feed_and_each_has_its_file(contracts):
    assert set(contracts) == set(LAYOUTS)
    for feed, name in FILES.items():
        assert [each.feed for each in match_name(name, contracts.values())] == [feed]


def test_every_feed_publishes(contracts):
    assert {each.status for each in contracts.values()} == {"active"}


@pytest.mark.parametrize("feed", FIRST_LAYOUTS)
def test_the_first_layout_has_all_that_must_be_there(contracts, feed):
    match = match_header(FIRST_LAYOUTS[feed].split(","), contracts[feed])
    assert len(match.positions) == 5
    assert [each.name for each in contracts[feed].columns if each.must_exist and each.name in match.absent] == []


@pytest.mark.parametrize(
    ("feed", "header"),
    [
        ("irb", "Study ID,Study Title,Principal Investigator,CLK_CurrentState,Date Modified"),
        ("irb", "IRB Number,STUDY_TITLE,PI,State,modified"),
        ("grants", "Award Number,Sponsor,PI Name,Sponsor Authorized Amount,current_state"),
        ("grants", "award_id,sponsor,principal_investigator,Total Amount,STATE"),
    ],
)
def test_the_other_names_of_columns_are_known(contracts, feed, header):
    assert len(match_header(header.split(","), contracts[feed]).positions) == 5


def test_what_section_6_calls_restricted_is_and_interests_and_rooms_are_not_published(contracts):
    restricted = {(c.feed, each.name) for c in contracts.values() for each in c.columns
                  if each.classification == "restricted"}  # fmt: skip
    assert restricted == {
        *(("coi", each) for each in ("has_interest", "entity_name", "interest_type", "value_band", "determination",
                                     "management_plan_date")),
        *(("safety", each) for each in ("agents", "rdna", "select_agent", "durc", "locations")),
    }  # fmt: skip
    masked = {(c.feed, each.name): each.mask for c in contracts.values() for each in c.columns if each.mask}
    assert masked == {("coi", "entity_name"): "drop", ("coi", "interest_type"): "drop", ("coi", "value_band"): "drop",
                      ("safety", "locations"): "redact"}  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "column", "name"),
    [
        ("irb", "pi_email", "confidential"), ("irb", "summary", "confidential"), ("irb", "school", "public"),
        ("grants", "account_number", "confidential"), ("grants", "cui_flag", "confidential"),
        ("grants", "amount", "internal"), ("grants_proposal", "total_amount", "confidential"),
        ("grants_proposal", "title", "confidential"), ("agreements", "other_party", "confidential"),
        ("coi", "status", "confidential"), ("coi", "training_expires", "internal"),
        ("iacuc", "species", "confidential"), ("safety", "title", "confidential"),
    ],
)  # fmt: skip
def test_columns_have_the_class_of_section_6(contracts, feed, column, name):
    assert contracts[feed].column(column).classification == name


def test_a_newcomer_finds_no_secret_needed(contracts):
    assert not [each for c in contracts.values() for each in c.columns if each.mask == "hash"]


# --- meaning maps -----------------------------------------------------------------------------------------------

BUCKETS = {"pre_submission", "in_review", "waiting_on_pi", "pending_sponsor", "active", "closed", "declined",
           "withdrawn"}  # fmt: skip


def test_every_status_has_a_map_into_the_known_buckets(contracts, shipped):
    maps = load_maps(shipped)
    used = {contract.column("status").map for contract in contracts.values()}
    assert used == {each for each in maps if each.endswith("_states")}
    for name in used:
        assert set(maps[name].groups.values()) <= BUCKETS


@pytest.mark.parametrize(
    ("name", "value", "group"),
    [
        ("irb_states", "Pre-Submission", "pre_submission"),
        ("irb_states", "MODIFICATIONS  REQUIRED", "waiting_on_pi"),
        ("irb_states", "Human Research, Not Engaged", "active"),
        ("award_states", "Designated Review – Response Pending", "waiting_on_pi"),
        ("proposal_states", "Award – Pending Reconciliation", "pending_sponsor"),
        ("proposal_states", "Pending Sponsor Review", "pending_sponsor"),
        ("proposal_states", "NOT USED - Pending Post Submission Response", "unmapped"),
        ("agreement_states", "External Signature", "in_review"),
        ("coi_states", "Action Required", "waiting_on_pi"),
        ("iacuc_states", "Designated Member Review", "in_review"),
        ("safety_states", "Approved", "active"),
        ("sponsors", "NIH/NCI", "National Institutes of Health"),
        ("sponsors", "nih", "National Institutes of Health"),
        ("sponsors", "Sample & Sons", "unmapped"),
    ],
)
def test_the_maps_know_what_people_ask_for(shipped, name, value, group):
    assert load_maps(shipped)[name].group(value) == group
