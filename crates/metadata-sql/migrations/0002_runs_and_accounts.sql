-- What a server needs of runs, and who may use it.

-- Closed to all but the account of this name and the operator. It stays so when the account is removed: what was
-- somebody's own does not become everybody's.
ALTER TABLE entity ADD COLUMN is_personal INTEGER NOT NULL DEFAULT 0;

CREATE TABLE account (
    entity_id   INTEGER PRIMARY KEY REFERENCES entity (id),
    created_at  INTEGER NOT NULL
) STRICT;

-- Keys are kept hashed: whoever reads this table can use none of them.
CREATE TABLE api_key (
    hash        BLOB PRIMARY KEY CHECK (length(hash) = 32),
    account_id  INTEGER NOT NULL REFERENCES account (entity_id) ON DELETE CASCADE,
    -- The first characters of the key, by which its owner recognises it.
    prefix      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_by_account ON api_key (account_id);

-- What the store keeps for itself, once.
CREATE TABLE setting (
    name   TEXT PRIMARY KEY,
    value  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE project ADD COLUMN description TEXT;
-- SQLite wants a default for a new column; the next line replaces it.
ALTER TABLE project ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE project SET updated_at = created_at;

-- A new table, as SQLite cannot make a key AUTOINCREMENT afterwards: an id that was given out never comes to mean
-- another run.
CREATE TABLE new_run (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id    INTEGER NOT NULL REFERENCES project (id),
    run_id        TEXT NOT NULL,
    display_name  TEXT,
    description   TEXT,
    notes         TEXT,
    job_type      TEXT,
    run_group     TEXT,
    git_commit    TEXT,
    repo          TEXT,
    program       TEXT,
    host          TEXT,
    sweep         TEXT,
    tags          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
    -- As clients shape it: `{"key": {"value": …}}`.
    config        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(config)),
    summary       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(summary)),
    -- That a running one has crashed is not recorded: the heartbeat tells.
    state         TEXT NOT NULL
                  CHECK (state IN ('running', 'finished', 'failed', 'crashed', 'preempting', 'pending')),
    exit_code     INTEGER,
    stop_asked    INTEGER NOT NULL DEFAULT 0,
    created_by    INTEGER REFERENCES entity (id),
    created_at    INTEGER NOT NULL,
    heartbeat_at  INTEGER NOT NULL,
    finished_at   INTEGER,
    -- The row stays when the run is deleted: versions and their lineage refer to it.
    deleted_at    INTEGER,
    UNIQUE (project_id, run_id)
) STRICT;

INSERT INTO new_run (id, project_id, run_id, display_name, notes, job_type, run_group, tags, config, state, exit_code,
                     created_at, heartbeat_at, finished_at)
SELECT id, project_id, run_id, display_name, notes, job_type, run_group, tags,
       -- The values were not wrapped before.
       (SELECT json_group_object(key, json_object('value', CASE type
                   WHEN 'object' THEN json(value) WHEN 'array' THEN json(value)
                   WHEN 'true' THEN json('true') WHEN 'false' THEN json('false')
                   ELSE value END))
        FROM json_each(run.config)),
       CASE exit_code WHEN 0 THEN 'finished' ELSE iif(exit_code IS NULL, 'running', 'failed') END, exit_code,
       created_at, coalesce(finished_at, created_at), finished_at
FROM run;

DROP TABLE run;
ALTER TABLE new_run RENAME TO run;

-- A line that was never written has no row.
CREATE TABLE run_line (
    run_id  INTEGER NOT NULL REFERENCES run (id),
    -- 0 for history, 1 for events, 2 for the console.
    stream  INTEGER NOT NULL,
    number  INTEGER NOT NULL CHECK (0 <= number),
    text    TEXT NOT NULL,
    PRIMARY KEY (run_id, stream, number)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a deleted file never comes to mean another.
CREATE TABLE run_file (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      INTEGER NOT NULL REFERENCES run (id),
    name        TEXT NOT NULL,
    blob_id     INTEGER NOT NULL REFERENCES blob (id),
    md5         BLOB NOT NULL CHECK (length(md5) = 16),
    updated_at  INTEGER NOT NULL,
    UNIQUE (run_id, name)
) STRICT;

CREATE INDEX run_file_by_blob ON run_file (blob_id);
CREATE INDEX version_by_run ON version (run_id);
