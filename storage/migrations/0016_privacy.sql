-- personal data: the right to see evidence, its retention, that of silent logs, and erasures
-- depends: 0015_search

-- migrate: apply

-- Reading pages and reading what was sent to marketplaces are two rights. Keys that are there keep what they see, but
-- for viewers.
ALTER TABLE access_keys ADD COLUMN may_see_evidence boolean NOT NULL DEFAULT false;
UPDATE access_keys SET may_see_evidence = role IN ('operator', 'admin');

DROP FUNCTION key_of(bytea);

-- The grant of the key with this SHA-256, unless it was revoked. It runs as the owner: nobody else may list keys. Uses
-- access_keys_by_digest.
CREATE FUNCTION key_of(digest bytea)
RETURNS TABLE (account text, role text, name text, may_export boolean, may_see_evidence boolean, key_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT k.account, k.role, k.name, k.may_export, k.may_see_evidence, k.id
    FROM access_keys k
    WHERE k.digest = key_of.digest AND k.revoked_at IS NULL
$function$;

REVOKE ALL ON FUNCTION key_of(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_of(bytea) TO conexoes_writer, conexoes_reader;

-- Null: `body` still has the evidence that came.
ALTER TABLE attempts ADD COLUMN evidence_expired_at timestamptz;

-- The attempts whose evidence is kept, oldest first. All results of a transaction have one time, so an entry of this
-- index takes a few bytes.
CREATE INDEX attempts_with_evidence ON attempts (received_at) WHERE evidence_expired_at IS NULL;

-- The body of an attempt without evidence: without request, response, and every field that we do not know. What is left
-- stays as it came, digit for digit. Fields: schemas.result and schemas.envelope; tests hold this list to them.
CREATE FUNCTION without_evidence(body json, structured boolean) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = conexoes, pg_temp AS $function$
    SELECT coalesce(json_object_agg(field.name, CASE
        WHEN structured AND field.name = 'data' THEN without_evidence(field.value, false)
        WHEN NOT structured AND field.name = 'errors' AND json_typeof(field.value) = 'array' THEN (
            SELECT json_agg(CASE
                WHEN json_typeof(error.value) <> 'object' THEN error.value
                ELSE (
                    SELECT json_object_agg(known.name, known.value) FROM json_each(error.value) AS known (name, value)
                    WHERE known.name IN ('code', 'message', 'severity', 'category', 'field')
                )
            END ORDER BY error.number)
            FROM json_array_elements(field.value) WITH ORDINALITY AS error (value, number)
        )
        ELSE field.value
    END), '{}')
    FROM json_each(body) AS field (name, value)
    WHERE field.name = ANY (CASE
        WHEN structured THEN ARRAY[
            'specversion', 'type', 'source', 'id', 'subject', 'time', 'datacontenttype', 'correlationid', 'data'
        ]
        ELSE ARRAY[
            'account', 'affiliate', 'key', 'status', 'processed_at', 'sequence', 'operation', 'message', 'errors',
            'aliases'
        ]
    END)
$function$;

REVOKE ALL ON FUNCTION without_evidence(json, boolean) FROM PUBLIC;

-- Takes the evidence out of up to `most` attempts that came longer than `retention_days` ago, oldest first. Returns
-- their number; 0 also while another session does it. Uses attempts_with_evidence.
CREATE FUNCTION expire_evidence(retention_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    expired integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.expire_evidence')) THEN
        RETURN 0;
    END IF;
    WITH old AS (
        SELECT log_id, processed_at, result_id FROM attempts
        WHERE evidence_expired_at IS NULL AND received_at < now() - kept_for(retention_days)
        ORDER BY received_at
        LIMIT most
    )
    UPDATE attempts a SET body = without_evidence(a.body::json, a.structured)::text, evidence_expired_at = now()
    FROM old
    WHERE a.log_id = old.log_id AND a.processed_at = old.processed_at AND a.result_id = old.result_id;
    GET DIAGNOSTICS expired = ROW_COUNT;
    RETURN expired;
END
$function$;

-- Deletes logs with all that hangs on them, which is what has their id: attempts, names. The items of their reprocesses
-- stay, as the audit does. Triggers keep keys and counts. Rows are locked in the order of their key, as writers do.
-- Returns the number of rows of each table.
CREATE FUNCTION delete_logs(log_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = conexoes, pg_temp AS $function$
DECLARE
    hanging text;
    gone integer;
    deleted jsonb := '{}';
BEGIN
    PERFORM FROM status_logs WHERE id = ANY(log_ids) ORDER BY id FOR UPDATE;
    FOR hanging IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attname = 'log_id' AND NOT a.attisdropped
          AND c.relname <> 'reprocess_items' AND c.relname NOT LIKE 'expired_attempts_%'
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

REVOKE ALL ON FUNCTION delete_logs(uuid[]) FROM PUBLIC;

-- Deletes the logs on `pages` pages of status_logs, from `first_page` on, to which nothing has happened for
-- `retention_days`: no result came, nor is a reprocess awaited. Returns the next page, null after the last one, or while
-- another session does it. Received ids stay, marked as those of erased results are: without them a replay of Kafka would
-- make the log anew and count its results twice, whatever the retention horizon, which is that of attempts by month.
CREATE FUNCTION forget_silent_logs(retention_days integer, first_page bigint, pages integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    oldest timestamptz := now() - kept_for(retention_days);
    ending bigint := first_page + pages;
    silent uuid[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.forget_silent_logs')) THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'SELECT array_agg(id) FROM (
             SELECT s.id FROM status_logs s
             WHERE s.ctid >= %L::tid AND s.ctid < %L::tid AND s.updated_at < $1
               AND (s.reprocess_at IS NULL OR s.reprocess_at < $1)
               AND NOT EXISTS (SELECT FROM attempts a WHERE a.log_id = s.id AND a.received_at >= $1)
               AND NOT EXISTS (
                   SELECT FROM reprocess_items i
                   WHERE i.account = s.account AND i.log_id = s.id AND i.state IN (''queued'', ''sent'')
               )
             ORDER BY s.id
             FOR UPDATE OF s SKIP LOCKED
         ) AS old',
        format('(%s,0)', first_page), format('(%s,0)', ending)) INTO silent USING oldest;
    IF silent IS NOT NULL THEN
        UPDATE received_results r SET erased = true FROM attempts a
        WHERE a.log_id = ANY(silent) AND r.result_id = a.result_id;
        PERFORM delete_logs(silent);
    END IF;
    RETURN CASE
        WHEN ending * current_setting('block_size')::integer < pg_relation_size('conexoes.status_logs') THEN ending
    END;
END
$function$;

REVOKE ALL ON FUNCTION expire_evidence(integer, integer), forget_silent_logs(integer, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_evidence(integer, integer), forget_silent_logs(integer, bigint, integer)
TO conexoes_writer;

-- Null: its attempt may be there. A result that was erased, or deleted with its silent log, restores nothing when it is
-- delivered again, and is no conflict.
ALTER TABLE received_results ADD COLUMN erased boolean CHECK (erased);

COMMENT ON TABLE received_results IS
    'One row for each result, so that a second delivery changes nothing, whatever its time. Kept as long as its attempt; '
    'of one that was erased, or deleted with its silent log, for ever.';

CREATE TABLE erasures (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    by text COLLATE "C" NOT NULL CHECK (by IN ('key', 'alias', 'pattern')),
    -- SHA-256 of a random number and the value. Only the printed receipt has the number: it proves what was erased, and
    -- without it no list of values can be tried.
    digest bytea NOT NULL CHECK (length(digest) = 32),
    requested_by text NOT NULL,
    reason text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,                 -- null: it runs, or was stopped
    rows jsonb NOT NULL DEFAULT '{}',        -- how many of each table so far
    files integer NOT NULL DEFAULT 0,        -- exports that were deleted
    mentions_left integer NOT NULL DEFAULT 0,  -- logs that say the key or alias somewhere, and stay
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE erasures IS
    'Receipts of erasures: who, when, why, how much, and not what. Only the owner writes and changes them. Kept for ever.';

GRANT SELECT ON erasures TO conexoes_reader, conexoes_writer;
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON erasures FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON erasures FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- An append-only table is changed by an erasure that has its receipt and is not finished, and by nothing else: values
-- are replaced, rows stay. The setting alone opens nothing, since writers have no right to update these tables.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'UPDATE' AND EXISTS (
        SELECT FROM conexoes.erasures
        WHERE id::text = current_setting('conexoes.erasure', true) AND finished_at IS NULL
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: it is only added to', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$function$;

-- JSON with `mark` in place of all that `wanted` matches in its texts; a number that matches becomes the mark.
CREATE FUNCTION erased_json(document jsonb, wanted text, mark text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = conexoes, pg_temp AS $function$
BEGIN
    CASE jsonb_typeof(document)
        WHEN 'object' THEN
            RETURN coalesce((
                SELECT jsonb_object_agg(regexp_replace(key, wanted, mark, 'g'), erased_json(value, wanted, mark))
                FROM jsonb_each(document)
            ), '{}');
        WHEN 'array' THEN
            RETURN coalesce((
                SELECT jsonb_agg(erased_json(value, wanted, mark) ORDER BY number)
                FROM jsonb_array_elements(document) WITH ORDINALITY AS each (value, number)
            ), '[]');
        WHEN 'string' THEN
            RETURN to_jsonb(regexp_replace(document #>> '{}', wanted, mark, 'g'));
        WHEN 'number' THEN
            RETURN CASE WHEN document #>> '{}' ~ wanted THEN to_jsonb(mark) ELSE document END;
        ELSE
            RETURN document;
    END CASE;
END
$function$;

REVOKE ALL ON FUNCTION erased_json(jsonb, text, text) FROM PUBLIC;

-- Deletes logs as delete_logs does, also from the months that attempts have left, and marks their received ids as
-- erased. Returns the number of rows of each table.
CREATE FUNCTION erase_logs(log_ids uuid[]) RETURNS jsonb
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
    -- A sample of a fault that is theirs. The next result with the fault gives another one. Changes first: a fold of them
    -- into faults, which runs meanwhile, would bring the sample back after faults were emptied.
    FOREACH sampled IN ARRAY ARRAY['fault_changes', 'faults'] LOOP
        EXECUTE format(
            'UPDATE %I f SET message = NULL FROM attempts a
             WHERE a.log_id = ANY($1) AND f.account = a.account AND f.integration_type = a.integration_type
               AND f.fingerprint = ANY(array_append(a.other_fingerprints, a.fingerprint))
               AND (strpos(a.message, f.message) > 0 OR strpos(a.body, btrim(to_json(f.message)::text, %L)) > 0)',
            sampled, '"') USING log_ids;
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

REVOKE ALL ON FUNCTION erase_logs(uuid[]) FROM PUBLIC;

-- The columns of a table that may hold text, each as an expression of text.
CREATE FUNCTION text_of_columns(searched regclass) RETURNS TABLE (name text, kind text, expression text, is_key boolean)
LANGUAGE sql STABLE SET search_path = conexoes, pg_temp AS $function$
    SELECT a.attname, format_type(a.atttypid, NULL), CASE format_type(a.atttypid, NULL)
        WHEN 'text' THEN format('%I', a.attname)
        WHEN 'text[]' THEN format('array_to_string(%I, chr(10))', a.attname)
        WHEN 'bytea' THEN format('encode(%I, ''escape'')', a.attname)
        ELSE format('%I::text', a.attname)
    END, EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = searched AND i.indisprimary AND a.attnum = ANY(i.indkey::smallint[])
    )
    FROM pg_attribute a
    WHERE a.attrelid = searched AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND format_type(a.atttypid, NULL) IN ('text', 'text[]', 'json', 'jsonb', 'bytea')
$function$;

-- What the headers of a dead letter say, as bytea is written in the format `escape`: their values are kept in base64.
CREATE FUNCTION text_of_headers(headers jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = conexoes, pg_temp AS $function$
    SELECT string_agg(encode(decode(header ->> 1, 'base64'), 'escape'), chr(10))
    FROM jsonb_array_elements(headers) AS each (header)
$function$;

-- The condition by which a row of a table has what $2 (in bytes: $3) matches, among `pages` pages from `first_page` on,
-- for the account $1; where it can't be replaced, only if `keys`. Null for a table without such
-- columns. A dead letter that names no account may be of any.
CREATE FUNCTION erasable_rows(searched regclass, keys boolean, first_page bigint, pages integer) RETURNS text
LANGUAGE sql STABLE SET search_path = conexoes, pg_temp AS $function$
    SELECT format('ctid >= %L::tid AND ctid < %L::tid AND account IN ($1, %L) AND ',
        format('(%s,0)', first_page), format('(%s,0)', first_page + pages),
        CASE WHEN searched = 'conexoes.dead_letters'::regclass THEN '' END)
        || '(' || string_agg(expression || CASE kind WHEN 'bytea' THEN ' ~ $3' ELSE ' ~ $2' END, ' OR ')
        || CASE WHEN searched = 'conexoes.dead_letters'::regclass THEN ' OR text_of_headers(headers) ~ $3' ELSE '' END || ')'
    FROM text_of_columns(searched)
    WHERE keys OR (NOT is_key AND kind <> 'bytea')
$function$;

-- The logs that these pages of a table are about and that have what is looked for, without repetition.
CREATE FUNCTION logs_to_erase(
    searched regclass, id_column text, account text, wanted text, wanted_bytes text, first_page bigint, pages integer
) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = conexoes, pg_temp AS $function$
DECLARE
    ids uuid[];
BEGIN
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM %s WHERE %s', id_column, searched,
        erasable_rows(searched, true, first_page, pages)) INTO ids USING account, wanted, wanted_bytes;
    RETURN coalesce(ids, '{}');
END
$function$;

-- What an erasure does to these pages of a table: `count` rows with what is looked for, `delete` them, or `replace` it.
-- In a primary key it is looked for only if `keys`, and never replaced. Returns the number of rows.
CREATE FUNCTION erase_mentions(
    searched regclass, act text, keys boolean, account text, wanted text, wanted_bytes text, mark text, first_page bigint, pages integer
) RETURNS integer
LANGUAGE plpgsql SET search_path = conexoes, pg_temp AS $function$
DECLARE
    rows integer;
    condition text := erasable_rows(searched, keys, first_page, pages);
    changes text;
BEGIN
    IF condition IS NULL THEN
        RETURN 0;  -- a table without text
    END IF;
    CASE act
        WHEN 'count' THEN
            EXECUTE format('SELECT count(*)::integer FROM %s WHERE %s', searched, condition)
                INTO rows USING account, wanted, wanted_bytes;
            RETURN rows;
        WHEN 'delete' THEN
            EXECUTE format('DELETE FROM %s WHERE %s', searched, condition) USING account, wanted, wanted_bytes;
        WHEN 'replace' THEN
            SELECT string_agg(format('%I = ', name) || CASE kind
                WHEN 'text' THEN format('regexp_replace(%I, $2, $4, ''g'')', name)
                WHEN 'text[]' THEN format(
                    '(SELECT array_agg(regexp_replace(one, $2, $4, ''g'') ORDER BY number)
                      FROM unnest(%I) WITH ORDINALITY AS each (one, number))', name)
                ELSE format('erased_json(%I::jsonb, $2, $4)::%s', name, kind)
            END, ', ') INTO changes
            FROM text_of_columns(searched) WHERE NOT is_key AND kind <> 'bytea';
            EXECUTE format('UPDATE %s SET %s WHERE %s', searched, changes, condition)
                USING account, wanted, wanted_bytes, mark;
    END CASE;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$function$;

REVOKE ALL ON FUNCTION
    text_of_columns(regclass), text_of_headers(jsonb), erasable_rows(regclass, boolean, bigint, integer),
    logs_to_erase(regclass, text, text, text, text, bigint, integer),
    erase_mentions(regclass, text, boolean, text, text, text, text, bigint, integer)
FROM PUBLIC;

-- migrate: rollback
