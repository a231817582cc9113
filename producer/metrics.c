/* SPDX-License-Identifier: MIT */
#include "producer/metrics.h"

const struct metric producer_metrics[PRODUCER_METRICS] = {
	[PRODUCER_CANDLES] = {.name = "gapless_producer_candles",
			      .type = METRIC_COUNTER,
			      .help = "Candles that were published, by what became of them: "
				      "delivered (acknowledged by Kafka), failed (fetched again).",
			      .labels = {"outcome"}},
	[PRODUCER_UNACKNOWLEDGED] = {.name = "gapless_producer_unacknowledged_messages",
				     .type = METRIC_GAUGE,
				     .help = "Messages that Kafka has not acknowledged yet."},
	[PRODUCER_NEWEST] = {.name = "gapless_producer_newest_candle_timestamp_seconds",
			     .type = METRIC_GAUGE,
			     .unit = "seconds",
			     .help = "Start of the newest candle that this producer has published, "
				     "since it was started.",
			     .labels = {"interval"}},
	[PRODUCER_MISSING] = {.name = "gapless_producer_missing_intervals",
			      .type = METRIC_GAUGE,
			      .help = "Intervals of candles that are wanted and not known to be "
				      "stored, of the series of this producer.",
			      .labels = {"interval"}},
	[PRODUCER_GAP_SECONDS] = {.name = "gapless_producer_gap_seconds",
				  .type = METRIC_GAUGE,
				  .unit = "seconds",
				  .help = "The same as time: these intervals, one after the other.",
				  .labels = {"interval"}},
	[PRODUCER_FRAGMENTS] =
		{.name = "gapless_producer_coverage_fragments",
		 .type = METRIC_GAUGE,
		 .help = "Spans that the stored coverage of a series consists of, of "
			 "the series with the most of them. Thousands make the "
			 "database slow.",
		 .labels = {"interval"}},
	[PRODUCER_SERIES] = {.name = "gapless_producer_series",
			     .type = METRIC_GAUGE,
			     .help = "Series that this producer fetches."},
	[PRODUCER_RETRYING] = {.name = "gapless_producer_series_retrying",
			       .type = METRIC_GAUGE,
			       .help = "Series of which a span is asked for again after a pause."},
	[PRODUCER_STUCK] = {.name = "gapless_producer_series_stuck",
			    .type = METRIC_GAUGE,
			    .help = "Series of which something is missing that waiting alone will "
				    "hardly mend."},
	[PRODUCER_RETRY_SPANS] =
		{.name = "gapless_producer_retry_spans",
		 .type = METRIC_GAUGE,
		 .help = "Spans that are asked for again after a pause, by cause: row "
			 "(the exchange shows one that is not a candle), page (a "
			 "whole answer was rejected).",
		 .labels = {"cause"}},
	[PRODUCER_LIVE_LATE] =
		{.name = "gapless_producer_live_late_seconds",
		 .type = METRIC_GAUGE,
		 .unit = "seconds",
		 .help = "How late the latest live poll is that is due; 0: none is."},
	[PRODUCER_REQUESTS] = {.name = "gapless_producer_requests",
			       .type = METRIC_COUNTER,
			       .help = "Requests for candles, live or backfill.",
			       .labels = {"kind"}},
	[PRODUCER_ANSWERS] = {.name = "gapless_producer_answers",
			      .type = METRIC_COUNTER,
			      .help = "Answers of the exchange: ok, limited (429), banned (418), "
				      "unknown_market, refused, broken (5xx, no JSON), none (no "
				      "connection).",
			      .labels = {"verdict"}},
	[PRODUCER_REJECTED] = {.name = "gapless_producer_rejected_pages",
			       .type = METRIC_COUNTER,
			       .help = "Answers that are not pages of the candles that were asked "
				       "for; nothing of them is used."},
	[PRODUCER_BUDGET] = {.name = "gapless_producer_request_budget_per_second",
			     .type = METRIC_GAUGE,
			     .help = "Requests a second that this producer is sure of."},
	[PRODUCER_BANNED_UNTIL] = {.name = "gapless_producer_banned_until_timestamp_seconds",
				   .type = METRIC_GAUGE,
				   .unit = "seconds",
				   .help = "Until when the exchange blocks this address, as far as "
					   "it was said; 0: it does not."},
	[PRODUCER_LOOKUPS] = {.name = "gapless_producer_lookups",
			      .type = METRIC_COUNTER,
			      .help = "Coverage lookups of partitions that have ended."},
	[PRODUCER_LOOKUP_FAILURES] = {.name = "gapless_producer_lookup_failures",
				      .type = METRIC_COUNTER,
				      .help = "Tries of lookups that failed, for the database or "
					      "for Kafka."},
	[PRODUCER_LOOKUP_TIMESTAMP] = {.name = "gapless_producer_lookup_timestamp_seconds",
				       .type = METRIC_GAUGE,
				       .unit = "seconds",
				       .help = "When a lookup has ended last, of the partition of "
					       "which that is longest ago; 0: of one, none yet."},
	[PRODUCER_ASSIGNED] = {.name = "gapless_producer_partitions_assigned",
			       .type = METRIC_GAUGE,
			       .help = "Partitions that the group has given to this producer."},
	[PRODUCER_REVOCATIONS] = {.name = "gapless_producer_revocations",
				  .type = METRIC_COUNTER,
				  .help = "Times that the group has taken the partitions back, to "
					  "share them out anew."},
	[PRODUCER_EXCHANGE_UP] = {.name = "gapless_producer_exchange_up",
				  .type = METRIC_GAUGE,
				  .help = "1 if the exchange answers."},
	[PRODUCER_DATABASE_UP] = {.name = "gapless_producer_database_up",
				  .type = METRIC_GAUGE,
				  .help = "1 if the last try of a lookup could read the database."},
	[PRODUCER_KAFKA_BROKERS] = {.name = "gapless_producer_kafka_brokers_connected",
				    .type = METRIC_GAUGE,
				    .help = "Kafka brokers that the publisher is connected to."},
	[PRODUCER_KAFKA_ROUND_TRIP] = {.name = "gapless_producer_kafka_round_trip_seconds",
				       .type = METRIC_GAUGE,
				       .unit = "seconds",
				       .help = "Mean time of a request to the slowest broker, "
					       "lately."},
	[PRODUCER_KAFKA_TIMEOUTS] = {.name = "gapless_producer_kafka_request_timeouts",
				     .type = METRIC_COUNTER,
				     .help = "Requests to brokers that were not answered in time."},
	[PRODUCER_KAFKA_RETRIES] = {.name = "gapless_producer_kafka_request_retries",
				    .type = METRIC_COUNTER,
				    .help = "Requests to brokers that were sent again."},
	[PRODUCER_KAFKA_RECREATED] = {.name = "gapless_producer_kafka_clients_recreated",
				      .type = METRIC_COUNTER,
				      .help = "Times that the idempotent producer failed and was "
					      "recreated."},
	[PRODUCER_SERIES_NEWEST] =
		{.name = "gapless_producer_series_newest_candle_timestamp_seconds",
		 .type = METRIC_GAUGE,
		 .unit = "seconds",
		 .help = "Start of the newest candle of the series that this producer has "
			 "published. With --series-metrics, as the next two.",
		 .labels = {"symbol", "interval"}},
	[PRODUCER_SERIES_MISSING] =
		{.name = "gapless_producer_series_missing_intervals",
		 .type = METRIC_GAUGE,
		 .help = "Intervals of the series that are wanted and not known "
			 "to be stored.",
		 .labels = {"symbol", "interval"}},
	[PRODUCER_SERIES_FRAGMENTS] =
		{.name = "gapless_producer_series_coverage_fragments",
		 .type = METRIC_GAUGE,
		 .help = "Spans that the stored coverage of the series consists "
			 "of.",
		 .labels = {"symbol", "interval"}},
};
