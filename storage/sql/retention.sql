-- make_attempts_partitions --
-- All of these: see migrations, 0004_attempts.sql, 0005_reprocess.sql, 0007_faults.sql and 0008_dead_letters.sql.
SELECT make_attempts_partitions($1::integer, $2::integer)

-- expire_attempts --
SELECT expire_attempts($1::integer)

-- forget_expired_attempts --
SELECT forget_expired_attempts($1::integer)

-- forget_unplaced_attempts --
SELECT forget_unplaced_attempts($1::integer, $2::bigint, $3::integer)

-- forget_dead_letters --
SELECT forget_dead_letters($1::integer, $2::integer)

-- forget_idempotency_keys --
SELECT forget_idempotency_keys($1::integer, $2::integer)

-- forget_fault_hours --
SELECT forget_fault_hours($1::integer)
