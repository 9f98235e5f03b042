-- how far Kafka is stored, and which process is which worker
-- depends: 0010_access

-- migrate: apply

-- Moved in the transaction that stores what came before it, so that it is true of this database, whatever backup or
-- standby it comes from: Kafka's own offsets say how far some database was.
CREATE TABLE positions (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    incarnation text COLLATE "C" NOT NULL,   -- Kafka's id of the topic: a topic that was made anew has another
    next_offset bigint NOT NULL,             -- everything before it is stored
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE positions IS
    'One row a partition that agents read: how far this database has it. Kept for ever.';

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
    'One row a worker id: the agents process that has it, the one that came last. Kept for a week after it was seen.';

GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO conexoes_writer;
ALTER TABLE workers ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON workers TO conexoes_writer USING (true) WITH CHECK (true);

-- migrate: rollback
