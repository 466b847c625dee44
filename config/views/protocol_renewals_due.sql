/*
title: Renewals of animal and safety protocols that are due
definition: >-
  Approved protocols whose annual or three-year renewal is overdue, or due within 30, 60 or 90 days. A protocol stands
  here once for each renewal that is due.
row: a protocol and a renewal
owner: iacuc-data@example.edu
sources:
  iacuc:
    needs: [protocol_id, pi_name, status, annual_review_due, triennial_due]
    may_use: [parent_protocol_id, pi_department_code]
  safety:
    needs: [safety_id, safety_type, pi_name, status, annual_renewal_due, date_expires]
    may_use: [parent_safety_id, pi_department_code]
    optional: true
left_out:
  follow_on: Renewals of amendments and other follow-ons; the protocol itself counts
  state_unknown: Renewals of protocols in a state that the map of states does not know
  not_active: Renewals of protocols not approved yet, closed or withdrawn
  no_due_date: Renewals of approved protocols for which no date is given
  later: Renewals due in more than 90 days
columns:
  due: overdue, or within 30, 60 or 90 days
  due_date: The day on which it is due
  days_left: Days until then; negative once it has passed
  module: IACUC or the type of safety
  renewal: annual or three-year
  protocol_id: The protocol
  pi_name: Principal investigator
  pi_department_code: Department
  status: State in Huron
*/

create view protocols as
select
  'IACUC' as module,
  protocol_id,
  parent_protocol_id as parent_id,
  pi_name,
  pi_department_code,
  status,
  iacuc_states(status) as state_group,
  annual_review_due as annual_due,
  triennial_due as three_year_due
from iacuc
union all
select
  safety_type,
  safety_id,
  parent_safety_id,
  pi_name,
  pi_department_code,
  status,
  safety_states(status),
  annual_renewal_due,
  date_expires
from safety;

create view renewals as
select *, 'annual' as renewal, annual_due as due_date from protocols
union all
select *, 'three-year', three_year_due from protocols;

create view considered as
select
  *,
  due_date - as_of() as days_left,
  case
    when parent_id is not null then 'follow_on'
    when state_group = 'unmapped' then 'state_unknown'
    when state_group is distinct from 'active' then 'not_active'
    when due_date is null then 'no_due_date'
    when due_date > as_of() + 90 then 'later'
  end as left_out
from renewals;

select
  case
    when days_left < 0 then 'overdue'
    when days_left <= 30 then 'within 30 days'
    when days_left <= 60 then 'within 60 days'
    else 'within 90 days'
  end as due,
  due_date,
  days_left,
  module,
  renewal,
  protocol_id,
  pi_name,
  pi_department_code,
  status
from considered
where left_out is null
order by due_date, module, protocol_id, renewal;
