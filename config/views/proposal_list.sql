/*
title: Proposals, one by one
definition: >-
  Every proposal, with what the views of proposals count it as: the list behind their numbers. Sponsors are brought
  together by config/maps/sponsors.csv; a proposal that reaches its sponsor through another one stands under the prime
  sponsor.
row: a proposal
owner: grants-data@example.edu
sources:
  grants_proposal:
    needs: [proposal_id, status, pi_name]
    may_use:
      - title
      - sponsor
      - prime_sponsor
      - submitted_date
      - pi_person_id
      - proposal_department_code
      - pi_department_code
      - total_amount
columns:
  proposal_id: The proposal
  title: Title
  pi_name: Name of the investigator for display, one for all proposals of a year and department
  status: State in Huron
  standing: pending with its sponsor, not_pending, or state_unknown to the map of states
  outcome: awarded, not_funded, pending (not decided yet), withdrawn, ended or state_unknown
  sponsor: The sponsor, by the name that its spellings are brought together under
  sponsor_known: Whether the map of sponsors has that name
  through_prime: Whether it reaches its sponsor through another one
  total_amount: What it asks for
  amount_given: Whether that is given
  submitted_date: Day of submission
  submitted: Whether it has one
  fiscal_year: The fiscal year of submission, named by the year in which it ends
  department_code: The department of the proposal, else that of the investigator
  pi_person_id: The investigator
*/

create view told as
select
  *,
  proposal_states(status) as state_group,
  coalesce(prime_sponsor, sponsor, 'not given') as payer,
  fiscal_year(submitted_date) as year,
  coalesce(proposal_department_code, pi_department_code, 'not given') as department
from grants_proposal;

select
  proposal_id,
  title,
  min(pi_name) over (partition by year, department, coalesce(pi_person_id, pi_name), pi_person_id) as pi_name,
  status,
  case
    when state_group = 'unmapped' then 'state_unknown'
    when state_group = 'pending_sponsor' then 'pending'
    else 'not_pending'
  end as standing,
  case
    when state_group = 'active' then 'awarded'
    when state_group = 'declined' then 'not_funded'
    when state_group in ('pre_submission', 'in_review', 'waiting_on_pi', 'pending_sponsor') then 'pending'
    when state_group = 'withdrawn' then 'withdrawn'
    when state_group = 'closed' then 'ended'
    when state_group = 'unmapped' then 'state_unknown'
  end as outcome,
  case sponsors(payer) when 'unmapped' then payer else sponsors(payer) end as sponsor,
  sponsors(payer) <> 'unmapped' as sponsor_known,
  prime_sponsor is not null as through_prime,
  total_amount,
  total_amount is not null as amount_given,
  submitted_date,
  submitted_date is not null as submitted,
  year as fiscal_year,
  department as department_code,
  pi_person_id
from told
order by proposal_id;
