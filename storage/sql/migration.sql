-- validate_checks --
-- Of a large table a migration adds a check NOT VALID, since it would otherwise look at each row while nobody else may
-- read. This looks at them while all may read and write.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS relation, conname AS name
        FROM pg_constraint
        WHERE NOT convalidated AND contype = 'c' AND connamespace = current_schema()::regnamespace
        ORDER BY 1, 2
    LOOP
        EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', found.relation, found.name);
    END LOOP;
END
$$
