-- access: keys, used sign-in links, saved views
-- depends: 0009_exports

-- migrate: apply

-- Keys are looked up before the account is known; they hold no secret. Only the owner makes and revokes them.
CREATE TABLE access_keys (
    account text COLLATE "C" NOT NULL,       -- '*' is every account
    id uuid NOT NULL,
    name text NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    digest bytea NOT NULL CHECK (length(digest) = 32),  -- SHA-256
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    may_export boolean NOT NULL DEFAULT false,  -- to read a page is one right, to carry everything away another
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE access_keys IS
    'Bearer keys of the API. Only the SHA-256 of a key is kept. Kept for ever, revoked ones too.';

CREATE INDEX access_keys_by_digest ON access_keys (digest);

GRANT SELECT ON access_keys TO conexoes_writer, conexoes_reader;
ALTER TABLE access_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON access_keys FOR SELECT TO conexoes_writer, conexoes_reader USING (true);

CREATE TABLE used_sign_in_links (
    nonce bytea PRIMARY KEY,
    used_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE used_sign_in_links IS
    'Sign-in links that are used up. They belong to no account. Kept for ever.';

GRANT SELECT, INSERT ON used_sign_in_links TO conexoes_writer;

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
    'A view of a page under a name, for everyone of its account. Kept until somebody deletes it.';

CREATE UNIQUE INDEX saved_views_by_name ON saved_views (account, integration_type, name);

GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO conexoes_writer;
GRANT SELECT ON saved_views TO conexoes_reader;
ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON saved_views TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON saved_views FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- migrate: rollback
