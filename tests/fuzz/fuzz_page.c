/* SPDX-License-Identifier: MIT */
/* Answers to candle requests: two bytes that choose interval and `to`, then the body. What is
 * accepted is an ordered page of valid rows; what it promises are valid messages whose promises do
 * not overlap and hide no row. */
#include "common/candle/candle.h"
#include "fuzz.h"
#include "producer/exchange/upbit_page.h"
#include "producer/series/promise.h"

static void check_rows(const struct page *page, const struct interval *iv, int64_t to_ms)
{
	CHECK(page->n <= UPBIT_PAGE_ROWS);
	for (size_t i = 0; i < page->n; i++) {
		const struct candle *c = &page->rows[i];

		CHECK(c->interval == iv && strcmp(c->symbol, "KRW-BTC") == 0);
		CHECK(interval_on_grid(iv, c->timestamp_ms) && c->timestamp_ms < to_ms);
		CHECK(i == 0 || page->rows[i - 1].timestamp_ms < c->timestamp_ms);
	}
}

/* The promises of one reading, as the messages that they become. */
static void check_promises(const struct page *page, const struct interval *iv, int64_t to_ms,
			   int64_t read_ms)
{
	struct promise promises[UPBIT_PAGE_ROWS];
	size_t n = promise_page(iv, page->rows, page->n, to_ms, read_ms, &page->holes, promises);
	int64_t end_ms = INT64_MIN;

	CHECK(n <= page->n);
	for (size_t i = 0; i < n; i++) {
		size_t row = promises[i].row;
		struct message m = {
			.candle = page->rows[row], .fetched_at_ms = read_ms, .source = "upbit"};
		struct err err = {0};

		CHECK(i == 0 || promises[i - 1].row < row);
		CHECK(m.candle.timestamp_ms < promise_closed_before(iv, read_ms));
		CHECK(!spans_contain(&page->holes, m.candle.timestamp_ms));
		for (size_t k = 0; k < page->holes.n; k++)
			CHECK(page->holes.v[k].to <= promises[i].covers_from_ms ||
			      page->holes.v[k].from >= promises[i].covers_to_ms);
		m.covers_from_ms = promises[i].covers_from_ms;
		m.covers_to_ms = promises[i].covers_to_ms;
		CHECK(message_validate(&m, &err) == 0);
		if (m.covers_from_ms == m.covers_to_ms)
			continue;
		CHECK(m.covers_from_ms >= end_ms);
		CHECK(m.covers_to_ms <= promise_final_before(iv, read_ms) &&
		      m.covers_to_ms <= to_ms);
		CHECK(row + 1 == page->n || m.covers_to_ms <= page->rows[row + 1].timestamp_ms);
		CHECK(row == 0 || m.covers_from_ms > page->rows[row - 1].timestamp_ms);
		end_ms = m.covers_to_ms;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t later_ms[] = {
		1, 2000, 60000, 62000, 125000, 3600000, INT64_C(40) * 86400000};
	const struct interval *table;
	struct input in = {data, size};
	struct page page, whole;
	struct err err = {0};
	size_t n;

	table = interval_table(&n);
	const struct interval *iv = &table[input_byte(&in) % n];
	uint8_t choice = input_byte(&in);
	/* 'z': none was sent; else some intervals before or after a time in the recorded answers.
	 */
	int64_t to_ms = choice == 'z' ? PAGE_NO_TO
				      : interval_add(iv, interval_floor(iv, INT64_C(1582197600000)),
						     choice - 'a');

	if (upbit_page_parse((const char *)in.at, in.left, "KRW-BTC", iv, to_ms, &page, &err) < 0) {
		check_refusal(&err, ERR_INPUT);
		CHECK(!page.rows && !page.n && !page.holes.n);
		return 0;
	}
	check_rows(&page, iv, to_ms);
	for (size_t i = 0; page.n && i < sizeof later_ms / sizeof *later_ms; i++)
		check_promises(&page, iv, to_ms,
			       interval_end(iv, page.rows[page.n - 1].timestamp_ms) + later_ms[i]);
	/* Rows beyond `to` are left out of one, and may make the other one of a longer interval. */
	if (upbit_page_parse((const char *)in.at, in.left, "KRW-BTC", iv, PAGE_NO_TO, &whole,
			     &err) == 0)
		CHECK(whole.n >= page.n);
	page_release(&whole);
	page_release(&page);
	return 0;
}
