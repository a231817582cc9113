/* SPDX-License-Identifier: MIT */
#include "metrics.h"

/* clang-format off */
const struct metric indicators_metrics[INDICATORS_METRICS] = {
	[INDICATORS_MESSAGES] = {"gapless_indicators_messages", METRIC_COUNTER,
		.help = "Candles taken from the topic, repeated ones included."},
	[INDICATORS_UNREADABLE] = {"gapless_indicators_unreadable_messages", METRIC_COUNTER,
		.help = "Messages that are not candles; they are passed over."},
	[INDICATORS_TOO_OLD] = {"gapless_indicators_too_old_candles", METRIC_COUNTER,
		.help = "Without a database: candles older than what is in memory; their "
			"indicators stay as they are."},
	[INDICATORS_VALUES] = {"gapless_indicators_values", METRIC_COUNTER, .labels = {"state"},
		.help = "Values published, by state: final, provisional, unavailable."},
	[INDICATORS_RECOMPUTATIONS] = {"gapless_indicators_recomputations", METRIC_COUNTER,
		.help = "Spans computed from the table, because something older than what is in "
			"memory came or changed."},
	[INDICATORS_WAITING] = {"gapless_indicators_series_waiting", METRIC_GAUGE,
		.help = "Series of which a span is to be computed from the table, or is being "
			"computed."},
	[INDICATORS_SNAPSHOTS] = {"gapless_indicators_snapshots", METRIC_COUNTER,
		.help = "Series whose newest candles were loaded from the table, after a start "
			"or an assignment."},
	[INDICATORS_TABLE_READS] = {"gapless_indicators_table_reads", METRIC_COUNTER,
		.labels = {"outcome"},
		.help = "Transactions that read candles, coverage or positions, by outcome: ok, "
			"failed."},
	[INDICATORS_LAG_MESSAGES] = {"gapless_indicators_lag_messages", METRIC_GAUGE,
		.labels = {"partition"},
		.help = "Messages of the partition whose indicators are not all published yet, "
			"up to the end that the last fetch showed."},
	[INDICATORS_LAG_SECONDS] = {"gapless_indicators_lag_seconds", METRIC_AGE,
		.unit = "seconds", .labels = {"partition"},
		.help = "Since the broker took the first message of the partition whose "
			"indicators are not all published yet; 0 if nothing is waiting."},
	[INDICATORS_HALTED] = {"gapless_indicators_partition_halted", METRIC_GAUGE,
		.labels = {"partition"},
		.help = "1 if the partition is halted by a message of a newer version or "
			"another source."},
	[INDICATORS_ASSIGNED] = {"gapless_indicators_partitions_assigned", METRIC_GAUGE,
		.help = "Partitions that the group has given to this process."},
	[INDICATORS_REBALANCES] = {"gapless_indicators_rebalances", METRIC_COUNTER,
		.help = "Rebalances of the group that this process took part in."},
	[INDICATORS_SERIES] = {"gapless_indicators_series", METRIC_GAUGE,
		.help = "Series whose newest candles are in memory."},
	[INDICATORS_WINDOW_BYTES] = {"gapless_indicators_window_bytes", METRIC_GAUGE,
		.unit = "bytes",
		.help = "Memory that they take."},
	[INDICATORS_DATABASE_UP] = {"gapless_indicators_database_up", METRIC_GAUGE,
		.help = "1 if the last work for the database succeeded, or none is wished."},
	[INDICATORS_KAFKA] = KAFKA_METRIC_ROWS("indicators", "consumer",
		" (a fetch waits up to 0.1 s for messages)"),
};
/* clang-format on */
