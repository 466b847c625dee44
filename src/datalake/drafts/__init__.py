"""Rules for a new feed, guessed from files of it."""
