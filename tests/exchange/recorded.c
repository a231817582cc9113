/* SPDX-License-Identifier: MIT */
#include "recorded.h"

#include "scan.h"
#include "series.h"
#include "text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (64L << 20)

struct shelf {
	struct row *rows; /* ascending after recorded_finish */
	size_t n, room;
};

struct recorded {
	struct shelf shelves[INTERVALS];
};

void recorded_free(struct recorded *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < INTERVALS; i++)
		free(r->shelves[i].rows);
	free(r);
}

/* What a row must have. */
enum { HAS_MARKET = 1, HAS_START = 2, HAS_NUMBERS = 4 + 8 + 16 + 32 + 64 + 128 + 256 };

struct raw_row {
	char market[MARKET_NAME], start[UTC_TEXT];
	struct row row;
	unsigned has, unit;
	bool day, period;
};

static bool copy(char *out, size_t size, const struct scan_pair *p)
{
	if (p->value_len >= size)
		return false;
	memcpy(out, p->value, p->value_len);
	out[p->value_len] = '\0';
	return true;
}

static bool key_is(const struct scan_pair *p, const char *key)
{
	return p->key_len == strlen(key) && memcmp(p->key, key, p->key_len) == 0;
}

/* One pair into its place; pairs that we do not know are left out. */
static bool keep(struct raw_row *raw, const struct scan_pair *p)
{
	struct row *r = &raw->row;
	const struct {
		const char *key;
		char *to;
		unsigned bit;
	} numbers[] = {
		{"opening_price", r->open, 4},
		{"high_price", r->high, 8},
		{"low_price", r->low, 16},
		{"trade_price", r->close, 32},
		{"timestamp", r->revision, 64},
		{"candle_acc_trade_price", r->quote, 128},
		{"candle_acc_trade_volume", r->volume, 256},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (key_is(p, numbers[i].key)) {
			raw->has |= numbers[i].bit;
			return p->kind == SCAN_NUMBER && copy(numbers[i].to, DECIMAL_SIZE, p);
		}
	}
	if (key_is(p, "market")) {
		raw->has |= HAS_MARKET;
		return p->kind == SCAN_STRING && copy(raw->market, sizeof(raw->market), p);
	}
	if (key_is(p, "candle_date_time_utc")) {
		raw->has |= HAS_START;
		return p->kind == SCAN_STRING && copy(raw->start, sizeof(raw->start), p);
	}
	if (key_is(p, "unit")) {
		raw->unit = p->kind == SCAN_NUMBER && p->value_len <= 3
				    ? (unsigned)strtoul(p->value, NULL, 10)
				    : 999;
		return raw->unit != 999;
	}
	raw->day = raw->day || key_is(p, "prev_closing_price");
	raw->period = raw->period || key_is(p, "first_day_of_period");
	return true;
}

/* Which endpoint the row came from: minutes carry their unit, days the closing price before them.
 */
static const char *place(struct raw_row *raw)
{
	struct row *r = &raw->row;

	if (raw->has != (HAS_MARKET | HAS_START | HAS_NUMBERS))
		return "a row without one of market, candle_date_time_utc, the four prices, timestamp and "
		       "the two amounts";
	if (!utc_parse(raw->start, &r->start_ms))
		return "candle_date_time_utc is not a time";
	if (raw->period)
		return "rows of weeks and months cannot be served from files";
	r->interval = raw->day ? INTERVAL_1D : INTERVAL_1S;
	if (raw->unit != 0 && !interval_of_unit(raw->unit, &r->interval))
		return "a unit that Upbit does not have";
	if (interval_floor(r->interval, r->start_ms) != r->start_ms)
		return "candle_date_time_utc is not on the grid of its interval";
	if (strspn(r->revision, "0123456789") != strlen(r->revision))
		return "timestamp is not a whole number";
	return NULL;
}

static void shelve(struct world *w, const struct raw_row *raw)
{
	struct market *m = market_find(&w->markets, raw->market);
	struct shelf *s;

	if (m == NULL)
		m = market_add(&w->markets, w->seed, raw->market);
	if (m->recorded == NULL)
		m->recorded = room_new(1, sizeof(*m->recorded));
	s = &m->recorded->shelves[raw->row.interval];
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->rows = room_grow(s->rows, s->room, sizeof(*s->rows));
	}
	s->rows[s->n++] = raw->row;
}

static bool load_rows(struct world *w, const char *path, const char *data, size_t len,
		      struct text *error)
{
	struct scan scan;
	struct scan_pair pair;
	const char *wrong = NULL;

	scan_init(&scan, data, len);
	while (wrong == NULL && scan_object(&scan)) {
		struct raw_row raw = {.has = 0};

		while (wrong == NULL && scan_pair(&scan, &pair))
			if (!keep(&raw, &pair))
				wrong = "a value of the wrong kind, or longer than 71 characters";
		if (wrong == NULL && scan.wrong == NULL)
			wrong = place(&raw);
		if (wrong == NULL && scan.wrong == NULL)
			shelve(w, &raw);
	}
	wrong = wrong != NULL ? wrong : scan.wrong;
	if (wrong != NULL)
		text_printf(error,
			    "%s, line %u: %s; a page as recorded from /v1/candles/... is wanted",
			    path, scan.line, wrong);
	return wrong == NULL;
}

static bool load_file(struct world *w, const char *path, struct text *error)
{
	FILE *f = fopen(path, "rb");
	struct text data = TEXT_EMPTY;
	char chunk[16384];
	size_t n;
	bool good = false;

	if (f == NULL) {
		text_printf(error, "%s cannot be opened: %m", path);
		goto out;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && data.len < FILE_MAX_BYTES)
		text_add(&data, chunk, n);
	if (ferror(f) || data.len >= FILE_MAX_BYTES) {
		text_printf(error, "%s cannot be read, or is larger than 64 MiB", path);
		goto out;
	}
	text_add(&data, "", 0);
	good = load_rows(w, path, data.data, data.len, error);
out:
	if (f != NULL)
		fclose(f);
	text_release(&data);
	return good;
}

static bool load_directory(struct world *w, const char *path, struct text *error)
{
	struct dirent **entries = NULL;
	struct text file = TEXT_EMPTY;
	int n = scandir(path, &entries, NULL, alphasort), files = 0;
	bool good = n >= 0;

	if (!good)
		text_printf(error, "%s cannot be read: %m", path);
	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');

		if (good && dot != NULL && strcmp(dot, ".json") == 0) {
			text_clear(&file);
			text_printf(&file, "%s/%s", path, entries[i]->d_name);
			good = load_file(w, file.data, error);
			files++;
		}
		free(entries[i]);
	}
	if (good && files == 0) {
		text_printf(error, "%s has no *.json file", path);
		good = false;
	}
	free(entries);
	text_release(&file);
	return good;
}

bool recorded_load(struct world *w, const char *path, struct text *error)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_directory(w, path, error);
	return load_file(w, path, error);
}

static int by_start(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->start_ms < y->start_ms ? -1 : x->start_ms > y->start_ms;
}

static bool same_row(const struct row *a, const struct row *b)
{
	return strcmp(a->open, b->open) == 0 && strcmp(a->high, b->high) == 0 &&
	       strcmp(a->low, b->low) == 0 && strcmp(a->close, b->close) == 0 &&
	       strcmp(a->volume, b->volume) == 0 && strcmp(a->quote, b->quote) == 0 &&
	       strcmp(a->revision, b->revision) == 0;
}

static bool finish_shelf(const struct market *m, struct shelf *s, struct text *error)
{
	size_t kept = 0;

	if (s->n > 1)
		qsort(s->rows, s->n, sizeof(*s->rows), by_start);
	for (size_t i = 0; i < s->n; i++) {
		if (kept > 0 && s->rows[kept - 1].start_ms == s->rows[i].start_ms) {
			char at[UTC_TEXT];

			if (same_row(&s->rows[kept - 1], &s->rows[i]))
				continue;
			utc_format(at, s->rows[i].start_ms, 'T', false);
			text_printf(
				error,
				"the recorded files hold %s %s of %s twice, with different numbers; "
				"remove one",
				m->name, interval_name(s->rows[i].interval), at);
			return false;
		}
		s->rows[kept++] = s->rows[i];
	}
	s->n = kept;
	return true;
}

bool recorded_finish(struct world *w, struct text *error)
{
	for (size_t i = 0; i < w->markets.n; i++) {
		struct market *m = &w->markets.at[i];

		for (unsigned iv = 0; m->recorded != NULL && iv < INTERVALS; iv++)
			if (!finish_shelf(m, &m->recorded->shelves[iv], error))
				return false;
	}
	return true;
}

static size_t lower(const struct shelf *s, int64_t start_ms)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->rows[middle].start_ms < start_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool recorded_row(const struct recorded *r, enum interval iv, int64_t start_ms, int64_t now_ms,
		  struct row *row)
{
	const struct shelf *s = &r->shelves[iv];
	size_t i = lower(s, start_ms);

	if (i == s->n || s->rows[i].start_ms != start_ms ||
	    strtoll(s->rows[i].revision, NULL, 10) > now_ms)
		return false;
	*row = s->rows[i];
	return true;
}

bool recorded_before(const struct recorded *r, enum interval iv, int64_t before_ms,
		     int64_t *start_ms)
{
	size_t i = lower(&r->shelves[iv], before_ms);

	if (i == 0)
		return false;
	*start_ms = r->shelves[iv].rows[i - 1].start_ms;
	return true;
}

bool recorded_from(const struct recorded *r, enum interval iv, int64_t from_ms, int64_t *start_ms)
{
	size_t i = lower(&r->shelves[iv], from_ms);

	if (i == r->shelves[iv].n)
		return false;
	*start_ms = r->shelves[iv].rows[i].start_ms;
	return true;
}
