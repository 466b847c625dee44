"""The entrypoints as cron calls them: real Bash, real locks, real signals, in a copy of the project."""
