-- Columns in the order of bench.loader.rows.Staged.
CREATE TEMP TABLE staged_logs (
    index integer, account text COLLATE "C", integration_type text COLLATE "C", affiliate text COLLATE "C",
    key text COLLATE "C", log_id uuid, source text COLLATE "C", attempts integer,
    fault_status text COLLATE "C", code text COLLATE "C", category text COLLATE "C", message text,
    fingerprint text COLLATE "C", errors text, words text, rest text
);
CREATE TEMP TABLE staged_attempts (
    index integer, result_id uuid, event_id text COLLATE "C", processed_us bigint,
    failed boolean, late boolean, first boolean, last boolean
);
