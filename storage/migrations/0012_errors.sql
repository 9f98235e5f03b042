-- every error of a result: those beside the gravest, and facets and faults that count each
-- depends: 0011_positions

-- migrate: apply

-- Writes status_logs anew: facet_id gets another expression. No database that was released has this to come.
SET LOCAL lock_timeout = '2s';

-- The scalar columns are those of the gravest error, the arrays those of the others: distinct, sorted, without the
-- gravest one's own, and null when nothing is left, so that a result with one error pays nothing.
ALTER TABLE attempts
    ADD COLUMN category text COLLATE "C",
    ADD COLUMN errors integer,               -- that it lists; null: it came before they were counted
    ADD COLUMN other_codes text[] COLLATE "C",
    ADD COLUMN other_categories text[] COLLATE "C",
    ADD COLUMN other_fingerprints text[] COLLATE "C";

ALTER TABLE status_logs
    ADD COLUMN category text COLLATE "C",
    ADD COLUMN other_codes text[] COLLATE "C",
    ADD COLUMN other_categories text[] COLLATE "C",
    ADD COLUMN other_fingerprints text[] COLLATE "C";

-- The errors beside the gravest as one text of a facet. As JSON, so that no two combinations have the same text.
CREATE FUNCTION other_faults(codes text[], categories text[], fingerprints text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $function$
    SELECT json_build_array(codes, categories, fingerprints)::text
$function$;

-- What is new stands before the account, which begins with neither a quote nor a bracket: a log without it stays in the
-- facet that it was in, and its counts hold. Of results that came before, the first error alone was counted.
ALTER TABLE status_logs
    ADD COLUMN errors integer NOT NULL GENERATED ALWAYS AS (CASE WHEN code IS NULL THEN 0 ELSE 1 END) STORED,
    ALTER COLUMN facet_id SET EXPRESSION AS (
        md5(
            coalesce(quote_literal(category), '')
            || CASE
                WHEN other_fingerprints IS NULL AND other_categories IS NULL THEN ''
                ELSE other_faults(other_codes, other_categories, other_fingerprints) || chr(31)
            END
            || account || chr(31) || integration_type || chr(31) || affiliate || chr(31) || status
            || chr(31) || coalesce(reprocess_state, '') || chr(31) || coalesce(fingerprint, '')
            || coalesce(chr(31) || code, '')
        )::uuid
    );
ALTER TABLE status_logs ALTER COLUMN errors DROP EXPRESSION;

GRANT UPDATE (category, errors, other_codes, other_categories, other_fingerprints) ON status_logs TO conexoes_writer;

ALTER TABLE faults
    ADD COLUMN code text COLLATE "C",        -- a fault's code is part of its fingerprint
    ADD COLUMN category text COLLATE "C",
    ADD COLUMN message text COLLATE "C";     -- the beginning of one of them: the least

UPDATE faults f SET code = known.code
FROM (SELECT account, integration_type, fingerprint, min(code) AS code FROM facets GROUP BY 1, 2, 3) AS known
WHERE f.account = known.account AND f.integration_type = known.integration_type AND f.fingerprint = known.fingerprint;

ALTER TABLE fault_changes
    ADD COLUMN code text COLLATE "C",
    ADD COLUMN category text COLLATE "C",
    ADD COLUMN message text COLLATE "C";

-- A facet has all codes, categories and fingerprints of its logs, in no order; each once.
ALTER TABLE facets
    ADD COLUMN codes text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN categories text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN fingerprints text[] COLLATE "C" NOT NULL DEFAULT '{}';

UPDATE facets SET codes = array_remove(ARRAY[code], NULL), fingerprints = array_remove(ARRAY[fingerprint], NULL)
WHERE fingerprint IS NOT NULL;

ALTER TABLE facets
    ALTER COLUMN codes DROP DEFAULT,
    ALTER COLUMN categories DROP DEFAULT,
    ALTER COLUMN fingerprints DROP DEFAULT,
    DROP COLUMN code,
    DROP COLUMN fingerprint;

CREATE OR REPLACE FUNCTION count_logs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO log_changes
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, count(*)
        FROM new_logs GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO log_changes
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, -count(*)
        FROM old_logs GROUP BY 1, 2, 3, 4;
        RETURN NULL;
    ELSE
        INSERT INTO log_changes
        SELECT account, integration_type, hour, facet_id, sum(logs)
        FROM (
            SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC') AS hour, facet_id, count(*) AS logs
            FROM new_logs GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, -count(*)
            FROM old_logs GROUP BY 1, 2, 3, 4
        ) AS moved
        GROUP BY 1, 2, 3, 4
        HAVING sum(logs) <> 0;
    END IF;
    INSERT INTO facets (
        account, id, integration_type, affiliate, status, reprocess_state, codes, categories, fingerprints
    )
    SELECT account, facet_id, min(integration_type), min(affiliate), min(status), min(reprocess_state),
        array_remove(array_append(min(other_codes), min(code)), NULL),
        array_remove(array_append(min(other_categories), min(category)), NULL),
        array_remove(array_append(min(other_fingerprints), min(fingerprint)), NULL)
    FROM new_logs
    GROUP BY 1, 2
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION recount_logs() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    LOCK TABLE status_logs IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE log_changes, log_hours, log_days IN EXCLUSIVE MODE;
    INSERT INTO facets (
        account, id, integration_type, affiliate, status, reprocess_state, codes, categories, fingerprints
    )
    SELECT account, facet_id, min(integration_type), min(affiliate), min(status), min(reprocess_state),
        array_remove(array_append(min(other_codes), min(code)), NULL),
        array_remove(array_append(min(other_categories), min(category)), NULL),
        array_remove(array_append(min(other_fingerprints), min(fingerprint)), NULL)
    FROM status_logs GROUP BY 1, 2
    ON CONFLICT DO NOTHING;
    DELETE FROM log_changes;
    DELETE FROM log_hours;
    DELETE FROM log_days;
    INSERT INTO log_hours
    SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, count(*)
    FROM status_logs GROUP BY 1, 2, 3, 4;
    INSERT INTO log_days
    SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(logs)
    FROM log_hours GROUP BY 1, 2, 3, 4;
END
$function$;

CREATE OR REPLACE FUNCTION compact_fault_changes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.faults')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM fault_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM fault_changes LIMIT at_most))
        RETURNING *
    ),
    hours AS (
        INSERT INTO fault_hours AS h
        SELECT account, integration_type, fingerprint, hour, sum(results) FROM gone GROUP BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, fingerprint, hour) DO UPDATE SET results = h.results + excluded.results
    ),
    added AS (
        INSERT INTO faults AS f (
            account, integration_type, fingerprint, results, first_seen_at, last_seen_at, last_received_at,
            code, category, message
        )
        SELECT account, integration_type, fingerprint,
            sum(results), min(first_seen_at), max(last_seen_at), max(received_at),
            min(code), min(category), min(message)
        FROM gone GROUP BY 1, 2, 3
        ON CONFLICT (account, integration_type, fingerprint) DO UPDATE SET
            results = f.results + excluded.results,
            first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
            last_received_at = greatest(f.last_received_at, excluded.last_received_at),
            code = least(f.code, excluded.code),
            category = least(f.category, excluded.category),
            message = least(f.message, excluded.message)
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

-- What a fault says, and code and category of one that never was the gravest of a result, are known from the fold alone:
-- they stay.
CREATE OR REPLACE FUNCTION recount_faults() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.faults'));
    LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE fault_changes, fault_hours, faults IN EXCLUSIVE MODE;
    -- With the last of code, category and message that the changes know.
    PERFORM compact_fault_changes(2147483647);
    DELETE FROM fault_hours;
    UPDATE faults SET results = 0;
    INSERT INTO fault_hours
    SELECT a.account, a.integration_type, fault.fingerprint, date_trunc('hour', a.processed_at, 'UTC'), count(*)
    FROM attempts a
    CROSS JOIN LATERAL unnest(array_append(a.other_fingerprints, a.fingerprint)) AS fault (fingerprint)
    WHERE a.fingerprint IS NOT NULL
    GROUP BY 1, 2, 3, 4;
    INSERT INTO faults AS f (
        account, integration_type, fingerprint, results, first_seen_at, last_seen_at, last_received_at, code, category
    )
    SELECT account, integration_type, fingerprint, sum(results), min(first), max(last), max(received),
        min(code), min(category)
    FROM (
        SELECT account, integration_type, fingerprint, count(*) AS results,
            min(processed_at) AS first, max(processed_at) AS last, max(received_at) AS received,
            min(code) AS code, min(category) AS category
        FROM attempts WHERE fingerprint IS NOT NULL GROUP BY 1, 2, 3
        UNION ALL
        SELECT a.account, a.integration_type, other.fingerprint, count(*),
            min(a.processed_at), max(a.processed_at), max(a.received_at), NULL, NULL
        FROM attempts a
        CROSS JOIN LATERAL unnest(a.other_fingerprints) AS other (fingerprint)
        GROUP BY 1, 2, 3
        UNION ALL  -- of logs whose attempts are deleted
        SELECT s.account, s.integration_type, fault.fingerprint, 0,
            min(s.processed_at), max(s.processed_at), max(s.processed_at), NULL, NULL
        FROM status_logs s
        CROSS JOIN LATERAL unnest(array_append(s.other_fingerprints, s.fingerprint)) AS fault (fingerprint)
        WHERE s.fingerprint IS NOT NULL
        GROUP BY 1, 2, 3
    ) AS seen
    GROUP BY 1, 2, 3
    ON CONFLICT (account, integration_type, fingerprint) DO UPDATE SET
        results = excluded.results,
        first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
        last_received_at = greatest(f.last_received_at, excluded.last_received_at),
        code = least(f.code, excluded.code),
        category = least(f.category, excluded.category);
END
$function$;

-- migrate: rollback
