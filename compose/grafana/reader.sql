-- SPDX-License-Identifier: MIT
-- The role of dashboards: it reads everything, writes nothing, and takes no query for ever. Can be run again.
--     psql -v password=... -f compose/grafana/reader.sql
SELECT 'CREATE ROLE gapless_reader' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gapless_reader') \gexec
ALTER ROLE gapless_reader LOGIN PASSWORD :'password' CONNECTION LIMIT 16;
ALTER ROLE gapless_reader SET default_transaction_read_only = on;
ALTER ROLE gapless_reader SET statement_timeout = '30s';
GRANT pg_read_all_data TO gapless_reader;
