-- settings_of_server --
-- Of this session: a login may have its own.
SELECT name, setting FROM pg_settings WHERE name = ANY(:names::text[])
