-- One row a run, then what it did: per feed, per file, per stage. Seconds are seconds, texts are UTF-8.

CREATE TABLE etl_runtime (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    date         TEXT,               -- of the start, local time of the configured zone, as are the two times
    hostname     TEXT,
    start_time   TEXT,
    end_time     TEXT,
    runtime_sec  NUMERIC,            -- monotonic, from the lock to the end of publish
    runtime_min  NUMERIC,
    status       TEXT,               -- success | failure
    run_id       TEXT UNIQUE,        -- null: written by hand, or before there were ids
    night        TEXT,               -- the local date of the night it served
    start_utc    TEXT,
    end_utc      TEXT,
    utc_offset   TEXT,               -- of the start, like -05:00
    zone         TEXT,
    "trigger"    TEXT,               -- cron hand again boot retry approve demo
    exit_code    INTEGER,
    demo         INTEGER NOT NULL DEFAULT 0,
    error        TEXT NOT NULL DEFAULT '',
    fix          TEXT NOT NULL DEFAULT '',
    notes        TEXT NOT NULL DEFAULT '[]',  -- JSON: [{kind, text, feed}]
    rows_read    INTEGER,
    accepted     INTEGER,
    rejected     INTEGER
);
CREATE INDEX etl_runtime_night ON etl_runtime (night);
CREATE INDEX etl_runtime_start ON etl_runtime (start_utc);

CREATE TABLE etl_feed (
    id          INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES etl_runtime (run_id),
    feed        TEXT NOT NULL,
    status      TEXT NOT NULL,
    as_of       TEXT,                -- the data date that the published table shows
    rows        INTEGER NOT NULL,
    kept        INTEGER NOT NULL,    -- kept from an earlier file because tonight's were rejected
    new         INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    gone        INTEGER NOT NULL,
    rows_read   INTEGER NOT NULL,    -- the rest: sums over the feed's files
    accepted    INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    duplicates  INTEGER NOT NULL,
    superseded  INTEGER NOT NULL,
    excluded    INTEGER NOT NULL,
    seconds     REAL NOT NULL,
    reason      TEXT NOT NULL,
    fix         TEXT NOT NULL,
    UNIQUE (run_id, feed)
);
CREATE INDEX etl_feed_feed ON etl_feed (feed, id);

CREATE TABLE etl_file (
    id                INTEGER PRIMARY KEY,
    run_id            TEXT NOT NULL REFERENCES etl_runtime (run_id),
    feed              TEXT NOT NULL,
    name              TEXT NOT NULL,
    status            TEXT NOT NULL,
    delivery          TEXT NOT NULL, -- first 12 hex digits of the sha256
    data_date         TEXT,
    rows_read         INTEGER NOT NULL,
    accepted          INTEGER NOT NULL,
    rejected          INTEGER NOT NULL,
    duplicates        INTEGER NOT NULL,
    superseded        INTEGER NOT NULL,
    excluded          INTEGER NOT NULL,
    rejected_by_rule  TEXT NOT NULL, -- JSON: {rule: rows}
    fixes             TEXT NOT NULL, -- JSON: {column: {fix: cells}}
    reason            TEXT NOT NULL,
    fix               TEXT NOT NULL,
    seconds           REAL NOT NULL
);
CREATE INDEX etl_file_run ON etl_file (run_id);
CREATE INDEX etl_file_feed ON etl_file (feed, id);

CREATE TABLE etl_stage (
    id       INTEGER PRIMARY KEY,
    run_id   TEXT NOT NULL REFERENCES etl_runtime (run_id),
    stage    TEXT NOT NULL,
    feed     TEXT NOT NULL,          -- '' for the whole run
    seconds  REAL NOT NULL
);
CREATE INDEX etl_stage_run ON etl_stage (run_id);
