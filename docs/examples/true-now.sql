-- Once, as a superuser, or as the owner of the schema where it may make such a login (docs/true-now.md, "Rights").
-- `wal_level` must be `logical`: it needs a restart of PostgreSQL.
CREATE ROLE conexoes_now LOGIN REPLICATION PASSWORD 'change-me';
GRANT USAGE ON SCHEMA conexoes TO conexoes_now;
GRANT SELECT (
    id, account, integration_type, affiliate, key, status, processed_at, source, event_id, message, code, category,
    fingerprint, errors, attempts, first_seen_at, updated_at, reprocess_state, reprocess_at
) ON conexoes.status_logs TO conexoes_now;
CREATE POLICY now ON conexoes.status_logs FOR SELECT TO conexoes_now USING (true);
CREATE PUBLICATION conexoes_now FOR TABLE conexoes.status_logs (
    id, account, integration_type, affiliate, key, status, processed_at, source, event_id, message, code, category,
    fingerprint, errors, attempts, first_seen_at, updated_at, reprocess_state, reprocess_at
);
