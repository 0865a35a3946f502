-- What is looked for in large versions and long histories.

-- A client may ask for the content of one entry by its hash.
CREATE INDEX entry_by_digest ON entry (manifest_id, digest);

-- The step of a line of the history; of one that does not say, its number.
ALTER TABLE run_line ADD COLUMN step INTEGER GENERATED ALWAYS AS (
    CASE WHEN json_valid(text) AND json_type(text, '$._step') = 'integer'
         THEN json_extract(text, '$._step') ELSE number END
) VIRTUAL;
CREATE INDEX run_line_by_step ON run_line (run_id, step) WHERE stream = 0;
