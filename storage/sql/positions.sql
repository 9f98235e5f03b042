-- begin_positions --
-- Partitions that a worker begins to read: arrays with one element for each; `anew` says that its offsets have begun
-- again. A partition that is unknown, or known with another incarnation, or that began again has nothing stored yet, so
-- it begins at its earliest offset. Answers the next offset of each.
WITH begun AS (
    SELECT * FROM unnest(:topic::text[], :partition::integer[], :incarnation::text[], :earliest::bigint[], :anew::boolean[])
        AS b (topic, partition, incarnation, earliest, anew)
),
forgotten AS (
    UPDATE positions p SET incarnation = b.incarnation, next_offset = b.earliest
    FROM begun b
    WHERE p.topic = b.topic AND p.partition = b.partition AND (b.anew OR p.incarnation <> b.incarnation)
    RETURNING p.topic, p.partition, p.next_offset
),
added AS (
    INSERT INTO positions (topic, partition, incarnation, next_offset)
    SELECT topic, partition, incarnation, earliest FROM begun ORDER BY topic, partition
    ON CONFLICT DO NOTHING
    RETURNING topic, partition, next_offset
)
SELECT b.topic, b.partition, coalesce(f.next_offset, a.next_offset, p.next_offset) AS next_offset
FROM begun b
LEFT JOIN forgotten f USING (topic, partition)
LEFT JOIN added a USING (topic, partition)
LEFT JOIN positions p USING (topic, partition)

-- move_positions --
-- Records before :next_offset are stored now, and those before :after were stored already, of the topic that has this
-- :incarnation; arrays. Answers the number of partitions for which that holds. Never moves back: a worker that has lost a
-- partition may still finish.
WITH moved AS (
    UPDATE positions p SET next_offset = greatest(p.next_offset, m.next_offset)
    FROM unnest(
        :topic::text[], :partition::integer[], :incarnation::text[], :after::bigint[], :next_offset::bigint[]
    ) AS m (topic, partition, incarnation, after, next_offset)
    WHERE p.topic = m.topic AND p.partition = m.partition AND p.incarnation = m.incarnation
      AND p.next_offset >= m.after
    RETURNING 1
)
SELECT count(*) FROM moved

-- has_lost_positions --
-- Whether any of these partitions, arrays, is stored up to a smaller offset than :next_offset, or is not known, or is
-- known as one of another :incarnation.
SELECT EXISTS (
    SELECT FROM unnest(:topic::text[], :partition::integer[], :incarnation::text[], :next_offset::bigint[])
        AS r (topic, partition, incarnation, next_offset)
    LEFT JOIN positions p USING (topic, partition, incarnation)
    WHERE p.next_offset IS NULL OR p.next_offset < r.next_offset
)
