-- corrections: what a person changed in requests that are sent again
-- depends: 0030_health

-- migrate: apply

SET LOCAL lock_timeout = '2s';

ALTER TABLE reprocess_items ADD COLUMN corrected boolean NOT NULL DEFAULT false;

-- Evidence, as the request is: apart from items, so that who may not see evidence reads none by mistake, and with the id
-- of the log, so that it goes with the log.
CREATE TABLE reprocess_corrections (
    account text COLLATE "C" NOT NULL,
    item_id uuid NOT NULL,
    log_id uuid NOT NULL,
    -- [[pointer, before, after], …]: values as JSON texts, for every digit; null once they have expired
    changes jsonb NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),  -- SHA-256 of the corrected request: nothing else is sent
    made_at timestamptz NOT NULL DEFAULT now(),
    received_at timestamptz NOT NULL,  -- when the result came whose request it is: the values are as old as that
    expired_at timestamptz,
    PRIMARY KEY (account, item_id)
);

COMMENT ON TABLE reprocess_corrections IS
    'One row for each item whose request a person has corrected: what was changed. Its command says who and when. '
    'Kept as long as its log; the values for CONEXOES_EVIDENCE_RETENTION_DAYS, or else CONEXOES_RETENTION_DAYS.';

CREATE INDEX reprocess_corrections_by_log ON reprocess_corrections (log_id);
CREATE INDEX reprocess_corrections_with_values ON reprocess_corrections (received_at) WHERE expired_at IS NULL;

GRANT SELECT, INSERT ON reprocess_corrections TO conexoes_writer;
GRANT SELECT ON reprocess_corrections TO conexoes_reader;
ALTER TABLE reprocess_corrections ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_corrections TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_corrections FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Takes the values out of up to `most` corrections of requests that came longer than `retention_days` ago. Returns their
-- number. Evidence may go when its own floor lets it, or with its attempts. Uses reprocess_corrections_with_values.
CREATE FUNCTION expire_corrections(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH old AS (
        SELECT account, item_id FROM reprocess_corrections
        WHERE expired_at IS NULL
          AND received_at < now() - least(kept_for('evidence', retention_days), kept_for('attempts', retention_days))
        ORDER BY received_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    expired AS (
        UPDATE reprocess_corrections c
        SET expired_at = now(), changes = (
            SELECT jsonb_agg(jsonb_build_array(each.change -> 0, NULL, NULL) ORDER BY each.number)
            FROM jsonb_array_elements(c.changes) WITH ORDINALITY AS each (change, number)
        )
        FROM old o WHERE c.account = o.account AND c.item_id = o.item_id
        RETURNING 1
    )
    SELECT count(*)::integer FROM expired
$function$;

REVOKE ALL ON FUNCTION expire_corrections(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_corrections(integer, integer) TO conexoes_writer;

-- A workbook in which requests can be corrected has fields of them.
ALTER TABLE exports ADD COLUMN has_evidence boolean NOT NULL DEFAULT false;

-- migrate: rollback
