-- How far each replay (gapless-writer replay) is, written in the transaction of the rows themselves. A replay that was
-- interrupted goes on here; one whose partitions all stand at their end is complete, and begins anew when it is asked for again.
CREATE TABLE market_data_replay (
	name          text COLLATE "C" NOT NULL,
	partition     integer          NOT NULL,
	arguments     text             NOT NULL, -- what it reads: topic, time, symbols
	start_offset  bigint           NOT NULL,
	next_offset   bigint           NOT NULL,
	end_offset    bigint           NOT NULL, -- as seen when it began
	began_at      timestamptz      NOT NULL DEFAULT now(),
	PRIMARY KEY (name, partition),
	CONSTRAINT market_data_replay_order CHECK (
		start_offset >= 0 AND start_offset <= next_offset AND next_offset <= end_offset)
);
