/* SPDX-License-Identifier: MIT */
#include "writer/metrics.h"

/* clang-format off */
const struct metric writer_metrics[WRITER_METRICS] = {
	[WRITER_CANDLES] = {"gapless_writer_candles", METRIC_COUNTER, .labels = {"outcome"},
		.help = "Candles of stored batches, by what became of them: inserted, corrected "
			"(the row had older values), identical, stale (the row has newer ones)."},
	[WRITER_INCONSISTENT] = {"gapless_writer_inconsistent_candles", METRIC_COUNTER,
		.help = "Candles that contradict themselves (high below low, and the like); "
			"stored as the exchange sent them."},
	[WRITER_DEAD_LETTERS] = {"gapless_writer_dead_letters", METRIC_COUNTER,
		.help = "Messages that are not candles, stored in candle_dead_letter."},
	[WRITER_MESSAGES] = {"gapless_writer_messages", METRIC_COUNTER,
		.help = "Messages taken from the topic."},
	[WRITER_SKIPPED] = {"gapless_writer_skipped_messages", METRIC_COUNTER,
		.help = "Of these, messages that carry nothing (tombstones)."},
	[WRITER_LOST_OFFSETS] = {"gapless_writer_lost_offsets", METRIC_COUNTER,
		.help = "Offsets that were deleted from the topic before they were read; their "
			"candles are gaps, and fetched again."},
	[WRITER_DATABASE_LOSSES] = {"gapless_writer_database_losses", METRIC_COUNTER,
		.help = "Times that the database had lost what was stored (restore, failover), "
			"and is filled again."},
	[WRITER_COMMIT_FAILURES] = {"gapless_writer_commit_failures", METRIC_COUNTER,
		.help = "Commits of offsets that Kafka did not take; harmless, the next one "
			"covers them."},
	[WRITER_BATCH_ROWS] = {"gapless_writer_batch_rows", METRIC_HISTOGRAM,
		.buckets = {1, 10, 100, 500, 1000, 2500, 5000, 10000, 20000, 50000, 100000},
		.help = "Candles of a stored batch, one a key."},
	[WRITER_BATCH_SECONDS] = {"gapless_writer_batch_seconds", METRIC_HISTOGRAM,
		.unit = "seconds",
		.buckets = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		.help = "From handing a batch to the database until it is stored, failed tries "
			"included."},
	[WRITER_LAG_MESSAGES] = {"gapless_writer_lag_messages", METRIC_GAUGE,
		.labels = {"partition"},
		.help = "Messages of the partition that are not stored yet, up to the end that "
			"the last fetch showed."},
	[WRITER_LAG_SECONDS] = {"gapless_writer_lag_seconds", METRIC_AGE, .unit = "seconds",
		.labels = {"partition"},
		.help = "Since the broker took the first message of the partition that is not "
			"stored yet; 0 if nothing is waiting."},
	[WRITER_HALTED] = {"gapless_writer_partition_halted", METRIC_GAUGE,
		.labels = {"partition"},
		.help = "1 if the partition is halted by a message that this writer must not "
			"skip."},
	[WRITER_NEWEST] = {"gapless_writer_newest_candle_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds", .labels = {"interval"},
		.help = "Start of the newest candle that this writer has stored, since it was "
			"started."},
	[WRITER_ASSIGNED] = {"gapless_writer_partitions_assigned", METRIC_GAUGE,
		.help = "Partitions that the group has given to this writer."},
	[WRITER_REBALANCES] = {"gapless_writer_rebalances", METRIC_COUNTER,
		.help = "Rebalances of the group that this writer took part in."},
	[WRITER_DISAGREEING] = {"gapless_writer_disagreeing_members", METRIC_GAUGE,
		.labels = {"kind"},
		.help = "Members of the writers' group that are not like this one, when they were "
			"last asked for: stranger (not a writer: what it is given is not stored)."},
	[WRITER_ELSEWHERE] = {"gapless_writer_partitions_stored_elsewhere", METRIC_GAUGE,
		.help = "Partitions that others of the group store into another database than "
			"this writer: each of the two gets a part of the candles."},
	[WRITER_DATABASE_UP] = {"gapless_writer_database_up", METRIC_GAUGE,
		.help = "1 if the last work for the database succeeded."},
	[WRITER_KAFKA] = KAFKA_METRIC_ROWS("writer", "consumer",
		" (a fetch waits up to 0.1 s for messages)"),
	[WRITER_KAFKA_FETCHED] = {"gapless_writer_kafka_fetched_messages", METRIC_GAUGE,
		.help = "Messages that the consumer has fetched and the writer has not taken yet: "
			"many where the database is what is slow."},
	[WRITER_SERIES_NEWEST] = {"gapless_writer_series_newest_candle_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds", .labels = {"symbol", "interval"},
		.help = "Start of the newest candle of the series that this writer has stored, "
			"since it was started. With --series-metrics."},
};
/* clang-format on */
