#!/usr/bin/env bash
# One night: lock, set-up, ETL, record, alert, exit code.
#
#   bash src/cron_runner.sh           what cron calls: quiet when all is well, everything in logs/cron_etl.log
#   bash src/cron_runner.sh --demo    write the next night of made-up Huron files first, then load it
#   bash src/cron_runner.sh --again   a further try: where nothing new has come, no run
#   bash src/cron_runner.sh --boot    the same, after a restart
#
# Exit codes: 0 done, also with notes; 1 failed; 2 usage; 75 another run is at work; 78 the configuration is wrong;
# 128+n ended by signal n.
set -euo pipefail
. "$(CDPATH='' cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)/common.sh"

main() {
  read_arguments "$@"
  datalake_init cron_etl.log
  hold_lock
  run_night
  trap '' TERM INT HUP # from here on it is being recorded: seconds, and a signal changes nothing any more
  record_run
  (: >"$ROOT/logs/cron_runner.lock") 2>/dev/null || true; exec 9>&- # the lock is free, and names nobody
  send_alert
  [ "$STATUS" -eq 0 ] || [ "$STATUS$SHOW" = 21 ] || warn "run $RUN_ID ended with exit code $STATUS. See $LOG"
  exit "$STATUS" # cron mails the line above; 21: refused, and the person who looks on has just read why
}

read_arguments() { # sets TRIGGER, and SHOW where a person looks on
  SHOW='' TRIGGER=cron RECORDED=''
  if [ -t 1 ]; then SHOW=1 TRIGGER=hand; fi
  case "$#:${1:-}" in
    0:) ;;
    1:--demo) SHOW=1 TRIGGER=demo ;;
    1:--again | 1:--boot) TRIGGER=${1#--} ;;
    1:-h | 1:--help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) printf '%s: cannot read "%s". Try --help.\n' "${0##*/}" "$*" >&2 && exit 2 ;;
  esac
}

run_night() { # sets STATUS: recording and alerts do not change it
  STATUS=0
  if ! prepare_environment; then
    STATUS=${STOPPED:-1}
    leave_exit "$STATUS" setup
    [ -n "$SHOW" ] || tail -n 1 "$LOG" >&2 || true # the sentence that says why
    [ -n "$STOPPED" ] || last_ditch "the environment could not be set up, so nothing was loaded. See $LOG"
    exit "$STATUS"
  fi
  if [ "$TRIGGER" = demo ]; then run_child "$PYTHON" -m datalake.cli demo --write-next 9>&- || STATUS=$?; fi
  if [ "$STATUS" -eq 0 ]; then run_child "$PYTHON" src/main.py --run-id "$RUN_ID" --trigger "$TRIGGER" || STATUS=$?; fi
  if [ "$STATUS" -ne 0 ]; then STATUS=${STOPPED:-$STATUS}; fi
}

record_run() { # the ETL left its outcome, or only the crumb that it had begun; with neither there was no run
  if [ "$STATUS" -eq 2 ]; then rm -f "$OUTCOMES/$RUN_ID".*; fi
  if [ ! -e "$OUTCOMES/$RUN_ID.started.json" ]; then return 0; fi
  if [ ! -e "$OUTCOMES/$RUN_ID.json" ] && [ "$STATUS" -eq 0 ]; then STATUS=1; fi # it went without a word
  if [ ! -e "$OUTCOMES/$RUN_ID.json" ] || [ -n "$STOPPED" ]; then leave_exit "$STATUS" ended; fi
  RECORDED=1
  for helper in log_runtime_sqlite.py log_runtime_stats.py; do
    run_helper "$helper" ||
      warn "run $RUN_ID is not in the record yet; the next run writes it. ${WHY:-$helper failed}. See $LOG"
  done
}

run_helper() { # HELPER: sets WHY, its last word: on a full disk the log has it not, and cron must mail it
  local status=0
  WHY=$("$PYTHON" "src/$1" --outcome "$OUTCOMES/$RUN_ID.json" 2>&1 >&4 9>&-) || status=$?
  if [ -n "$WHY" ]; then printf '%s\n' "$WHY" >&4 || true; fi 2>/dev/null
  WHY=${WHY##*$'\n'} WHY=${WHY%.}
  return "$status"
}

send_alert() { # a child with a limit, after the lock: nothing waits for Slack
  if [ -z "$RECORDED" ]; then return 0; fi
  "$PYTHON" -m datalake.runs.limit 10 "$PYTHON" -m datalake.alerts run "$RUN_ID" >&4 2>&4 ||
    warn "the alert of run $RUN_ID could not be sent. See $LOG"
}

main "$@"
