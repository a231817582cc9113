/* SPDX-License-Identifier: MIT */
#include "producer/metrics.h"

/* clang-format off */
const struct metric producer_metrics[PRODUCER_METRICS] = {
	[PRODUCER_CANDLES] = {"gapless_producer_candles", METRIC_COUNTER, .labels = {"outcome"},
		.help = "Candles that were published, by what became of them: delivered "
			"(acknowledged by Kafka), failed (fetched again)."},
	[PRODUCER_UNACKNOWLEDGED] = {"gapless_producer_unacknowledged_messages", METRIC_GAUGE,
		.help = "Messages that Kafka has not acknowledged yet."},
	[PRODUCER_NEWEST] = {"gapless_producer_newest_candle_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds", .labels = {"interval"},
		.help = "Start of the newest candle that this producer has published, since it "
			"was started."},
	[PRODUCER_MISSING] = {"gapless_producer_missing_intervals", METRIC_GAUGE,
		.labels = {"interval"},
		.help = "Intervals of candles that are wanted and not known to be stored, of the "
			"series of this producer."},
	[PRODUCER_GAP_SECONDS] = {"gapless_producer_gap_seconds", METRIC_GAUGE, .unit = "seconds",
		.labels = {"interval"},
		.help = "The same as time: these intervals, one after the other."},
	[PRODUCER_OLDEST_GAP] = {"gapless_producer_oldest_gap_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds", .labels = {"interval"},
		.help = "Start of the oldest of them; not there if nothing is missing. A backfill "
			"moves it on."},
	[PRODUCER_FRAGMENTS] = {"gapless_producer_coverage_fragments", METRIC_GAUGE,
		.labels = {"interval"},
		.help = "Spans that the stored coverage of a series consists of, of the series "
			"with the most of them. Thousands make the database slow."},
	[PRODUCER_SERIES] = {"gapless_producer_series", METRIC_GAUGE,
		.help = "Series that this producer fetches."},
	[PRODUCER_RETRYING] = {"gapless_producer_series_retrying", METRIC_GAUGE,
		.help = "Series of which a span is asked for again after a pause."},
	[PRODUCER_STUCK] = {"gapless_producer_series_stuck", METRIC_GAUGE,
		.help = "Series of which something is missing that waiting alone will hardly "
			"mend."},
	[PRODUCER_RETRY_SPANS] = {"gapless_producer_retry_spans", METRIC_GAUGE,
		.labels = {"cause"},
		.help = "Spans that are asked for again after a pause, by cause: row (the "
			"exchange shows one that is not a candle), page (a whole answer was "
			"rejected)."},
	[PRODUCER_LIVE_LATE] = {"gapless_producer_live_late_seconds", METRIC_GAUGE,
		.unit = "seconds",
		.help = "How late the latest live poll is that is due; 0: none is."},
	[PRODUCER_REQUESTS] = {"gapless_producer_requests", METRIC_COUNTER, .labels = {"kind"},
		.help = "Requests for candles, live or backfill."},
	[PRODUCER_ANSWERS] = {"gapless_producer_answers", METRIC_COUNTER, .labels = {"verdict"},
		.help = "Answers of the exchange: ok, limited (429), banned (418), "
			"unknown_market, refused, broken (5xx, no JSON), none (no connection)."},
	[PRODUCER_REJECTED] = {"gapless_producer_rejected_pages", METRIC_COUNTER,
		.help = "Answers that are not pages of the candles that were asked for; nothing "
			"of them is used."},
	[PRODUCER_BUDGET] = {"gapless_producer_request_budget_per_second", METRIC_GAUGE,
		.help = "Requests a second that this producer is sure of."},
	[PRODUCER_BANNED_UNTIL] = {"gapless_producer_banned_until_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds",
		.help = "Until when the exchange blocks this address, as far as it was said; 0: "
			"it does not."},
	[PRODUCER_LOOKUPS] = {"gapless_producer_lookups", METRIC_COUNTER,
		.help = "Coverage lookups of partitions that have ended."},
	[PRODUCER_LOOKUP_FAILURES] = {"gapless_producer_lookup_failures", METRIC_COUNTER,
		.help = "Tries of lookups that failed, for the database or for Kafka."},
	[PRODUCER_LOOKUP_TIMESTAMP] = {"gapless_producer_lookup_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds",
		.help = "When a lookup has ended last, of the partition of which that is longest "
			"ago; 0: of one, none yet."},
	[PRODUCER_ASSIGNED] = {"gapless_producer_partitions_assigned", METRIC_GAUGE,
		.help = "Partitions that the group has given to this producer."},
	[PRODUCER_REVOCATIONS] = {"gapless_producer_revocations", METRIC_COUNTER,
		.help = "Times that the group has taken the partitions back, to share them out "
			"again."},
	[PRODUCER_DISAGREEING] = {"gapless_producer_disagreeing_members", METRIC_GAUGE,
		.labels = {"kind"},
		.help = "Members of the producers' group that are not like this one, when they "
			"were last asked for: settings (a producer that wants other symbols, "
			"intervals or another start), stranger (not a producer: what it is given "
			"is not fetched)."},
	[PRODUCER_EXCHANGE_UP] = {"gapless_producer_exchange_up", METRIC_GAUGE,
		.help = "1 if the exchange answers."},
	[PRODUCER_DATABASE_UP] = {"gapless_producer_database_up", METRIC_GAUGE,
		.help = "1 if the last try of a lookup could read the database."},
	[PRODUCER_KAFKA] = KAFKA_METRIC_ROWS("producer", "publisher", ""),
	[PRODUCER_KAFKA_RECREATED] = {"gapless_producer_kafka_clients_recreated", METRIC_COUNTER,
		.help = "Times that the idempotent producer failed and was recreated."},
	[PRODUCER_SERIES_NEWEST] = {"gapless_producer_series_newest_candle_timestamp_seconds", METRIC_GAUGE,
		.unit = "seconds", .labels = {"symbol", "interval"},
		.help = "Start of the newest candle of the series that this producer has "
			"published. With --series-metrics, as the next two."},
	[PRODUCER_SERIES_MISSING] = {"gapless_producer_series_missing_intervals", METRIC_GAUGE,
		.labels = {"symbol", "interval"},
		.help = "Intervals of the series that are wanted and not known to be stored."},
	[PRODUCER_SERIES_FRAGMENTS] = {"gapless_producer_series_coverage_fragments", METRIC_GAUGE,
		.labels = {"symbol", "interval"},
		.help = "Spans that the stored coverage of the series consists of."},
};
/* clang-format on */
