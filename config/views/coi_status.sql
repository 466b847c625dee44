/*
title: Conflict of interest, by person
definition: >-
  When each discloser last updated the profile, what the office waits for from them, and whether their training holds.
  What the interests are is not read here.
row: a person
owner: coi-data@example.edu
sources:
  coi:
    needs:
      [certification_id, discloser_person_id, discloser_name, status, last_profile_update, last_updated,
       date_due, date_completed]
    may_use: [department_code, training_expires]
left_out:
  withdrawn: Certifications that were withdrawn
columns:
  discloser_person_id: The person
  discloser_name: Name for display, as the newest certification has it
  department_code: Department
  last_profile_update: When the profile was last updated
  days_since_update: Days since then
  action_required: Whether a certification waits for the person
  certifications: Certifications
  waiting_on_person: Of these, waiting for the person
  overdue: Of these, due before today and not completed
  state_unknown: Of these, in a state that the map of states does not know
  training_expires: The last day of the training
  training: expired, within 30 days, valid, or not given
*/

create view considered as
select
  *,
  coi_states(status) as state_group,
  case when coi_states(status) = 'withdrawn' then 'withdrawn' end as left_out
from coi;

create view people as
select
  discloser_person_id,
  arg_max(discloser_name, (last_updated, certification_id)) as discloser_name,
  arg_max(department_code, (last_updated, certification_id)) as department_code,
  max(last_profile_update) as last_profile_update,
  count(*) as certifications,
  count(*) filter (where state_group = 'waiting_on_pi') as waiting_on_person,
  count(*) filter (where date_due < as_of() and date_completed is null) as overdue,
  count(*) filter (where state_group = 'unmapped') as state_unknown,
  max(training_expires) as training_expires
from considered
where left_out is null
group by discloser_person_id;

select
  discloser_person_id,
  discloser_name,
  department_code,
  last_profile_update,
  as_of() - last_profile_update as days_since_update,
  waiting_on_person > 0 as action_required,
  certifications,
  waiting_on_person,
  overdue,
  state_unknown,
  training_expires,
  case
    when training_expires is null then 'not given'
    when training_expires < as_of() then 'expired'
    when training_expires <= as_of() + 30 then 'within 30 days'
    else 'valid'
  end as training
from people
order by action_required desc, overdue desc, discloser_person_id;
