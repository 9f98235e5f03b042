-- maintain_attempts --
-- See migrations/0003_attempt_partitions.sql.
SELECT made, dropped FROM maintain_attempts($1::integer, $2::integer)

-- forget_fault_hours --
-- See migrations/0012_faults.sql.
SELECT forget_fault_hours($1::integer)
