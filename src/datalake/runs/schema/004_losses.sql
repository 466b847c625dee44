-- What became of a database that was damaged or gone when it was needed: told by the next check, once.

CREATE TABLE loss (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    said  TEXT NOT NULL,              -- one or two sentences: what happened, where the old one lies, what is lost
    told  INTEGER NOT NULL DEFAULT 0
);
