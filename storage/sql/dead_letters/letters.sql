-- insert_dead_letters --
-- Arrays with one element for each dead letter; one that is stored already stays as it is. :unpublished has the headers of
-- those that their topic is to get later, and null for the others.
WITH inserted AS (
    INSERT INTO dead_letters (
        account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes, affiliate,
        said, redrive_of
    )
    SELECT
        account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes, affiliate,
        said, redrive_of
    FROM unnest(
        :account::text[], :id::uuid[], :code::text[], :reason::jsonb[], :topic::text[], :partition::integer[],
        :offset::bigint[], :position::integer[], :key::bytea[], :headers::jsonb[], :value::bytea[],
        :value_bytes::integer[], :affiliate::text[], :said::text[], :redrive_of::uuid[]
    ) AS letter (
        account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes, affiliate,
        said, redrive_of
    )
    ON CONFLICT DO NOTHING
    RETURNING account, id
)
INSERT INTO unpublished_letters (account, letter_id, headers)
SELECT i.account, i.id, u.headers
FROM inserted i
JOIN unnest(:account::text[], :id::uuid[], :unpublished::bytea[]) WITH ORDINALITY AS u (account, id, headers, number)
    ON u.account = i.account AND u.id = i.id
WHERE u.headers IS NOT NULL
ORDER BY u.number
ON CONFLICT DO NOTHING

-- stored_letters --
-- The ids of those of these letters, arrays, that are stored.
SELECT d.id
FROM unnest(:account::text[], :id::uuid[]) AS asked (account, id)
JOIN dead_letters d ON d.account = asked.account AND d.id = asked.id

-- dead_letters_seen --
-- The account's dead letters that a filter matches; with :every_account also those that name no account, for callers
-- who may see them. A part of other statements: two scans of dead_letters_by_time, merged without a sort. A filter is
-- schemas.letter_filter.LetterFilter; one of its fields, or :ids, that is null matches all. :q_bytes is the searched
-- text as PostgreSQL escapes bytes, lower case; values are searched for callers who may see them, by :in_values.
SELECT * FROM (
    SELECT * FROM dead_letters WHERE account = :account::text
    UNION ALL
    SELECT * FROM dead_letters WHERE account = '' AND :every_account::boolean
) AS letter
WHERE (:ids::uuid[] IS NULL OR letter.id = ANY(:ids::uuid[]))
  AND (:code::text[] IS NULL OR letter.code = ANY(:code::text[]))
  AND (:topic::text[] IS NULL OR letter.topic = ANY(:topic::text[]))
  AND (:affiliate::text[] IS NULL OR letter.affiliate = ANY(:affiliate::text[]))
  AND (:received_from::timestamptz IS NULL OR letter.received_at >= :received_from::timestamptz)
  AND (:received_to::timestamptz IS NULL OR letter.received_at < :received_to::timestamptz)
  AND (:state::text[] IS NULL OR letter.state = ANY(:state::text[]))
  AND (:log_id::uuid IS NULL OR EXISTS (
      SELECT FROM redrive_items i WHERE i.letter_id = letter.id AND i.log_id = :log_id::uuid
  ))
  AND (:q::text IS NULL OR strpos(coalesce(letter.said, lower(letter.reason::text)), :q::text) > 0
      OR strpos(lower(encode(letter.key, 'escape')), :q_bytes::text) > 0
      OR :in_values::boolean AND strpos(lower(encode(letter.value, 'escape')), :q_bytes::text) > 0)

-- list_dead_letters --
-- One page of dead letters, newest first, after (:after_at, :after_id).
SELECT
    account, id, code, reason, topic, partition, "offset", position, received_at, key, headers, affiliate, state,
    state_at, redrive_id, redrive_of, substring(value FOR :value_bytes::integer) AS beginning, value_bytes
FROM ({dead_letters_seen}) AS seen
WHERE (received_at, id) < (:after_at::timestamptz, :after_id::uuid)
ORDER BY received_at DESC, id DESC
LIMIT :limit::integer

-- count_dead_letters --
-- How many dead letters a filter matches, by code, topic and state.
SELECT code, topic, state, count(*) AS letters
FROM ({dead_letters_seen}) AS seen
GROUP BY code, topic, state

-- get_dead_letter --
-- One dead letter whole, with the outcome of its last redrive and its last edited value.
SELECT
    d.account, d.id, d.code, d.reason, d.topic, d.partition, d."offset", d.position, d.received_at, d.key, d.headers,
    d.affiliate, d.state, d.state_at, d.redrive_id, d.redrive_of, d.value AS beginning, d.value_bytes,
    i.log_id, i.again_id, l.integration_type
FROM dead_letters d
LEFT JOIN redrive_items i ON i.letter_id = d.id AND i.letter_account = d.account AND i.redrive_id = d.redrive_id
LEFT JOIN status_logs l ON l.id = i.log_id
WHERE d.id = :id::uuid AND (d.account = :account::text OR d.account = '' AND :every_account::boolean)

-- list_dead_letter_edits --
-- Edited values of one dead letter, the first edit first.
SELECT number, value, requested_by, key_name, reason, edited_at
FROM dead_letter_edits
WHERE account = :account::text AND letter_id = :id::uuid
ORDER BY number

-- insert_dead_letter_edit --
-- A new value of a letter that waits. No row when there is none.
INSERT INTO dead_letter_edits (account, letter_id, number, value, requested_by, key_name, reason)
SELECT d.account, d.id, 1 + coalesce((
        SELECT max(number) FROM dead_letter_edits e WHERE e.account = d.account AND e.letter_id = d.id
    ), 0), :value::bytea, :requested_by::text, :key_name::text, :reason::text
FROM dead_letters d
WHERE d.account = :account::text AND d.id = :id::uuid AND d.state = 'waiting'
RETURNING number

-- dead_letters_to_erase --
-- Up to :most letters that a filter matches and an erasure would take.
SELECT account, id FROM ({dead_letters_seen}) AS seen
WHERE state NOT IN ('queued', 'erased')
LIMIT :most::integer

-- erase_dead_letters --
-- It adds the act to the audit.
SELECT erase_dead_letters(
    :accounts::text[], :ids::uuid[], :account::text, :request::jsonb, :requested_by::text, :key_id::uuid,
    :key_name::text, :reason::text
)

-- insert_dead_letter_audit --
INSERT INTO dead_letter_audit (
    account, action, redrive_id, letters, request, requested_by, key_id, key_name, reason
)
VALUES (
    :account::text, :action::text, :redrive_id::uuid, :letters::integer, :request::jsonb, :requested_by::text,
    :key_id::uuid, :key_name::text, :reason::text
)
