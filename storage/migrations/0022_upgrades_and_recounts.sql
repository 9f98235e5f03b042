-- outcomes of retries that are answered after an upgrade, and a recount of the series that loses nothing
-- depends: 0021_redrive

-- migrate: apply

-- An answer is compared with faults by the rules of its own time: schemas.fingerprint may have changed since the item was
-- made.
GRANT UPDATE (before_fingerprints) ON reprocess_items TO conexoes_writer;

-- Adds the results that attempts have and the series lacks: after loading tables without the fold, or in doubt. It takes
-- nothing away: attempts that were erased, or dropped after their retention, were results all the same. For the owner
-- only.
CREATE OR REPLACE FUNCTION recount_results() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE result_changes, result_hours, result_days IN EXCLUSIVE MODE;
    PERFORM compact_result_changes(2147483647);
    INSERT INTO result_changes (account, integration_type, hour, affiliate, status, code, other_codes, results)
    SELECT account, integration_type, hour, affiliate, status, codes[1], codes[2:], kept.results - coalesce(known.results, 0)
    FROM (
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC') AS hour, affiliate, status,
            result_codes(code, other_codes) AS codes, count(*) AS results
        FROM attempts
        GROUP BY 1, 2, 3, 4, 5, 6
    ) AS kept
    LEFT JOIN (
        SELECT h.account, h.integration_type, h.hour, f.affiliate, f.status, f.codes, h.results
        FROM result_hours h
        JOIN result_facets f ON f.account = h.account AND f.id = h.facet_id
    ) AS known USING (account, integration_type, hour, affiliate, status, codes)
    WHERE kept.results > coalesce(known.results, 0);
    PERFORM compact_result_changes(2147483647);
END
$function$;

-- migrate: rollback
