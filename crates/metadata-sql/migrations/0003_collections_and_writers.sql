-- Portfolios, several writers of one version, and what clients call things.

-- SQLite wants a default for a new column; the next line replaces it.
ALTER TABLE artifact_type ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
UPDATE artifact_type
SET created_at = coalesce((SELECT min(created_at) FROM collection WHERE type_id = artifact_type.id), 0);

-- A new table, as SQLite cannot take a constraint away: the name of a deleted collection is free again.
CREATE TABLE new_collection (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id   INTEGER NOT NULL REFERENCES project (id),
    kind         TEXT NOT NULL CHECK (kind IN ('SEQUENCE', 'PORTFOLIO')),
    name         TEXT NOT NULL,
    type_id      INTEGER NOT NULL REFERENCES artifact_type (id),
    description  TEXT,
    -- The index that the next version of it gets; never goes back.
    next_index   INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    -- The row stays when the collection is deleted: versions refer to it.
    deleted_at   INTEGER
) STRICT;

INSERT INTO new_collection (id, project_id, kind, name, type_id, description, next_index, created_at, updated_at)
SELECT id, project_id, 'SEQUENCE', name, type_id, description, next_index, created_at, updated_at FROM collection;

DROP TABLE collection;
ALTER TABLE new_collection RENAME TO collection;
CREATE UNIQUE INDEX collection_by_name ON collection (project_id, name) WHERE deleted_at IS NULL;

CREATE TABLE collection_tag (
    collection_id  INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    tag            TEXT NOT NULL,
    PRIMARY KEY (collection_id, tag)
) STRICT, WITHOUT ROWID;

-- That a version is in a collection: in its sequence since it was committed, in portfolios since it was linked.
CREATE TABLE membership (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    version_id     INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    collection_id  INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    -- The version's index in this collection.
    idx            INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    UNIQUE (collection_id, idx),
    UNIQUE (version_id, collection_id)
) STRICT;

INSERT INTO membership (version_id, collection_id, idx, created_at)
SELECT id, collection_id, idx, updated_at FROM version WHERE state = 'COMMITTED' ORDER BY id;

ALTER TABLE version ADD COLUMN history_step INTEGER;
-- What its writers have in common, where several write it.
ALTER TABLE version ADD COLUMN distributed_id TEXT;
-- Whether a committed version of the same digest takes its place.
ALTER TABLE version ADD COLUMN deduplicates INTEGER NOT NULL DEFAULT 1;
-- Whether a client elsewhere writes it, which does not end with the process that wrote these rows.
ALTER TABLE version ADD COLUMN is_remote INTEGER NOT NULL DEFAULT 0;
-- The account that created it.
ALTER TABLE version ADD COLUMN created_by TEXT;

CREATE UNIQUE INDEX version_by_distributed_id ON version (collection_id, distributed_id) WHERE state = 'PENDING';
-- No longer unique, as a client may ask for a version of its own.
DROP INDEX version_by_digest;
CREATE INDEX version_by_digest ON version (collection_id, digest, algorithm, idx) WHERE state = 'COMMITTED';

-- Pending versions that turned out to equal a committed one: whoever holds the id goes on with that one.
CREATE TABLE merged_version (
    id          INTEGER PRIMARY KEY,
    version_id  INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE
) STRICT;

-- What clients call versions and sequences before they know the ids of the store.
CREATE TABLE client_id (
    client_id      TEXT PRIMARY KEY,
    version_id     INTEGER REFERENCES version (id) ON DELETE CASCADE,
    collection_id  INTEGER REFERENCES collection (id) ON DELETE CASCADE,
    CHECK ((version_id IS NULL) <> (collection_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX client_id_by_version ON client_id (version_id) WHERE version_id IS NOT NULL;

-- Which runs log a version, in the order in which they did.
CREATE TABLE output (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES run (id),
    version_id  INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    UNIQUE (version_id, run_id)
) STRICT;

CREATE INDEX output_by_run ON output (run_id);

INSERT INTO output (run_id, version_id) SELECT run_id, id FROM version WHERE run_id IS NOT NULL ORDER BY id;

CREATE INDEX usage_by_run ON usage (run_id);

-- A new table, as SQLite cannot take a constraint away: a version that several write has a manifest of each.
CREATE TABLE new_manifest (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    version_id       INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL,
    base_version_id  INTEGER REFERENCES version (id) ON DELETE SET NULL,
    -- The run that writes it.
    run_id           INTEGER REFERENCES run (id),
    -- The manifest file, once it is there and agrees with the entries.
    digest           BLOB,
    blob_id          INTEGER REFERENCES blob (id),
    CHECK ((digest IS NULL) = (blob_id IS NULL))
) STRICT;

INSERT INTO new_manifest (id, version_id, kind, base_version_id, digest, blob_id)
SELECT id, version_id, kind, base_version_id, digest, blob_id FROM manifest;

-- Ids that were given out before are not given again, although their rows are gone.
DELETE FROM sqlite_sequence WHERE name = 'new_manifest';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_manifest', seq FROM sqlite_sequence WHERE name = 'manifest';

DROP TABLE manifest;
ALTER TABLE new_manifest RENAME TO manifest;
CREATE INDEX manifest_by_version ON manifest (version_id, run_id);
CREATE UNIQUE INDEX manifest_full ON manifest (version_id) WHERE kind = 'wandb_manifest.json';
CREATE INDEX manifest_by_base ON manifest (base_version_id);
CREATE INDEX manifest_by_blob ON manifest (blob_id);
