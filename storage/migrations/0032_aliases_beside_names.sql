-- aliases beside the names by which a log is found
-- depends: 0031_corrections

-- migrate: apply

-- As rows of a table of their own, each with an entry of its key, aliases took a tenth of what a new log costs PostgreSQL.
SET LOCAL lock_timeout = '2s';
ALTER TABLE log_names ADD COLUMN aliases jsonb NOT NULL DEFAULT '{}';  -- lists of values by name, as they were sent
GRANT UPDATE (aliases) ON log_names TO conexoes_writer;

COMMENT ON TABLE log_names IS
    'The aliases of a log as they were sent, and its names as it is found by them, without case and accents. Kept as long '
    'as its log; a trigger deletes them.';

COMMENT ON TABLE aliases IS
    'Aliases that were stored before log_names had them, and by a version that knows no better. Kept until agents move '
    'them.';

-- The aliases of a log. Without a role or settings of its own, so that PostgreSQL writes it into the query that asks. Uses
-- the primary keys.
CREATE FUNCTION aliases_of(account text, log_id uuid) RETURNS TABLE (name text, value text)
LANGUAGE sql STABLE AS $function$
    SELECT given.name, said.value
    FROM conexoes.log_names n
    CROSS JOIN LATERAL jsonb_each(n.aliases) AS given (name, list)
    CROSS JOIN LATERAL jsonb_array_elements_text(given.list) AS said (value)
    WHERE n.account = aliases_of.account AND n.log_id = aliases_of.log_id
    UNION ALL
    SELECT a.name, a.value
    FROM conexoes.aliases a
    WHERE a.account = aliases_of.account AND a.log_id = aliases_of.log_id
      AND (SELECT n.aliases -> a.name ? a.value FROM conexoes.log_names n WHERE n.log_id = a.log_id) IS NOT TRUE
$function$;

REVOKE ALL ON FUNCTION aliases_of(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aliases_of(text, uuid) TO conexoes_reader, conexoes_writer;

-- Lists of values by name, with those of both.
CREATE FUNCTION with_aliases(earlier jsonb, added jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT coalesce(
        jsonb_object_agg(given.name, coalesce(earlier -> given.name, '[]') || coalesce(added -> given.name, '[]')), '{}'
    )
    FROM jsonb_object_keys(earlier || added) AS given (name)
$function$;

REVOKE ALL ON FUNCTION with_aliases(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION with_aliases(jsonb, jsonb) TO conexoes_writer;

-- Moves the aliases of up to `most` logs to log_names. Locks these logs in the order of their key, as writers do who add
-- names. True when there may be more.
CREATE FUNCTION move_aliases(most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    ids uuid[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.move_aliases')) THEN
        RETURN false;  -- another process does it
    END IF;
    ids := ARRAY(SELECT DISTINCT log_id FROM aliases ORDER BY log_id LIMIT most);
    PERFORM FROM status_logs WHERE id = ANY(ids) ORDER BY id FOR UPDATE;
    INSERT INTO log_names AS n (account, log_id, integration_type, names, grams, aliases)
    SELECT s.account, s.id, s.integration_type, '', '{}', moved.aliases
    FROM (
        SELECT list.log_id, jsonb_object_agg(list.name, list.of_it) AS aliases
        FROM (
            SELECT a.log_id, a.name, jsonb_agg(a.value ORDER BY a.value) AS of_it
            FROM aliases a
            LEFT JOIN log_names known ON known.log_id = a.log_id
            WHERE a.log_id = ANY(ids) AND (known.aliases -> a.name ? a.value) IS NOT TRUE
            GROUP BY 1, 2
        ) AS list
        GROUP BY 1
    ) AS moved
    JOIN status_logs s ON s.id = moved.log_id
    ORDER BY s.id
    ON CONFLICT (log_id) DO UPDATE SET aliases = with_aliases(n.aliases, excluded.aliases);
    DELETE FROM aliases WHERE log_id = ANY(ids);
    RETURN cardinality(ids) = most;
END
$function$;

REVOKE ALL ON FUNCTION move_aliases(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_aliases(integer) TO conexoes_writer;

-- As before, but for the folded names: the key and the aliases say the same as it was sent, and an erasure looks there.
CREATE OR REPLACE FUNCTION text_of_columns(searched regclass)
RETURNS TABLE (name text, kind text, expression text, is_key boolean)
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
      AND NOT (searched = 'conexoes.log_names'::regclass AND a.attname = 'names')
$function$;

-- migrate: rollback
