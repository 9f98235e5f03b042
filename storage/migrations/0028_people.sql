-- people: what they did in an account, and keys that admins make, invite with and revoke
-- depends: 0027_playbook

-- migrate: apply

-- Acts that have no audit of their own: on access keys and saved views, and exports of the activity itself.
CREATE TABLE account_audit (
    account text COLLATE "C" NOT NULL,          -- '*': a key for every account
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('key', 'view', 'export')),
    action text COLLATE "C" NOT NULL CHECK (
        action IN ('created', 'invited', 'joined', 'changed', 'revoked', 'saved', 'deleted', 'exported')
    ),
    about jsonb NOT NULL,                       -- schemas.activity.Activity.about
    requested_by text NOT NULL,
    key_id uuid,
    key_name text,                              -- null: from the command line
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE account_audit IS
    'Who made, accepted and revoked access keys, saved and deleted views, and exported the activity. Append-only. '
    'Kept for ever.';

CREATE INDEX account_audit_by_time ON account_audit (account, at DESC);
-- The activity of an account is read by time from every audit; each is small.
CREATE INDEX reprocess_audit_by_time ON reprocess_audit (account, at DESC);
-- Of people alone, or of what happened by itself alone: automatic retries are many.
CREATE INDEX reprocess_audit_of_people ON reprocess_audit (account, at DESC) WHERE requested_by <> 'conexoes';
CREATE INDEX reprocess_audit_automatic ON reprocess_audit (account, at DESC) WHERE requested_by = 'conexoes';
CREATE INDEX dead_letter_audit_by_time ON dead_letter_audit (account, at DESC);
CREATE INDEX fault_states_by_time ON fault_states (account, set_at DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON account_audit TO conexoes_writer;
-- A reader may add its exports, and nothing else, as to the audit of dead letters.
GRANT SELECT, INSERT ON account_audit TO conexoes_reader;
ALTER TABLE account_audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON account_audit TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON account_audit FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
CREATE POLICY exporter ON account_audit FOR INSERT TO conexoes_reader
    WITH CHECK (account = current_setting('conexoes.account', true) AND kind = 'export' AND action = 'exported');

-- The key that a person came by, as every other audit has it. Null: none, or before 0028.
ALTER TABLE fault_states ADD COLUMN key_name text;
ALTER TABLE exports ADD COLUMN key_name text;

ALTER TABLE access_keys
    ADD COLUMN created_by text,                 -- null: before 0028
    ADD COLUMN last_seen_at timestamptz,        -- within a minute
    ADD COLUMN invited_until timestamptz;       -- an invitation, whose digest is that of its link; null: a key

-- A person who signs in by an issuer is an access key whose secret nobody knows: their sessions are found by its digest.
ALTER TABLE access_keys
    ADD COLUMN issuer text COLLATE "C",
    ADD COLUMN subject text COLLATE "C",        -- the person's id at the issuer
    ADD CONSTRAINT access_keys_person_check CHECK (
        (issuer IS NULL) = (subject IS NULL) AND (issuer IS NULL OR role <> 'connector')
    );

CREATE UNIQUE INDEX access_keys_by_subject ON access_keys (account, issuer, subject) WHERE issuer IS NOT NULL;

COMMENT ON TABLE access_keys IS
    'Access keys of the API and invitations to have one, of which only the SHA-256 is stored. Kept for ever, revoked '
    'ones too.';

-- The grant of the key with this SHA-256, unless it was revoked or is an invitation. It runs as the owner: nobody else
-- may read this table. Uses access_keys_by_digest.
CREATE OR REPLACE FUNCTION key_of(digest bytea)
RETURNS TABLE (
    account text, role text, name text, may_export boolean, may_see_evidence boolean, key_id uuid, source text,
    affiliates text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT k.account, k.role, k.name, k.may_export, k.may_see_evidence, k.id, k.source, k.affiliates
    FROM access_keys k
    WHERE k.digest = key_of.digest AND k.revoked_at IS NULL AND k.invited_until IS NULL
$function$;

-- The functions below run as the owner too. Those that change something add the act to the audit themselves, so that
-- no login can do it without a trace.

-- The keys and invitations of these accounts, without what they are found by.
CREATE FUNCTION keys_of(accounts text[])
RETURNS TABLE (
    account text, id uuid, name text, role text, created_at timestamptz, revoked_at timestamptz, may_export boolean,
    may_see_evidence boolean, source text, affiliates text[], created_by text, last_seen_at timestamptz,
    invited_until timestamptz, subject text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT k.account, k.id, k.name, k.role, k.created_at, k.revoked_at, k.may_export, k.may_see_evidence, k.source,
        k.affiliates, k.created_by, k.last_seen_at, k.invited_until, k.subject
    FROM access_keys k
    WHERE k.account = ANY(accounts)
    ORDER BY k.account, k.created_at, k.id
$function$;

-- Makes a key or, for a number of seconds, an invitation to have one.
CREATE FUNCTION make_key(
    account text, id uuid, name text, role text, digest bytea, may_export boolean, may_see_evidence boolean,
    source text, affiliates text[], invited_for double precision, requested_by text, by_key_id uuid, by_key_name text
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    INSERT INTO access_keys (
        account, id, name, role, digest, may_export, may_see_evidence, source, affiliates, created_by, invited_until
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, now() + make_interval(secs => $10));
    INSERT INTO account_audit (account, kind, action, about, requested_by, key_id, key_name)
    VALUES ($1, 'key', CASE WHEN $10 IS NULL THEN 'created' ELSE 'invited' END,
        jsonb_build_object('key_id', $2, 'name', $3, 'role', $4), $11, $12, $13);
$function$;

-- Revokes a key or invitation of these accounts. Returns its id; null when there is none that is good.
CREATE FUNCTION revoke_key(accounts text[], id uuid, requested_by text, by_key_id uuid, by_key_name text) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH revoked AS (
        UPDATE access_keys k SET revoked_at = now()
        WHERE (accounts IS NULL OR k.account = ANY(accounts)) AND k.id = $2 AND k.revoked_at IS NULL
        RETURNING k.account, k.id, k.name, k.role
    )
    INSERT INTO account_audit (account, kind, action, about, requested_by, key_id, key_name)
    SELECT r.account, 'key', 'revoked', jsonb_build_object('key_id', r.id, 'name', r.name, 'role', r.role), $3, $4, $5
    FROM revoked r
    RETURNING (about ->> 'key_id')::uuid;
$function$;

-- Makes a key of the invitation with the SHA-256 `invited`, once. Returns its name; null for one that is not good.
CREATE FUNCTION accept_invitation(invited bytea, digest bytea) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH joined AS (
        UPDATE access_keys k SET digest = $2, invited_until = NULL
        WHERE k.digest = $1 AND k.invited_until > now() AND k.revoked_at IS NULL
        RETURNING k.account, k.id, k.name, k.role
    )
    INSERT INTO account_audit (account, kind, action, about, requested_by, key_id, key_name)
    SELECT j.account, 'key', 'joined', jsonb_build_object('key_id', j.id, 'name', j.name, 'role', j.role), j.name,
        j.id, j.name
    FROM joined j
    RETURNING key_name;
$function$;

-- Keeps that a key was used, once a minute.
CREATE FUNCTION saw_key(account text, id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    UPDATE access_keys k SET last_seen_at = now()
    WHERE k.account = $1 AND k.id = $2
      AND (k.last_seen_at IS NULL OR k.last_seen_at < now() - interval '1 minute');
$function$;

-- Lets a person into an account, or gives them the name and rights that their groups give now. Returns their digest;
-- null when they were revoked here.
CREATE FUNCTION admit_person(
    account text, issuer text, subject text, name text, role text, digest bytea, may_export boolean,
    may_see_evidence boolean
) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    known access_keys%ROWTYPE;
    act text := 'joined';
BEGIN
    SELECT * INTO known FROM access_keys k WHERE k.account = $1 AND k.issuer = $2 AND k.subject = $3 FOR UPDATE;
    IF known.revoked_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF known.id IS NULL THEN
        INSERT INTO access_keys AS k (
            account, id, name, role, digest, may_export, may_see_evidence, created_by, issuer, subject
        )
        VALUES ($1, gen_random_uuid(), $4, $5, $6, $7, $8, $2, $2, $3)
        ON CONFLICT (account, issuer, subject) WHERE issuer IS NOT NULL DO UPDATE SET name = k.name
        RETURNING * INTO known;
    ELSE
        act := CASE WHEN known.role <> $5 THEN 'changed' END;
        UPDATE access_keys k SET name = $4, role = $5, may_export = $7, may_see_evidence = $8
        WHERE k.account = known.account AND k.id = known.id AND (k.name, k.role) IS DISTINCT FROM ($4, $5);
    END IF;
    IF act IS NOT NULL THEN
        INSERT INTO account_audit (account, kind, action, about, requested_by, key_id, key_name)
        VALUES ($1, 'key', act, jsonb_build_object('key_id', known.id, 'name', $4, 'role', $5), $4, known.id, $4);
    END IF;
    RETURN known.digest;
END
$function$;

CREATE TABLE person_sessions (
    nonce bytea NOT NULL,                       -- of the cookie
    account text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    refresh_token text NOT NULL,                -- encrypted by the secret of sessions
    started_at timestamptz NOT NULL DEFAULT now(),
    asked_at timestamptz NOT NULL DEFAULT now(), -- the issuer, if the person may stay
    good_until timestamptz NOT NULL,            -- the issuer's last word
    told_at timestamptz NOT NULL DEFAULT now(), -- when it last told the person's groups
    PRIMARY KEY (nonce)
);

COMMENT ON TABLE person_sessions IS
    'Sessions of people who signed in by an issuer. Kept until they sign out, are refused, or their cookies are too old.';

GRANT SELECT, INSERT, UPDATE, DELETE ON person_sessions TO conexoes_writer;
ALTER TABLE person_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON person_sessions TO conexoes_writer USING (true) WITH CHECK (true);

REVOKE ALL ON FUNCTION admit_person(text, text, text, text, text, bytea, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admit_person(text, text, text, text, text, bytea, boolean, boolean) TO conexoes_writer;

REVOKE ALL ON FUNCTION
    keys_of(text[]),
    make_key(text, uuid, text, text, bytea, boolean, boolean, text, text[], double precision, text, uuid, text),
    revoke_key(text[], uuid, text, uuid, text), accept_invitation(bytea, bytea), saw_key(text, uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    keys_of(text[]),
    make_key(text, uuid, text, text, bytea, boolean, boolean, text, text[], double precision, text, uuid, text),
    revoke_key(text[], uuid, text, uuid, text), accept_invitation(bytea, bytea)
TO conexoes_writer;
GRANT EXECUTE ON FUNCTION saw_key(text, uuid) TO conexoes_writer, conexoes_reader;

-- migrate: rollback
