/*
title: Award totals, by fiscal year
definition: >-
  Awards and the money that sponsors authorized, by the fiscal year in which the funds were activated. Money taken back
  counts as negative. Awards marked as not reportable are left out. An award in an unknown state counts here, for its
  funds were activated.
row: a fiscal year, a type of sponsor and a school
owner: grants-data@example.edu
sources:
  grants:
    needs: [award_id, status, amount, funds_activated_date, university_reportable]
    may_use: [sponsor_type, school]
left_out:
  not_reportable: Marked as not reportable by the university
  not_activated: Funds not activated yet
  not_awarded: Drafts, awards in review, declined or withdrawn
columns:
  fiscal_year: The fiscal year of activation, named by the year in which it ends
  sponsor_type: Type of sponsor
  school: School
  awards: Awards; one with several allocations in a year counts once
  amount: Sum of what sponsors authorized
lists:
  awards: {view: award_list, by: [fiscal_year, sponsor_type, school]}
*/

create view considered as
select
  *,
  case
    when university_reportable is not distinct from false then 'not_reportable'
    when funds_activated_date is null then 'not_activated'
    when award_states(status) not in ('active', 'closed', 'unmapped') then 'not_awarded'
  end as left_out
from grants;

select
  fiscal_year(funds_activated_date) as fiscal_year,
  coalesce(sponsor_type, 'not given') as sponsor_type,
  coalesce(school, 'not given') as school,
  count(distinct award_id) as awards,
  sum(amount) as amount
from considered
where left_out is null
group by 1, 2, 3
order by fiscal_year desc, sponsor_type, school;
