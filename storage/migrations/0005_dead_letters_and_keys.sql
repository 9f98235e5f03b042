-- dead letters and access keys
-- depends: 0004_reprocess

-- migrate: apply

-- What could not be a result or a command. The topic has the same; this is what people read.
CREATE TABLE dead_letters (
    account text COLLATE "C" NOT NULL,       -- '' where the record does not say; only keys for every account see it
    id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,          -- schemas.refusal.DeadLetterCode
    reason text NOT NULL,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    position integer NOT NULL,               -- in a batch of events; 0 otherwise
    key bytea,
    headers jsonb NOT NULL,                  -- [[name, base64 of the value or null], …]
    value bytea NOT NULL,
    value_bytes integer NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);

CREATE INDEX dead_letters_by_time ON dead_letters (account, received_at DESC, id DESC);

-- Bearer keys of the API. Only the SHA-256 of a key is kept.
CREATE TABLE access_keys (
    account text COLLATE "C" NOT NULL,       -- '*' is every account
    id uuid NOT NULL,
    name text NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (account, id)
);

CREATE INDEX access_keys_by_digest ON access_keys (digest);

-- migrate: rollback

DROP TABLE access_keys, dead_letters;
