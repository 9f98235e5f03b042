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
-- in :grams, and its new aliases, lists by name in JSON.
WITH given AS (
    SELECT account, log_id, integration_type, names, (:grams::integer[])[named.first : named.last] AS grams, aliases
    FROM unnest(
        :account::text[], :log_id::uuid[], :integration_type::text[], :names::text[], :first::integer[],
        :last::integer[], :aliases::text[]
    ) AS named (account, log_id, integration_type, names, first, last, aliases)
),
{named}

-- stage_names --
-- The table of this session that new names are copied into; empty again after each transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS {STAGED_NAMES} ({STAGED_NAMES_COLUMNS}) ON COMMIT DELETE ROWS

-- add_staged_names --
-- As add_names, of what was copied.
WITH given AS (SELECT * FROM pg_temp.{STAGED_NAMES}),
{named}

-- named --
-- The names that logs have already grow by those that are given; others are added. The transaction has locked their
-- logs, so that no row appears meanwhile, and none is waited for. Uses the primary key.
more AS (
    UPDATE log_names n SET
        -- Each begins and ends with an edge, but for no name.
        names = CASE WHEN n.names = '' THEN given.names ELSE n.names || substr(given.names, 2) END,
        grams = n.grams || given.grams,
        aliases = with_aliases(n.aliases, given.aliases::jsonb)
    FROM given
    WHERE n.log_id = given.log_id
    RETURNING n.log_id
)
INSERT INTO log_names (account, log_id, integration_type, names, grams, aliases)
SELECT account, log_id, integration_type, names, grams, aliases::jsonb
FROM given
WHERE log_id NOT IN (SELECT log_id FROM more)

-- move_aliases --
SELECT move_aliases(:most::integer)
