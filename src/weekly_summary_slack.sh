#!/usr/bin/env bash
# Monday: the last seven nights in figures, to Slack and mail.
#
#   bash src/weekly_summary_slack.sh    what cron calls; its lines are in logs/summary_status.log
#
#   bash src/weekly_summary_slack.sh --week 2025-W45    any week that is over; a report that was made never changes
#
# Exit codes: 0 every channel took it, or there is none; 1 a channel did not (what it lacks is sent later), or the record
# cannot be read; 2 usage; 128+n ended by signal n.
set -euo pipefail
. "$(CDPATH='' cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)/common.sh"

main() {
  SHOW=''
  if [ -t 1 ] || [ "$#" -gt 0 ]; then SHOW=1; fi
  datalake_init summary_status.log
  run_module datalake.reports.weekly "$@"
  leave
}

main "$@"
