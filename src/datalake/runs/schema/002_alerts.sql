-- What is wrong and since when, what is to be told to whom, and when somebody last looked. Instants are UTC, ISO form.

CREATE TABLE incident (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,  -- what people say: problem 142
    key          TEXT NOT NULL,       -- what is wrong, never a run or a date: load, feed:grants:old, disk
    title        TEXT NOT NULL,       -- in words, for lists
    feed         TEXT NOT NULL DEFAULT '',
    signature    TEXT NOT NULL,       -- how it is wrong now
    told         TEXT NOT NULL DEFAULT '',  -- the signature that was last told; '' if nobody was told yet
    opened_at    TEXT NOT NULL,
    seen_at      TEXT NOT NULL,
    told_at      TEXT,
    remind_at    TEXT,
    occurrences  INTEGER NOT NULL DEFAULT 1,
    notices      INTEGER NOT NULL DEFAULT 0,
    nights       TEXT NOT NULL DEFAULT '[]',  -- JSON: the nights it spoilt
    parent       TEXT NOT NULL DEFAULT '',    -- key of the one that explains it
    audience     TEXT NOT NULL DEFAULT '',    -- the one channel that hears of it; '': all that hear of everything
    acked_until  TEXT,
    acked_by     TEXT NOT NULL DEFAULT '',
    closed_at    TEXT                 -- null: open
);
CREATE UNIQUE INDEX incident_open ON incident (key) WHERE closed_at IS NULL;

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    notice      TEXT NOT NULL,        -- the same on every channel and every try: problem-142-1, run-20251105T070000Z-1
    channel     TEXT NOT NULL,
    incident    INTEGER REFERENCES incident (number),
    kind        TEXT NOT NULL,        -- success notes opened changed reminder recovered weekly test ...
    thread      TEXT NOT NULL DEFAULT '',
    message     TEXT NOT NULL,        -- JSON
    created_at  TEXT NOT NULL,
    not_before  TEXT NOT NULL,
    expires_at  TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL DEFAULT 'pending',  -- pending sending sent queued refused expired superseded
    leased_till TEXT,
    unsure      INTEGER NOT NULL DEFAULT 0,       -- an earlier try may have arrived
    answer      TEXT NOT NULL DEFAULT '',
    sent_at     TEXT,
    UNIQUE (notice, channel)
);
CREATE INDEX outbox_due ON outbox (state, not_before);

CREATE TABLE channel (
    name      TEXT PRIMARY KEY,
    dead_at   TEXT,                   -- null: it works as far as is known
    answer    TEXT NOT NULL DEFAULT '',
    sent_at   TEXT                    -- the last message that went out
);

CREATE TABLE silence (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    key     TEXT NOT NULL,            -- of an incident, or its beginning up to a colon
    until   TEXT NOT NULL,            -- nothing is silent for ever
    who     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    made_at TEXT NOT NULL
);

CREATE TABLE proof (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    channel  TEXT NOT NULL,
    code     TEXT NOT NULL,
    sent_at  TEXT NOT NULL,
    seen_at  TEXT,                    -- a person typed the code that had arrived
    seen_by  TEXT NOT NULL DEFAULT ''
);

CREATE TABLE look (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT NOT NULL,
    night   TEXT NOT NULL,            -- the latest that was judged
    state   TEXT NOT NULL,            -- ok, or what was wrong
    told    TEXT NOT NULL DEFAULT '[]'        -- JSON: nights of before it that it told of, all over by then
);
