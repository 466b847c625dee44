/*
title: IRB approvals expired or about to expire
definition: >-
  Active studies whose approval has expired, or expires within 30, 60 or 90 days. An approval still holds on the day on
  which it expires. Studies without a date of expiry, as most exempt ones, are not here.
row: a study
owner: irb-data@example.edu
sources:
  irb:
    needs: [protocol_id, study_title, pi_name, status, date_expires]
    may_use: [record_type, review_type, pi_department, school]
left_out:
  state_unknown: Studies in a state that the map of states does not know
  not_active: Studies not approved yet, closed or withdrawn
  no_expiry: Active studies without a date of expiry
  later: Active studies that expire in more than 90 days
columns:
  due: expired, or within 30, 60 or 90 days
  date_expires: The last day of the approval
  days_left: Days until then; negative once it has passed
  protocol_id: The study
  record_type: Study, site or external IRB
  study_title: Title
  review_type: Type of review
  pi_name: Principal investigator
  pi_department: Department
  school: School
  status: State in Huron
*/

create view considered as
select
  *,
  date_expires - as_of() as days_left,
  case
    when irb_states(status) = 'unmapped' then 'state_unknown'
    when irb_states(status) is distinct from 'active' then 'not_active'
    when date_expires is null then 'no_expiry'
    when date_expires > as_of() + 90 then 'later'
  end as left_out
from irb;

select
  case
    when days_left < 0 then 'expired'
    when days_left <= 30 then 'within 30 days'
    when days_left <= 60 then 'within 60 days'
    else 'within 90 days'
  end as due,
  date_expires,
  days_left,
  protocol_id,
  record_type,
  study_title,
  review_type,
  pi_name,
  pi_department,
  school,
  status
from considered
where left_out is null
order by date_expires, protocol_id;
