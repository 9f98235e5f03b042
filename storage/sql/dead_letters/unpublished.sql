-- has_unpublished --
-- Whether any letter can be published now. Without an outage the table is empty.
SELECT EXISTS (SELECT FROM unpublished_letters WHERE publish_after <= now())

-- claim_unpublished --
-- Leases the letters that have waited longest: up to :most, of up to :most_bytes together, or one. A lease that has ended
-- is a worker that was killed. It waits for no lock: what is locked is another worker's, or is being erased.
WITH due AS (
    SELECT account, letter_id, number, octet_length(headers) AS header_bytes FROM unpublished_letters
    WHERE publish_after <= now()
    ORDER BY number
    LIMIT :most::integer
    FOR UPDATE SKIP LOCKED
),
measured AS (
    SELECT sized.*, sum(bytes) OVER (ORDER BY number) - bytes AS bytes_before
    FROM (
        SELECT
            due.account, due.letter_id, due.number,
            due.header_bytes + d.value_bytes + coalesce(octet_length(d.key), 0) AS bytes
        FROM due JOIN dead_letters d ON d.account = due.account AND d.id = due.letter_id
    ) AS sized
),
leased AS (
    UPDATE unpublished_letters u SET publish_after = now() + make_interval(secs => :lease_seconds::float8)
    FROM measured m
    WHERE u.account = m.account AND u.letter_id = m.letter_id AND m.bytes_before < :most_bytes::bigint
    RETURNING u.account, u.letter_id, u.number, u.headers
)
SELECT l.account, l.letter_id, d.key, d.value, l.headers
FROM leased l JOIN dead_letters d ON d.account = l.account AND d.id = l.letter_id
ORDER BY l.number

-- locked_to_tell --
-- Letters of which something is told, locked in the order of their numbers, as by an erasure: no two wait for each other.
FROM unpublished_letters u JOIN told t ON u.account = t.account AND u.letter_id = t.letter_id
ORDER BY u.number
FOR UPDATE OF u

-- delete_published --
-- Letters, arrays, that their topic has.
WITH told AS (
    SELECT t.account, t.letter_id FROM unnest(:account::text[], :letter_id::uuid[]) AS t (account, letter_id)
),
there AS MATERIALIZED (
    SELECT u.account, u.letter_id {locked_to_tell}
)
DELETE FROM unpublished_letters u USING there WHERE u.account = there.account AND u.letter_id = there.letter_id

-- release_unpublished --
-- Letters, arrays, that their topic did not take: nobody publishes them for :seconds, an array.
WITH told AS (
    SELECT t.account, t.letter_id, t.seconds
    FROM unnest(:account::text[], :letter_id::uuid[], :seconds::float8[]) AS t (account, letter_id, seconds)
),
there AS MATERIALIZED (
    SELECT u.account, u.letter_id, t.seconds {locked_to_tell}
)
UPDATE unpublished_letters u SET publish_after = now() + make_interval(secs => there.seconds)
FROM there WHERE u.account = there.account AND u.letter_id = there.letter_id
