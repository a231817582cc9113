-- Candles that the database refuses: which they are, and when each is to be tried again.
--
-- Lock: ACCESS EXCLUSIVE on candle_dead_letter. Duration: under a second. Programs of the version before may run beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Of a candle that the database refused; NULL: the message is not a candle, or was skipped.
ALTER TABLE candle_dead_letter ADD COLUMN symbol text COLLATE "C", ADD COLUMN "interval" text COLLATE "C",
	ADD COLUMN "timestamp" timestamptz;
COMMENT ON COLUMN candle_dead_letter.symbol IS 'Of a candle that the database refused; NULL: the message is not a candle';
COMMENT ON COLUMN candle_dead_letter."interval" IS 'Of a candle that the database refused; NULL: the message is not a candle';
COMMENT ON COLUMN candle_dead_letter."timestamp" IS 'Of a candle that the database refused; NULL: the message is not a candle';
CREATE INDEX candle_dead_letter_candle ON candle_dead_letter (symbol, "interval", "timestamp") WHERE symbol IS NOT NULL;

CREATE OR REPLACE VIEW candle_dead_letter_text AS
	SELECT d.topic, d.partition, d."offset", bytes_as_text(d.key) AS key, bytes_as_text(d.value) AS value, d.reason, d.seen_at,
		d.symbol, d."interval", d."timestamp"
	FROM candle_dead_letter AS d;

-- The pause: two minutes after the first time, doubling to an hour.
CREATE VIEW candle_refused AS
	SELECT d.symbol, d."interval", d."timestamp", count(*) AS times, max(d.seen_at) AS seen_at,
		(array_agg(d.reason ORDER BY d.seen_at DESC))[1] AS reason,
		max(d.seen_at) + least('1 hour', '1 minute'::interval * 2 ^ least(count(*), 6)) AS again_at
	FROM candle_dead_letter AS d WHERE d.symbol IS NOT NULL
	GROUP BY d.symbol, d."interval", d."timestamp";
COMMENT ON VIEW candle_refused IS
	'Candles that the database refused: producers leave each alone until again_at; its dead letters deleted, it is fetched at once';
