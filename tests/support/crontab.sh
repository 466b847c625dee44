#!/bin/sh
# A crontab command of our own, so that no test touches the developer's: keeps one table beside itself.
table="$(dirname "$0")/table"
case "$1" in
  -l) [ -f "$table" ] || { echo "no crontab for someone" >&2; exit 1; }; cat "$table" ;;
  -) cat >"$table" ;;
esac
