-- dead letters that are filtered, redriven, edited and erased
-- depends: 0020_connector_keys

-- migrate: apply

ALTER TABLE dead_letters
    ADD COLUMN affiliate text COLLATE "C",      -- schemas.dead_letter.affiliate_of; null where it can't be read
    ADD COLUMN said text,                       -- its reason in every language, lower case, for search; null: before 0021
    ADD COLUMN redrive_of uuid,                 -- the dead letter of which this is a copy that was refused again
    ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'waiting',
    ADD COLUMN state_at timestamptz,            -- null: it was never redriven or erased
    ADD COLUMN redrive_id uuid;                 -- the last redrive that took it

-- Validated after the migration, which would look at each letter under its lock (storage.migrate).
ALTER TABLE dead_letters
    ADD CONSTRAINT dead_letters_state CHECK (
        state IN ('waiting', 'queued', 'sent', 'stored', 'refused', 'conflict', 'erased')
    ) NOT VALID;

COMMENT ON COLUMN dead_letters.state IS 'schemas.redrive.LetterState';

GRANT UPDATE (state, state_at, redrive_id) ON dead_letters TO conexoes_writer;

-- A person's version of a letter's value. The letter keeps its own; the last edit is what is redriven.
CREATE TABLE dead_letter_edits (
    account text COLLATE "C" NOT NULL,          -- of the letter
    letter_id uuid NOT NULL,
    number integer NOT NULL,                    -- 1, 2, …
    value bytea NOT NULL,
    requested_by text NOT NULL,
    key_name text,                              -- null: from the command line
    reason text,
    edited_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, letter_id, number),
    FOREIGN KEY (account, letter_id) REFERENCES dead_letters (account, id) ON DELETE CASCADE
);

COMMENT ON TABLE dead_letter_edits IS 'Edited values of dead letters: who changed what, and when. Kept as long as the letter.';

-- One request to publish dead letters again.
CREATE TABLE redrives (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'paused', 'done', 'cancelled')),
    letters integer NOT NULL,
    per_second integer NOT NULL CHECK (per_second > 0),
    next_at timestamptz NOT NULL DEFAULT now(), -- nothing of it is claimed before: its pace, over all workers
    request jsonb NOT NULL,                     -- filter or ids, as they were asked for
    requested_by text NOT NULL,
    key_name text,                              -- null: from the command line
    reason text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE redrives IS 'Redrives of dead letters, with author and reason. Kept for ever, as the audit is.';

CREATE INDEX redrives_by_time ON redrives (account, requested_at DESC, id DESC);
CREATE INDEX redrives_running ON redrives (next_at) WHERE state = 'running';

-- One letter of a redrive, with its outcome.
CREATE TABLE redrive_items (
    account text COLLATE "C" NOT NULL,          -- of the redrive
    redrive_id uuid NOT NULL,
    number integer NOT NULL,                    -- letters are sent in this order: that in which they came
    letter_account text COLLATE "C" NOT NULL,   -- '' of a letter that is nobody's
    letter_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'queued' CONSTRAINT redrive_items_state CHECK (
        state IN ('queued', 'sent', 'stored', 'refused', 'conflict', 'still_refused', 'failed', 'cancelled')
    ),
    leased_until timestamptz,                   -- a worker is sending it; after that time another one does
    changed_at timestamptz NOT NULL DEFAULT now(),
    partition integer,                          -- where it was published
    "offset" bigint,
    log_id uuid,                                -- stored, conflict: the log of its (first) result
    again_id uuid,                              -- refused: the new dead letter
    reason jsonb,                               -- still_refused, failed, some refused: schemas.reasons
    PRIMARY KEY (account, redrive_id, number),
    FOREIGN KEY (account, redrive_id) REFERENCES redrives (account, id)
);

COMMENT ON TABLE redrive_items IS 'The letters of each redrive, with their outcome. Kept for ever, as the audit is.';

CREATE INDEX redrive_items_by_letter ON redrive_items (letter_id);
CREATE INDEX redrive_items_by_log ON redrive_items (log_id) WHERE log_id IS NOT NULL;
CREATE INDEX redrive_items_queued ON redrive_items (account, redrive_id, number) WHERE state = 'queued';

-- What people did with dead letters beside redrives, and to redrives.
CREATE TABLE dead_letter_audit (
    account text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text COLLATE "C" NOT NULL CHECK (
        action IN ('redriven', 'paused', 'resumed', 'cancelled', 'edited', 'erased', 'exported')
    ),
    redrive_id uuid,
    letters integer NOT NULL,
    request jsonb NOT NULL,                     -- which letters: filter or ids; never a searched text
    requested_by text NOT NULL,
    key_id uuid,
    key_name text,                              -- null: from the command line
    reason text,
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE dead_letter_audit IS
    'Who redrove, paused, resumed, cancelled, edited, erased and exported dead letters, and why. Append-only. Kept for ever.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letter_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Deletes the bytes of these letters, and what was said and done about their content; the rest of a letter stays. Letters
-- that are queued, and erased ones, are left as they are. It adds the act to the audit itself, in `account`, so that no login can
-- erase without a trace. Returns how many were erased.
CREATE FUNCTION erase_dead_letters(
    letter_accounts text[], ids uuid[], account text, request jsonb, requested_by text, key_id uuid, key_name text,
    reason text
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    gone integer;
BEGIN
    -- Items are locked before letters, each in the order of their keys, as by agents that settle them.
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

REVOKE ALL ON FUNCTION erase_dead_letters(text[], uuid[], text, jsonb, text, uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_dead_letters(text[], uuid[], text, jsonb, text, uuid, text, text) TO conexoes_writer;

-- The condition by which a row of a table has what $2 (in bytes: $3) matches, among `pages` pages from `first_page` on,
-- for the account $1; where it can't be replaced, only if `keys`. Null for a table without such
-- columns. A dead letter that names no account may be of any, and so may an edit of it.
CREATE OR REPLACE FUNCTION erasable_rows(searched regclass, keys boolean, first_page bigint, pages integer) RETURNS text
LANGUAGE sql STABLE SET search_path = conexoes, pg_temp AS $function$
    SELECT format('ctid >= %L::tid AND ctid < %L::tid AND account IN ($1, %L) AND ',
        format('(%s,0)', first_page), format('(%s,0)', first_page + pages),
        CASE WHEN searched IN ('conexoes.dead_letters'::regclass, 'conexoes.dead_letter_edits'::regclass) THEN '' END)
        || '(' || string_agg(expression || CASE kind WHEN 'bytea' THEN ' ~ $3' ELSE ' ~ $2' END, ' OR ')
        || CASE WHEN searched = 'conexoes.dead_letters'::regclass THEN ' OR text_of_headers(headers) ~ $3' ELSE '' END || ')'
    FROM text_of_columns(searched)
    WHERE keys OR (NOT is_key AND kind <> 'bytea')
$function$;

-- Deletes logs with all that hangs on them, which is what has their id: attempts, names. The items of their reprocesses and redrives
-- stay, as the audit does. Triggers keep keys and counts. Rows are locked in the order of their key, as writers do.
-- The ids of the logs join those of their results, marked as erased: of results that came before the retention there is no
-- other trace, and a replay of Kafka would make the log anew.
-- Returns the number of rows of each table.
CREATE OR REPLACE FUNCTION delete_logs(log_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = conexoes, pg_temp AS $function$
DECLARE
    hanging text;
    gone integer;
    deleted jsonb := '{}';
BEGIN
    PERFORM FROM status_logs WHERE id = ANY(log_ids) ORDER BY id FOR UPDATE;
    INSERT INTO received_results (account, result_id, erased)
    SELECT account, id, true FROM status_logs WHERE id = ANY(log_ids)
    ON CONFLICT DO NOTHING;
    FOR hanging IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attname = 'log_id' AND NOT a.attisdropped
          AND c.relname NOT IN ('reprocess_items', 'redrive_items') AND c.relname NOT LIKE 'expired_attempts_%'
        ORDER BY 1
    LOOP
        EXECUTE format('DELETE FROM %I WHERE log_id = ANY($1)', hanging) USING log_ids;
        GET DIAGNOSTICS gone = ROW_COUNT;
        deleted := deleted || jsonb_build_object(hanging, gone);
    END LOOP;
    DELETE FROM status_logs WHERE id = ANY(log_ids);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN deleted || jsonb_build_object('status_logs', gone);
END
$function$;

COMMENT ON TABLE received_results IS
    'One row for each result, so that a second delivery changes nothing, whatever its time. Kept as long as its attempt; '
    'of one that was erased, or deleted with its silent log, for ever, and so is the id of that log.';

-- Deletes logs as delete_logs does, also from the months that attempts have left, and marks their received ids as
-- erased. Returns the number of rows of each table.
CREATE OR REPLACE FUNCTION erase_logs(log_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = conexoes, pg_temp AS $function$
DECLARE
    month text;
    sampled text;
    gone integer;
    left_behind integer := 0;
    deleted jsonb;
BEGIN
    PERFORM FROM status_logs WHERE id = ANY(log_ids) ORDER BY id FOR UPDATE;
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.forget_attempts'));  -- no such month is dropped meanwhile
    UPDATE received_results r SET erased = true FROM attempts a
    WHERE a.log_id = ANY(log_ids) AND r.result_id = a.result_id;
    -- A sample of a fault that is theirs, or may be: a body with escapes can spell it in many ways. The next result with the
    -- fault gives another one. Changes first: a fold of them into faults, which runs meanwhile, would bring the sample back
    -- after faults were emptied.
    FOREACH sampled IN ARRAY ARRAY['fault_changes', 'faults'] LOOP
        EXECUTE format(
            'UPDATE %I f SET message = NULL FROM attempts a
             WHERE a.log_id = ANY($1) AND f.account = a.account AND f.integration_type = a.integration_type
               AND f.fingerprint = ANY(array_append(a.other_fingerprints, a.fingerprint))
               AND (strpos(a.message, f.message) > 0 OR strpos(a.body, btrim(to_json(f.message)::text, %L)) > 0
                    OR a.body ~ %L)',
            sampled, '"', '\\[u/]') USING log_ids;
    END LOOP;
    FOR month IN SELECT name FROM expired_months LOOP
        EXECUTE format(
            'WITH gone AS (DELETE FROM %I WHERE log_id = ANY($1) RETURNING result_id)
             UPDATE received_results r SET erased = true FROM gone WHERE r.result_id = gone.result_id', month
        ) USING log_ids;
        GET DIAGNOSTICS gone = ROW_COUNT;
        left_behind := left_behind + gone;
    END LOOP;
    deleted := delete_logs(log_ids);
    RETURN deleted || jsonb_build_object('attempts', (deleted ->> 'attempts')::integer + left_behind);
END
$function$;

-- The outcome of a redrive says in its reason what is in the letter: it goes with it, whoever deletes the letter.
CREATE FUNCTION clear_reasons() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    UPDATE redrive_items i SET reason = NULL FROM gone
    WHERE i.letter_id = gone.id AND i.letter_account = gone.account AND i.reason IS NOT NULL;
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION clear_reasons() FROM PUBLIC;
CREATE TRIGGER clear_reasons AFTER DELETE ON dead_letters
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION clear_reasons();

GRANT SELECT, INSERT ON dead_letter_edits, dead_letter_audit TO conexoes_writer;
GRANT SELECT, INSERT, UPDATE (state, next_at) ON redrives TO conexoes_writer;
GRANT SELECT, INSERT, UPDATE (state, leased_until, changed_at, partition, "offset", log_id, again_id, reason)
ON redrive_items TO conexoes_writer;
GRANT SELECT ON dead_letter_edits, dead_letter_audit, redrives, redrive_items TO conexoes_reader;

ALTER TABLE dead_letter_edits ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letter_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE redrives ENABLE ROW LEVEL SECURITY;
ALTER TABLE redrive_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON dead_letter_edits TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY writer ON dead_letter_audit TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY writer ON redrives TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY writer ON redrive_items TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON dead_letter_edits FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
CREATE POLICY unattributed ON dead_letter_edits FOR SELECT TO conexoes_reader
    USING (account = '' AND current_setting('conexoes.every_account', true) = 'on');
CREATE POLICY reader ON dead_letter_audit FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
-- A reader may add its exports, and nothing else, as to the audit of exports.
GRANT INSERT ON dead_letter_audit TO conexoes_reader;
CREATE POLICY exporter ON dead_letter_audit FOR INSERT TO conexoes_reader
    WITH CHECK (account = current_setting('conexoes.account', true) AND action = 'exported');
CREATE POLICY reader ON redrives FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
-- An item says in its reason what is in its letter. One of a letter that names no account is seen as that letter is.
CREATE POLICY reader ON redrive_items FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true) AND letter_account <> '');
CREATE POLICY unattributed ON redrive_items FOR SELECT TO conexoes_reader
    USING (
        account = current_setting('conexoes.account', true) AND letter_account = ''
        AND current_setting('conexoes.every_account', true) = 'on'
    );

-- migrate: rollback
