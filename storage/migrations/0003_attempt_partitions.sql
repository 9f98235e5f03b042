-- monthly partitions of attempts and their retention
-- depends: 0002_status_logs

-- migrate: apply

-- Makes the partition of one month; attempts of that month which came before it are moved into it.
CREATE FUNCTION make_attempts_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    name text := format('attempts_%s', to_char(month, 'YYYY_MM'));
    beginning timestamptz := month::timestamp AT TIME ZONE 'UTC';
    ending timestamptz := (month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('conexoes.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE attempts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    -- Nobody may add to the default partition between the move and the attachment.
    LOCK TABLE attempts_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format(
        'WITH moved AS (DELETE FROM attempts_default WHERE processed_at >= $1 AND processed_at < $2 RETURNING *)
         INSERT INTO %I SELECT * FROM moved', name) USING beginning, ending;
    EXECUTE format('ALTER TABLE attempts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, beginning, ending);
    RETURN true;
END
$function$;

-- Makes partitions from the oldest month kept to `months_ahead` months from now, drops the ones wholly older than
-- `retention_days`, and forgets the same results in received_results. Returns what it made and dropped.
-- What arrives later for a dropped month lands in the default partition and is kept as long, from its arrival.
CREATE FUNCTION maintain_attempts(retention_days integer, months_ahead integer, at timestamptz DEFAULT now())
RETURNS TABLE (made integer, dropped integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    oldest timestamptz := at - make_interval(days => retention_days);
    month date := date_trunc('month', oldest AT TIME ZONE 'UTC')::date;
    last_month date := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => months_ahead))::date;
    expired text;
BEGIN
    IF retention_days < 1 THEN
        RAISE EXCEPTION 'retention_days must be at least 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.maintain_attempts'));
    made := 0;
    dropped := 0;
    FOR expired IN
        SELECT child.relname
        FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'conexoes.attempts'::regclass
          AND child.relname ~ '^attempts_[0-9]{4}_[0-9]{2}$'
          AND to_date(substr(child.relname, 10), 'YYYY_MM') < month
        ORDER BY 1
    LOOP
        EXECUTE format(
            'DELETE FROM received_results r USING %I a WHERE r.account = a.account AND r.result_id = a.result_id', expired);
        EXECUTE format('DROP TABLE %I', expired);
        dropped := dropped + 1;
    END LOOP;
    WITH expired AS (
        DELETE FROM attempts_default WHERE processed_at < oldest AND received_at < oldest RETURNING account, result_id
    )
    DELETE FROM received_results r USING expired e WHERE r.account = e.account AND r.result_id = e.result_id;
    WHILE month <= last_month LOOP
        made := made + make_attempts_partition(month)::integer;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN NEXT;
END
$function$;

REVOKE ALL ON FUNCTION make_attempts_partition(date) FROM PUBLIC;
REVOKE ALL ON FUNCTION maintain_attempts(integer, integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maintain_attempts(integer, integer, timestamptz) TO conexoes_writer;

-- migrate: rollback

DROP FUNCTION maintain_attempts(integer, integer, timestamptz);
DROP FUNCTION make_attempts_partition(date);
