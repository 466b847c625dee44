/*
title: Proposals pending, by sponsor
definition: >-
  Proposals that are with a sponsor: submitted and not decided. A proposal that reaches its sponsor through another one
  counts for the prime sponsor. The names of one sponsor are brought together by config/maps/sponsors.csv; a name that is
  not in it stands for itself.
row: a sponsor
owner: grants-data@example.edu
sources:
  grants_proposal:
    needs: [proposal_id, status, sponsor, total_amount]
    may_use: [prime_sponsor, total_direct, total_indirect]
left_out:
  state_unknown: Proposals in a state that the map of states does not know
  not_pending: Proposals not submitted to a sponsor yet, decided or withdrawn
columns:
  sponsor: The sponsor, by the name that its spellings are brought together under
  sponsor_known: Whether the map of sponsors has that name
  proposals: Proposals pending
  direct_to_sponsor: Of these, submitted to the sponsor itself; empty where the feed names no prime sponsor at all
  through_prime: Of these, submitted through another sponsor; empty likewise
  total_direct: Sum of their direct costs
  total_indirect: Sum of their indirect costs
  total_amount: Sum of what they ask for
  without_amount: Proposals whose total is not given, which these sums lack
lists:
  proposals: {view: proposal_list, by: [sponsor, sponsor_known], only: {standing: pending}}
  direct_to_sponsor: {view: proposal_list, by: [sponsor, sponsor_known], only: {standing: pending, through_prime: false}}
  through_prime: {view: proposal_list, by: [sponsor, sponsor_known], only: {standing: pending, through_prime: true}}
  without_amount: {view: proposal_list, by: [sponsor, sponsor_known], only: {standing: pending, amount_given: false}}
  state_unknown: {view: proposal_list, only: {standing: state_unknown}}
  not_pending: {view: proposal_list, only: {standing: not_pending}}
*/

create view considered as
select
  *,
  coalesce(prime_sponsor, sponsor, 'not given') as payer,
  count(prime_sponsor) over () > 0 as primes_told,
  case
    when proposal_states(status) = 'unmapped' then 'state_unknown'
    when proposal_states(status) is distinct from 'pending_sponsor' then 'not_pending'
  end as left_out
from grants_proposal;

select
  case sponsors(payer) when 'unmapped' then payer else sponsors(payer) end as sponsor,
  sponsors(payer) <> 'unmapped' as sponsor_known,
  count(*) as proposals,
  case when any_value(primes_told) then count(*) filter (where prime_sponsor is null) end as direct_to_sponsor,
  case when any_value(primes_told) then count(*) filter (where prime_sponsor is not null) end as through_prime,
  sum(total_direct) as total_direct,
  sum(total_indirect) as total_indirect,
  sum(total_amount) as total_amount,
  count(*) filter (where total_amount is null) as without_amount
from considered
where left_out is null
group by 1, 2
order by proposals desc, sponsor;
