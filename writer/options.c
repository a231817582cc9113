/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "common/candle/candle.h"
#include "common/kafka/kafka_topic.h"
#include "common/pg/pg_conninfo.h"
#include "common/service/service.h"
#include "common/settings/settings_rows.h"
#include "writer/batch.h"

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

/* clang-format off */
const struct setting options_table[] = {
	SETTING_BROKERS,
	SETTING_TOPIC,
	{.name = "group", AT(group), .fallback = "gapless-writer", .value = "NAME",
	 .help = "Consumer group: writers of one group share the topic's partitions."},
	{.name = "group-instance-id", AT(group_instance_id), .value = "NAME",
	 .help = "Static membership: a restart within the session timeout keeps its partitions; "
		 "one name, one process."},
	SETTING_DATABASE,
	SETTING_SOURCE,
	{.name = "connections", AT(connections), .min = 1, .max = 4, .fallback = "2",
	 .help = "Connections to the database that store at the same time, each its own "
		 "partitions."},
	{.name = "batch-rows", AT(batch_rows), .min = 1, .max = BATCH_ROWS_MAX, .fallback = "20000",
	 .help = "Candles that one transaction stores at most."},
	{.name = "batch-bytes", AT(batch_bytes), .min = 4096, .max = 67108864,
	 .fallback = "16777216", .value = "BYTES",
	 .help = "Bytes of messages that one transaction stores at most."},
	{.name = "batch-ms", AT(batch_ms), .min = 1, .max = 60000, .fallback = "1000",
	 .value = "MS",
	 .help = "How long a transaction that is not full waits for more."},
	{.name = "dead-letter-limit", AT(dead_letter_limit), .min = 0, .max = 1000000000,
	 .fallback = "100",
	 .help = "More messages in a row that are not candles stop the writer, before it commits "
		 "them; 0 = no limit."},
	{.name = "keep", AT(keep), .value = "LIST", .fallback = "dead-letters=90d",
	 .help = "How long each interval is kept, 1m=400d,1s=30d (h, d, w), and dead letters; "
		 "1m=all takes it back."},
	SETTING_SESSION_TIMEOUT,
	{.name = "drain-seconds", AT(drain_seconds), .min = 5, .max = 3600, .fallback = "30",
	 .value = "S",
	 .help = "A stop finishes the batch, commits and leaves within this time, or ends with "
		 "exit code 4."},
	SETTING_KAFKA,
	SETTING_HTTP("127.0.0.1:9465"),
	{.name = "page", AT(page), .fallback = "true",
	 .help = "The page for people is served there, too; --page=false: metrics and health alone."},
	SETTING_SERIES_METRICS,
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	{.name = NULL},
};
/* clang-format on */

int options_check(void *options, struct err *err)
{
	const struct options *o = options;

	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       o->source);
	if (kafka_topic_name_check("--topic", o->topic, err))
		return -1;
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL, "--group: the name of the consumer group is empty");
	if (o->format != NULL && strcmp(o->format, "table") != 0 && strcmp(o->format, "tsv") != 0)
		return err_set(err, ERR_FATAL, "--format: '%s' is neither table nor tsv",
			       o->format);
	if (o->kind != NULL && strcmp(o->kind, "gap") != 0 &&
	    strcmp(o->kind, "unobtainable") != 0 && strcmp(o->kind, "unconfirmed") != 0)
		return err_set(err, ERR_FATAL,
			       "--kind: '%s' is none of gap, unobtainable and unconfirmed",
			       o->kind);
	if (o->schema != NULL &&
	    (o->schema[strspn(o->schema, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0' ||
	     o->schema[0] == '\0' || strlen(o->schema) > 63))
		return err_set(err, ERR_FATAL,
			       "--schema: '%s' is not the name of a schema of a-z, 0-9 and _",
			       o->schema);
	if (pg_conninfo_check(o->database, err))
		return -1;
	return o->http != NULL ? service_check(o->http, err) : 0;
}
