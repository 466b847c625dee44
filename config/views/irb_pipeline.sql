/*
title: IRB pipeline
definition: >-
  All studies by where they stand and by committee. The many states of Huron are sorted into a few groups by
  config/maps/irb_states.csv; a state that is not in it counts under unmapped.
row: a group of states and a committee
owner: irb-data@example.edu
sources:
  irb:
    needs: [protocol_id, status]
    may_use: [committee, date_submitted]
columns:
  state_group: pre_submission, in_review, waiting_on_pi, active, closed, declined, withdrawn or unmapped
  committee: Committee
  studies: Studies
  median_days_since_submission: Median of the days since submission, of those that have been submitted
lists:
  studies: {view: irb_study_list, by: [state_group, committee]}
*/

create view counted as
select
  irb_states(status) as state_group,
  coalesce(committee, 'not given') as committee,
  count(*) as studies,
  median(as_of() - date_submitted) as median_days_since_submission
from irb
group by 1, 2;

select state_group, committee, studies, median_days_since_submission
from counted
order by
  list_position(
    ['pre_submission', 'in_review', 'waiting_on_pi', 'active', 'closed', 'declined', 'withdrawn', 'unmapped'],
    state_group
  ),
  state_group,
  committee;
