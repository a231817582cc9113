/* SPDX-License-Identifier: MIT */
/* gapless-bench-load: makes the messages that the bench measures with, and the same rows as a file
 * for COPY.
 *
 *	gapless-bench-load BROKERS TOPIC ROWS SYMBOLS ORDER FILE [POISON]
 *
 * Each message is final, with a promise of its own interval. ORDER is `time`: minute after minute,
 * in each minute every market, as a backfill of many markets leaves them; `symbol`: market after
 * market; or `live`: as time, a minute of all markets each second. The same numbers give the same
 * candles, in whatever order. The topic must exist.
 *
 * With POISON the message in the middle is no candle: `text` is not JSON, `missing` has no close,
 * `word` and `nan` have one that is no number. It is not in FILE. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/candle/candle.h"
#include "common/kafka/kafka.h"
#include "common/text/timetext.h"

#define BEGIN_MS  INT64_C(1704067200000) /* 2024-01-01 */
#define MINUTE_MS INT64_C(60000)

enum { FLUSH_MS = 60000, POLL_MS = 100 };

static int64_t undelivered;

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	(void)rk;
	(void)opaque;
	undelivered += message->err != 0;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Prices of every size, the small ones with decimals; a level is above all of the one before. */
static void price(char out[DECIMAL_BYTES], uint64_t market, uint64_t level, uint64_t noise)
{
	static const uint64_t sizes[] = {90000000, 4000000, 300000, 5000, 800, 30, 2, 1};
	uint64_t size = sizes[market % 8], step = size / 150 + 1,
		 whole = size + level * step + noise % step;

	if (size > 1000)
		snprintf(out, DECIMAL_BYTES, "%" PRIu64 ".00000000", whole);
	else
		snprintf(out, DECIMAL_BYTES, "%" PRIu64 ".%04" PRIu64 "0000", whole, noise % 10000);
}

static void message_make(struct message *m, uint64_t row, uint64_t symbols)
{
	struct candle *c = &m->candle;
	uint64_t market = row % symbols, noise = mix(row + 1);

	memset(m, 0, sizeof *m);
	snprintf(c->symbol, sizeof c->symbol, "KRW-M%03u", (unsigned)(market % 1000));
	c->interval = interval_by_name("1m");
	c->timestamp_ms = BEGIN_MS + (int64_t)(row / symbols) * MINUTE_MS;
	price(c->open, market, 1, noise);
	price(c->high, market, 2, noise >> 8);
	price(c->low, market, 0, noise >> 16);
	price(c->close, market, 1, noise >> 24);
	snprintf(c->volume, sizeof c->volume, "%" PRIu64 ".%08" PRIu64, noise % 5000,
		 noise / 5000 % 100000000);
	snprintf(c->quote_volume, sizeof c->quote_volume, "%" PRIu64 ".%08" PRIu64,
		 noise % 900000000, noise / 7 % 100000000);
	c->revision = c->timestamp_ms + (int64_t)(noise % 60000);
	m->covers_from_ms = c->timestamp_ms;
	m->covers_to_ms = c->timestamp_ms + MINUTE_MS;
	m->fetched_at_ms = m->covers_to_ms + 3600000;
	snprintf(m->source, sizeof m->source, "upbit");
	m->origin = ORIGIN_BACKFILL;
}

static int row_write(FILE *to, const struct message *m)
{
	const struct candle *c = &m->candle;
	char at[TIMETEXT_BYTES], fetched[TIMETEXT_BYTES];

	return fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRId64 "\t%s\n", c->symbol,
		       c->interval->name, time_format_ms(c->timestamp_ms, at), c->open, c->high,
		       c->low, c->close, c->volume, c->quote_volume, c->revision,
		       time_format_ms(m->fetched_at_ms, fetched)) > 0
		       ? 0
		       : -1;
}

static const struct poison {
	const char *name, *close; /* what stands in place of "close":"...", ; NULL: the whole */
} poisons[] = {{"text", NULL},
	       {"missing", ""},
	       {"word", "\"close\":\"n/a\","},
	       {"nan", "\"close\":\"NaN\","},
	       {NULL, NULL}};

static int spoil(const struct poison *poison, struct buf *value)
{
	char whole[MESSAGE_MAX_BYTES], *close, *after;

	snprintf(whole, sizeof whole, "%.*s", (int)value->len, value->data);
	buf_clear(value);
	if (!poison->close)
		return buf_printf(value, "this is no candle");
	close = strstr(whole, "\"close\"");
	after = close ? strchr(close, ',') : NULL;
	if (!after)
		return -1;
	return buf_printf(value, "%.*s%s%s", (int)(close - whole), whole, poison->close, after + 1);
}

/* Waits while the queue is full. */
static int publish(rd_kafka_t *rk, const char *topic, const struct message *m,
		   const struct buf *value)
{
	rd_kafka_resp_err_t e;

	do {
		e = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
				      RD_KAFKA_V_KEY(m->candle.symbol, strlen(m->candle.symbol)),
				      RD_KAFKA_V_VALUE(value->data, value->len),
				      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		rd_kafka_poll(rk, e == RD_KAFKA_RESP_ERR__QUEUE_FULL ? POLL_MS : 0);
	} while (e == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	return e ? -1 : 0;
}

enum order { ORDER_TIME, ORDER_SYMBOL, ORDER_LIVE, ORDERS };

static const char *const order_names[ORDERS] = {"time", "symbol", "live"};

struct job {
	const char *topic;
	uint64_t rows, symbols;
	enum order order;
	const struct poison *poison; /* NULL: none */
};

/* What is published as number i. */
static uint64_t row_at(const struct job *job, uint64_t i)
{
	uint64_t minutes = job->rows / job->symbols;

	return job->order == ORDER_SYMBOL ? i % minutes * job->symbols + i / minutes : i;
}

/* Until the second of that minute has come. */
static void wait_for(rd_kafka_t *rk, int64_t began_ms, uint64_t minute)
{
	int64_t due_ms = began_ms + (int64_t)minute * 1000, left;

	while ((left = due_ms - clock_boot_ms()) > 0)
		rd_kafka_poll(rk, (int)left);
}

static int load(rd_kafka_t *rk, const struct job *job, FILE *file, struct err *err)
{
	int64_t began_ms = clock_boot_ms();
	struct buf value;
	int result = -1;

	buf_init(&value, MESSAGE_MAX_BYTES);
	for (uint64_t i = 0; i < job->rows; i++) {
		struct message m;
		int is_poison = job->poison && i == job->rows / 2;

		if (job->order == ORDER_LIVE && i % job->symbols == 0)
			wait_for(rk, began_ms, i / job->symbols);
		message_make(&m, row_at(job, i), job->symbols);
		buf_clear(&value);
		if (message_validate(&m, err) || message_encode(&m, &value))
			goto out;
		if ((is_poison ? spoil(job->poison, &value) : row_write(file, &m)) ||
		    publish(rk, job->topic, &m, &value)) {
			err_set(err, ERR_FATAL,
				"message %" PRIu64 " could be neither written nor sent", i);
			goto out;
		}
	}
	if (rd_kafka_flush(rk, FLUSH_MS) || undelivered)
		err_set(err, ERR_FATAL, "%" PRId64 " messages were not delivered",
			undelivered + rd_kafka_outq_len(rk));
	else
		result = 0;
out:
	buf_release(&value);
	return result;
}

static int poison_read(struct job *job, const char *name)
{
	for (job->poison = poisons; job->poison->name; job->poison++) {
		if (strcmp(job->poison->name, name) == 0)
			return 0;
	}
	return -1;
}

static int job_read(struct job *job, int argc, char **argv)
{
	if (argc < 7 || argc > 8)
		return -1;
	*job = (struct job){.topic = argv[2],
			    .rows = strtoull(argv[3], NULL, 10),
			    .symbols = strtoull(argv[4], NULL, 10)};
	while (job->order < ORDERS && strcmp(argv[5], order_names[job->order]) != 0)
		job->order++;
	if (argc == 8 && poison_read(job, argv[7]))
		return -1;
	return job->symbols >= 1 && job->symbols <= 1000 && job->rows >= 1 &&
			       job->rows % job->symbols == 0 && job->order < ORDERS
		       ? 0
		       : -1;
}

int main(int argc, char **argv)
{
	static const struct kafka_property role[] = {{"linger.ms", "20"},
						     {"compression.type", "lz4"},
						     {"enable.idempotence", "true"},
						     {NULL, NULL}};
	static const char *const fixed[] = {NULL};
	struct setting_list none = {NULL, 0};
	rd_kafka_conf_t *conf = NULL;
	rd_kafka_t *rk = NULL;
	FILE *file = NULL;
	struct err err = {0};
	struct job job;
	char why[256];
	int result = 1;

	log_open("gapless-bench-load", LOG_WARN);
	if (job_read(&job, argc, argv)) {
		fprintf(stderr,
			"Usage: gapless-bench-load BROKERS TOPIC ROWS SYMBOLS time|symbol|live FILE "
			"[text|missing|word|nan]\n"
			"ROWS must be a multiple of SYMBOLS.\n");
		return 2;
	}
	conf = kafka_conf_new(argv[1], role, fixed, &none, &err);
	if (conf) {
		rd_kafka_conf_set_dr_msg_cb(conf, delivered);
		rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
		file = fopen(argv[6], "w");
	}
	if (rk && file && load(rk, &job, file, &err) == 0)
		result = 0;
	if (file && fclose(file))
		result = 1;
	if (result)
		fprintf(stderr, "gapless-bench-load: %s\n",
			*err.text ? err.text : "no producer, or no file");
	if (rk)
		rd_kafka_destroy(rk);
	return result;
}
