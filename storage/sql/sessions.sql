-- look_at_session --
-- Whether a session has ended; keeps a new one, and within a minute when one that goes on was last seen. Uses the primary
-- key.
WITH known AS (
    SELECT ended_at, seen_at FROM sessions WHERE id = :id::bytea
),
kept AS (
    INSERT INTO sessions AS s (id, owner, expires_at, browser, address)
    SELECT :id::bytea, :owner::bytea, now() + make_interval(secs => :seconds::double precision), :browser::text,
        :address::text
    WHERE NOT EXISTS (SELECT FROM known WHERE ended_at IS NOT NULL OR seen_at > now() - interval '1 minute')
    ON CONFLICT (id) DO UPDATE SET seen_at = now() WHERE s.ended_at IS NULL
)
SELECT
    EXISTS (SELECT FROM known WHERE ended_at IS NOT NULL) AS ended, NOT EXISTS (SELECT FROM known) AS new

-- forget_sessions --
-- Those whose cookies are too old. Uses sessions_by_expiry.
DELETE FROM sessions WHERE expires_at < now()

-- end_sessions --
-- Sessions of an owner that are to end: the one with :id, or all but it. Those of people who signed in by an issuer lose
-- their token too; these are few. Uses the primary key or sessions_by_owner.
WITH ended AS (
    UPDATE sessions SET ended_at = now()
    WHERE owner = :owner::bytea AND ended_at IS NULL AND (id = :id::bytea) <> :others::boolean
    RETURNING id
),
forgotten AS (
    DELETE FROM person_sessions p USING ended e WHERE sha256(p.nonce) = e.id
)
SELECT id FROM ended

-- list_sessions --
-- Sessions of an owner that go on, seen last first. Uses sessions_by_owner.
SELECT id, started_at, seen_at, browser, address FROM sessions
WHERE owner = :owner::bytea AND ended_at IS NULL AND expires_at > now()
ORDER BY seen_at DESC, id
LIMIT :limit::integer
