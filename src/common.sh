# common.sh: what the entrypoints share: root, environment, lock, one child, last-ditch alert. Sourced, never run.
# Bash 3.2 and BSD userland must do; whatever needs a date's arithmetic, quoting or a format is Python.
# shellcheck shell=bash

datalake_init() { # LOG: find the root, set the environment, open the log; with SHOW set its children are seen
  ROOT=$(CDPATH='' cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  cd "$ROOT" || exit 1
  OUTCOMES="$ROOT/data/metadata/outcomes"
  CHILD='' STOPPED=''
  # cron gives a bare PATH; the prefix is the tests' door for stand-ins
  PATH="${DATALAKE_PATH_PREFIX:+$DATALAKE_PATH_PREFIX:}${PATH:-/usr/bin:/bin}"
  PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin"
  unset PYTHONHOME
  export PATH PYTHONPATH="$ROOT/src" PYTHONNOUSERSITE=1 PYTHONUTF8=1 PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
  umask 027 # the lake's group may read what is published, other accounts of the host no research data
  trap '' PIPE && trap 'stop 143' TERM && trap 'stop 130' INT && trap 'stop 129' HUP
  open_descriptors "$ROOT/logs/$1"
}

open_descriptors() { # LOG: no closed 0, 1, 2 for a file of ours to land on; fd 4 is the log, or else stderr
  LOG=$1
  exec </dev/null
  if ! true 3>&1; then exec >/dev/null; fi 2>/dev/null
  if ! true 3>&2; then exec 2>/dev/null; fi
  mkdir -p "$ROOT/logs" 2>/dev/null || true
  if (: >>"$LOG") 2>/dev/null; then exec 4>>"$LOG"; else
    exec 4>&2
    warn "$LOG cannot be written: what belongs there is here"
  fi
}

warn() { # TEXT: one line on stderr, which cron mails
  printf '%s: %s\n' "${0##*/}" "$1" >&2 || true
}

note() { # TEXT: one line in the log
  printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$1" >&4 || true
}

stop() { # STATUS: a signal came; pass TERM on (a child started with & ignores INT) and let the run end
  STOPPED=$1
  if [ -n "$CHILD" ]; then kill -TERM "$CHILD" 2>/dev/null || true; fi
}

run_child() { # COMMAND...: run it so that a signal to us ends it at once; return its status when it is gone
  local status=0 code last=''
  if [ -n "$STOPPED" ]; then return "$STOPPED"; fi
  if [ -n "$SHOW" ]; then "$@" & else "$@" >&4 2>&4 & fi
  CHILD=$!
  if [ -n "$STOPPED" ]; then stop "$STOPPED"; fi # it came between the two lines above
  wait "$CHILD" 2>/dev/null || status=$? # without the line that Bash has for a child that was killed
  while [ -n "$STOPPED" ] && [ -z "$last" ]; do # a signal breaks a wait off: wait on, for the child's own status
    kill -0 "$CHILD" 2>/dev/null || last=1
    code=0 && wait "$CHILD" 2>/dev/null || code=$?
    if [ "$code" -ne 127 ]; then status=$code; fi # 127: Bash has told it already
  done
  CHILD=''
  return "$status"
}

hold_lock() { # the lock on fd 9, taken by the first Python that runs: sets RUN_ID and PYTHON; exits 75 where it is held
  local python said status lock="$ROOT/logs/cron_runner.lock"
  RUN_ID="$(date -u +%Y%m%dT%H%M%SZ)-$$"
  if (umask 077 && : >>"$lock") 2>/dev/null; then # other accounts must not be able to hold it
    exec 9>>"$lock"
  elif [ -r "$lock" ]; then exec 9<"$lock"; else exec 9<"$ROOT/logs"; fi # logs/ read-only: a lock needs no writing
  for python in "$ROOT/venv/bin/python" "${DATALAKE_PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    status=0
    said=$("$python" -I "$ROOT/src/datalake/runs/lockfile.py" "$$" "$RUN_ID" "$TRIGGER" 2>/dev/null) || status=$?
    case $status in
      0) PYTHON=$python && if [ -n "$said" ]; then warn "$said"; fi && return 0 ;;
      75) note "$said" && warn "$said" && exit 75 ;;
      *) ;; # not there, or a name with nothing behind it
    esac
  done
  leave_exit 1 python
  last_ditch "no Python runs here, so the nightly load did not. Install Python 3.11 to 3.13."
  exit 1
}

leave_exit() { # STATUS REASON: what is recorded of a run that could not leave its outcome, by the next one if need be
  mkdir -p "$OUTCOMES" 2>/dev/null || true
  printf 'exit_code=%s\nreason=%s\ntrigger=%s\nend=%s\n' "$1" "$2" "$TRIGGER" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    2>/dev/null >"$OUTCOMES/$RUN_ID.exit" || true
}

prepare_environment() { # venv as the lock file says; where it is, this starts no Python
  local venv="$ROOT/venv/bin/python"
  if [ "$PYTHON" != "$venv" ] || [ ! -x "$venv" ] || ! is_installed requirements.lock ||
    { [ "${DATALAKE_DEV:-}" = 1 ] && ! is_installed requirements-dev.lock; }; then
    run_child "$PYTHON" -m datalake.environment ${SHOW:+--log "$LOG"} 9>&- || return
  fi
  PYTHON=$venv
}

is_installed() { cmp -s "$ROOT/$1" "$ROOT/venv/$1"; } # LOCK FILE

last_ditch() { # TEXT: tell a person when Python cannot: fixed words and the host's name, to whom cron mails
  local to="${MAILTO-$(id -un)}"
  warn "$1"
  if [ -z "$to" ] || ! command -v sendmail >/dev/null; then return 0; fi
  printf 'Subject: Research Data Lake: a person is needed\n\n%s: %s\nHost: %s\n' "${0##*/}" "$1" "$(uname -n)" |
    sendmail -i -- "$to" >/dev/null 2>&1 9>&- & # not waited for: it may hang
}

run_module() { # MODULE ARGS...: sets STATUS. For the entrypoints that only look and tell; they set nothing up
  PYTHON="$ROOT/venv/bin/python" STATUS=0
  export DATALAKE_SAY=5 # what the log does not take, on a full disk, is said where cron mails it
  run_child "$PYTHON" -m "$@" 5>&2 || STATUS=$?
  if [ "$STATUS" -eq 0 ] || [ -n "$STOPPED" ] || "$PYTHON" -c "import yaml, $1" >&4 2>&4; then return 0; fi
  last_ditch "its Python environment (venv) does not work. Mend it: python3 manage.py setup. See $LOG"
  exit 1 # yaml stands for all that was installed
}

leave() { # end an entrypoint that only looks and tells
  STATUS=${STOPPED:-$STATUS}
  if [ "$STATUS" -ne 0 ]; then warn "ended with exit code $STATUS. See $LOG"; fi
  exit "$STATUS"
}
