-- What the tables keep besides: retention, an end of what is wanted, spans that are not available, evidence, the source.
--
-- Lock: ACCESS EXCLUSIVE on the small tables, none on market_data. Duration: under a second. Programs of the version before
-- may run beside it: they name their columns.

-- retained_from  Retention (009): the series' candles before this instant were given up, rows, coverage and what is wanted
--                together. On the grid of the interval; it never moves back by itself. Whoever writes honours it: a writer does
--                not store older candles and clips promises to it, a producer plans nothing before it. NULL: nothing is given up.
-- ended_at       When `gapless-writer end` ended what was wanted of the series; its rows stay. A producer that runs keeps away
--                from it from its next lookup on; only one that starts and wants it sets it back to NULL. NULL: wanted.
-- evidence       What witnesses said of the market, so that a producer that takes it over need not ask them all again: an
--                object, written and read by producers alone (`trouble` is for people: what is wrong with the last bad row or page). NULL: nothing yet.
ALTER TABLE market_data_series
	ADD COLUMN retained_from timestamptz,
	ADD COLUMN ended_at      timestamptz,
	ADD COLUMN evidence      jsonb;

-- message_at: the broker's time of the message before next_offset. It tells a topic that was created anew, and has grown beyond
-- the position, from the one that the position belongs to. NULL: not known.
ALTER TABLE market_data_position ADD COLUMN message_at timestamptz;

-- Wanted, but not to be had, and why: older than the exchange keeps, from before a relisting, refused for good, settled by hand.
-- Neither a gap nor coverage, and nobody asks for it. What is covered after all was to be had: coverage wins.
CREATE TABLE market_data_unobtainable (
	symbol    text COLLATE "C" NOT NULL,
	interval  text COLLATE "C" NOT NULL,
	reason    text COLLATE "C" NOT NULL,
	spans     tstzmultirange   NOT NULL DEFAULT '{}',
	since     timestamptz      NOT NULL DEFAULT now(),
	PRIMARY KEY (symbol, interval, reason)
);

-- The one source, and the one topic, whose candles are here. Written once, by the first that writes; compared at every start.
CREATE TABLE market_data_origin (
	only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	source    text NOT NULL,
	topic     text, -- NULL: not known
	since     timestamptz NOT NULL DEFAULT now()
);

-- The market_data that the coverage is about (008). A table that was put in its place is another one.
CREATE TABLE market_data_guarded (
	only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	relation  oid NOT NULL, -- of market_data
	coverage  oid NOT NULL  -- of market_data_coverage: both have changed after a restore of the whole database
);

-- The chunks of the hypertable that were seen: one that is gone was dropped, with its rows (008).
CREATE TABLE market_data_chunk (
	range_start  timestamptz NOT NULL,
	range_end    timestamptz NOT NULL,
	PRIMARY KEY (range_start, range_end)
);

-- The tables' other rows that are deleted one by one. FULL: they have no key.
ALTER TABLE market_data_set_aside REPLICA IDENTITY FULL;

-- A topic that was created anew begins at offset 0 again: what is there of the old one under the same offset, another message,
-- makes room. It keeps its place in the table under a name of its own.
CREATE FUNCTION candle_dead_letter_make_room() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE %I.%I AS d SET topic = format(''%%s (until %%s)'', d.topic, to_char(clock_timestamp() AT TIME ZONE ''UTC'',
			''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'')) WHERE d.topic = $1 AND d.partition = $2 AND d."offset" = $3
			AND (d.key, d.value) IS DISTINCT FROM ($4, $5)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
		USING NEW.topic, NEW.partition, NEW."offset", NEW.key, NEW.value;
	RETURN NEW;
END
$$;
CREATE TRIGGER candle_dead_letter_make_room BEFORE INSERT ON candle_dead_letter
	FOR EACH ROW EXECUTE FUNCTION candle_dead_letter_make_room();

COMMENT ON TABLE market_data_coverage IS
	'Where market_data has every candle that the exchange has, in its final form; an interval without a row had no trades there';
COMMENT ON TABLE market_data_position IS 'How far each partition of the topic is stored';
COMMENT ON TABLE market_data_series IS 'What is wanted: market, interval, from when until when, and what is known of the market';
COMMENT ON COLUMN market_data_series.retained_from IS 'gapless-writer retain: nothing before this is kept, fetched or stored';
COMMENT ON COLUMN market_data_series.ended_at IS 'gapless-writer end: not wanted any more since then; NULL: wanted';
COMMENT ON COLUMN market_data_series.listed_from IS 'The exchange has nothing before this; NULL: not known';
COMMENT ON COLUMN market_data_series.evidence IS 'What the exchange''s answers have shown of the market so far; producers'' own';
COMMENT ON TABLE market_data_unobtainable IS 'What is wanted and not to be had, with the reason: no gap, and not asked for';
COMMENT ON TABLE market_data_origin IS 'The source and the topic whose candles are in market_data';
COMMENT ON TABLE market_data_guarded IS 'Which table the coverage is about';
COMMENT ON TABLE market_data_chunk IS 'Chunks of the hypertable that were seen; one that is gone was dropped';
COMMENT ON TABLE market_data_replay IS 'How far each gapless-writer replay is';
COMMENT ON TABLE market_data_adoption_run IS 'Adoptions of an older collector''s table (gapless-writer migrate)';
COMMENT ON TABLE market_data_adopted IS 'How many rows of each series were adopted';
COMMENT ON TABLE market_data_set_aside IS 'Rows that were not adopted, whole, with the reason';
COMMENT ON TABLE candle_dead_letter IS 'Messages that are not candles, or that the database refuses, as they came, with the reason';
COMMENT ON TABLE gapless_migration IS 'The migrations that this database has';
