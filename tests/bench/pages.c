/* SPDX-License-Identifier: MIT */
/* gapless-bench-pages: how much CPU the producer's way of a candle costs, from the bytes of a page
 * to the delivered message, beside the bare parsing of the same pages by cJSON.
 *
 *	gapless-bench-pages BROKERS TOPIC PAGES
 *
 * Pages of 200 candles as Upbit serves them, from memory: neither the exchange nor its limit is
 * measured. Prints microseconds of CPU a candle: bare, and all of it (librdkafka's threads
 * included). The topic must exist. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/log.h"
#include "common/candle/json_memory.h"
#include "common/text/buf.h"
#include "common/text/timetext.h"
#include "producer/exchange/exchanges.h"
#include "producer/kafka/publish.h"
#include "producer/series/series.h"

enum { ROWS = 200, PAGE_BYTES = 1 << 18, DISTINCT = 50, DRAIN_MS = 60000, WAIT_MS = 100 };

#define BEGIN_MS  INT64_C(1704067200000) /* 2024-01-01 */
#define MINUTE_MS INT64_C(60000)

struct bench {
	struct options options;
	struct publisher *publisher;
	struct series *series;
	struct buf pages[DISTINCT];
	int64_t end_ms[DISTINCT]; /* of each page */
};

static double cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static int row_write(struct buf *to, int64_t start_ms, unsigned noise)
{
	char utc[TIMETEXT_BYTES], kst[TIMETEXT_BYTES];

	time_format(start_ms, utc);
	time_format(start_ms + 9 * 60 * MINUTE_MS, kst);
	return buf_printf(
		to,
		"%s{\"market\":\"KRW-BTC\",\"candle_date_time_utc\":\"%.19s\",\"candle_date_time_"
		"kst\":\"%.19s\",\"opening_price\":%u.00000000,\"high_price\":%u.00000000,"
		"\"low_price\":%u.00000000,\"trade_price\":%u.00000000,\"timestamp\":%" PRId64 ","
		"\"candle_acc_trade_price\":%u.%05u,\"candle_acc_trade_volume\":%u.%08u,\"unit\":1}",
		to->len > 1 ? "," : "", utc, kst, 11509000 + noise % 1000, 11511000 + noise % 900,
		11489000 + noise % 800, 11498000 + noise % 700, start_ms + noise % 60000,
		30279009 + noise, noise % 100000, noise % 50, noise % 100000000);
}

/* The newest row first, as the exchange serves it. */
static int page_write(struct bench *b, int k)
{
	unsigned noise = 12345u + (unsigned)k;
	struct buf *to = &b->pages[k];

	buf_init(to, PAGE_BYTES);
	b->end_ms[k] = BEGIN_MS + (int64_t)(k + 1) * ROWS * MINUTE_MS;
	if (buf_append(to, "[", 1))
		return -1;
	for (int i = 1; i <= ROWS; i++) {
		noise = noise * 1103515245u + 12345u;
		if (row_write(to, b->end_ms[k] - i * MINUTE_MS, noise >> 8))
			return -1;
	}
	return buf_append(to, "]", 1);
}

/* As cJSON comes, with malloc. */
static int bare(const struct bench *b, int pages)
{
	cJSON_Hooks ours = {json_memory_take, json_memory_give_back};

	cJSON_InitHooks(NULL);
	for (int i = 0; i < pages; i++) {
		const struct buf *page = &b->pages[i % DISTINCT];
		cJSON *tree = cJSON_ParseWithLength(page->data, page->len);

		if (cJSON_GetArraySize(tree) != ROWS)
			return -1;
		cJSON_Delete(tree);
	}
	cJSON_InitHooks(&ours);
	return 0;
}

/* Waits for room as the producer's loop does, by serving reports. */
static int publish(struct bench *b, const struct page *page, int64_t read_ms, struct err *err)
{
	struct pollfd reports = {.fd = publisher_fd(b->publisher), .events = POLLIN};

	while (!publisher_has_room(b->publisher, (int64_t)page->n)) {
		poll(&reports, 1, WAIT_MS);
		if (publisher_poll(b->publisher, err))
			return -1;
	}
	for (size_t i = 0; i < page->n; i++) {
		const struct candle *c = &page->rows[i];
		struct publication pub = {.candle = *c,
					  .covers_from_ms = c->timestamp_ms,
					  .covers_to_ms = c->timestamp_ms + MINUTE_MS,
					  .origin = ORIGIN_BACKFILL};

		publisher_send(b->publisher, b->series, &pub, read_ms);
	}
	return publisher_poll(b->publisher, err);
}

static int whole(struct bench *b, int pages, struct err *err)
{
	for (int i = 0; i < pages; i++) {
		int k = i % DISTINCT;
		struct page page = {0};
		int bad = b->options.exchange->page_parse(b->pages[k].data, b->pages[k].len,
							  "KRW-BTC", interval_by_name("1m"),
							  b->end_ms[k], &page, err);

		if (!bad)
			bad = publish(b, &page, b->end_ms[k] + 60 * MINUTE_MS, err);
		page_release(&page);
		if (bad)
			return -1;
	}
	if (publisher_drain(b->publisher, DRAIN_MS) == 0)
		return 0;
	return err_set(err, ERR_FATAL, "not all messages were delivered");
}

int main(int argc, char **argv)
{
	static struct bench b;
	int pages = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0, result = 1;
	struct err err = {0};
	double began, us[2] = {0};

	log_open("gapless-bench-pages", LOG_WARN);
	if (pages < 1) {
		fprintf(stderr, "Usage: gapless-bench-pages BROKERS TOPIC PAGES\n");
		return 2;
	}
	b.options = (struct options){.brokers = argv[1],
				     .topic = argv[2],
				     .source = "upbit",
				     .queue_messages = 20000,
				     .exchange = exchange_of_source("upbit", &err)};
	for (int k = 0; k < DISTINCT; k++) {
		if (page_write(&b, k))
			return 1;
	}
	b.series = series_new("KRW-BTC", interval_by_name("1m"), b.options.exchange, INT64_MIN,
			      INT64_MAX);
	b.publisher = publisher_new(&b.options, &err);
	if (b.publisher) {
		publisher_partitions(b.publisher, 12);
		began = cpu_us();
		result = bare(&b, pages);
		us[0] = cpu_us() - began;
		began = cpu_us();
		if (!result)
			result = whole(&b, pages, &err);
		us[1] = cpu_us() - began;
		publisher_free(b.publisher);
	}
	if (result)
		fprintf(stderr, "gapless-bench-pages: %s\n", err.text);
	else
		printf("%.3f %.3f\n", us[0] / pages / ROWS, us[1] / pages / ROWS);
	series_free(b.series);
	for (int k = 0; k < DISTINCT; k++)
		buf_release(&b.pages[k]);
	return result != 0;
}
