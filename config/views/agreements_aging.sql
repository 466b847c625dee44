/*
title: Open agreements, by age
definition: >-
  Agreements and amendments that are not settled yet, how old they are and whose court they are in. The feed does not say
  when the present state began; days_unchanged counts from the last change of the record.
row: an agreement
owner: agreements-data@example.edu
sources:
  agreements:
    needs: [agreement_id, agreement_type, status, date_submitted, last_updated]
    may_use: [waiting_on, owner, pi_name, pi_department_code, other_party]
left_out:
  state_unknown: Agreements in a state that the map of states does not know
  settled: Agreements that are active, closed, declined or withdrawn
  not_submitted: Drafts without a date of submission
columns:
  age: up to 30 days, 31 to 60, 61 to 90 or over 90 days since submission
  days_open: Days since submission
  days_unchanged: Days since the record last changed
  whose_court: Us, PI or Other party
  agreement_type: Type of agreement
  status: State in Huron
  agreement_id: The agreement
  owner: Contract officer
  pi_name: Principal investigator
  pi_department_code: Department
  other_party: The other party
  date_submitted: Day of submission
*/

create view considered as
select
  *,
  as_of() - date_submitted as days_open,
  case
    when agreement_states(status) = 'unmapped' then 'state_unknown'
    when agreement_states(status) not in ('pre_submission', 'in_review', 'waiting_on_pi') then 'settled'
    when date_submitted is null then 'not_submitted'
  end as left_out
from agreements;

select
  case
    when days_open <= 30 then 'up to 30 days'
    when days_open <= 60 then '31 to 60 days'
    when days_open <= 90 then '61 to 90 days'
    else 'over 90 days'
  end as age,
  days_open,
  as_of() - local_day(last_updated) as days_unchanged,
  coalesce(waiting_on, case agreement_states(status) when 'waiting_on_pi' then 'PI' else 'not given' end) as whose_court,
  agreement_type,
  status,
  agreement_id,
  owner,
  pi_name,
  pi_department_code,
  other_party,
  date_submitted
from considered
where left_out is null
order by days_open desc, agreement_id;
