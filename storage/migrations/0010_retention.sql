-- retention in short transactions; of dead letters and idempotency keys too
-- depends: 0009_exports

-- migrate: apply

-- maintain_attempts of 0003 stays for agents of the version before; nothing else calls it any more.

CREATE INDEX dead_letters_by_age ON dead_letters (received_at);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Months that are no part of attempts any more, and whose results are being forgotten: a handful, so without a key.
-- Only the functions below see it.
CREATE TABLE expired_months (
    name text COLLATE "C" NOT NULL,          -- of the table that has the month
    next_page bigint NOT NULL                -- what is before this page is forgotten
);
ALTER TABLE expired_months ENABLE ROW LEVEL SECURITY;

-- Makes partitions from the oldest month kept to `months_ahead` months from now. Returns how many it made.
CREATE FUNCTION make_attempts_partitions(retention_days integer, months_ahead integer, at timestamptz DEFAULT now())
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    month date := date_trunc('month', (at - make_interval(days => retention_days)) AT TIME ZONE 'UTC')::date;
    last_month date := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => months_ahead))::date;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.maintain_attempts'));
    WHILE month <= last_month LOOP
        made := made + make_attempts_partition(month)::integer;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END
$function$;

-- Takes the oldest month that is wholly older than `retention_days` out of attempts. True when there was one.
-- Every writer and reader waits for that moment, so it gives up until next time when others hold the table for long.
-- What arrives later for such a month lands in the default partition and is kept as long, from its arrival.
CREATE FUNCTION expire_attempts(retention_days integer, at timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp SET lock_timeout = '2s' AS $function$
DECLARE
    month date := date_trunc('month', (at - make_interval(days => retention_days)) AT TIME ZONE 'UTC')::date;
    partition text;
BEGIN
    IF retention_days < 1 THEN
        RAISE EXCEPTION 'retention_days must be at least 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.maintain_attempts'));
    SELECT child.relname INTO partition
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'conexoes.attempts'::regclass
      AND child.relname ~ '^attempts_[0-9]{4}_[0-9]{2}$'
      AND to_date(substr(child.relname, 10), 'YYYY_MM') < month
      -- One that was taken out, made again by a longer retention and expires again waits until the first is forgotten.
      AND to_regclass('conexoes.expired_' || child.relname) IS NULL
    ORDER BY 1
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE attempts DETACH PARTITION %I', partition);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, 'expired_' || partition);
    INSERT INTO expired_months (name, next_page) VALUES ('expired_' || partition, 0);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$function$;

-- Forgets the results in the next `pages` pages of the oldest expired month, and drops it after its last. True when
-- there is more to do. Nobody but this reads such a table, so that the drop waits for nothing.
CREATE FUNCTION forget_expired_attempts(pages integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    expired expired_months;
    ending bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.forget_attempts')) THEN
        RETURN false;  -- another process is at it
    END IF;
    SELECT * INTO expired FROM expired_months ORDER BY name LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    ending := expired.next_page + pages;
    EXECUTE format(
        'DELETE FROM received_results r
         USING (SELECT account, result_id FROM %I WHERE ctid >= %L::tid AND ctid < %L::tid) e
         WHERE r.account = e.account AND r.result_id = e.result_id',
        expired.name, format('(%s,0)', expired.next_page), format('(%s,0)', ending));
    IF ending * current_setting('block_size')::integer < pg_relation_size(format('conexoes.%I', expired.name)) THEN
        UPDATE expired_months SET next_page = ending WHERE name = expired.name;
    ELSE
        EXECUTE format('DROP TABLE %I', expired.name);
        DELETE FROM expired_months WHERE name = expired.name;
    END IF;
    RETURN EXISTS (SELECT FROM expired_months);
END
$function$;

-- Deletes attempts that have no month's partition and are older than `retention_days`, by both their times, in `pages`
-- pages from `first_page` on, and forgets their results. Returns the page to go on with, null after the last.
CREATE FUNCTION forget_unplaced_attempts(
    retention_days integer, first_page bigint, pages integer, at timestamptz DEFAULT now()
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    oldest timestamptz := at - make_interval(days => retention_days);
    ending bigint := first_page + pages;
BEGIN
    EXECUTE format(
        'WITH expired AS (
             DELETE FROM attempts_default
             WHERE ctid >= %L::tid AND ctid < %L::tid AND processed_at < $1 AND received_at < $1
             RETURNING account, result_id
         )
         DELETE FROM received_results r USING expired e WHERE r.account = e.account AND r.result_id = e.result_id',
        format('(%s,0)', first_page), format('(%s,0)', ending)) USING oldest;
    RETURN CASE
        WHEN ending * current_setting('block_size')::integer < pg_relation_size('conexoes.attempts_default') THEN ending
    END;
END
$function$;

-- Deletes up to `most` dead letters that are older than `retention_days`, oldest first. Returns how many.
CREATE FUNCTION forget_dead_letters(retention_days integer, most integer, at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, id FROM dead_letters
        WHERE received_at < at - make_interval(days => retention_days)
        ORDER BY received_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM dead_letters d USING expired e WHERE d.account = e.account AND d.id = e.id RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

-- Deletes up to `most` idempotency keys that are older than `retention_days`. Returns how many.
-- A key whose command Kafka has and the agents have not recorded is all that is known of that click: it stays.
CREATE FUNCTION forget_idempotency_keys(retention_days integer, most integer, at timestamptz DEFAULT now())
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, key FROM idempotency_keys k
        WHERE created_at < at - make_interval(days => retention_days)
          AND (published_at IS NULL
               OR EXISTS (SELECT FROM reprocess_commands c WHERE c.account = k.account AND c.id = k.command_id))
        ORDER BY created_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM idempotency_keys k USING expired e WHERE k.account = e.account AND k.key = e.key RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION
    make_attempts_partitions(integer, integer, timestamptz), expire_attempts(integer, timestamptz),
    forget_expired_attempts(integer), forget_unplaced_attempts(integer, bigint, integer, timestamptz),
    forget_dead_letters(integer, integer, timestamptz), forget_idempotency_keys(integer, integer, timestamptz)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    make_attempts_partitions(integer, integer, timestamptz), expire_attempts(integer, timestamptz),
    forget_expired_attempts(integer), forget_unplaced_attempts(integer, bigint, integer, timestamptz),
    forget_dead_letters(integer, integer, timestamptz), forget_idempotency_keys(integer, integer, timestamptz)
TO conexoes_writer;

-- migrate: rollback

-- What was taken out and is not forgotten yet, the version before would never find: it is forgotten now.
DO $forget$
DECLARE
    expired expired_months;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.forget_attempts'));
    FOR expired IN SELECT * FROM expired_months LOOP
        EXECUTE format(
            'DELETE FROM received_results r USING %I e WHERE r.account = e.account AND r.result_id = e.result_id',
            expired.name);
        EXECUTE format('DROP TABLE %I', expired.name);
    END LOOP;
END
$forget$;
DROP FUNCTION make_attempts_partitions(integer, integer, timestamptz);
DROP FUNCTION expire_attempts(integer, timestamptz);
DROP FUNCTION forget_expired_attempts(integer);
DROP FUNCTION forget_unplaced_attempts(integer, bigint, integer, timestamptz);
DROP FUNCTION forget_dead_letters(integer, integer, timestamptz);
DROP FUNCTION forget_idempotency_keys(integer, integer, timestamptz);
DROP TABLE expired_months;
DROP INDEX dead_letters_by_age, idempotency_keys_by_age;
