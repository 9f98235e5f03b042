-- keys of connectors: they post results of one source, for some affiliates, and may do nothing else
-- depends: 0019_conflicts

-- migrate: apply

ALTER TABLE access_keys
    ADD COLUMN source text COLLATE "C",          -- CloudEvents source of a connector; null: no connector's key
    ADD COLUMN affiliates text[] COLLATE "C",    -- affiliates of a connector; null: no connector's key
    DROP CONSTRAINT access_keys_role_check,
    ADD CONSTRAINT access_keys_role_check CHECK (role IN ('connector', 'viewer', 'operator', 'admin')),
    ADD CONSTRAINT access_keys_connector_check CHECK (
        (role <> 'connector' OR account <> '*')
        AND (role = 'connector') = (source IS NOT NULL)
        AND (source IS NULL) = (affiliates IS NULL)
        AND cardinality(coalesce(affiliates, '{-}')) > 0
    );

DROP FUNCTION key_of(bytea);

-- The grant of the key with this SHA-256, unless it was revoked. It runs as the owner: nobody else may list keys. Uses
-- access_keys_by_digest.
CREATE FUNCTION key_of(digest bytea)
RETURNS TABLE (
    account text, role text, name text, may_export boolean, may_see_evidence boolean, key_id uuid, source text,
    affiliates text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT k.account, k.role, k.name, k.may_export, k.may_see_evidence, k.id, k.source, k.affiliates
    FROM access_keys k
    WHERE k.digest = key_of.digest AND k.revoked_at IS NULL
$function$;

REVOKE ALL ON FUNCTION key_of(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_of(bytea) TO conexoes_writer, conexoes_reader;

-- migrate: rollback
