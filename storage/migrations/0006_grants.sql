-- what each role may do, and row-level security
-- depends: 0005_dead_letters_and_keys

-- migrate: apply

-- Writer: agents, and the one write endpoint. It can't delete the audit, nor change what a result said.
GRANT SELECT, INSERT, UPDATE ON status_logs, aliases, received_results, attempts TO conexoes_writer;
GRANT SELECT, INSERT, UPDATE ON reprocess_commands, reprocess_items TO conexoes_writer;
GRANT SELECT, INSERT ON dead_letters, idempotency_keys TO conexoes_writer;
GRANT UPDATE (published_at) ON idempotency_keys TO conexoes_writer;
GRANT SELECT ON access_keys TO conexoes_writer;

-- Reader: the query API. The second wall after every query's own `account = $1`: without `conexoes.account`
-- it sees no row at all, with it the rows of that account.
GRANT SELECT ON status_logs, aliases, attempts, reprocess_commands, reprocess_items, idempotency_keys, dead_letters,
    access_keys TO conexoes_reader;

DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'status_logs', 'aliases', 'received_results', 'attempts', 'reprocess_commands', 'reprocess_items',
        'idempotency_keys', 'dead_letters'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I TO conexoes_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$policies$;

-- Keys are looked up before the account is known; they hold no secret.
ALTER TABLE access_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON access_keys FOR SELECT TO conexoes_writer, conexoes_reader USING (true);

-- Unattributed dead letters, for callers whose key is for every account: they set conexoes.every_account.
CREATE POLICY unattributed ON dead_letters FOR SELECT TO conexoes_reader
    USING (account = '' AND current_setting('conexoes.every_account', true) = 'on');

-- migrate: rollback

DROP POLICY unattributed ON dead_letters;
DROP POLICY everyone ON access_keys;
REVOKE ALL ON ALL TABLES IN SCHEMA conexoes FROM conexoes_writer, conexoes_reader;
