-- saved views of the pages, used sign-in links
-- depends: 0010_retention

-- migrate: apply

-- A view of a page under a name, for everyone of its account.
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

CREATE UNIQUE INDEX saved_views_by_name ON saved_views (account, integration_type, name);

-- Sign-in links that are used up. They belong to no account.
CREATE TABLE used_sign_in_links (
    nonce bytea PRIMARY KEY,
    used_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO conexoes_writer;
GRANT SELECT ON saved_views TO conexoes_reader;
GRANT SELECT, INSERT ON used_sign_in_links TO conexoes_writer;

ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON saved_views TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON saved_views FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- migrate: rollback

DROP TABLE used_sign_in_links, saved_views;
