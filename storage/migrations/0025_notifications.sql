-- notifications and events out: channels, rules, maintenance windows, and the outbox that is their log
-- depends: 0024_incidents

-- migrate: apply

-- Where messages go. A channel is never changed but for its delivery: another address is another channel.
CREATE TABLE notification_channels (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('email', 'chat', 'webhook', 'topic')),
    shown text NOT NULL,                     -- its address as people may see it: masked
    language text COLLATE "C" NOT NULL,      -- of its reader, and so is the time zone
    time_zone text COLLATE "C" NOT NULL,
    events text[] COLLATE "C" NOT NULL,      -- schemas.event_out.EventType: the events out that it gets
    made_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    -- Delivery. One worker at a time sends to a channel; after leased_until another one does.
    lease uuid,
    leased_until timestamptz,
    not_before timestamptz NOT NULL DEFAULT now(),  -- the next try of any message, after failures
    failures integer NOT NULL DEFAULT 0,     -- tries in a row
    sent bigint NOT NULL DEFAULT 0,          -- messages
    last_sent_at timestamptz,
    -- Of the last try, when it failed: schemas.reasons, never an address.
    last_error jsonb CHECK (last_error ? 'code' AND last_error ? 'parameters'),
    PRIMARY KEY (account, id),
    CHECK (kind IN ('webhook', 'topic') OR events = '{}')
);

COMMENT ON TABLE notification_channels IS
    'Channels of notifications and of events out; removed ones without their addresses. Kept for ever.';

CREATE UNIQUE INDEX notification_channels_by_name ON notification_channels (account, name) WHERE removed_at IS NULL;
-- What each statement that changes logs looks up: empty where nobody wants events.
CREATE INDEX notification_channels_of_events ON notification_channels (account)
    WHERE removed_at IS NULL AND events <> '{}';

GRANT SELECT, INSERT ON notification_channels TO conexoes_writer;
GRANT UPDATE (removed_at, lease, leased_until, not_before, failures, sent, last_sent_at, last_error)
    ON notification_channels TO conexoes_writer;
GRANT SELECT ON notification_channels TO conexoes_reader;
ALTER TABLE notification_channels ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON notification_channels TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON notification_channels FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Apart from channels, so that no reader can see it. Encrypted with CONEXOES_CHANNELS_KEY all the same.
CREATE TABLE notification_addresses (
    account text COLLATE "C" NOT NULL,
    channel_id uuid NOT NULL,
    address bytea NOT NULL,
    secret bytea,                            -- what a webhook is signed with
    PRIMARY KEY (account, channel_id)
);

COMMENT ON TABLE notification_addresses IS
    'Addresses of channels and secrets of webhooks, encrypted. Kept until the channel is removed.';

GRANT SELECT, INSERT, DELETE ON notification_addresses TO conexoes_writer;
ALTER TABLE notification_addresses ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON notification_addresses TO conexoes_writer USING (true) WITH CHECK (true);

CREATE TABLE notification_rules (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    rule jsonb NOT NULL,                     -- schemas.notification.rule.Rule
    channels uuid[] NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE notification_rules IS
    'Rules: which incidents are told, when, and by which channels. Kept until somebody removes them.';

GRANT SELECT, INSERT, UPDATE, DELETE ON notification_rules TO conexoes_writer;
GRANT SELECT ON notification_rules TO conexoes_reader;
ALTER TABLE notification_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON notification_rules TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON notification_rules FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE maintenance_windows (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    scope jsonb NOT NULL,                    -- schemas.notification.rule.Scope
    reason text,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id),
    CHECK (begins_at < ends_at)
);

COMMENT ON TABLE maintenance_windows IS
    'Times in which nothing is told about a part of an account. Kept until somebody removes them.';

CREATE INDEX maintenance_windows_by_end ON maintenance_windows (account, ends_at);

GRANT SELECT, INSERT, DELETE ON maintenance_windows TO conexoes_writer;
GRANT SELECT ON maintenance_windows TO conexoes_reader;
ALTER TABLE maintenance_windows ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON maintenance_windows TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON maintenance_windows FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE notification_audit (
    account text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text COLLATE "C" NOT NULL CHECK (action IN ('made', 'changed', 'removed', 'tested')),
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('channel', 'rule', 'window')),
    subject_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    details jsonb NOT NULL,                  -- as it is afterwards, without address and secret
    requested_by text NOT NULL,
    key_id uuid,
    key_name text,
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE notification_audit IS
    'Who made, changed, removed and tested channels, rules and maintenance windows. Append-only. Kept for ever.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON notification_audit TO conexoes_writer;
GRANT SELECT ON notification_audit TO conexoes_reader;
ALTER TABLE notification_audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON notification_audit TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON notification_audit FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- The outbox, and the log. A message is inserted with what it is about, in one transaction; its id is made of that, so
-- that nothing is told twice. Its content never changes once a try was made.
CREATE TABLE notification_messages (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,                        -- Message-ID, webhook-id: what a receiver tells a doubled one by
    number bigint GENERATED ALWAYS AS IDENTITY,  -- order in which a channel gets its messages
    channel_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('notice', 'digest', 'test', 'event')),
    state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (
        state IN ('waiting', 'sent', 'failed', 'superseded', 'muted')
    ),
    rule_id uuid,                            -- notice, digest
    incident_id bigint,                      -- notice
    edge_ids bigint[],                       -- notice: one; digest: those of the day
    maintenance boolean NOT NULL DEFAULT false,  -- it waits for the end of a maintenance window
    event_type text COLLATE "C",             -- event: CloudEvents type, …
    event_uuid uuid,                         -- … id, the same on every channel, …
    subject text COLLATE "C",                -- … and subject
    content jsonb,                           -- event: data; else schemas.notification.message.Content; null until it is known
    made_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,             -- as its rule has it
    not_before timestamptz NOT NULL,         -- the next try
    tries integer NOT NULL DEFAULT 0,        -- that failed
    error jsonb CHECK (error ? 'code' AND error ? 'parameters'),  -- of the last one: schemas.reasons, never an address
    ended_at timestamptz,
    PRIMARY KEY (account, id),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);

COMMENT ON TABLE notification_messages IS
    'The outbox of notifications and events out, and their log. Events that were sent are deleted. '
    'Kept for CONEXOES_NOTIFICATION_RETENTION_DAYS after its end.';

CREATE INDEX notification_messages_waiting ON notification_messages (account, channel_id, not_before)
    WHERE state = 'waiting';
-- As a channel gets them: what a person tests is not behind what waits for a channel that was down.
CREATE INDEX notification_messages_in_order ON notification_messages (account, channel_id, (kind <> 'test'), number)
    WHERE state = 'waiting';
CREATE INDEX notification_messages_by_due ON notification_messages (due_at) WHERE state = 'waiting';
CREATE INDEX notification_messages_by_time ON notification_messages (account, number DESC);
CREATE INDEX notification_messages_of_incident ON notification_messages (account, incident_id, channel_id)
    WHERE incident_id IS NOT NULL;
CREATE INDEX notification_messages_digests ON notification_messages (account, channel_id, rule_id)
    WHERE kind = 'digest';
CREATE INDEX notification_messages_by_end ON notification_messages (ended_at) WHERE ended_at IS NOT NULL;

GRANT SELECT, INSERT ON notification_messages TO conexoes_writer;
GRANT UPDATE (state, edge_ids, maintenance, content, due_at, not_before, tries, error, ended_at)
    ON notification_messages TO conexoes_writer;
GRANT SELECT ON notification_messages TO conexoes_reader;
ALTER TABLE notification_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON notification_messages TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON notification_messages FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Edges of incidents of which no message was planned yet.
CREATE TABLE unplanned_edges (
    account text COLLATE "C" NOT NULL,
    edge_id bigint NOT NULL,
    PRIMARY KEY (account, edge_id)
);

COMMENT ON TABLE unplanned_edges IS 'Edges of incidents of which no message was planned yet. Kept until it is.';

GRANT SELECT, DELETE ON unplanned_edges TO conexoes_writer;
ALTER TABLE unplanned_edges ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON unplanned_edges TO conexoes_writer USING (true) WITH CHECK (true);

-- Puts an event out into the outbox of each channel of the account that wants its type: nothing where none does. `key`
-- tells the event from all others of its type; the same one twice is one event.
CREATE FUNCTION tell_event(account text, event_type text, key text, subject text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    INSERT INTO notification_messages (
        account, id, channel_id, kind, event_type, event_uuid, subject, content, due_at, not_before
    )
    SELECT c.account, md5(e.id || c.id::text)::uuid, c.id, 'event', tell_event.event_type, e.id::uuid,
        tell_event.subject, tell_event.data, now(), now()
    FROM notification_channels c,
        md5(tell_event.account || chr(31) || tell_event.event_type || chr(31) || tell_event.key) AS e (id)
    WHERE c.account = tell_event.account AND c.removed_at IS NULL AND c.events <> '{}'
      AND tell_event.event_type = ANY(c.events)
    ON CONFLICT DO NOTHING
$function$;

REVOKE ALL ON FUNCTION tell_event(text, text, text, text, jsonb) FROM PUBLIC;

-- Writers only append here, without an index; tell_log_edges() makes messages of it. So an edge costs ingest 2 µs, and a
-- result without one nothing.
CREATE TABLE log_edges (
    account text COLLATE "C" NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    log_id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    processed_at timestamptz NOT NULL,
    version bytea NOT NULL,
    code text COLLATE "C",
    fingerprint text COLLATE "C"
);

COMMENT ON TABLE log_edges IS
    'Status logs that failed or recovered, of accounts that want to be told. Kept until tell_log_edges() has told it.';

ALTER TABLE log_edges ENABLE ROW LEVEL SECURITY;

-- In the transaction of the change. For statements: transition tables are there anyway, for the counts. A join of what was
-- with what is, where any account wants events; else one look at an empty index for each statement. PostgreSQL knows nothing
-- of the size of transition tables: planned for a small batch, the join would be a loop within a loop for a large one. Who
-- stages a batch has turned hash joins off.
CREATE FUNCTION note_log_edges() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_hashjoin = on SET enable_nestloop = off SET enable_mergejoin = off AS $function$
DECLARE
    wanting text[];
BEGIN
    SELECT array_agg(DISTINCT account) INTO wanting FROM notification_channels WHERE removed_at IS NULL AND events <> '{}';
    IF wanting IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO log_edges (
            account, log_id, integration_type, affiliate, key, status, processed_at, version, code, fingerprint
        )
        SELECT n.account, n.id, n.integration_type, n.affiliate, n.key, n.status, n.processed_at, n.version, n.code,
            n.fingerprint
        FROM new_logs n
        WHERE n.status = 'error' AND n.account = ANY(wanting);
    ELSE
        INSERT INTO log_edges (
            account, log_id, integration_type, affiliate, key, status, processed_at, version, code, fingerprint
        )
        SELECT n.account, n.id, n.integration_type, n.affiliate, n.key, n.status, n.processed_at, n.version, n.code,
            n.fingerprint
        FROM new_logs n
        JOIN old_logs o USING (id)
        WHERE (n.status = 'error') <> (o.status = 'error') AND n.account = ANY(wanting);
    END IF;
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION note_log_edges() FROM PUBLIC;

CREATE TRIGGER note_first_failures AFTER INSERT ON status_logs REFERENCING NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION note_log_edges();
CREATE TRIGGER note_edges AFTER UPDATE ON status_logs REFERENCING OLD TABLE AS old_logs NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION note_log_edges();

-- Puts events about up to `most` edges of logs into the outbox, once each: edges are deleted in the same transaction.
-- Returns the number of edges; 0 also while another session does it.
CREATE FUNCTION tell_log_edges(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.tell_log_edges')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM log_edges
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM log_edges ORDER BY number LIMIT most))
        RETURNING *, CASE status WHEN 'error' THEN 'conexoes.log.failed.v1' ELSE 'conexoes.log.recovered.v1' END AS type
    ),
    told AS (
        INSERT INTO notification_messages (
            account, id, channel_id, kind, event_type, event_uuid, subject, content, made_at, due_at, not_before
        )
        SELECT g.account, md5(e.id || c.id::text)::uuid, c.id, 'event', g.type, e.id::uuid, g.key,
            jsonb_build_object(
                'account', g.account, 'log_id', g.log_id, 'integration_type', g.integration_type,
                'affiliate', g.affiliate, 'key', g.key, 'status', g.status, 'processed_at', g.processed_at,
                'code', g.code, 'fingerprint', g.fingerprint
            ),
            g.at, g.at, g.at
        FROM gone g
        JOIN notification_channels c
            ON c.account = g.account AND c.removed_at IS NULL AND c.events <> '{}' AND g.type = ANY(c.events)
        CROSS JOIN LATERAL md5(
            g.account || chr(31) || g.type || chr(31) || g.log_id::text || encode(g.version, 'hex')
        ) AS e (id)
        ORDER BY g.number
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

REVOKE ALL ON FUNCTION tell_log_edges(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_log_edges(integer) TO conexoes_writer;

CREATE FUNCTION tell_command_done() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM tell_event(
        NEW.account, 'conexoes.command.done.v1', NEW.id, NEW.id,
        jsonb_build_object(
            'account', NEW.account, 'command_id', NEW.id, 'integration_type', NEW.integration_type, 'state', NEW.state,
            'requested_by', NEW.requested_by
        )
    );
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION tell_command_done() FROM PUBLIC;

CREATE TRIGGER tell_done AFTER UPDATE ON reprocess_commands
    FOR EACH ROW WHEN (NEW.state IN ('done', 'cancelled') AND OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION tell_command_done();

CREATE FUNCTION tell_dead_letter() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM tell_event(
        NEW.account, 'conexoes.dead_letter.received.v1', NEW.id::text, NEW.id::text,
        jsonb_build_object(
            'account', NEW.account, 'letter_id', NEW.id, 'code', NEW.code, 'topic', NEW.topic,
            'partition', NEW.partition, 'offset', NEW."offset", 'position', NEW.position
        )
    );
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION tell_dead_letter() FROM PUBLIC;

-- One that names no account is nobody's to be told.
CREATE TRIGGER tell_letter AFTER INSERT ON dead_letters
    FOR EACH ROW WHEN (NEW.account <> '') EXECUTE FUNCTION tell_dead_letter();

-- In the transaction of the edge: it is planned exactly once, and its event is in the outbox.
CREATE FUNCTION tell_incident_edge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    INSERT INTO unplanned_edges (account, edge_id) VALUES (NEW.account, NEW.edge_id);
    PERFORM tell_event(
        NEW.account, format('conexoes.incident.%s.v1', NEW.edge), NEW.edge_id::text, NEW.incident_id::text,
        jsonb_build_object(
            'account', i.account, 'incident_id', i.incident_id::text, 'edge', NEW.edge, 'kind', i.kind,
            'severity', i.severity, 'integration_type', i.integration_type, 'affiliate', i.affiliate,
            'opened_at', i.opened_at, 'facts', NEW.facts
        )
    )
    FROM incidents i WHERE i.incident_id = NEW.incident_id;
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION tell_incident_edge() FROM PUBLIC;

CREATE TRIGGER tell_edge AFTER INSERT ON incident_edges FOR EACH ROW EXECUTE FUNCTION tell_incident_edge();

-- Deletes events that were sent: the log is for people, and a channel counts them. It runs as the owner: no login deletes
-- any other message.
CREATE FUNCTION delete_sent_events(account text, ids uuid[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH gone AS (
        DELETE FROM notification_messages m
        WHERE m.account = delete_sent_events.account AND m.id = ANY(ids) AND m.kind = 'event' AND m.state = 'sent'
        RETURNING 1
    )
    SELECT count(*)::integer FROM gone
$function$;

REVOKE ALL ON FUNCTION delete_sent_events(text, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_sent_events(text, uuid[]) TO conexoes_writer;

-- Deletes up to `most` messages that ended longer than `retention_days` ago, oldest first. Returns their number.
CREATE FUNCTION forget_notifications(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, id FROM notification_messages
        WHERE ended_at < now() - kept_for('notifications', retention_days)
        ORDER BY ended_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM notification_messages m USING expired e WHERE m.account = e.account AND m.id = e.id RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION forget_notifications(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_notifications(integer, integer) TO conexoes_writer;

-- migrate: rollback
