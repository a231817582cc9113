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

/* The whole head says what its lines say one after the other; each Date moves the clock. */
static void check_lines(const char *text, size_t len)
{
	struct exchange_head whole, by_line;
	struct exclock clock;
	int64_t boot_ms = 1000;

	exclock_init(&clock);
	upbit_head_init(&by_line);
	upbit_head_read(&whole, text, len);
	check_head(&whole);
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t next = end ? (size_t)(end - text) + 1 : len;
		int64_t now_ms;

		upbit_head_line(&by_line, text + at, next - at);
		check_head(&by_line);
		boot_ms += 700;
		now_ms = exclock_answer(&clock, by_line.date_ms, boot_ms - 10, boot_ms);
		CHECK(!by_line.date_ms || now_ms <= by_line.date_ms);
		CHECK(now_ms >= 0 || clock.is_set);
		at = next;
	}
	CHECK(whole.date_ms == by_line.date_ms && whole.remaining == by_line.remaining);
}

static void check_verdict(int status, const char *body, size_t len)
{
	const int64_t week_ms = INT64_C(7) * 86400000;
	struct err err = {0};
	int64_t block_ms = -1;
	enum verdict verdict = upbit_judge(status, body, len, &block_ms, &err);

	CHECK(verdict != VERDICT_OK || status == 200);
	CHECK(status != 200 || verdict == VERDICT_OK || verdict == VERDICT_BROKEN);
	CHECK((verdict == VERDICT_LIMITED) == (status == 429));
	CHECK((verdict == VERDICT_BANNED) == (status == 418));
	CHECK(verdict != VERDICT_UNKNOWN_MARKET || status == 404);
	CHECK(verdict != VERDICT_REFUSED || (status >= 400 && status < 500));
	CHECK(block_ms >= 0 && block_ms <= week_ms && (!block_ms || verdict == VERDICT_BANNED));
	if (verdict == VERDICT_OK)
		CHECK(err.class == ERR_NONE);
	else
		check_refusal(&err, verdict == VERDICT_UNKNOWN_MARKET || verdict == VERDICT_REFUSED
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
	check_verdict(status, text + body, in.left - body);
	return 0;
}
