-- take_worker_id --
-- Give the worker id to the process. Answers the host of the process before if it was seen in the last :seconds.
WITH before AS (
    SELECT host FROM workers
    WHERE id = :worker::text AND process <> :process::uuid AND seen_at > now() - make_interval(secs => :seconds::float)
),
forgotten AS (
    DELETE FROM workers WHERE id <> :worker AND seen_at < now() - interval '7 days'
),
taken AS (
    INSERT INTO workers (id, process, host) VALUES (:worker, :process, :host::text)
    ON CONFLICT (id) DO UPDATE SET process = excluded.process, host = excluded.host, seen_at = now()
)
SELECT host FROM before

-- keep_worker_id --
-- Renew the worker id of the process. Answers the host of another process that was seen with it in the last :seconds;
-- null when there is none.
WITH kept AS (
    INSERT INTO workers AS w (id, process, host) VALUES (:worker::text, :process::uuid, :host::text)
    ON CONFLICT (id) DO UPDATE SET process = excluded.process, host = excluded.host, seen_at = now()
    WHERE w.process = excluded.process OR w.seen_at <= now() - make_interval(secs => :seconds::float)
)
SELECT host FROM workers WHERE id = :worker AND process <> :process AND seen_at > now() - make_interval(secs => :seconds)

-- leave_worker_id --
DELETE FROM workers WHERE id = :worker::text AND process = :process::uuid
