-- make_attempts_partitions --
-- For all of these see the functions of the same names in storage/migrations.
SELECT make_attempts_partitions(:retention_days::integer, :months_ahead::integer)

-- expire_attempts --
SELECT expire_attempts(:retention_days::integer)

-- forget_expired_attempts --
SELECT forget_expired_attempts(:pages::integer)

-- forget_unplaced_attempts --
SELECT forget_unplaced_attempts(:retention_days::integer, :first_page::bigint, :pages::integer)

-- expire_evidence --
SELECT expire_evidence(:retention_days::integer, :limit::integer)

-- expire_corrections --
SELECT expire_corrections(:retention_days::integer, :limit::integer)

-- forget_silent_logs --
SELECT forget_silent_logs(:retention_days::integer, :first_page::bigint, :pages::integer)

-- forget_dead_letters --
SELECT forget_dead_letters(:retention_days::integer, :limit::integer)

-- forget_unpublished_letters --
SELECT forget_unpublished_letters(:retention_days::integer, :limit::integer)

-- forget_conflicts --
SELECT forget_conflicts(:retention_days::integer, :limit::integer)

-- forget_idempotency_keys --
SELECT forget_idempotency_keys(:retention_days::integer, :limit::integer)

-- forget_fault_hours --
SELECT forget_fault_hours(:retention_days::integer)

-- forget_result_day --
SELECT forget_result_day(:retention_days::integer)

-- forget_notifications --
SELECT forget_notifications(:retention_days::integer, :limit::integer)

-- set_floor --
-- Have rows of a kind kept for :days at least; null: for ever. For the owner only.
INSERT INTO retention_floors (kind, days) VALUES (:kind::text, :days::integer)
ON CONFLICT (kind) DO UPDATE SET days = excluded.days

-- floors --
-- Days that each kind of row is kept at least; null: for ever. For the owner only.
SELECT kind, days FROM retention_floors

-- forget_received --
SELECT forget_received()

-- forget_incidents --
SELECT forget_incidents(:retention_days::integer, :limit::integer)

-- forget_sources --
SELECT forget_sources()
