/* SPDX-License-Identifier: MIT */
/* Heads, statuses and the exchange's clock: two bytes of status, header lines, an empty line, the
 * body. */
#include "fuzz.h"
#include "producer/exchange/upbit_answer.h"
#include "producer/exclock.h"

static void check_head(const struct exchange_head *head)
{
	CHECK(head->date_ms >= 0 && head->date_ms % 1000 == 0);
	CHECK(head->remaining >= -1 && head->remaining <= 9999);
}

/* Where the lines end and the body begins. */
static size_t head_length(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == '\n' && text[i + 1] == '\n')
			return i + 1;
	return len;
}

/* As the lines come in one after the other, each Date moves the clock. */
static void check_lines(const char *text, size_t len)
{
	struct exchange_head head;
	struct exclock clock;
	int64_t boot_ms = 1000;

	exclock_init(&clock);
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t next = end ? (size_t)(end - text) + 1 : len;
		int64_t now_ms;

		upbit_head_read(&head, text, next);
		check_head(&head);
		boot_ms += 700;
		now_ms = exclock_answer(&clock, head.date_ms, boot_ms - 10, boot_ms);
		CHECK(!head.date_ms || now_ms <= head.date_ms);
		CHECK(now_ms >= 0 || clock.is_set);
		at = next;
	}
}

static void check_failure(int status, const char *body, size_t len)
{
	const int64_t week_ms = INT64_C(7) * 86400000;
	struct err err = {0};
	int64_t block_ms = -1;
	enum failure failure = upbit_judge(status, body, len, &block_ms, &err);

	CHECK(failure != FAILURE_NONE || status == 200);
	CHECK(status != 200 || failure == FAILURE_NONE || failure == FAILURE_OUTAGE);
	CHECK((failure == FAILURE_LIMIT) == (status == 429));
	CHECK((failure == FAILURE_BAN) == (status == 418));
	CHECK(failure != FAILURE_SERIES || status == 404);
	CHECK(failure != FAILURE_SPAN || (status >= 400 && status < 500));
	CHECK(block_ms >= 0 && block_ms <= week_ms && (!block_ms || failure == FAILURE_BAN));
	if (failure == FAILURE_NONE)
		CHECK(err.class == ERR_NONE);
	else
		check_refusal(&err, failure == FAILURE_SERIES || failure == FAILURE_SPAN
					    ? ERR_INPUT
					    : ERR_RETRY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 404, 418, 429, 400, 408, 500, 502, 301, 0, -1, 999};
	struct input in = {data, size};
	int status = statuses[input_byte(&in) % (sizeof statuses / sizeof *statuses)];
	const char *text = (const char *)in.at;
	size_t head = head_length(text, in.left), body;

	if (!in.left)
		return 0;
	check_lines(text, head);
	body = head + (head < in.left);
	check_failure(status, text + body, in.left - body);
	return 0;
}
