/* SPDX-License-Identifier: MIT */
/* Whatever the order and number of messages, the last value of each key is what a batch over the
 * final table gives. Random series with intervals without trades, gaps, corrections and duplicates;
 * in order, in pages walking back, or shuffled; what lies before the window comes from "the table".
 * The batch is written here over plain arrays, and shares nothing but the numbers with the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "indicators/series/history.h"
#include "rng.h"

#define ALL "sma:3,ema:4,rsi:3,macd:3:5:2,bb:4:2,atr:3,volume:4,vwap,cross:2:5"
#define MIN INT64_C(60000)
#define DAY INT64_C(86400000)
enum { SPAN_MAX = 1500, MESSAGES_MAX = 8 * SPAN_MAX, KINDS = 9 };

/* What the last message of a key said. */
struct said {
	int is_there;
	int64_t as_of_ms;
	struct result r;
};

static struct model {
	int64_t start_ms, length;
	struct timeline_input messages[MESSAGES_MAX];
	size_t n;
	/* the table: by interval */
	struct bar table[SPAN_MAX];
	int is_there[SPAN_MAX], covered[SPAN_MAX];
	struct said said[SPAN_MAX][KINDS];
	struct set set;
	enum timeline_fill fill;
} m;

static size_t place(int64_t ts)
{
	return (size_t)((ts - m.start_ms) / MIN);
}

static int64_t at(size_t i)
{
	return m.start_ms + (int64_t)i * MIN;
}

static int chance(int percent)
{
	return rng_below(100) < percent;
}

/* ---- messages ---- */

static void add(const struct bar *b, int64_t fetched_ms, size_t from, size_t to)
{
	struct timeline_input *in = &m.messages[m.n++];

	assert_true(m.n < MESSAGES_MAX);
	*in = (struct timeline_input){
		.bar = *b, .covers_from_ms = at(from), .covers_to_ms = at(to)};
	in->bar.fetched_ms = fetched_ms;
}

static struct bar other_values(const struct bar *b, double price)
{
	struct bar c = *b;

	c.open = b->close;
	c.close = price;
	c.high = fmax(c.open, c.close) + 1;
	c.low = fmin(c.open, c.close) - 1;
	c.volume = 0.5 + (double)rng_below(1000) / 7;
	c.quote_volume = c.volume * price;
	return c;
}

/* The candles of a market, as the exchange finally has them, and as it was read meanwhile. */
static void make_messages(int density, int gaps)
{
	double price = 60000;
	size_t last = SIZE_MAX; /* the candle before, if nothing unknown is in between */
	int64_t flat = 0, away = 0, still = 0;

	m.n = 0;
	for (size_t i = 0; i < (size_t)m.length; i++) {
		struct bar b = {.timestamp_ms = at(i), .close = price, .revision = 10};
		size_t from = i;

		if (away == 0 && gaps && rng_below(200) == 0)
			away = 1 + rng_below(30);
		if (away > 0) { /* nobody reads: nothing of it is known, ever */
			away--;
			last = SIZE_MAX;
			continue;
		}
		if (still == 0 && rng_below(150) == 0)
			still = rng_below(500); /* nobody trades: its next candle tells */
		still -= still > 0;
		if (still > 0 || !chance(density))
			continue;
		if (flat == 0 && rng_below(60) == 0)
			flat = rng_below(300);
		flat -= flat > 0;
		price += flat ? 0 : (double)(rng_below(19) - 9) * 0.01;
		b = other_values(&b, price);
		if (last != SIZE_MAX)
			from = last + 1; /* back to the neighbour's end */
		if (chance(60)) {
			struct bar early = chance(30) ? other_values(&b, price + 0.05) : b;

			early.revision = chance(50) ? 5 : 10;
			if (early.revision == 10)
				early = b;
			add(&early, at(i) + MIN + 2000, i, i);
		}
		if (chance(3)) { /* its final read never came: what follows cannot reach over it */
			last = SIZE_MAX;
			continue;
		}
		add(&b, at(i) + 2 * MIN + 5000, from, i + 1);
		if (chance(10)) { /* corrected */
			price += 0.03;
			b = other_values(&b, price);
			b.revision = 20;
			add(&b, at(i) + 9 * MIN, i, i + 1);
		}
		last = i;
	}
	for (size_t k = (size_t)rng_below(20); k > 0 && m.n > 0; k--) {
		m.messages[m.n] = m.messages[rng_below((int64_t)m.n)];
		m.n++;
	}
}

static void swap_messages(size_t i, size_t j)
{
	struct timeline_input t = m.messages[i];

	m.messages[i] = m.messages[j];
	m.messages[j] = t;
}

static void shuffle(size_t from, size_t to)
{
	for (size_t i = to - from; i > 1; i--)
		swap_messages(from + i - 1, from + (size_t)rng_below((int64_t)i));
}

/* Pages walk back; in a page the oldest comes first. */
static void walk_back(size_t page)
{
	for (size_t i = 0, j = m.n - 1; i < j; i++, j--)
		swap_messages(i, j);
	for (size_t from = 0; from < m.n; from += page) {
		size_t to = from + page < m.n ? from + page : m.n;

		for (size_t i = from, j = to - 1; i < j; i++, j--)
			swap_messages(i, j);
	}
}

/* Some come late, in whatever window there is then. */
static void delay_some(void)
{
	for (size_t i = 0; i + 1 < m.n; i++) {
		size_t to = i + (size_t)rng_below(350);

		if (!chance(2) || to >= m.n)
			continue;
		for (size_t k = i; k < to; k++)
			swap_messages(k, k + 1);
	}
}

static void order_messages(int how)
{
	if (m.n < 2)
		return;
	if (how == 1)
		walk_back(20);
	if (how == 2)
		shuffle(0, m.n);
	if (how == 3) { /* mostly in order */
		for (size_t from = 0; from + 12 < m.n; from += 12)
			shuffle(from, from + 12);
	}
	if (how == 4)
		delay_some();
}

/* ---- the table ---- */

static int beats(const struct bar *a, const struct bar *b)
{
	if (a->revision != b->revision)
		return a->revision > b->revision;
	if (a->fetched_ms != b->fetched_ms)
		return a->fetched_ms > b->fetched_ms;
	return a->volume > b->volume;
}

static void store(const struct timeline_input *in)
{
	size_t i = place(in->bar.timestamp_ms);

	if (!m.is_there[i] || beats(&in->bar, &m.table[i]))
		m.table[i] = in->bar;
	m.is_there[i] = 1;
	for (size_t k = place(in->covers_from_ms); k < place(in->covers_to_ms); k++)
		m.covered[k] = 1;
}

/* ---- the program ---- */

static void hear(void *to, const struct bar *bar, const struct indicator *in,
		 const struct result *r)
{
	struct said *s;
	size_t k = 0;

	(void)to;
	while (m.set.v[k].kind != in->kind) /* the emitting window has a set of its own */
		k++;
	s = &m.said[place(bar->timestamp_ms)][k];
	if (!s->is_there || r->as_of_ms >= s->as_of_ms)
		*s = (struct said){1, r->as_of_ms, *r};
}

/* Feeds what the table has in [from, to), in chunks as large as a database would give. */
static void feed_table(struct history *h, int64_t as_of_ms, size_t from, size_t to, size_t chunk)
{
	static struct bar bars[SPAN_MAX];
	int is_first = 1;

	while (from < to && !history_is_over(h)) {
		size_t end = from + chunk < to ? from + chunk : to, n = 0;
		struct spans covered = {0};
		int behind = 0;

		for (size_t i = from; i < end; i++) {
			if (m.is_there[i])
				bars[n++] = m.table[i];
			if (m.covered[i])
				spans_add(&covered, at(i), at(i + 1));
		}
		for (size_t i = 0; i < from; i++)
			behind |= m.is_there[i];
		history_feed(h, as_of_ms, &covered, bars, n, is_first && behind, hear, NULL);
		is_first = 0;
		spans_release(&covered);
		from = end;
	}
}

/* Where reading begins: so many bars before, and at the start of the day. */
static size_t lead_from(int64_t touched_ms)
{
	int64_t from = touched_ms < m.start_ms ? m.start_ms : touched_ms;
	int64_t day = from - from % DAY, lead = set_lead(&m.set);
	size_t i = place(from);

	while (i > 0 && lead > 0)
		lead -= m.is_there[--i];
	if (m.fill != FILL_NONE && place(from) < i + (size_t)set_lead(&m.set))
		i = 0;
	while (i > 0 && at(i) > day)
		i--;
	return i;
}

static void compute_older(struct window *w, struct span touched)
{
	int64_t start = window_start(w);
	struct history *h = history_new(&m.set, interval_by_name("1m"), m.fill, touched);

	feed_table(h, window_as_of(w), lead_from(touched.from), place(start),
		   1 + (size_t)rng_below(100));
	if (!history_is_over(h))
		window_rebase(w, history_window(h));
	window_compute(w, hear, NULL);
	history_free(h);
}

static void run(void)
{
	struct window *w = window_new(&m.set, interval_by_name("1m"), m.fill);
	struct span older = {0}, touched = {INT64_MAX, INT64_MIN};
	int group = 1 + (int)rng_below(30);

	for (size_t i = 0; i < m.n; i++) {
		store(&m.messages[i]);
		m.messages[i].is_fresh = chance(50);
		if (window_apply(w, &m.messages[i], &older) & WINDOW_OLDER) {
			if (older.from < touched.from)
				touched.from = older.from;
			if (older.to > touched.to)
				touched.to = older.to;
		}
		if (rng_below(group) == 0 || i + 1 == m.n)
			window_compute(w, hear, NULL);
		if (touched.from < touched.to && (rng_below(100) == 0 || i + 1 == m.n)) {
			compute_older(w, touched);
			touched = (struct span){INT64_MAX, INT64_MIN};
		}
	}
	window_free(w);
}

/* ---- the batch ---- */

static double c[SPAN_MAX], hi[SPAN_MAX], lo[SPAN_MAX], vol[SPAN_MAX], quote[SPAN_MAX];

static double mean(const double *x, int64_t i, int64_t n)
{
	long double sum = 0;

	for (int64_t k = i - n + 1; k <= i; k++)
		sum += x[k];
	return (double)(sum / n);
}

/* Of x[first..], at i; NAN before it has a value. */
static double ema(const double *x, int64_t first, int64_t i, int64_t n)
{
	double e = mean(x, first + n - 1, n);

	if (i < first + n - 1)
		return NAN;
	for (int64_t k = first + n; k <= i; k++)
		e = e + 2.0 / (double)(n + 1) * (x[k] - e);
	return e;
}

static double wilder(double (*x)(int64_t), int64_t i, int64_t n)
{
	double a = 0;

	for (int64_t k = 1; k <= n; k++)
		a += x(k) / (double)n;
	for (int64_t k = n + 1; k <= i; k++)
		a = (a * (double)(n - 1) + x(k)) / (double)n;
	return a;
}

static double gain(int64_t k)
{
	return fmax(c[k] - c[k - 1], 0);
}

static double loss(int64_t k)
{
	return fmax(c[k - 1] - c[k], 0);
}

static double range(int64_t k)
{
	return fmax(hi[k] - lo[k], fmax(fabs(hi[k] - c[k - 1]), fabs(lo[k] - c[k - 1])));
}

static int side(int64_t i)
{
	double d = mean(c, i, 2) - mean(c, i, 5);

	return (d > 1e-12 * c[i]) - (d < -1e-12 * c[i]);
}

/* Values of the kind at bar i of a run, in set order of ALL. 0: none. */
static int batch(size_t kind, int64_t i, int day_known, double *v)
{
	static double line[SPAN_MAX];
	int64_t k;
	double q = 0, b = 0;

	switch (kind) {
	case 0:
		return i >= 2 && (v[0] = mean(c, i, 3), 1);
	case 1:
		return i >= 3 && (v[0] = ema(c, 0, i, 4), 1);
	case 2:
		if (i < 3)
			return 0;
		q = wilder(gain, i, 3);
		b = wilder(loss, i, 3);
		v[0] = q + b < 1e-22 * c[i] ? 0 : 100 * q / (q + b);
		return 1;
	case 3:
		if (i < 5)
			return 0;
		for (k = 4; k <= i; k++)
			line[k] = ema(c, 2, k, 3) - ema(c, 0, k, 5);
		v[0] = line[i];
		v[1] = ema(line, 4, i, 2);
		v[2] = v[0] - v[1];
		return 1;
	case 4:
		if (i < 3)
			return 0;
		v[1] = mean(c, i, 4);
		for (k = i - 3; k <= i; k++)
			q += (c[k] - v[1]) * (c[k] - v[1]);
		v[0] = v[1] - 2 * sqrt(q / 4);
		v[2] = v[1] + 2 * sqrt(q / 4);
		return 1;
	case 5:
		return i >= 3 && (v[0] = wilder(range, i, 3), 1);
	case 6:
		return i >= 3 && (v[0] = mean(vol, i, 4), 1);
	case 7:
		for (k = i; k >= 0 && quote[k] >= 0; k--) {
			q += quote[k];
			b += vol[k];
		}
		v[0] = q / b;
		return k < 0 && !day_known ? 0 : b > 0 ? 1 : -1; /* nothing traded: still warming */
	default:
		if (i < 5)
			return 0;
		v[0] = side(i) && side(i) != side(i - 1) ? side(i) : 0;
		return 1;
	}
}

static int covered_to(size_t from, size_t to)
{
	while (from < to && m.covered[from])
		from++;
	return from >= to;
}

static int day_known(size_t i)
{
	int64_t day = at(i) - at(i) % DAY;

	return day >= m.start_ms && covered_to(place(day), i);
}

static size_t compared, unavailable;

static void check(size_t i, size_t kind, int has, const double *v, int is_first_run)
{
	const struct said *s = &m.said[i][kind];
	const struct indicator *in = &m.set.v[kind];
	int64_t r = (int64_t)i;

	if (!s->is_there) {
		if (in->kind->is_event && (has <= 0 || v[0] == 0))
			return;
		fail_msg("%s at %d: nothing was said", in->kind->name, (int)r);
	}
	compared++;
	if (has <= 0) {
		unavailable++;
		if (s->r.state != RESULT_UNAVAILABLE ||
		    s->r.reason != (is_first_run || has < 0 ? REASON_WARMING : REASON_GAP))
			fail_msg("%s at %d: state %d reason %d, should be unavailable (%s)",
				 in->kind->name, (int)r, s->r.state, s->r.reason,
				 is_first_run ? "warming" : "gap");
		return;
	}
	if (s->r.state == RESULT_UNAVAILABLE)
		fail_msg("%s at %d: unavailable, should be %.17g", in->kind->name, (int)r, v[0]);
	if (s->r.state == RESULT_FINAL && !m.covered[i])
		fail_msg("%s at %d: final, and its candle is not", in->kind->name, (int)r);
	for (size_t k = 0; in->kind->values[k]; k++) {
		/* of differences between prices; of an RSI whose gains are long ago */
		double slack = kind == 3 || kind == 5 ? 1e-13 * c[0] : kind == 2 ? 1e-11 : 0;

		if (fabs(s->r.v[k] - v[k]) > 1e-9 * fabs(v[k]) + slack)
			fail_msg("%s.%s at %d: said %.17g, is %.17g", in->kind->name,
				 in->kind->values[k], (int)r, s->r.v[k], v[k]);
	}
}

/* Where two candles are so far apart and the time between them is not known. */
static int is_broken(size_t a, size_t b)
{
	size_t open = a + 1;

	while (open < b && m.covered[open])
		open++;
	return open < b && at(open + 1) <= m.table[b].fetched_ms - 150000;
}

static int is_bar(size_t i, size_t last)
{
	if (m.is_there[i])
		return 1;
	return m.fill != FILL_NONE && last != SIZE_MAX && m.covered[i] && covered_to(last + 1, i);
}

static void check_all(void)
{
	int64_t n = 0;
	size_t last = SIZE_MAX;
	int first_run = 1, known = 0;

	for (size_t i = 0; i < (size_t)m.length; i++) {
		double v[KIND_VALUES];

		if (!is_bar(i, last))
			continue;
		if (last == SIZE_MAX || (m.is_there[i] && is_broken(last, i))) {
			first_run = last == SIZE_MAX;
			known = day_known(i);
			n = 0;
		}
		c[n] = m.is_there[i] ? m.table[i].close : c[n - 1];
		hi[n] = m.is_there[i] ? m.table[i].high : c[n];
		lo[n] = m.is_there[i] ? m.table[i].low : c[n];
		vol[n] = m.is_there[i] ? m.table[i].volume : 0;
		quote[n] = m.is_there[i] ? m.table[i].quote_volume : 0;
		/* what the day's sums must not reach: a mark before its first bar */
		if (n > 0 && at(i) / DAY != at(last) / DAY) {
			for (int64_t k = 0; k < n; k++)
				quote[k] = -1;
		}
		for (size_t kind = 0; kind < KINDS; kind++)
			check(i, kind, batch(kind, n, known, v), v, first_run);
		n++;
		last = i;
	}
}

static void one_round(int round)
{
	struct err err;

	memset(m.is_there, 0, sizeof m.is_there);
	memset(m.covered, 0, sizeof m.covered);
	memset(m.said, 0, sizeof m.said);
	assert_int_equal(set_parse(ALL, &m.set, &err), 0);
	m.fill = chance(30) ? FILL_CARRY : FILL_NONE;
	m.length = 40 + rng_below(round % 3 == 0 ? SPAN_MAX - 40 : 300);
	/* Days begin inside some of them. */
	m.start_ms = INT64_C(1583020800000) - rng_below(m.length) * MIN;
	make_messages(chance(50) ? 100 : 60, chance(70));
	order_messages((int)rng_below(5));
	run();
	check_all();
}

static void test_order(void **state)
{
	(void)state;
	rng_open("test_indicator_order");
	for (int round = 0; round < 120; round++)
		one_round(round);
	printf("# %zu values compared, %zu of them unavailable\n", compared, unavailable);
	assert_true(compared > 100000);
	assert_true(unavailable > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
