-- status logs, their names, and the words of their messages
-- depends: 0001_roles

-- migrate: apply

-- The words of a message, each as a number of its account and type: without case, without accents. Null: no words.
-- The generic plan, since writers have each statement planned anew, and since PostgreSQL 18 what a function consists of as
-- well: for each message five times as long as its words take.
CREATE FUNCTION message_words(account text, integration_type text, message text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $function$
    SELECT array_agg(hashtextextended(account || '/' || integration_type || '/' || word, 0))
    FROM unnest(
        tsvector_to_array(
            to_tsvector(
                'pg_catalog.simple',
                lower(regexp_replace(normalize(message, NFD), '[\u0300-\u036f]', '', 'g') COLLATE "C")
            )
        )
    ) AS word
$function$;

-- The primary key is the id alone, which is told by the account as well: each result looks it up. The account stays a
-- column, which row-level security asks for, and each index begins with it but where another order is worth more.
-- An index of this table takes another entry each time that anything of a log changes, so what never changes is kept in
-- log_keys and aliases, and what is indexed is short.
CREATE TABLE status_logs (
    account text COLLATE "C" NOT NULL,
    id uuid PRIMARY KEY,                     -- schemas.identity.log_id
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('success', 'warning', 'error')),
    processed_at timestamptz NOT NULL,
    version bytea NOT NULL,                  -- schemas.version: of two results the greater one is shown
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    message text,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    attempts integer NOT NULL CHECK (attempts > 0),
    first_seen_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The last reprocess, copied from reprocess_items in the same transaction. All null or none.
    reprocess_state text COLLATE "C",
    reprocess_item_id uuid,
    reprocess_command_id text COLLATE "C",
    reprocess_at timestamptz,
    -- Beside the message: making them anew while reading along a list took 16 µs a log.
    words bigint[] GENERATED ALWAYS AS (
        CASE WHEN message IS NOT NULL THEN message_words(account, integration_type, message) END
    ) STORED,
    -- Told from the dimensions, so that nobody has to look it up to write. The account comes first, so that it differs
    -- between accounts. Only the last dimension may contain the separator: affiliates are printable, the rest are words
    -- of ours.
    facet_id uuid NOT NULL GENERATED ALWAYS AS (
        md5(
            account || chr(31) || integration_type || chr(31) || affiliate || chr(31) || status
            || chr(31) || coalesce(reprocess_state, '') || chr(31) || coalesce(fingerprint, '')
            || coalesce(chr(31) || code, '')
        )::uuid
    ) STORED,
    CHECK (num_nulls(reprocess_state, reprocess_item_id, reprocess_command_id, reprocess_at) IN (0, 4))
) WITH (fillfactor = 85);

COMMENT ON TABLE status_logs IS
    'One row an entity: its result with the highest version, whatever came last. Kept for ever.';

CREATE INDEX status_logs_by_time ON status_logs (account, integration_type, processed_at DESC, id DESC);

-- The logs of a facet are one ordered run of it, and it begins with what differs. The account is in it for those who ask
-- by account, as everybody must: it says nothing more.
CREATE INDEX status_logs_by_facet ON status_logs (facet_id, account, processed_at DESC, id DESC);

-- What happened to logs since some time. Where it says nothing of a part of the table yet, that part is read: vacuum
-- sees to it.
CREATE INDEX status_logs_by_update ON status_logs USING brin (updated_at) WITH (pages_per_range = 32);

-- Each search goes through all of the words that wait to be put in: half a megabyte of them costs it 0.1 ms, the 4 MB that
-- PostgreSQL would let gather 1.2 ms. Storing results costs the same.
CREATE INDEX status_logs_by_word ON status_logs USING gin (words) WITH (gin_pending_list_limit = 512)
    WHERE words IS NOT NULL;

GRANT SELECT, INSERT ON status_logs TO conexoes_writer;
-- What a log shows changes; which entity it is of does not.
GRANT UPDATE (
    status, processed_at, version, source, event_id, message, code, fingerprint, attempts, first_seen_at, updated_at,
    reprocess_state, reprocess_item_id, reprocess_command_id, reprocess_at
) ON status_logs TO conexoes_writer;
GRANT SELECT ON status_logs TO conexoes_reader;
ALTER TABLE status_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON status_logs TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON status_logs FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Names are looked for within one type, or within each: a name that is common in another type costs nothing.
CREATE TABLE log_keys (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    PRIMARY KEY (account, integration_type, key, log_id)
);

COMMENT ON TABLE log_keys IS
    'The key that each log is found by, which never changes: kept by a trigger. Kept as long as its log.';

GRANT SELECT ON log_keys TO conexoes_reader, conexoes_writer;
ALTER TABLE log_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_keys FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON log_keys FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Whoever writes a log.
CREATE FUNCTION keep_log_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO log_keys SELECT account, integration_type, key, id FROM new_logs ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM log_keys k USING old_logs o
        WHERE k.account = o.account AND k.integration_type = o.integration_type AND k.key = o.key AND k.log_id = o.id;
    END IF;
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION keep_log_keys() FROM PUBLIC;

CREATE TRIGGER keys_of_inserted AFTER INSERT ON status_logs REFERENCING NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log_keys();
CREATE TRIGGER keys_of_deleted AFTER DELETE ON status_logs REFERENCING OLD TABLE AS old_logs
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log_keys();

-- The log's id is told by the account as well, so the key needs no account.
CREATE TABLE aliases (
    account text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    PRIMARY KEY (log_id, name, value)
);

COMMENT ON TABLE aliases IS 'Every name of an entity but its key. Kept for ever.';

CREATE INDEX aliases_by_value ON aliases (account, integration_type, value, log_id);

GRANT SELECT, INSERT ON aliases TO conexoes_writer;
GRANT SELECT ON aliases TO conexoes_reader;
ALTER TABLE aliases ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON aliases TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON aliases FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Up to `at_most` logs whose message has all of these words, in no order. As the owner, since an index over an
-- operator that is not leakproof is not used behind row-level security; of conexoes.account's logs only. The words are of
-- one account and type, so the conditions on these exclude nothing that is found; beside the words they would only offer
-- the planner other ways.
CREATE FUNCTION logs_with_words(type text, words text, at_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $function$
    WITH found AS MATERIALIZED (
        SELECT s.id, s.account, s.integration_type
        FROM status_logs s
        WHERE s.words IS NOT NULL
          AND s.words @> message_words(current_setting('conexoes.account', true), type, logs_with_words.words)
        LIMIT at_most
    )
    SELECT id FROM found WHERE account = current_setting('conexoes.account', true) AND integration_type = type
$function$;

REVOKE ALL ON FUNCTION logs_with_words(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logs_with_words(text, text, integer) TO conexoes_reader, conexoes_writer;

-- Puts the words that wait into their index, which takes each search longer to go through than to find them in the index
-- (0.25 ms for 40 pages). As the owner, which is what PostgreSQL asks for. Returns how many pages waited.
CREATE FUNCTION index_words() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT gin_clean_pending_list('status_logs_by_word')
$function$;

REVOKE ALL ON FUNCTION index_words() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_words() TO conexoes_writer;

-- migrate: rollback
