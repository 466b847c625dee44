"""Reports: SQL over the published tables, each with a card that says in words what it shows and leaves out."""
