-- blockers --
-- The sessions that the session :pid waits for, the longest first. Times are null where the owner may not read them.
SELECT blocker, login, application_name, state, seconds
FROM blockers_of(:pid::integer)
ORDER BY seconds DESC NULLS LAST, blocker
