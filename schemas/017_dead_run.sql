-- How many dead letters a partition had in a row, up to its position: counted by message. By their offsets alone it cannot be told
-- after a restart: transactions and compaction leave holes between them.
--
-- Lock: ACCESS EXCLUSIVE on market_data_position and market_data_replay, for moments. Programs of the version before may run beside
-- it; they leave the count as it is.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

ALTER TABLE market_data_position ADD COLUMN dead_run bigint NOT NULL DEFAULT 0;
ALTER TABLE market_data_replay ADD COLUMN dead_run bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN market_data_position.dead_run IS 'Dead letters in a row up to here';
COMMENT ON COLUMN market_data_replay.dead_run IS 'Dead letters in a row up to here';
