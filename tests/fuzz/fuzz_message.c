/* SPDX-License-Identifier: MIT */
/* Kafka messages, one a line. What is accepted is valid, is written again as the same message, and
 * the order of any three is a total one. The scan of our own messages agrees with the JSON parser
 * about every line, and takes whatever the encoder writes. */
#include "common/candle/candle.h"
#include "fuzz.h"
#include "tests/unit/readers.h"

enum { MESSAGES = 3 };

static void encode(const struct message *m, struct buf *out)
{
	buf_init(out, MESSAGE_MAX_BYTES);
	CHECK(message_encode(m, out) == 0);
}

/* What a promise may say, beside what message_validate says of it. */
static void check_promise(const struct message *m)
{
	const struct interval *iv = m->candle.interval;
	int64_t start = m->candle.timestamp_ms;

	CHECK(interval_on_grid(iv, start) && interval_on_grid(iv, m->covers_from_ms) &&
	      interval_on_grid(iv, m->covers_to_ms));
	CHECK(m->covers_from_ms <= start);
	if (m->covers_from_ms == m->covers_to_ms)
		CHECK(m->covers_from_ms == start);
	else
		CHECK(m->covers_to_ms >= interval_end(iv, start) &&
		      m->covers_to_ms <= m->fetched_at_ms);
	CHECK(*m->candle.volume != '-' ||
	      strspn(m->candle.volume, "-0.") == strlen(m->candle.volume));
	CHECK(m->candle.revision >= 0 && m->fetched_at_ms > 0);
}

static void check_round_trip(const struct message *m)
{
	struct buf first, second;
	struct message again;
	struct err err = {0};

	CHECK(message_validate(m, &err) == 0);
	check_promise(m);
	encode(m, &first);
	CHECK(scan_takes(m, first.data, first.len));
	CHECK(message_decode(first.data, first.len, &again, &err) == MESSAGE_OK);
	encode(&again, &second);
	CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	CHECK(message_compare(m, &again) == 0 && candle_same_values(&m->candle, &again.candle));
	CHECK(candle_is_inconsistent(&m->candle) == candle_is_inconsistent(&again.candle));
	buf_release(&first);
	buf_release(&second);
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void check_order(const struct message *m, size_t n)
{
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++) {
			CHECK(sign(message_compare(&m[a], &m[b])) ==
			      -sign(message_compare(&m[b], &m[a])));
			CHECK(a != b || message_compare(&m[a], &m[b]) == 0);
			for (size_t c = 0; c < n; c++)
				CHECK(!(message_compare(&m[a], &m[b]) >= 0 &&
					message_compare(&m[b], &m[c]) >= 0) ||
				      message_compare(&m[a], &m[c]) >= 0);
		}
}

static void check_readers(const char *value, size_t len)
{
	int taken;
	const char *wrong = readers_disagree(value, len, &taken);

	if (wrong)
		fuzz_failed(__FILE__, __LINE__, wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message messages[MESSAGES];
	size_t n = 0;

	for (size_t at = 0; at <= size && n < MESSAGES;) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t next = end ? (size_t)(end - data) : size;
		struct err err = {0};

		check_readers((const char *)data + at, next - at);
		switch (message_decode((const char *)data + at, next - at, &messages[n], &err)) {
		case MESSAGE_OK:
			check_round_trip(&messages[n++]);
			break;
		case MESSAGE_BAD:
			check_refusal(&err, ERR_INPUT);
			break;
		case MESSAGE_NEWER:
			check_refusal(&err, ERR_FATAL);
			break;
		}
		at = next + 1;
	}
	check_order(messages, n);
	return 0;
}
