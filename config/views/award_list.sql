/*
title: Awards activated, one by one
definition: >-
  The awards behind the totals by fiscal year, with the money that sponsors authorized in that year. What the totals
  leave out is left out here, too.
row: an award in a fiscal year
owner: grants-data@example.edu
sources:
  grants:
    needs: [award_id, status, amount, funds_activated_date, university_reportable]
    may_use: [award_title, pi_name, sponsor, sponsor_type, school]
left_out:
  not_reportable: Marked as not reportable by the university
  not_activated: Funds not activated yet
  not_awarded: Drafts, awards in review, declined or withdrawn
columns:
  award_id: The award
  award_title: Title
  pi_name: Principal investigator
  sponsor: Sponsor, as the file has it
  fiscal_year: The fiscal year of activation, named by the year in which it ends
  sponsor_type: Type of sponsor
  school: School
  allocations: Allocations that are added up
  amount: Sum of what sponsors authorized
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
  award_id,
  min(award_title) as award_title,
  min(pi_name) as pi_name,
  min(sponsor) as sponsor,
  fiscal_year(funds_activated_date) as fiscal_year,
  coalesce(sponsor_type, 'not given') as sponsor_type,
  coalesce(school, 'not given') as school,
  count(*) as allocations,
  sum(amount) as amount
from considered
where left_out is null
group by 1, 5, 6, 7
order by fiscal_year desc, award_id, sponsor_type, school;
