-- What many writers of one version have at one path, above it and below it, however many they are.

-- Of an entry of a manifest that is not full, the version it is to become part of.
ALTER TABLE entry ADD COLUMN share_of INTEGER;
UPDATE entry SET share_of = (SELECT version_id FROM manifest WHERE id = manifest_id)
WHERE manifest_id IN (SELECT id FROM manifest WHERE kind <> 'wandb_manifest.json');
CREATE INDEX entry_of_share ON entry (share_of, path) WHERE share_of IS NOT NULL;
