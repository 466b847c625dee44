/*
title: Outcomes of proposals, by fiscal year
definition: >-
  What became of the proposals submitted in each fiscal year. The hit rate is the share of awarded ones among those that
  were awarded or not funded; the others are not decided. Recent years have many undecided ones, so their rate moves.
row: a fiscal year of submission, a department and a principal investigator
owner: grants-data@example.edu
sources:
  grants_proposal:
    needs: [proposal_id, status, pi_name, submitted_date]
    may_use: [pi_person_id, proposal_department_code, pi_department_code]
left_out:
  not_submitted: Proposals without a date of submission
columns:
  fiscal_year: The fiscal year of submission, named by the year in which it ends
  department_code: The department of the proposal, else that of the investigator
  pi_person_id: The investigator
  pi_name: Name for display
  submitted: Proposals submitted
  awarded: Of these, awarded
  not_funded: Of these, not funded
  pending: Of these, not decided yet
  withdrawn: Of these, withdrawn
  ended: Of these, terminated later
  state_unknown: Of these, in a state that the map of states does not know
  hit_rate_percent: 100 x awarded / (awarded + not funded); empty where nothing is decided
lists:
  submitted: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {submitted: true}}
  awarded: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: awarded}}
  not_funded: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: not_funded}}
  pending: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: pending}}
  withdrawn: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: withdrawn}}
  ended: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: ended}}
  state_unknown: {view: proposal_list, by: [fiscal_year, department_code, pi_person_id, pi_name], only: {outcome: state_unknown}}
  not_submitted: {view: proposal_list, only: {submitted: false}}
*/

create view considered as
select
  *,
  proposal_states(status) as state_group,
  case when submitted_date is null then 'not_submitted' end as left_out
from grants_proposal;

create view counted as
select
  fiscal_year(submitted_date) as fiscal_year,
  coalesce(proposal_department_code, pi_department_code, 'not given') as department_code,
  coalesce(pi_person_id, pi_name) as person,
  pi_person_id,
  min(pi_name) as pi_name,
  count(*) as submitted,
  count(*) filter (where state_group = 'active') as awarded,
  count(*) filter (where state_group = 'declined') as not_funded,
  count(*) filter (
    where state_group in ('pre_submission', 'in_review', 'waiting_on_pi', 'pending_sponsor')
  ) as pending,
  count(*) filter (where state_group = 'withdrawn') as withdrawn,
  count(*) filter (where state_group = 'closed') as ended,
  count(*) filter (where state_group = 'unmapped') as state_unknown
from considered
where left_out is null
group by 1, 2, 3, 4;

select
  fiscal_year,
  department_code,
  pi_person_id,
  pi_name,
  submitted,
  awarded,
  not_funded,
  pending,
  withdrawn,
  ended,
  state_unknown,
  round(100.0 * awarded / nullif(awarded + not_funded, 0), 1) as hit_rate_percent
from counted
order by fiscal_year desc, department_code, person;
