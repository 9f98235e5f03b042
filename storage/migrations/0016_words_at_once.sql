-- words are put into their index soon, not when half a megabyte of them waits
-- depends: 0015_ids_as_keys

-- migrate: apply

-- Each search goes through all of the words that wait, which takes longer than to find it in the index (0.25 ms for 40
-- pages). As the owner, which is what PostgreSQL asks for. Returns how many pages waited.
CREATE FUNCTION index_words() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT gin_clean_pending_list('status_logs_by_word')
$function$;

REVOKE ALL ON FUNCTION index_words() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_words() TO conexoes_writer;

-- migrate: rollback

DROP FUNCTION index_words();
