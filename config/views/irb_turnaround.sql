/*
title: IRB turnaround
definition: >-
  How long the IRB takes: calendar days from submission to the final determination, and of these the days in the IRB
  office and with the investigator as Huron counts them. A submission counts in the quarter in which it was determined.
row: a quarter of the calendar year, a type of submission and a type of review
owner: irb-data@example.edu
sources:
  irb_submission:
    needs: [submission_id, submission_type, status, review_type, date_submitted, date_completed]
    may_use: [days_in_office, days_with_pi]
left_out:
  withdrawn: Submissions withdrawn or discarded
  not_determined: Submissions without a final determination yet
  no_submission_date: Determined submissions whose date of submission is not given
  determined_before_submission: Determined before they were submitted here, as ceded studies are
columns:
  quarter: The quarter of the determination, such as 2025-Q4
  submission_type: Type of submission
  review_type: Type of review
  submissions: Submissions determined
  median_days: Median of the days from submission to determination
  min_days: The fastest
  max_days: The slowest
  median_office_days: Median of the days in the IRB office
  min_office_days: The fewest
  max_office_days: The most
  median_pi_days: Median of the days with the investigator
  min_pi_days: The fewest
  max_pi_days: The most
*/

create view considered as
select
  *,
  date_completed - date_submitted as days,
  case
    when irb_states(status) = 'withdrawn' then 'withdrawn'
    when date_completed is null then 'not_determined'
    when date_submitted is null then 'no_submission_date'
    when date_completed < date_submitted then 'determined_before_submission'
  end as left_out
from irb_submission;

select
  year(date_completed) || '-Q' || quarter(date_completed) as quarter,
  coalesce(submission_type, 'not given') as submission_type,
  coalesce(review_type, 'not given') as review_type,
  count(*) as submissions,
  median(days) as median_days,
  min(days) as min_days,
  max(days) as max_days,
  median(days_in_office) as median_office_days,
  min(days_in_office) as min_office_days,
  max(days_in_office) as max_office_days,
  median(days_with_pi) as median_pi_days,
  min(days_with_pi) as min_pi_days,
  max(days_with_pi) as max_pi_days
from considered
where left_out is null
group by all
order by quarter desc, submission_type, review_type;
