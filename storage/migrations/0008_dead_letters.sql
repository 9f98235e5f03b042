-- dead letters
-- depends: 0007_faults

-- migrate: apply

CREATE TABLE dead_letters (
    account text COLLATE "C" NOT NULL,       -- schemas.dead_letter.account_of; '': only keys for every account see it
    id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,          -- schemas.refusal.DeadLetterCode
    -- schemas.reasons. The topic has the sentence.
    reason jsonb NOT NULL CHECK (reason ? 'code' AND reason ? 'parameters'),
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    position integer NOT NULL,               -- in a batch of events; 0 otherwise
    key bytea,
    headers jsonb NOT NULL,                  -- [[name, base64 of the value or null], …]
    value bytea NOT NULL,
    value_bytes integer NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE dead_letters IS
    'What could not be a result or a command. The topic has the same; this is what people read. '
    'Kept for CONEXOES_DEAD_LETTER_RETENTION_DAYS.';

CREATE INDEX dead_letters_by_time ON dead_letters (account, received_at DESC, id DESC);
CREATE INDEX dead_letters_by_age ON dead_letters (received_at);

GRANT SELECT, INSERT ON dead_letters TO conexoes_writer;
GRANT SELECT ON dead_letters TO conexoes_reader;
ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON dead_letters TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON dead_letters FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
-- For callers whose key is for every account: they set conexoes.every_account.
CREATE POLICY unattributed ON dead_letters FOR SELECT TO conexoes_reader
    USING (account = '' AND current_setting('conexoes.every_account', true) = 'on');

-- Deletes up to `most` dead letters that are older than `retention_days`, oldest first. Returns how many.
CREATE FUNCTION forget_dead_letters(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, id FROM dead_letters
        WHERE received_at < now() - kept_for(retention_days)
        ORDER BY received_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM dead_letters d USING expired e WHERE d.account = e.account AND d.id = e.id RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION forget_dead_letters(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_dead_letters(integer, integer) TO conexoes_writer;

-- migrate: rollback
