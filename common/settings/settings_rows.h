/* SPDX-License-Identifier: MIT */
/* Rows that several programs have in their tables, written once. Each takes AT(member), which the
 * including file defines, and the member of that name in its settings struct.
 *
 * What any program reads from the environment stands in every_variable (settings.c), so that one
 * file of variables serves all of them and a typo is still found: a new row adds its name there. */
#ifndef GAPLESS_SETTINGS_ROWS_H
#define GAPLESS_SETTINGS_ROWS_H

#include "common/settings/settings_table.h"

/* clang-format off */
#define SETTING_BROKERS \
	{.name = "brokers", AT(brokers), .fallback = "127.0.0.1:19092", .value = "HOST:PORT,...", \
	 .help = "Kafka brokers to begin with."}
#define SETTING_TOPIC \
	{.name = "topic", AT(topic), .fallback = "candles.v1", .value = "NAME", \
	 .help = "Topic of the candles; the producer creates it if it is missing."}
#define SETTING_KAFKA \
	{.name = "kafka", AT(kafka), .short_flag = 'X', .value = "NAME=VALUE", \
	 .help = "Any librdkafka property; may be repeated."}
#define SETTING_SESSION_TIMEOUT \
	{.name = "session-timeout-ms", AT(session_timeout_ms), .min = 1000, .max = 3600000, \
	 .fallback = "6000", .value = "MS", \
	 .help = "A process that is silent for so long loses its share to the others of its group."}
#define SETTING_DATABASE \
	{.name = "database", AT(database), .fallback = "", .value = "CONNINFO", \
	 .help = "PostgreSQL: URI or key=value; what it leaves open comes from the PG* variables."}
#define SETTING_SOURCE \
	{.name = "source", AT(source), .fallback = "upbit", .value = "NAME", \
	 .help = "Exchange and region of the candles (upbit, upbit-sg); one topic and one table " \
		 "hold one source."}
#define SETTING_HTTP(address) \
	{.name = "http", AT(http), .fallback = (address), .value = "ADDRESS:PORT", \
	 .help = "Where /metrics, /livez and /readyz are served; off: nowhere."}
#define SETTING_SERIES_METRICS \
	{.name = "series-metrics", AT(series_metrics), .max = 5000, .fallback = "0", .value = "N", \
	 .help = "Series (an interval of a symbol) that /metrics shows one by one, at most; the " \
		 "first ones that come."}
#define SETTING_LOG_LEVEL \
	{.name = "log-level", AT(log.level), .fallback = "info", .value = "LEVEL", \
	 .help = "debug, info, warn or error."}
#define SETTING_LOG_FORMAT \
	{.name = "log-format", AT(log.format), .fallback = "auto", .value = "FORMAT", \
	 .help = "terminal (for people, with colours), logfmt, json, or auto: terminal where stderr " \
		 "is one, otherwise logfmt."}
/* clang-format on */

#endif
