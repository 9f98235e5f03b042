-- the audit of exports, and guarded CSV text
-- depends: 0008_dead_letters

-- migrate: apply

CREATE TABLE exports (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    format text COLLATE "C" NOT NULL CHECK (format IN ('xlsx', 'csv', 'jsonl')),
    filter jsonb NOT NULL,
    language text COLLATE "C" NOT NULL,
    timezone text COLLATE "C" NOT NULL,
    requested_by text NOT NULL,
    key_id uuid,                             -- null: the bootstrap key, or the command line
    requested_at timestamptz NOT NULL DEFAULT now(),
    ends_by timestamptz NOT NULL,            -- without an outcome by then, whatever made it was killed
    command_id text COLLATE "C",             -- of the ledger of a command, whose items it has; null: of logs
    item_state text COLLATE "C",             -- only items in this state
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE exports IS
    'Who exported what. Written before the first row is read, never changed: not even by the owner. Kept for ever.';

CREATE INDEX exports_by_time ON exports (account, requested_at DESC, id DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Like its outcome, the only table that a reader may add to: an export from the query API is in the audit too.
GRANT SELECT, INSERT ON exports TO conexoes_reader, conexoes_writer;
ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON exports TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON exports TO conexoes_reader
    USING (account = current_setting('conexoes.account', true))
    WITH CHECK (account = current_setting('conexoes.account', true));

CREATE TABLE export_outcomes (
    account text COLLATE "C" NOT NULL,
    export_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('done', 'failed', 'cancelled', 'lost')),
    rows bigint CHECK (rows >= 0),           -- null: not known
    reason jsonb CHECK (reason ? 'code' AND reason ? 'parameters'),  -- why it is not done: schemas.reasons
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, export_id),
    CHECK (state <> 'done' OR rows IS NOT NULL)
);

COMMENT ON TABLE export_outcomes IS
    'How an export ended; no row when the process that made it could not say. '
    'Never changed: not even by the owner. Kept for ever.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON export_outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON export_outcomes TO conexoes_reader, conexoes_writer;
ALTER TABLE export_outcomes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON export_outcomes TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON export_outcomes TO conexoes_reader
    USING (account = current_setting('conexoes.account', true))
    WITH CHECK (account = current_setting('conexoes.account', true));

-- Text for a CSV cell. A spreadsheet runs what begins with = + - @ (or their full-width forms), also after a tab or
-- line break that it drops: such text gets an apostrophe before it. So does text that begins with an apostrophe, so
-- that taking one off the beginning always gives the text back.
CREATE FUNCTION csv_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE
        WHEN ascii(value) IN (61, 43, 45, 64, 9, 10, 13, 39, 65309, 65291, 65293, 65312) THEN '''' || value
        ELSE value
    END
$function$;

-- migrate: rollback
