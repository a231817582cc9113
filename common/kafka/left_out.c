/* SPDX-License-Identifier: MIT */
#include "common/kafka/left_out.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"

enum { FAILS = 3, SAY_MS = 60000, PAUSE_MS = 1000, PAUSE_MAX_MS = 30000 };

static void say(struct left_out *l, const struct kafka_range *r, int64_t now_ms)
{
	LOG_EVERY(&l->say, now_ms, SAY_MS, LOG_WARN,
		  "a partition cannot be read, and is left out until it can be; the others go on",
		  L_STR("error", r->err.text), L_INT("partition", r->partition));
}

int left_out_judge(struct left_out *l, const struct kafka_range *answers, size_t n, struct err *err)
{
	int64_t now_ms = clock_boot_ms();
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		if (answers[i].err.class == ERR_NONE)
			continue;
		*err = answers[i].err;
		out++;
	}
	l->fails = out > 0 ? l->fails + 1 : 0;
	if (out == 0)
		return 0;
	if (out == n || l->fails < FAILS)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (answers[i].err.class != ERR_NONE)
			say(l, &answers[i], now_ms);
	}
	l->fails = 0;
	l->pause_ms = PAUSE_MS;
	l->due_ms = now_ms + PAUSE_MS;
	return 0;
}

int left_out_can_be_read(struct left_out *l, rd_kafka_t *rk, const char *topic, const int32_t *ids,
			 size_t n, int64_t now_ms)
{
	struct kafka_range *answers;
	int any = 0;

	if (n == 0 || now_ms < l->due_ms)
		return 0;
	answers = xcalloc(n, sizeof(*answers));
	for (size_t i = 0; i < n; i++)
		answers[i].partition = ids[i];
	kafka_ranges(rk, topic, answers, n);
	for (size_t i = 0; i < n; i++)
		any |= answers[i].err.class == ERR_NONE;
	if (!any)
		say(l, &answers[0], now_ms);
	l->pause_ms = l->pause_ms < PAUSE_MAX_MS / 2 ? 2 * l->pause_ms : PAUSE_MAX_MS;
	l->due_ms = clock_boot_ms() + l->pause_ms;
	free(answers);
	return any;
}
