-- compact_log_changes --
SELECT compact_log_changes($1::integer)

-- compact_fault_changes --
SELECT compact_fault_changes($1::integer)

-- index_words --
SELECT index_words()
