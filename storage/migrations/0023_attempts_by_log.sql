-- attempts found by log and time alone
-- depends: 0022_upgrades_and_recounts

-- migrate: apply

-- That a result has one attempt is what received_results is for. As the key's last column its id was 16 random bytes of
-- each entry, and uniqueness was asked twice. Reads attempts once: no database that was released has this to come.
SET LOCAL lock_timeout = '2s';
CREATE INDEX attempts_by_log ON attempts (log_id, processed_at);
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey;

-- migrate: rollback
