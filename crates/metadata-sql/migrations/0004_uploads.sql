-- Files that arrive in parts.

-- AUTOINCREMENT: an id that was given out never comes to mean another file.
CREATE TABLE parts_upload (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The entry that it is to be the content of.
    manifest_id  INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    path         TEXT NOT NULL,
    -- Of the whole; no size where the client did not say.
    digest       BLOB NOT NULL CHECK (length(digest) = 16),
    algorithm    TEXT NOT NULL,
    size         INTEGER
) STRICT;

CREATE INDEX parts_upload_by_manifest ON parts_upload (manifest_id);

-- What was announced. Whether a part is here, the folder of parts says.
CREATE TABLE part (
    upload_id  INTEGER NOT NULL REFERENCES parts_upload (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    md5        BLOB NOT NULL CHECK (length(md5) = 16),
    PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;
