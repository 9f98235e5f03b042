-- plan_alone --
-- Takes the lock under which messages are planned, for this transaction, and answers the time; nothing while another
-- session has it.
SELECT clock_timestamp() WHERE pg_try_advisory_xact_lock(hashtext('conexoes.plan_notifications'))

-- take_edges --
-- Takes the next edges of which no message was planned, in order, with their incidents as they were then. For who holds
-- the advisory lock.
WITH taken AS (
    DELETE FROM unplanned_edges
    WHERE (account, edge_id) IN (SELECT account, edge_id FROM unplanned_edges ORDER BY edge_id LIMIT :limit::integer)
    RETURNING edge_id
)
SELECT {told_columns} FROM taken t
JOIN incident_edges e USING (edge_id)
JOIN incidents i USING (incident_id)
ORDER BY e.edge_id

-- told_columns --
-- Not a statement: an edge, and its incident.
e.edge_id, e.incident_id, e.account, e.edge, e.at, i.kind, i.severity, i.integration_type, i.affiliate, i.opened_at,
coalesce((
    SELECT max(b.at) FROM incident_edges b
    WHERE b.incident_id = e.incident_id AND b.edge_id <= e.edge_id AND b.edge = 'reopened'
), i.opened_at) AS began_at, e.facts

-- edges_told --
SELECT {told_columns} FROM incident_edges e
JOIN incidents i USING (incident_id)
WHERE e.edge_id = ANY(:edge_ids::bigint[])
ORDER BY e.edge_id

-- rules_in_force --
-- Each rule of these accounts with each of its channels.
SELECT r.account, r.id AS rule_id, r.rule, c.id AS channel_id, c.language, c.time_zone
FROM notification_rules r
CROSS JOIN LATERAL unnest(r.channels) AS each (channel_id)
JOIN notification_channels c ON c.account = r.account AND c.id = each.channel_id AND c.removed_at IS NULL
WHERE r.account = ANY(:accounts::text[])
ORDER BY r.account, r.id, c.id

-- windows_in_force --
SELECT account, begins_at, ends_at, scope FROM maintenance_windows
WHERE account = ANY(:accounts::text[]) AND ends_at > :now::timestamptz

-- supersede --
-- Ends the notices of an incident, by one rule to one channel, that wait for their time or, with :tried, for another try:
-- a later edge says more. Answers with the number of those that were never tried.
WITH ended AS (
    UPDATE notification_messages SET state = 'superseded', ended_at = now()
    WHERE account = :account::text AND incident_id = :incident_id::bigint AND rule_id = :rule_id::uuid
      AND channel_id = :channel_id::uuid AND state = 'waiting'
      AND (due_at > :now::timestamptz OR (tries > 0 AND :tried::boolean))
    RETURNING tries
)
SELECT count(*) FILTER (WHERE tries = 0)::integer FROM ended

-- take_from_digests --
-- Takes the edges of an incident out of digests, by one rule to one channel, that wait for their time: as above. Answers
-- with the number of digests.
WITH taken AS (
    UPDATE notification_messages m
    SET edge_ids = ARRAY(
        SELECT told.edge FROM unnest(m.edge_ids) AS told (edge) WHERE told.edge <> ALL(o.edges) ORDER BY 1
    )
    FROM (
        SELECT array_agg(edge_id) AS edges FROM incident_edges
        WHERE account = :account::text AND incident_id = :incident_id::bigint
    ) AS o
    WHERE m.account = :account::text AND m.channel_id = :channel_id::uuid AND m.rule_id = :rule_id::uuid
      AND m.kind = 'digest' AND m.state = 'waiting' AND m.content IS NULL AND m.due_at > :now::timestamptz
      AND m.edge_ids && o.edges
    RETURNING 1
)
SELECT count(*)::integer FROM taken

-- heard --
-- Edges of an incident before one, in order, of which a message by one rule to one channel was sent or is on its way: its
-- own, or a digest. One that was tried may have arrived, whatever the answer was.
SELECT edge, facts FROM incident_edges
WHERE account = :account::text AND incident_id = :incident_id::bigint AND edge_id < :edge_id::bigint
  AND edge_id = ANY(ARRAY(
      SELECT told.edge FROM notification_messages, unnest(edge_ids) AS told (edge)
      WHERE account = :account::text AND incident_id = :incident_id::bigint AND rule_id = :rule_id::uuid
        AND channel_id = :channel_id::uuid AND (state IN ('waiting', 'sent', 'failed') OR tries > 0)
      UNION ALL
      SELECT told.edge FROM notification_messages, unnest(edge_ids) AS told (edge)
      WHERE account = :account::text AND channel_id = :channel_id::uuid AND rule_id = :rule_id::uuid
        AND kind = 'digest' AND state IN ('waiting', 'sent', 'failed')
  ))
ORDER BY edge_id

-- insert_message --
-- Answers true unless it is there already. Without a time it is due now.
INSERT INTO notification_messages (
    account, id, channel_id, kind, state, rule_id, incident_id, edge_ids, maintenance, content, due_at, not_before,
    ended_at
)
VALUES (
    :account::text, :id::uuid, :channel_id::uuid, :kind::text, :state::text, :rule_id::uuid, :incident_id::bigint,
    :edge_ids::bigint[], :maintenance::boolean, :content::jsonb, coalesce(:due_at::timestamptz, now()),
    coalesce(:due_at::timestamptz, now()), CASE WHEN :state::text <> 'waiting' THEN now() END
)
ON CONFLICT (account, id) DO NOTHING
RETURNING true

-- add_to_digest --
-- Adds an edge to the digest of one moment, or makes that. Answers nothing when it has its content already, so that the
-- edge must wait for the next one.
INSERT INTO notification_messages AS m (account, id, channel_id, kind, rule_id, edge_ids, due_at, not_before)
VALUES (
    :account::text, :id::uuid, :channel_id::uuid, 'digest', :rule_id::uuid, ARRAY[:edge_id::bigint],
    :due_at::timestamptz, :due_at::timestamptz
)
ON CONFLICT (account, id) DO UPDATE SET edge_ids = m.edge_ids || :edge_id::bigint
WHERE m.state = 'waiting' AND m.content IS NULL
RETURNING true

-- claim_channels --
-- Leases channels that have messages to be sent now, up to :share of one account at once, with those that have a turn
-- already, and up to :chats chats. Accounts take turns. Channels of other workers are skipped.
WITH due AS (
    SELECT c.account, c.id, c.kind, c.last_sent_at,
        row_number() OVER (PARTITION BY c.account ORDER BY c.last_sent_at NULLS FIRST, c.id) AS place
    FROM notification_channels c
    WHERE {may_have_a_turn}
      AND EXISTS (
          SELECT FROM notification_messages m
          WHERE m.account = c.account AND m.channel_id = c.id AND m.state = 'waiting' AND m.not_before <= now()
      )
),
busy AS (
    SELECT account, count(*) AS channels FROM notification_channels WHERE leased_until > now() GROUP BY account
),
shared AS (
    SELECT d.*, row_number() OVER (PARTITION BY d.kind = 'chat' ORDER BY d.place, d.last_sent_at NULLS FIRST) AS among
    FROM due d
    LEFT JOIN busy b USING (account)
    WHERE d.place + coalesce(b.channels, 0) <= :share::integer
),
free AS (
    SELECT c.account, c.id FROM notification_channels c
    JOIN shared s USING (account, id)
    WHERE {may_have_a_turn} AND (s.kind <> 'chat' OR s.among <= :chats::integer)
    ORDER BY s.place, s.last_sent_at NULLS FIRST
    LIMIT :limit::integer
    FOR UPDATE OF c SKIP LOCKED
)
UPDATE notification_channels c
SET lease = :lease::uuid, leased_until = now() + make_interval(secs => :lease_seconds::double precision)
FROM free f
LEFT JOIN notification_addresses a ON a.account = f.account AND a.channel_id = f.id
WHERE c.account = f.account AND c.id = f.id
RETURNING c.account, c.id, c.kind, c.language, c.time_zone, c.failures, a.address, a.secret

-- may_have_a_turn --
-- Not a statement.
c.removed_at IS NULL AND c.not_before <= now() AND (c.leased_until IS NULL OR c.leased_until <= now())

-- messages_to_send --
-- The next messages of a channel, in order, tests first. For who has its lease.
SELECT id, kind, rule_id, incident_id, edge_ids, event_type, event_uuid, subject, content, made_at, due_at, tries
FROM notification_messages
WHERE account = :account::text AND channel_id = :channel_id::uuid AND state = 'waiting' AND not_before <= now()
ORDER BY kind <> 'test', number
LIMIT :limit::integer

-- keep_content --
-- The content of a digest, before it is tried for the first time. Answers nothing where an edge came to it meanwhile.
UPDATE notification_messages SET content = :content::jsonb
WHERE account = :account::text AND id = :id::uuid AND content IS NULL AND edge_ids = :edge_ids::bigint[]
RETURNING true

-- put_off --
-- Lets a message wait for the end of a maintenance window.
UPDATE notification_messages SET due_at = :at::timestamptz, not_before = :at::timestamptz, maintenance = true
WHERE account = :account::text AND id = :id::uuid AND state = 'waiting'

-- take_out --
-- Takes edges out of a digest that has no content yet. Answers with those that are left.
UPDATE notification_messages
SET edge_ids = ARRAY(SELECT edge FROM unnest(edge_ids) AS told (edge) WHERE edge <> ALL(:edge_ids::bigint[]) ORDER BY 1)
WHERE account = :account::text AND id = :id::uuid AND content IS NULL
RETURNING edge_ids

-- mark_tried --
-- Arrays with one element for each message that was tried: what it is now, and the pause after which it is tried again; it
-- is given up when that would be too late. One that was ended meanwhile was sent all the same. Their channel counts those
-- that were not marked as sent before: messages are locked before they are looked at, so that of two workers that mark the
-- same one, one counts it.
WITH was AS MATERIALIZED (
    SELECT id, state, due_at FROM notification_messages
    WHERE account = :account::text AND id = ANY(:id::uuid[])
    ORDER BY id
    FOR UPDATE
),
marked AS (
    UPDATE notification_messages m
    SET state = CASE WHEN n.late THEN 'failed' ELSE t.state END, tries = m.tries + t.failed,
        error = CASE WHEN n.late THEN jsonb_set(:given_up::jsonb, '{parameters,error}', t.error) ELSE t.error END,
        not_before = n.at,
        ended_at = CASE WHEN n.late OR t.state <> 'waiting' THEN now() END
    FROM unnest(
        :id::uuid[], :state::text[], :failed::integer[], :error::jsonb[], :pause_seconds::double precision[]
    ) AS t (id, state, failed, error, pause_seconds)
    JOIN was w ON w.id = t.id
    CROSS JOIN LATERAL (
        SELECT next.at, t.state = 'waiting' AND next.at > w.due_at + :after::interval AS late
        FROM (SELECT now() + make_interval(secs => t.pause_seconds) AS at) AS next
    ) AS n
    WHERE m.account = :account::text AND m.id = t.id AND (m.state = 'waiting' OR t.state = 'sent')
    RETURNING m.channel_id, m.state = 'sent' AND w.state <> 'sent' AS is_sent
)
UPDATE notification_channels c SET sent = c.sent + s.messages, last_sent_at = now()
FROM (SELECT channel_id, count(*) AS messages FROM marked WHERE is_sent GROUP BY channel_id) AS s
WHERE c.account = :account::text AND c.id = s.channel_id

-- delete_sent_events --
SELECT delete_sent_events(:account::text, :ids::uuid[])

-- release_channel --
-- Ends the lease, unless another worker has it by now, and leaves the channel alone after a failure. Its error stays until
-- something is sent, or fails otherwise.
UPDATE notification_channels
SET lease = NULL, leased_until = NULL, failures = :failures::integer,
    last_error = CASE WHEN :tried::boolean THEN :error::jsonb ELSE last_error END,
    -- A test that was asked for meanwhile, the first message if there is one, is sent at once.
    not_before = now() + CASE WHEN (
        SELECT m.kind = 'test' AND m.tries = 0 FROM notification_messages m
        WHERE m.account = :account::text AND m.channel_id = :id::uuid AND m.state = 'waiting'
        ORDER BY m.kind <> 'test', m.number
        LIMIT 1
    ) THEN interval '0' ELSE make_interval(secs => :pause_seconds::double precision) END
WHERE account = :account::text AND id = :id::uuid AND lease = :lease::uuid

-- end_removed --
-- Ends some messages of removed channels, of one account or of all. Answers with their number.
WITH ended AS (
    SELECT w.account, w.id FROM notification_channels c
    CROSS JOIN LATERAL (
        SELECT m.account, m.id FROM notification_messages m
        WHERE m.account = c.account AND m.channel_id = c.id AND m.state = 'waiting'
        LIMIT :limit::integer
        FOR UPDATE SKIP LOCKED
    ) AS w
    WHERE c.removed_at IS NOT NULL AND (:account::text IS NULL OR c.account = :account::text)
    LIMIT :limit::integer
),
updated AS (
    UPDATE notification_messages m SET state = 'failed', error = :error::jsonb, ended_at = now()
    FROM ended e
    WHERE m.account = e.account AND m.id = e.id
    RETURNING 1
)
SELECT count(*)::integer FROM updated

-- give_up --
-- Ends some messages that were due so long ago, tried or not: behind one that is not taken, none is. Answers with their
-- number.
WITH ended AS (
    SELECT account, id FROM notification_messages
    WHERE state = 'waiting' AND due_at < now() - :after::interval
    ORDER BY due_at
    LIMIT :limit::integer
    FOR UPDATE SKIP LOCKED
),
updated AS (
    UPDATE notification_messages m
    SET state = 'failed', ended_at = now(),
        error = coalesce(jsonb_set(:given_up::jsonb, '{parameters,error}', m.error), :given_up::jsonb)
    FROM ended e
    WHERE m.account = e.account AND m.id = e.id
    RETURNING 1
)
SELECT count(*)::integer FROM updated

-- tell_log_edges --
SELECT tell_log_edges(:limit::integer)
