-- compact_log_changes --
SELECT compact_log_changes(:limit::integer)

-- compact_fault_changes --
SELECT compact_fault_changes(:limit::integer)

-- compact_result_changes --
SELECT compact_result_changes(:limit::integer)

-- index_pending --
SELECT index_pending()
