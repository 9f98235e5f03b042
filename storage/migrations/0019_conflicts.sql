-- conflicts, the extensions of an event, and the trace of a retry
-- depends: 0018_alterations

-- migrate: apply

-- JSON of the CloudEvents extensions of an event in binary mode; a structured one has them in its body. Null: none.
ALTER TABLE attempts ADD COLUMN extensions text;

-- W3C Trace Context of the retry that was sent last. Null: it had none.
ALTER TABLE reprocess_items ADD COLUMN traceparent text;
GRANT UPDATE (traceparent) ON reprocess_items TO conexoes_writer;

CREATE TABLE conflicts (
    account text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,                    -- of the entity that it is about, which may have no log
    id uuid NOT NULL,                        -- hash of the result's id and body
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    processed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, log_id, id)
);

COMMENT ON TABLE conflicts IS
    'One row for each result that was refused, since another one had its source and id. Kept for CONEXOES_RETENTION_DAYS.';

CREATE INDEX conflicts_by_age ON conflicts (received_at);

GRANT SELECT, INSERT ON conflicts TO conexoes_writer;
GRANT SELECT ON conflicts TO conexoes_reader;
ALTER TABLE conflicts ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON conflicts TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON conflicts FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Deletes up to `most` conflicts that came longer than `retention_days` ago, oldest first. Returns their number. Uses
-- conflicts_by_age.
CREATE FUNCTION forget_conflicts(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, log_id, id FROM conflicts
        WHERE received_at < now() - kept_for('attempts', retention_days)
        ORDER BY received_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM conflicts c USING expired e
        WHERE c.account = e.account AND c.log_id = e.log_id AND c.id = e.id
        RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION forget_conflicts(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_conflicts(integer, integer) TO conexoes_writer;

-- As before, and the extensions go too.
CREATE OR REPLACE FUNCTION expire_evidence(retention_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    expired integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.expire_evidence')) THEN
        RETURN 0;
    END IF;
    WITH old AS (
        SELECT log_id, processed_at, result_id FROM attempts
        WHERE evidence_expired_at IS NULL AND received_at < now() - kept_for('evidence', retention_days)
        ORDER BY received_at
        LIMIT most
    )
    UPDATE attempts a
    SET body = without_evidence(a.body::json, a.structured)::text, extensions = NULL, evidence_expired_at = now()
    FROM old
    WHERE a.log_id = old.log_id AND a.processed_at = old.processed_at AND a.result_id = old.result_id;
    GET DIAGNOSTICS expired = ROW_COUNT;
    RETURN expired;
END
$function$;

-- migrate: rollback
