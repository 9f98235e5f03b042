-- ids alone as primary keys: they are told by the account as well, and each result looks four of them up
-- depends: 0014_log_keys

-- migrate: apply

-- Makes the four indexes anew, a minute or two for ten million logs, with room on the disk for both until the end;
-- nothing else can use the tables meanwhile. Rather not now than with everybody waiting behind us for an export to end.
SET LOCAL lock_timeout = '10s';
SET LOCAL maintenance_work_mem = '256MB';
-- In the order of those who write and of those who read.
LOCK TABLE received_results, status_logs, attempts, aliases;

-- The account stays a column, which row-level security asks for, and whatever a caller asks.
ALTER TABLE status_logs DROP CONSTRAINT status_logs_pkey, ADD PRIMARY KEY (id);
ALTER TABLE received_results DROP CONSTRAINT received_results_pkey, ADD PRIMARY KEY (result_id);
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey, ADD PRIMARY KEY (log_id, processed_at, result_id);
ALTER TABLE aliases DROP CONSTRAINT aliases_pkey, ADD PRIMARY KEY (log_id, name, value);

-- migrate: rollback

SET LOCAL lock_timeout = '10s';
SET LOCAL maintenance_work_mem = '256MB';
LOCK TABLE received_results, status_logs, attempts, aliases;

ALTER TABLE status_logs DROP CONSTRAINT status_logs_pkey, ADD PRIMARY KEY (account, id);
ALTER TABLE received_results DROP CONSTRAINT received_results_pkey, ADD PRIMARY KEY (account, result_id);
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey, ADD PRIMARY KEY (account, log_id, processed_at, result_id);
ALTER TABLE aliases DROP CONSTRAINT aliases_pkey, ADD PRIMARY KEY (account, log_id, name, value);
