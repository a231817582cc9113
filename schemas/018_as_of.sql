-- How new what is known of each series is.
--
-- Lock: ACCESS EXCLUSIVE on market_data_coverage. Duration: under a second. Programs of the version before may run beside it; what
-- they store does not move it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- A message that only confirms a candle leaves its row as it is, so the rows do not tell.
ALTER TABLE market_data_coverage ADD COLUMN as_of timestamptz;
COMMENT ON COLUMN market_data_coverage.as_of IS
	'The greatest fetched_at of all messages of the series that are stored; NULL: none was since there is this column';
