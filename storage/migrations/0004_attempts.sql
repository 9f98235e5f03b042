-- results: the received ids, and every attempt, by month
-- depends: 0003_counts

-- migrate: apply

-- Separate from attempts, since a unique key of a partitioned table would have to contain the time.
CREATE TABLE received_results (
    account text COLLATE "C" NOT NULL,
    result_id uuid PRIMARY KEY               -- schemas.identity.result_id, a hash of the account too
);

COMMENT ON TABLE received_results IS
    'One row for each result, so that a second delivery changes nothing, whatever its time. Kept as long as its attempt.';

GRANT SELECT, INSERT ON received_results TO conexoes_writer;
ALTER TABLE received_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON received_results TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON received_results FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE attempts (
    account text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    processed_at timestamptz NOT NULL,
    result_id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    version bytea NOT NULL,
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    message text,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    item_id uuid,                            -- the reprocess item that it answers
    body text NOT NULL,                      -- JSON: `data`, or the whole event when structured
    structured boolean NOT NULL,
    late boolean NOT NULL,                   -- a newer result was here already
    altered boolean NOT NULL,                -- NUL or lone surrogates were replaced
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, processed_at, result_id)
) PARTITION BY RANGE (processed_at);

COMMENT ON TABLE attempts IS
    'One row for each result, by month of processed_at. Kept for CONEXOES_RETENTION_DAYS, a month at a time.';

CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

COMMENT ON TABLE attempts_default IS
    'Attempts of months without a partition: dropped ones, and ones that maintenance did not make in time. '
    'Kept for CONEXOES_RETENTION_DAYS by both their times.';

-- On the parent alone: only the owner uses partitions by name.
GRANT SELECT, INSERT ON attempts TO conexoes_writer;
GRANT SELECT ON attempts TO conexoes_reader;
ALTER TABLE attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON attempts TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON attempts FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- It has few rows, so no key. Only the functions below use it.
CREATE TABLE expired_months (
    name text COLLATE "C" NOT NULL,          -- of the month's table
    next_page bigint NOT NULL                -- results on pages before this one are deleted
);

COMMENT ON TABLE expired_months IS
    'Months that are detached from attempts, and whose received ids are being deleted. Kept until they are.';

ALTER TABLE expired_months ENABLE ROW LEVEL SECURITY;

-- The received ids of results before this time are deleted: a second delivery of one would be counted twice.
CREATE TABLE retention_horizon (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    before timestamptz NOT NULL              -- processed_at
);

INSERT INTO retention_horizon (before) VALUES ('-infinity');

COMMENT ON TABLE retention_horizon IS
    'One row: the time before which attempts were deleted. An earlier result is stored only if its log does not show it. '
    'Kept for ever.';

GRANT SELECT ON retention_horizon TO conexoes_writer;
ALTER TABLE retention_horizon ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON retention_horizon FOR SELECT TO conexoes_writer USING (true);

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

-- Makes partitions from the oldest month kept to `months_ahead` months from now. Returns the number of new ones.
CREATE FUNCTION make_attempts_partitions(retention_days integer, months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    month date := date_trunc('month', (now() - kept_for(retention_days)) AT TIME ZONE 'UTC')::date;
    last_month date := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => months_ahead))::date;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.attempts'));
    WHILE month <= last_month LOOP
        made := made + make_attempts_partition(month)::integer;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END
$function$;

-- Detaches the oldest month that is wholly older than `retention_days` from attempts. True when there was one.
-- Writers and readers wait meanwhile, so it gives up until next time when others hold the table for long.
-- A later result of such a month goes to the default partition and is kept as long, from its arrival.
CREATE FUNCTION expire_attempts(retention_days integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp SET lock_timeout = '2s' AS $function$
DECLARE
    month date := date_trunc('month', (now() - kept_for(retention_days)) AT TIME ZONE 'UTC')::date;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.attempts'));
    SELECT child.relname INTO partition
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'conexoes.attempts'::regclass
      AND child.relname ~ '^attempts_[0-9]{4}_[0-9]{2}$'
      AND to_date(substr(child.relname, 10), 'YYYY_MM') < month
      -- A month that was detached, made again by a longer retention and expires again waits until the first is deleted.
      AND to_regclass('conexoes.expired_' || child.relname) IS NULL
    ORDER BY 1
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE attempts DETACH PARTITION %I', partition);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, 'expired_' || partition);
    INSERT INTO expired_months (name, next_page) VALUES ('expired_' || partition, 0);
    UPDATE retention_horizon SET before = greatest(
        before, (to_date(substr(partition, 10), 'YYYY_MM') + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$function$;

-- Deletes the received ids of the next `pages` pages of the oldest expired month, and drops the table after the last
-- page. True when there is more to do. No other session reads such a table, so that the drop does not wait.
CREATE FUNCTION forget_expired_attempts(pages integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    expired expired_months;
    ending bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.forget_attempts')) THEN
        RETURN false;  -- another process does it
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

-- Deletes attempts of the default partition that are older than `retention_days`, by both their times, in `pages`
-- pages from `first_page` on, with their received ids. Returns the next page, null after the last.
CREATE FUNCTION forget_unplaced_attempts(retention_days integer, first_page bigint, pages integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    oldest timestamptz := now() - kept_for(retention_days);
    ending bigint := first_page + pages;
BEGIN
    EXECUTE format(
        'WITH expired AS (
             DELETE FROM attempts_default
             WHERE ctid >= %L::tid AND ctid < %L::tid AND processed_at < $1 AND received_at < $1
             RETURNING account, result_id
         ),
         seen AS (
             UPDATE retention_horizon SET before = $1 WHERE before < $1 AND EXISTS (SELECT FROM expired)
         )
         DELETE FROM received_results r USING expired e WHERE r.account = e.account AND r.result_id = e.result_id',
        format('(%s,0)', first_page), format('(%s,0)', ending)) USING oldest;
    RETURN CASE
        WHEN ending * current_setting('block_size')::integer < pg_relation_size('conexoes.attempts_default') THEN ending
    END;
END
$function$;

REVOKE ALL ON FUNCTION make_attempts_partition(date) FROM PUBLIC;
REVOKE ALL ON FUNCTION
    make_attempts_partitions(integer, integer), expire_attempts(integer),
    forget_expired_attempts(integer), forget_unplaced_attempts(integer, bigint, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    make_attempts_partitions(integer, integer), expire_attempts(integer),
    forget_expired_attempts(integer), forget_unplaced_attempts(integer, bigint, integer)
TO conexoes_writer;

-- migrate: rollback
