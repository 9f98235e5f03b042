-- positions in Kafka, and the process of each worker id
-- depends: 0010_access

-- migrate: apply

-- An offset moves in the transaction that stores the records before it, so that it holds for this database, whatever
-- backup or standby it comes from: offsets in Kafka hold for some database only.
CREATE TABLE positions (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    incarnation text COLLATE "C" NOT NULL,   -- Kafka's id of the topic: a topic that was made again has another
    next_offset bigint NOT NULL,             -- all records before it are stored
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE positions IS
    'One row for each partition that agents read: the offset up to which this database has it. Kept for ever.';

GRANT SELECT, INSERT, UPDATE ON positions TO conexoes_writer;
ALTER TABLE positions ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON positions TO conexoes_writer USING (true) WITH CHECK (true);

CREATE TABLE workers (
    id text COLLATE "C" PRIMARY KEY,         -- CONEXOES_WORKER_ID
    process uuid NOT NULL,                   -- made by each process when it starts
    host text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE workers IS
    'One row for each worker id: the agents process that took it last. Kept for a week after it was seen.';

GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO conexoes_writer;
ALTER TABLE workers ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON workers TO conexoes_writer USING (true) WITH CHECK (true);

-- migrate: rollback
