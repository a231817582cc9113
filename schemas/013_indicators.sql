-- Indicators, if gapless-indicators is asked to store them (--store); and how far it is.

-- One row a key of the messages of indicators.v1; what is unavailable is a row too, so that a value that no longer holds does not
-- stay. value: names and numbers as text, {} where there is none.
CREATE TABLE market_data_indicator (
	symbol     text COLLATE "C" NOT NULL,
	interval   text COLLATE "C" NOT NULL,
	timestamp  timestamptz      NOT NULL, -- of the newest candle in it
	indicator  text COLLATE "C" NOT NULL,
	params     text COLLATE "C" NOT NULL,
	state      text             NOT NULL CHECK (state IN ('final', 'provisional', 'unavailable')),
	reason     text             NOT NULL,
	value      jsonb            NOT NULL,
	candles    bigint           NOT NULL, -- that stand behind it
	as_of      timestamptz      NOT NULL, -- how new the knowledge is; a smaller one never replaces a greater one
	PRIMARY KEY (symbol, interval, timestamp, indicator, params)
);

-- Up to where the messages of the candles' topic have led to rows: written with them.
CREATE TABLE market_data_indicator_position (
	topic        text COLLATE "C" NOT NULL,
	partition    integer          NOT NULL,
	next_offset  bigint           NOT NULL CHECK (next_offset >= 0),
	PRIMARY KEY (topic, partition)
);

-- How far gapless-indicators compute is, by series; one that was interrupted goes on here.
CREATE TABLE market_data_indicator_compute (
	symbol     text COLLATE "C" NOT NULL,
	interval   text COLLATE "C" NOT NULL,
	arguments  text             NOT NULL, -- what was asked for
	next_from  timestamptz      NOT NULL, -- bars from here on are not computed yet
	is_done    boolean          NOT NULL DEFAULT false,
	PRIMARY KEY (symbol, interval, arguments)
);

-- Candles with their indicators, one row a value: for charts. By a function whose text names the schema: an adoption can put another
-- table in the place of market_data, no search_path matters, and conditions on the view reach the tables' indexes.
DO $$
BEGIN
	EXECUTE format($create$
		CREATE FUNCTION market_data_chart_rows() RETURNS TABLE (symbol text, "interval" text, "timestamp" timestamptz, open numeric,
			high numeric, low numeric, close numeric, volume numeric, indicator text, params text, name text,
			value double precision, state text)
		LANGUAGE sql STABLE AS $body$
			SELECT m.symbol, m.interval, m.timestamp, m.open, m.high, m.low, m.close, m.volume, i.indicator, i.params, v.key,
				v.value::double precision, i.state
			FROM %1$I.market_data AS m
			LEFT JOIN %1$I.market_data_indicator AS i
				ON i.symbol = m.symbol AND i.interval = m.interval AND i.timestamp = m.timestamp
			LEFT JOIN LATERAL jsonb_each_text(i.value) AS v ON true
		$body$
	$create$, current_schema());
END
$$;
CREATE VIEW market_data_chart AS SELECT * FROM market_data_chart_rows();

COMMENT ON TABLE market_data_indicator IS 'Indicators of the candles, as in the topic indicators.v1';
COMMENT ON TABLE market_data_indicator_position IS 'How far each partition of the candles'' topic has led to indicators';
COMMENT ON TABLE market_data_indicator_compute IS 'How far gapless-indicators compute is';
COMMENT ON VIEW market_data_chart IS 'Candles with their indicators, one row a value';
