/*
title: Awards that end soon
definition: >-
  Active awards whose end date is within 90 or 180 days. Where a file has several allocations of an award, its last end
  date counts and its amounts are added up.
row: an award
owner: grants-data@example.edu
sources:
  grants:
    needs: [award_id, status, sponsor, pi_name, amount, end_date]
    may_use: [award_title, pi_department_code, award_department_code, school]
left_out:
  state_unknown: Awards in a state that the map of states does not know
  not_active: Awards not active yet, closed or withdrawn
  no_end_date: Active awards without an end date
  ended: Awards still active although their end date has passed
  later: Active awards that end in more than 180 days
columns:
  due: within 90 or 180 days
  end_date: The last day
  days_left: Days until then
  award_id: The award
  award_title: Title
  sponsor: Sponsor, as the file has it
  pi_name: Principal investigator
  pi_department_code: Department of the investigator
  award_department_code: Department of the award
  school: School
  amount: What the sponsor authorized
*/

create view awards as
select
  award_id,
  min(award_title) as award_title,
  min(sponsor) as sponsor,
  min(pi_name) as pi_name,
  min(pi_department_code) as pi_department_code,
  min(award_department_code) as award_department_code,
  min(school) as school,
  sum(amount) as amount,
  max(end_date) as end_date,
  bool_or(award_states(status) = 'active') as active,
  bool_or(award_states(status) = 'unmapped') as state_unknown
from grants
group by award_id;

create view considered as
select
  *,
  end_date - as_of() as days_left,
  case
    when not active and state_unknown then 'state_unknown'
    when not active then 'not_active'
    when end_date is null then 'no_end_date'
    when end_date < as_of() then 'ended'
    when end_date > as_of() + 180 then 'later'
  end as left_out
from awards;

select
  case when days_left <= 90 then 'within 90 days' else 'within 180 days' end as due,
  end_date,
  days_left,
  award_id,
  award_title,
  sponsor,
  pi_name,
  pi_department_code,
  award_department_code,
  school,
  amount
from considered
where left_out is null
order by end_date, award_id;
