-- The tables. Keys are COLLATE "C": no operating system upgrade can change their order under an index.

-- One row a candle, every digit as the exchange sent it: plain numeric, because a scale would round silently.
-- NaN sorts above Infinity, so "< Infinity" excludes both. The table of an older collector stays as it is until
-- it is adopted (004).
CREATE TABLE IF NOT EXISTS market_data (
	symbol        text COLLATE "C" NOT NULL,
	interval      text COLLATE "C" NOT NULL,
	timestamp     timestamptz      NOT NULL, -- start of the interval
	open          numeric          NOT NULL,
	high          numeric          NOT NULL,
	low           numeric          NOT NULL,
	close         numeric          NOT NULL,
	volume        numeric          NOT NULL,
	quote_volume  numeric          NOT NULL,
	revision      bigint           NOT NULL DEFAULT 0, -- grows with each change; 0: the exchange has none
	fetched_at    timestamptz      NOT NULL DEFAULT '-infinity', -- the exchange's time of the answer
	CONSTRAINT uq_market_data_symbol_interval_ts UNIQUE (symbol, interval, timestamp),
	CONSTRAINT market_data_finite CHECK (
		open > '-Infinity' AND open < 'Infinity' AND high > '-Infinity' AND high < 'Infinity'
		AND low > '-Infinity' AND low < 'Infinity' AND close > '-Infinity' AND close < 'Infinity'
		AND volume >= 0 AND volume < 'Infinity' AND quote_volume >= 0 AND quote_volume < 'Infinity')
);

-- Spans in which every candle that the exchange has is in market_data, as it finally is. A no-trade interval
-- inside them has no row and is no gap.
CREATE TABLE market_data_coverage (
	symbol    text COLLATE "C" NOT NULL,
	interval  text COLLATE "C" NOT NULL,
	covered   tstzmultirange   NOT NULL DEFAULT '{}',
	PRIMARY KEY (symbol, interval)
);

-- How far each partition is stored. Written in the transaction of the rows themselves: a database that was
-- emptied or restored says by itself from where it must be filled again.
CREATE TABLE market_data_position (
	topic        text COLLATE "C" NOT NULL,
	partition    integer          NOT NULL,
	next_offset  bigint           NOT NULL CHECK (next_offset >= 0),
	PRIMARY KEY (topic, partition)
);

-- What we are asked to have: candles whose timestamp is in
-- [greatest(wanted_from, listed_from), wanted_until).
CREATE TABLE market_data_series (
	symbol        text COLLATE "C" NOT NULL,
	interval      text COLLATE "C" NOT NULL,
	source        text             NOT NULL,
	wanted_from   timestamptz      NOT NULL,
	wanted_until  timestamptz,     -- NULL: for ever
	listed_from   timestamptz,     -- NULL: not known; the exchange has nothing before it
	state         text             NOT NULL DEFAULT 'active',
	PRIMARY KEY (symbol, interval)
);

-- Messages that are not candles, as they came.
CREATE TABLE candle_dead_letter (
	topic      text COLLATE "C" NOT NULL,
	partition  integer          NOT NULL,
	"offset"   bigint           NOT NULL,
	key        bytea,           -- NULL: the message had none
	value      bytea,           -- cut at 1 MiB; the reason says so
	reason     text             NOT NULL,
	seen_at    timestamptz      NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, partition, "offset")
);
