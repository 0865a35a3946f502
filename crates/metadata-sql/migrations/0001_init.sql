-- Times are milliseconds since 1970-01-01T00:00:00Z. Texts compare bytewise (BINARY), which is the order of paths.

CREATE TABLE entity (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE project (
    id          INTEGER PRIMARY KEY,
    entity_id   INTEGER NOT NULL REFERENCES entity (id),
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (entity_id, name)
) STRICT;

CREATE TABLE run (
    id            INTEGER PRIMARY KEY,
    project_id    INTEGER NOT NULL REFERENCES project (id),
    run_id        TEXT NOT NULL,
    display_name  TEXT,
    job_type      TEXT,
    run_group     TEXT,
    notes         TEXT,
    tags          TEXT NOT NULL CHECK (json_valid(tags)),
    config        TEXT NOT NULL CHECK (json_valid(config)),
    exit_code     INTEGER,
    created_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    UNIQUE (project_id, run_id)
) STRICT;

CREATE TABLE artifact_type (
    id          INTEGER PRIMARY KEY,
    project_id  INTEGER NOT NULL REFERENCES project (id),
    name        TEXT NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

CREATE TABLE collection (
    id           INTEGER PRIMARY KEY,
    project_id   INTEGER NOT NULL REFERENCES project (id),
    name         TEXT NOT NULL,
    type_id      INTEGER NOT NULL REFERENCES artifact_type (id),
    description  TEXT,
    -- The index that the next committed version gets; never goes back.
    next_index   INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

-- AUTOINCREMENT: an id that was given out never comes to mean another version.
CREATE TABLE version (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id   INTEGER NOT NULL REFERENCES collection (id),
    idx             INTEGER,
    state           TEXT NOT NULL CHECK (state IN ('PENDING', 'COMMITTED', 'DELETED')),
    digest          BLOB NOT NULL CHECK (length(digest) = 16),
    algorithm       TEXT NOT NULL,
    description     TEXT,
    metadata        TEXT NOT NULL CHECK (json_valid(metadata)),
    ttl             INTEGER NOT NULL,
    size            INTEGER NOT NULL DEFAULT 0,
    file_count      INTEGER NOT NULL DEFAULT 0,
    run_id          INTEGER REFERENCES run (id),
    -- What it is to be called once it is committed.
    wanted_aliases  TEXT NOT NULL CHECK (json_valid(wanted_aliases)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (collection_id, idx),
    CHECK ((state = 'PENDING') = (idx IS NULL))
) STRICT;

CREATE UNIQUE INDEX version_by_digest ON version (collection_id, digest, algorithm) WHERE state = 'COMMITTED';
CREATE INDEX version_pending ON version (state) WHERE state = 'PENDING';

CREATE TABLE alias (
    collection_id  INTEGER NOT NULL REFERENCES collection (id),
    alias          TEXT NOT NULL,
    version_id     INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    PRIMARY KEY (collection_id, alias)
) STRICT, WITHOUT ROWID;

CREATE INDEX alias_by_version ON alias (version_id);

CREATE TABLE tag (
    version_id  INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    tag         TEXT NOT NULL,
    PRIMARY KEY (version_id, tag)
) STRICT, WITHOUT ROWID;

-- Which runs use a version, in the order in which they began to.
CREATE TABLE usage (
    id             INTEGER PRIMARY KEY,
    version_id     INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    run_id         INTEGER NOT NULL REFERENCES run (id),
    first_used_at  INTEGER NOT NULL,
    UNIQUE (version_id, run_id)
) STRICT;

-- A row means that the bytes are whole and durable. A file without a row means nothing.
CREATE TABLE blob (
    id    INTEGER PRIMARY KEY,
    key   BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
    size  INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: the lowest id that holds a blob is the version that stored it first.
CREATE TABLE manifest (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    version_id       INTEGER NOT NULL UNIQUE REFERENCES version (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL,
    base_version_id  INTEGER REFERENCES version (id) ON DELETE SET NULL,
    -- The manifest file, once it is there and agrees with the entries.
    digest           BLOB,
    blob_id          INTEGER REFERENCES blob (id),
    CHECK ((digest IS NULL) = (blob_id IS NULL))
) STRICT;

CREATE INDEX manifest_by_base ON manifest (base_version_id);
CREATE INDEX manifest_by_blob ON manifest (blob_id);

CREATE TABLE entry (
    manifest_id       INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    path              TEXT NOT NULL,
    -- The hash, or the text of an opaque digest.
    digest            BLOB NOT NULL,
    -- NULL where the digest is opaque.
    algorithm         TEXT,
    -- NULL where the store of a reference does not say.
    size              INTEGER,
    blob_id           INTEGER REFERENCES blob (id),
    reference         TEXT,
    -- JSON; NULL for nothing.
    extra             TEXT,
    -- Not a foreign key: the version that stored the content first may be deleted while this one stays.
    birth_version_id  INTEGER,
    PRIMARY KEY (manifest_id, path),
    CHECK ((blob_id IS NULL) <> (reference IS NULL)),
    CHECK (blob_id IS NULL OR (algorithm IS NOT NULL AND size IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The primary key follows the blob within this index, so the first manifest of a blob is its first row.
CREATE INDEX entry_by_blob ON entry (blob_id);
