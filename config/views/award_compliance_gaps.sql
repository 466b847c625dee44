/*
title: Awards without a current approval
definition: >-
  Active awards marked as using human subjects or animals, for which no protocol is currently approved. A protocol belongs
  to an award if either of the two names the other. An approval is current if the protocol is active, neither lapsed nor
  suspended, and not past its date of expiry. Such an award stands here with each of its protocols and what is wrong with
  it; one current protocol is enough for an award not to be here.
row: an award, a kind of subject and a protocol
owner: grants-data@example.edu
sources:
  grants:
    needs: [award_id, status, pi_name, human_subjects, animals, irb_protocol_ids, iacuc_protocol_ids]
    may_use: [award_title, school, end_date]
  irb:
    needs: [protocol_id, status, date_expires]
    may_use: [funding_ids]
  iacuc:
    needs: [protocol_id, status, date_expires]
    may_use: [funding_ids]
left_out:
  state_unknown: Awards in a state that the map of states does not know
  not_active: Awards not active yet, closed or withdrawn
  ended: Awards still active although their end date has passed
  not_marked: Active awards marked neither for human subjects nor for animals
columns:
  award_id: The award
  award_title: Title
  pi_name: Principal investigator
  school: School
  end_date: The last day of the award
  subjects: human subjects or animals
  gap: What is wrong with the protocol, or that none is named
  protocol_id: The protocol
  protocol_status: Its state in Huron
  date_expires: The last day of its approval
*/

create view awards as
select
  award_id,
  min(award_title) as award_title,
  min(pi_name) as pi_name,
  min(school) as school,
  max(end_date) as end_date,
  coalesce(bool_or(human_subjects), false) as humans,
  coalesce(bool_or(animals), false) as animals,
  bool_or(award_states(status) = 'active') as active,
  bool_or(award_states(status) = 'unmapped') as state_unknown
from grants
group by award_id;

create view considered as
select
  *,
  case
    when not active and state_unknown then 'state_unknown'
    when not active then 'not_active'
    when end_date < as_of() then 'ended'
    when not humans and not animals then 'not_marked'
  end as left_out
from awards;

create view marked as
select *, 'human subjects' as subjects from considered where left_out is null and humans
union all
select *, 'animals' from considered where left_out is null and animals;

create view links as
select award_id, 'human subjects' as subjects, unnest(irb_protocol_ids) as protocol_id from grants
union
select unnest(funding_ids), 'human subjects', protocol_id from irb
union
select award_id, 'animals', unnest(iacuc_protocol_ids) from grants
union
select unnest(funding_ids), 'animals', protocol_id from iacuc;

create view protocols as
select 'human subjects' as subjects, protocol_id, status, irb_states(status) as state_group, date_expires from irb
union all
select 'animals', protocol_id, status, iacuc_states(status), date_expires from iacuc;

create view judged as
select
  marked.*,
  links.protocol_id,
  protocols.status as protocol_status,
  protocols.date_expires,
  case
    when links.protocol_id is null then 'no protocol is named'
    when protocols.protocol_id is null then 'protocol not found'
    when protocols.state_group = 'unmapped' then 'state not known'
    when protocols.state_group <> 'active' then 'not approved'
    when lower(protocols.status) in ('lapsed', 'suspended') then 'lapsed or suspended'
    when protocols.date_expires < as_of() then 'expired'
  end as gap
from marked
left join links using (award_id, subjects)
left join protocols on protocols.subjects = marked.subjects and protocols.protocol_id = links.protocol_id;

select
  award_id,
  award_title,
  pi_name,
  school,
  end_date,
  subjects,
  gap,
  protocol_id,
  protocol_status,
  date_expires
from judged
qualify not bool_or(gap is null) over (partition by award_id, subjects)
order by award_id, subjects, protocol_id;
