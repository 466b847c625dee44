/*
title: IRB studies, one by one
definition: Every study with the group that its state is sorted into, the list behind the IRB pipeline.
row: a study
owner: irb-data@example.edu
sources:
  irb:
    needs: [protocol_id, status]
    may_use: [study_title, pi_name, committee, date_submitted]
columns:
  protocol_id: The study
  study_title: Title
  pi_name: Principal investigator
  status: State in Huron
  state_group: pre_submission, in_review, waiting_on_pi, active, closed, declined, withdrawn or unmapped
  committee: Committee
  date_submitted: Day of submission
  days_since_submission: Days since then
*/

select
  protocol_id,
  study_title,
  pi_name,
  status,
  irb_states(status) as state_group,
  coalesce(committee, 'not given') as committee,
  date_submitted,
  as_of() - date_submitted as days_since_submission
from irb
order by protocol_id;
