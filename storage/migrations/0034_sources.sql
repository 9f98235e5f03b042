-- sources: when results of each source are received, beside those of its type and affiliate
-- depends: 0033_commands_let_go

-- migrate: apply

CREATE TABLE source_times (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,        -- its beginning; '': of sources that are too many to be told apart
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (account, integration_type, affiliate, source)
) WITH (fillfactor = 50);

COMMENT ON TABLE source_times IS
    'When the first and the last result of a source were received, by type and affiliate, as agents count beside ingest. '
    'Kept for 90 days after the last.';

-- A row for each day: by the hour there would be 24 times as many, most of their bytes the same key. The key has one
-- account's rows in one range, and in it those of one source by day.
CREATE TABLE source_days (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,                -- its beginning, of UTC
    steps integer[] NOT NULL,                -- results of each five minutes of the day
    PRIMARY KEY (account, integration_type, affiliate, source, day)
) WITH (fillfactor = 50);

COMMENT ON TABLE source_days IS
    'Results of a source that were received in a day of UTC. Says who spoke when, and in which steps of an hour: a result '
    'that is delivered twice may be counted twice, and up to half a minute of a killed worker is missing. Kept for 90 days.';

CREATE TABLE source_rhythms (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    weeks integer NOT NULL,
    pace real[] NOT NULL,                    -- of each hour of the week: schemas.rhythm.Rhythm
    uneven jsonb NOT NULL DEFAULT '{}',      -- as in rhythms
    learned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, integration_type, affiliate, source)
);

COMMENT ON TABLE source_rhythms IS
    'What each hour of the week usually brings of a source, where a type of an affiliate has several. Kept as '
    'long as source_times has the source.';

DO $rights$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['source_times', 'source_days', 'source_rhythms'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO conexoes_reader, conexoes_writer', name);
        EXECUTE format('GRANT INSERT, UPDATE ON %I TO conexoes_writer', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I TO conexoes_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$rights$;

-- Deletes counts of sources that no rhythm is learned from any more, and sources that are gone. Returns the number of days.
CREATE FUNCTION forget_sources() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    days integer;
BEGIN
    DELETE FROM source_days WHERE day < now() - interval '91 days';
    GET DIAGNOSTICS days = ROW_COUNT;
    DELETE FROM source_times WHERE last_at < now() - interval '90 days';
    DELETE FROM source_rhythms r
    WHERE NOT EXISTS (
        SELECT FROM source_times t
        WHERE t.account = r.account AND t.integration_type = r.integration_type AND t.affiliate = r.affiliate
          AND t.source = r.source
    );
    RETURN days;
END
$function$;

REVOKE ALL ON FUNCTION forget_sources() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_sources() TO conexoes_writer;

-- migrate: rollback
