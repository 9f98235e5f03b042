-- access: keys, used sign-in links, saved views
-- depends: 0009_exports

-- migrate: apply

-- Keys are looked up before the account is known: by key_of. Only the owner makes and revokes them.
CREATE TABLE access_keys (
    account text COLLATE "C" NOT NULL,       -- '*' is every account
    id uuid NOT NULL,
    name text NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    digest bytea NOT NULL CHECK (length(digest) = 32),  -- SHA-256
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    may_export boolean NOT NULL DEFAULT false,  -- reading pages and exporting all logs are two rights
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE access_keys IS
    'Access keys of the API, of which only the SHA-256 is stored. Kept for ever, revoked ones too.';

CREATE INDEX access_keys_by_digest ON access_keys (digest);

ALTER TABLE access_keys ENABLE ROW LEVEL SECURITY;

-- The grant of the key with this SHA-256, unless it was revoked. It runs as the owner: nobody else may list keys. Uses
-- access_keys_by_digest.
CREATE FUNCTION key_of(digest bytea)
RETURNS TABLE (account text, role text, name text, may_export boolean, key_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT k.account, k.role, k.name, k.may_export, k.id
    FROM access_keys k
    WHERE k.digest = key_of.digest AND k.revoked_at IS NULL
$function$;

REVOKE ALL ON FUNCTION key_of(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_of(bytea) TO conexoes_writer, conexoes_reader;

CREATE TABLE used_sign_in_links (
    nonce bytea PRIMARY KEY,
    used_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE used_sign_in_links IS
    'Sign-in links that were used. They belong to no account. Kept for ever.';

GRANT SELECT, INSERT ON used_sign_in_links TO conexoes_writer;

CREATE TABLE ended_sessions (
    nonce bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

COMMENT ON TABLE ended_sessions IS
    'Sessions that signed out. They belong to no account. Kept until their cookies are too old anyway.';

CREATE INDEX ended_sessions_by_expiry ON ended_sessions (expires_at);

GRANT SELECT, INSERT, DELETE ON ended_sessions TO conexoes_writer;

CREATE TABLE saved_views (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    query text NOT NULL,                     -- of the page's address
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE saved_views IS
    'Views of a page with a name, for everyone of the account. Kept until somebody deletes them.';

CREATE UNIQUE INDEX saved_views_by_name ON saved_views (account, integration_type, name);

GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO conexoes_writer;
GRANT SELECT ON saved_views TO conexoes_reader;
ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON saved_views TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON saved_views FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- migrate: rollback
