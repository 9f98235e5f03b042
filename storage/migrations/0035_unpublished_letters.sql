-- dead letters that their topic does not have yet
-- depends: 0034_sources

-- migrate: apply

-- Its foreign key waits for the locks of dead_letters.
SET LOCAL lock_timeout = '2s';

-- Apart from dead_letters: without an outage it is empty, so that a look costs the same however many letters there are, and
-- no letter is written anew when its topic has it.
CREATE TABLE unpublished_letters (
    account text COLLATE "C" NOT NULL,          -- of the letter
    letter_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY, -- in the order of arrival
    -- Of the record that the topic will get: [[name, base64 of the value], …] as JSON in UTF-8. In a header's name PostgreSQL
    -- holds no NUL as text, and the letter has neither its sentence whole nor that it was one of a batch.
    headers bytea NOT NULL,
    publish_after timestamptz NOT NULL DEFAULT now(), -- until then a worker publishes it, or it is left after a refusal
    PRIMARY KEY (account, letter_id),
    FOREIGN KEY (account, letter_id) REFERENCES dead_letters (account, id) ON DELETE CASCADE
);

COMMENT ON TABLE unpublished_letters IS
    'Dead letters that their topic did not take, with the headers that it will get. Kept until it has them, as long as the '
    'letter at most.';

CREATE INDEX unpublished_letters_by_number ON unpublished_letters (number);

GRANT SELECT, INSERT, DELETE, UPDATE (publish_after) ON unpublished_letters TO conexoes_writer;
ALTER TABLE unpublished_letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON unpublished_letters TO conexoes_writer USING (true) WITH CHECK (true);

-- As before, and what is erased is not published any more.
CREATE OR REPLACE FUNCTION erase_dead_letters(
    letter_accounts text[], ids uuid[], account text, request jsonb, requested_by text, key_id uuid, key_name text,
    reason text
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    gone integer;
BEGIN
    -- Items are locked before letters, each in the order of their keys, as by agents that settle them; last, in the order of
    -- their numbers, the letters that wait for their topic, as by agents that publish them.
    PERFORM FROM redrive_items i
    JOIN unnest(letter_accounts, ids) AS w (account, id) ON i.letter_account = w.account AND i.letter_id = w.id
    ORDER BY i.account, i.redrive_id, i.number
    FOR UPDATE OF i;
    WITH wanted AS (
        SELECT d.account, d.id FROM dead_letters d
        JOIN unnest(letter_accounts, ids) AS w (account, id) ON d.account = w.account AND d.id = w.id
        WHERE d.state NOT IN ('queued', 'erased')
        ORDER BY d.account, d.id
        FOR UPDATE OF d
    ),
    edits AS (
        DELETE FROM dead_letter_edits e USING wanted w WHERE e.account = w.account AND e.letter_id = w.id
    ),
    unpublished AS MATERIALIZED (
        SELECT u.account, u.letter_id FROM unpublished_letters u
        JOIN wanted w ON u.account = w.account AND u.letter_id = w.id
        ORDER BY u.number
        FOR UPDATE OF u
    ),
    never_published AS (
        DELETE FROM unpublished_letters u USING unpublished w WHERE u.account = w.account AND u.letter_id = w.letter_id
    ),
    outcomes AS (
        UPDATE redrive_items i SET reason = NULL FROM wanted w
        WHERE i.letter_id = w.id AND i.letter_account = w.account AND i.reason IS NOT NULL
    )
    UPDATE dead_letters d
    SET value = '', value_bytes = 0, key = NULL, headers = '[]', affiliate = NULL, said = NULL,
        reason = '{"code": "letter_erased", "parameters": {}}', state = 'erased', state_at = now()
    FROM wanted w
    WHERE d.account = w.account AND d.id = w.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN
        INSERT INTO dead_letter_audit (account, action, letters, request, requested_by, key_id, key_name, reason)
        VALUES ($3, 'erased', gone, $4, $5, $6, $7, $8);
    END IF;
    RETURN gone;
END
$function$;

-- As before, but for those that their topic does not have: who deletes these must say so.
CREATE OR REPLACE FUNCTION forget_dead_letters(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, id FROM dead_letters d
        WHERE received_at < now() - kept_for('dead_letters', retention_days)
          AND NOT EXISTS (SELECT FROM unpublished_letters u WHERE u.account = d.account AND u.letter_id = d.id)
        ORDER BY received_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM dead_letters d USING expired e WHERE d.account = e.account AND d.id = e.id RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

-- Deletes up to `most` dead letters that are older than `retention_days` and that their topic never got, oldest first. How long
-- bytes are kept is promised, whatever Kafka does; published at once, the topic had deleted them by now. Returns their number.
CREATE FUNCTION forget_unpublished_letters(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT d.account, d.id FROM unpublished_letters u
        JOIN dead_letters d ON d.account = u.account AND d.id = u.letter_id
        WHERE d.received_at < now() - kept_for('dead_letters', retention_days)
        ORDER BY u.number
        LIMIT most
        FOR UPDATE OF d SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM dead_letters d USING expired e WHERE d.account = e.account AND d.id = e.id RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION forget_unpublished_letters(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_unpublished_letters(integer, integer) TO conexoes_writer;

-- migrate: rollback
