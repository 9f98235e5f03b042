-- unknown_aliases --
-- Those of these aliases that their logs lack, each once. Arrays with one element for each alias. Uses the primary keys of
-- log_names and aliases, whatever the planner takes them to have: not EXISTS, for which it might read all names first.
SELECT DISTINCT given.log_id, given.name, given.value
FROM unnest(:log_id::uuid[], :name::text[], :value::text[]) AS given (log_id, name, value)
WHERE (SELECT n.aliases -> given.name ? given.value FROM log_names n WHERE n.log_id = given.log_id) IS NOT TRUE
  AND (
      SELECT true FROM aliases a WHERE a.log_id = given.log_id AND a.name = given.name AND a.value = given.value
  ) IS NULL

-- add_names --
-- Arrays with one element for each log: its new names as schemas.search.names joins them, the places of their numbers
-- in :grams, and its new aliases, lists by name in JSON. Uses the primary key, whatever the planner takes it to cost.
INSERT INTO log_names AS n (account, log_id, integration_type, names, grams, aliases)
SELECT account, log_id, integration_type, names, (:grams::integer[])[named.first : named.last], aliases::jsonb
FROM unnest(
    :account::text[], :log_id::uuid[], :integration_type::text[], :names::text[], :first::integer[], :last::integer[],
    :aliases::text[]
) AS named (account, log_id, integration_type, names, first, last, aliases)
ORDER BY log_id
ON CONFLICT (log_id) DO UPDATE SET
    {more_names}

-- stage_names --
-- The table of this session that new names are copied into, empty, as of stage_results.
CREATE TEMPORARY TABLE IF NOT EXISTS {STAGED_NAMES} ({STAGED_NAMES_COLUMNS}) ON COMMIT DELETE ROWS;
DELETE FROM pg_temp.{STAGED_NAMES}

-- add_staged_names --
-- As add_names, of what was copied: names that a log has already grow, others are added. The transaction has locked the
-- logs, so that no row appears meanwhile. Uses the primary key, as long as no join is a hash join or a merge join.
WITH grown AS (
    UPDATE log_names n SET
        {more_names}
    FROM pg_temp.{STAGED_NAMES} AS excluded
    WHERE n.log_id = excluded.log_id
    RETURNING n.log_id
)
INSERT INTO log_names (account, log_id, integration_type, names, grams, aliases)
SELECT account, log_id, integration_type, names, grams, aliases::jsonb
FROM pg_temp.{STAGED_NAMES}
WHERE log_id NOT IN (SELECT log_id FROM grown)

-- more_names --
-- What the names of a log become by more of them, `excluded`. Each begins and ends with an edge, but for no name.
names = CASE WHEN n.names = '' THEN excluded.names ELSE n.names || substr(excluded.names, 2) END,
grams = n.grams || excluded.grams,
aliases = with_aliases(n.aliases, excluded.aliases::jsonb)

-- move_aliases --
SELECT move_aliases(:most::integer)
