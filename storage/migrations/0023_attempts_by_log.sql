-- attempts found by log and time alone
-- depends: 0022_upgrades_and_recounts

-- migrate: apply

-- That a result has one attempt is what received_results is for. As the key's last column its id was 16 random bytes of
-- each entry, and uniqueness was asked twice. Reads attempts once: no database that was released has this to come.
SET LOCAL lock_timeout = '2s';
CREATE INDEX attempts_by_log ON attempts (log_id, processed_at);
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey;

-- As before, but it gives up until next time when others hold attempts for long, as expire_attempts does: whoever wants to
-- read them waits behind it. A dump or an export holds them until it ends, and months are made long before they begin.
CREATE OR REPLACE FUNCTION make_attempts_partitions(retention_days integer, months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp SET lock_timeout = '2s' AS $function$
DECLARE
    month date := date_trunc('month', (now() - kept_for('attempts', retention_days)) AT TIME ZONE 'UTC')::date;
    last_month date := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => months_ahead))::date;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.attempts'));
    WHILE month <= last_month LOOP
        made := made + make_attempts_partition(month)::integer;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END
$function$;

-- migrate: rollback
