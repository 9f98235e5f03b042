-- compact_log_changes --
SELECT compact_log_changes($1::integer)
