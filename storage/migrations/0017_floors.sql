-- floors of retention, and who blocks a session
-- depends: 0016_privacy

-- migrate: apply

CREATE TABLE retention_floors (
    kind text COLLATE "C" PRIMARY KEY,       -- of what is forgotten
    days integer CHECK (days >= 1)           -- null: nothing of it is ever forgotten
);

COMMENT ON TABLE retention_floors IS
    'How long each kind of row is kept at least, whoever asks to forget it: the settings that `migrate` ran with. Only the '
    'owner changes it. Kept for ever.';

ALTER TABLE retention_floors ENABLE ROW LEVEL SECURITY;

-- How long rows of this kind are kept: no caller of a function that forgets can name less than the floor, or another
-- time than now. For these functions only, which run as the owner.
CREATE FUNCTION kept_for(kind text, retention_days integer) RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = conexoes, pg_temp AS $function$
DECLARE
    floor_days integer;
BEGIN
    IF retention_days IS NULL OR retention_days < 1 THEN
        RAISE EXCEPTION 'retention_days must be at least 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT coalesce(days, 1000 * 365) INTO floor_days FROM retention_floors f WHERE f.kind = kept_for.kind;
    RETURN make_interval(days => greatest(retention_days, floor_days));
END
$function$;

REVOKE ALL ON FUNCTION kept_for(text, integer) FROM PUBLIC;

-- Every function that forgets names its kind from now on; its body stays as it is otherwise.
DO $do$
DECLARE
    forgetting record;
    kind text;
BEGIN
    FOR forgetting IN
        SELECT oid, proname FROM pg_proc
        WHERE pronamespace = 'conexoes'::regnamespace AND prosrc LIKE '%kept_for(retention_days)%'
    LOOP
        kind := CASE forgetting.proname
            WHEN 'make_attempts_partitions' THEN 'attempts'
            WHEN 'expire_attempts' THEN 'attempts'
            WHEN 'forget_unplaced_attempts' THEN 'attempts'
            WHEN 'forget_fault_hours' THEN 'attempts'
            WHEN 'forget_result_day' THEN 'series'
            WHEN 'expire_evidence' THEN 'evidence'
            WHEN 'forget_silent_logs' THEN 'logs'
            WHEN 'forget_dead_letters' THEN 'dead_letters'
            WHEN 'forget_idempotency_keys' THEN 'idempotency_keys'
        END;
        IF kind IS NULL THEN
            RAISE EXCEPTION '% forgets rows of no kind that is known', forgetting.proname;
        END IF;
        EXECUTE replace(
            pg_get_functiondef(forgetting.oid), 'kept_for(retention_days)', format('kept_for(%L, retention_days)', kind));
    END LOOP;
END
$do$;

DROP FUNCTION kept_for(integer);

-- The sessions that a session waits for, which holds or awaits a lock: who they are and since when they do what. What
-- they do is not told: a statement has values in it. State and time are null where the owner of this function may not
-- read them, being neither a superuser nor granted pg_read_all_stats.
CREATE FUNCTION blockers_of(pid integer)
RETURNS TABLE (blocker integer, login text, application_name text, state text, seconds double precision)
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT a.pid, a.usename::text, a.application_name, a.state,
        extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change))
    FROM unnest(pg_blocking_pids(blockers_of.pid)) AS blocking (pid)
    LEFT JOIN pg_stat_activity a ON a.pid = blocking.pid
$function$;

REVOKE ALL ON FUNCTION blockers_of(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION blockers_of(integer) TO conexoes_writer;

-- migrate: rollback
