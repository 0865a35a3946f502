-- Manifests of a million entries, and content that is named by its hash alone.

-- Only stored content is looked for by its blob or its hash: a reference need not be kept in order three times.
DROP INDEX entry_by_blob;
-- The primary key follows the blob within this index, so the first manifest of a blob is its first row.
CREATE INDEX entry_by_blob ON entry (blob_id) WHERE blob_id IS NOT NULL;
DROP INDEX entry_by_digest;
-- And here the manifest follows the digest.
CREATE INDEX entry_by_digest ON entry (digest) WHERE blob_id IS NOT NULL;

-- Marks a manifest whose file is being held against its entries in several transactions: a number of whoever does so,
-- gone once anybody else changes the entries.
ALTER TABLE manifest ADD COLUMN storing INTEGER;
