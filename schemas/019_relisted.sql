-- A market that was delisted, and is listed again with another history.
--
-- Lock: ACCESS EXCLUSIVE on market_data_series. Duration: under a second. Programs of the version before may run beside it; they
-- name their columns, and leave the earlier life covered.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- What was read of the market before this instant is of an earlier listing, of which the exchange shows other candles now, or none.
-- Written by producers. NULL: there is no such life.
ALTER TABLE market_data_series ADD COLUMN earlier_until timestamptz;
COMMENT ON COLUMN market_data_series.earlier_until IS
	'Before this the candles are of an earlier listing under the same name, which the exchange does not show any more; NULL: none are';

-- Its rows stay, as rows that nobody has confirmed, like those of an older collector: what the exchange shows now wins against them,
-- and confirms what is alike. Nothing of it is covered. (A writer takes its locks in the same order: rows, then the coverage.)
CREATE FUNCTION market_data_series_relisted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
	UPDATE market_data AS m SET revision = 0, fetched_at = '-infinity' WHERE m.symbol = NEW.symbol AND m.interval = NEW.interval
		AND m.timestamp < NEW.earlier_until AND m.fetched_at > '-infinity';
	LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
	PERFORM market_data_uncover(NEW.symbol, NEW.interval, tstzmultirange(tstzrange(NULL, NEW.earlier_until)));
	RETURN NULL;
END
$$;
CREATE TRIGGER market_data_series_relisted AFTER UPDATE OF earlier_until ON market_data_series FOR EACH ROW
	WHEN (NEW.earlier_until IS DISTINCT FROM OLD.earlier_until AND NEW.earlier_until IS NOT NULL)
	EXECUTE FUNCTION market_data_series_relisted();
