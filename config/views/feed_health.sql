/*
title: Health of the feeds
definition: >-
  What each published version of each feed amounts to and how it differs from the one before. Versions that are no longer
  on the disk are not here (keep_versions in the settings). Values that a meaning map does not know count as unmapped.
row: a feed and a published version
owner: data lake
sources:
  feed_versions:
    needs: [feed, version]
columns:
  feed: The feed
  data_date: Date of the data in the file
  as_of: The day whose data it shows; later than data_date where the same file came again
  is_current: Whether it is what readers see now
  days_old: Of the current version, days since as_of
  file: The file it was made from
  rows: Rows in the table
  rows_more: Rows more than in the version before; negative for fewer
  rows_more_percent: The same in percent
  new: Records that came
  changed: Records that changed
  gone: Records that left
  kept: Rows kept from earlier because the file's were rejected
  rows_read: Rows read from the file
  rejected: Rows rejected
  unmapped: Values that the meaning maps do not know
  newest_update: The newest date of change in the data
  dates: First and last date of each date column
  sums: Sum of each column of numbers
*/

create view compared as
select
  *,
  "rows" - lag("rows") over (partition by feed order by version) as rows_more,
  lag("rows") over (partition by feed order by version) as rows_before
from feed_versions;

select
  feed,
  data_date,
  as_of,
  is_current,
  case when is_current then as_of() - as_of end as days_old,
  file,
  "rows",
  rows_more,
  round(100.0 * rows_more / nullif(rows_before, 0), 1) as rows_more_percent,
  new,
  changed,
  gone,
  kept,
  rows_read,
  rejected,
  unmapped,
  newest_update,
  dates,
  sums
from compared
order by feed, version desc;
