#!/usr/bin/env bash
# The 6 AM check: was last night good? Quiet when it was; else Slack and mail are told, and the exit code is 1.
#
#   bash src/check_etl_watchdog.sh    what cron calls; its lines are in logs/watchdog_status.log
#
# Exit codes: 0 last night was good; 1 it was not, or nobody could be told; 2 usage; 128+n ended by signal n.
set -euo pipefail
. "$(CDPATH='' cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)/common.sh"

START_FIRST=3 # datalake.watchdog: the load never ran, and schedule.start_if_missed is set

main() {
  SHOW=''
  if [ -t 1 ] || [ "$#" -gt 0 ]; then SHOW=1; fi
  datalake_init watchdog_status.log
  if [ "$#" -eq 0 ]; then set -- --may-start; fi
  run_module datalake.watchdog "$@"
  if [ "$STATUS" -eq "$START_FIRST" ]; then
    note "the load did not run: starting it"
    run_child bash "$ROOT/src/cron_runner.sh" || true
    run_module datalake.watchdog
  fi
  leave
}

main "$@"
