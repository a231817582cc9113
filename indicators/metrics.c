/* SPDX-License-Identifier: MIT */
#include "metrics.h"

const struct metric indicators_metrics[INDICATORS_METRICS] = {
	[INDICATORS_MESSAGES] = {.name = "gapless_indicators_messages",
				 .type = METRIC_COUNTER,
				 .help = "Candles taken from the topic, repeated ones included."},
	[INDICATORS_UNREADABLE] = {.name = "gapless_indicators_unreadable_messages",
				   .type = METRIC_COUNTER,
				   .help = "Messages that are not candles; they are passed over."},
	[INDICATORS_TOO_OLD] = {.name = "gapless_indicators_too_old_candles",
				.type = METRIC_COUNTER,
				.help = "Without a database: candles older than what is in memory; "
					"their indicators stay as they are."},
	[INDICATORS_VALUES] = {.name = "gapless_indicators_values",
			       .type = METRIC_COUNTER,
			       .help = "Values published, by state: final, provisional, "
				       "unavailable.",
			       .labels = {"state"}},
	[INDICATORS_RECOMPUTATIONS] =
		{.name = "gapless_indicators_recomputations",
		 .type = METRIC_COUNTER,
		 .help = "Spans computed from the table, because something older than "
			 "what is in memory came or changed."},
	[INDICATORS_WAITING] = {.name = "gapless_indicators_series_waiting",
				.type = METRIC_GAUGE,
				.help = "Series of which a span is to be computed from the table, "
					"or is being computed."},
	[INDICATORS_SNAPSHOTS] = {.name = "gapless_indicators_snapshots",
				  .type = METRIC_COUNTER,
				  .help = "Series whose newest candles were loaded from the table, "
					  "after a start or an assignment."},
	[INDICATORS_TABLE_READS] = {.name = "gapless_indicators_table_reads",
				    .type = METRIC_COUNTER,
				    .help = "Transactions that read candles, coverage or "
					    "positions, by outcome: ok, failed.",
				    .labels = {"outcome"}},
	[INDICATORS_LAG_MESSAGES] =
		{.name = "gapless_indicators_lag_messages",
		 .type = METRIC_GAUGE,
		 .help = "Messages of the partition whose indicators are not all published yet, "
			 "up to the end that the last fetch showed.",
		 .labels = {"partition"}},
	[INDICATORS_LAG_SECONDS] =
		{.name = "gapless_indicators_lag_seconds",
		 .type = METRIC_AGE,
		 .unit = "seconds",
		 .help = "Since the broker took the first message of the partition whose "
			 "indicators are not all published yet; 0 if nothing is waiting.",
		 .labels = {"partition"}},
	[INDICATORS_HALTED] = {.name = "gapless_indicators_partition_halted",
			       .type = METRIC_GAUGE,
			       .help = "1 if the partition is halted by a message of a newer "
				       "version or another source.",
			       .labels = {"partition"}},
	[INDICATORS_ASSIGNED] = {.name = "gapless_indicators_partitions_assigned",
				 .type = METRIC_GAUGE,
				 .help = "Partitions that the group has given to this process."},
	[INDICATORS_REBALANCES] = {.name = "gapless_indicators_rebalances",
				   .type = METRIC_COUNTER,
				   .help = "Rebalances of the group that this process took part "
					   "in."},
	[INDICATORS_SERIES] = {.name = "gapless_indicators_series",
			       .type = METRIC_GAUGE,
			       .help = "Series whose newest candles are in memory."},
	[INDICATORS_WINDOW_BYTES] = {.name = "gapless_indicators_window_bytes",
				     .type = METRIC_GAUGE,
				     .unit = "bytes",
				     .help = "Memory that they take."},
	[INDICATORS_DATABASE_UP] = {.name = "gapless_indicators_database_up",
				    .type = METRIC_GAUGE,
				    .help = "1 if the last work for the database succeeded, or "
					    "none is wished."},
	[INDICATORS_KAFKA_BROKERS] = {.name = "gapless_indicators_kafka_brokers_connected",
				      .type = METRIC_GAUGE,
				      .help = "Kafka brokers that the consumer is connected to."},
	[INDICATORS_KAFKA_ROUND_TRIP] =
		{.name = "gapless_indicators_kafka_round_trip_seconds",
		 .type = METRIC_GAUGE,
		 .unit = "seconds",
		 .help = "Mean time of a request to the slowest broker, lately "
			 "(a fetch waits up to 0.1 s for messages)."},
	[INDICATORS_KAFKA_TIMEOUTS] = {.name = "gapless_indicators_kafka_request_timeouts",
				       .type = METRIC_COUNTER,
				       .help = "Requests to brokers that were not answered in "
					       "time."},
	[INDICATORS_KAFKA_RETRIES] = {.name = "gapless_indicators_kafka_request_retries",
				      .type = METRIC_COUNTER,
				      .help = "Requests to brokers that were sent again."},
};
