-- admit_person --
SELECT admit_person(:account::text, :issuer::text, :subject::text, :name::text, :role::text, :digest::bytea,
    :may_export::boolean, :may_see_evidence::boolean)

-- forget_person_sessions --
-- Those whose cookies are too old. People are few, and there is no index for it.
DELETE FROM person_sessions WHERE started_at < now() - make_interval(secs => :seconds::double precision)

-- start_person_session --
INSERT INTO person_sessions (nonce, account, subject, refresh_token, good_until)
VALUES (:nonce::bytea, :account::text, :subject::text, :refresh_token::text,
    now() + make_interval(secs => :good_seconds::double precision))

-- claim_person_session --
UPDATE person_sessions SET asked_at = now()
WHERE nonce = :nonce::bytea AND asked_at < now() - make_interval(secs => :older_seconds::double precision)
RETURNING account, subject, refresh_token,
    extract(epoch FROM now() - told_at)::double precision AS told_seconds

-- is_person_session_good --
SELECT good_until > now() FROM person_sessions WHERE nonce = :nonce::bytea

-- renew_person_session --
UPDATE person_sessions
SET refresh_token = :refresh_token::text,
    told_at = CASE WHEN :told::boolean THEN now() ELSE told_at END,
    good_until = now() + make_interval(secs => :good_seconds::double precision)
WHERE nonce = :nonce::bytea

-- end_person_session --
DELETE FROM person_sessions WHERE nonce = :nonce::bytea
