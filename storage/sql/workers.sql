-- take_worker_id --
-- Process $2 on host $3 is worker $1 from now on. Answers the host of the one before when that was seen in the last $4
-- seconds.
WITH before AS (
    SELECT host FROM workers
    WHERE id = $1::text AND process <> $2::uuid AND seen_at > now() - make_interval(secs => $4::float)
),
forgotten AS (
    DELETE FROM workers WHERE id <> $1 AND seen_at < now() - interval '7 days'
),
taken AS (
    INSERT INTO workers (id, process, host) VALUES ($1, $2, $3::text)
    ON CONFLICT (id) DO UPDATE SET process = excluded.process, host = excluded.host, seen_at = now()
)
SELECT host FROM before

-- keep_worker_id --
-- Process $2 on host $3 is still worker $1. Answers the host of another process that was seen as this worker in the last $4
-- seconds; null when there is none.
WITH kept AS (
    INSERT INTO workers AS w (id, process, host) VALUES ($1::text, $2::uuid, $3::text)
    ON CONFLICT (id) DO UPDATE SET process = excluded.process, host = excluded.host, seen_at = now()
    WHERE w.process = excluded.process OR w.seen_at <= now() - make_interval(secs => $4::float)
)
SELECT host FROM workers WHERE id = $1 AND process <> $2 AND seen_at > now() - make_interval(secs => $4)

-- leave_worker_id --
DELETE FROM workers WHERE id = $1::text AND process = $2::uuid
