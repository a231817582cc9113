/* SPDX-License-Identifier: MIT */
#include "common/service/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

enum { LABEL_BYTES = 160, SLOTS = 65536 /* a power of two, more than twice METRIC_SERIES_MAX */ };

struct cell {
	uint32_t id;
	int live;     /* 0: forgotten; its place is taken again by the next one that has its name */
	double value; /* of a histogram: the sum */
	double counts[METRIC_BUCKETS + 1];
	char labels[LABEL_BYTES]; /* a="1",b="2" */
};

struct metrics {
	const struct metric *table;
	size_t n_table;
	struct family {
		size_t n, most; /* cells */
	} * families;           /* as the table */
	pthread_mutex_t lock;
	struct cell *cells;
	size_t n, cap;
	uint32_t *slots; /* open addressing: index of a cell + 1, 0 = free */
	double dropped;
};

/* --- label text */

static size_t escape(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 3 < room; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			out[n++] = '\\';
		out[n++] = *text == '\n' ? 'n' : *text;
	}
	return n;
}

/* 0, or -1 if the values are too long to be told apart. */
static int labels_write(char out[LABEL_BYTES], const struct metric *def, const char *const *values)
{
	size_t n = 0;

	memset(out, 0, LABEL_BYTES);
	for (size_t i = 0; i < METRIC_LABELS && def->labels[i] != NULL; i++) {
		const char *value = values != NULL && values[i] != NULL ? values[i] : "";
		size_t need = strlen(def->labels[i]) + 2 * strlen(value) + 5;

		if (n + need >= LABEL_BYTES)
			return -1;
		n += (size_t)snprintf(out + n, LABEL_BYTES - n, "%s%s=\"", i > 0 ? "," : "",
				      def->labels[i]);
		n += escape(out + n, LABEL_BYTES - n, value);
		out[n++] = '"';
	}
	return 0;
}

/* --- cells */

static uint32_t hash(uint32_t id, const char *labels)
{
	uint32_t h = 2166136261u ^ id; /* FNV-1a */

	for (; *labels != '\0'; labels++)
		h = (h ^ (unsigned char)*labels) * 16777619u;
	return h;
}

/* Under the lock. NULL: there is no place for one more. */
static struct cell *cell_of(struct metrics *m, size_t id, const char *const *values)
{
	char labels[LABEL_BYTES];
	uint32_t slot;

	if (labels_write(labels, &m->table[id], values) != 0)
		return NULL;
	slot = hash((uint32_t)id, labels) & (SLOTS - 1);
	for (; m->slots[slot] != 0; slot = (slot + 1) & (SLOTS - 1)) {
		struct cell *c = &m->cells[m->slots[slot] - 1];

		if (c->id != id || strcmp(c->labels, labels) != 0)
			continue;
		c->live = 1;
		return c;
	}
	if (m->n == METRIC_SERIES_MAX || m->families[id].n == m->families[id].most)
		return NULL;
	GROW(m->cells, m->n, m->cap);
	m->cells[m->n] = (struct cell){.id = (uint32_t)id, .live = 1};
	memcpy(m->cells[m->n].labels, labels, LABEL_BYTES);
	m->slots[slot] = (uint32_t)++m->n;
	m->families[id].n++;
	return &m->cells[m->n - 1];
}

/* Locks and finds; NULL: dropped and counted, unlocked. */
static struct cell *take(struct metrics *m, size_t id, const char *const *values)
{
	struct cell *c;

	if (m == NULL)
		return NULL;
	pthread_mutex_lock(&m->lock);
	c = cell_of(m, id, values);
	if (c == NULL) {
		m->dropped++;
		pthread_mutex_unlock(&m->lock);
	}
	return c;
}

void metrics_add(struct metrics *m, size_t id, const char *const *labels, double by)
{
	struct cell *c = take(m, id, labels);

	if (c == NULL)
		return;
	c->value += by;
	pthread_mutex_unlock(&m->lock);
}

void metrics_set(struct metrics *m, size_t id, const char *const *labels, double value)
{
	struct cell *c = take(m, id, labels);

	if (c == NULL)
		return;
	c->value = value;
	pthread_mutex_unlock(&m->lock);
}

void metrics_raise(struct metrics *m, size_t id, const char *const *labels, double value)
{
	struct cell *c = take(m, id, labels);

	if (c == NULL)
		return;
	if (value > c->value)
		c->value = value;
	pthread_mutex_unlock(&m->lock);
}

void metrics_observe(struct metrics *m, size_t id, const char *const *labels, double value)
{
	struct cell *c = take(m, id, labels);
	const double *bounds = m != NULL ? m->table[id].buckets : NULL;
	size_t i = 0;

	if (c == NULL)
		return;
	while (i < METRIC_BUCKETS && bounds[i] != 0 && value > bounds[i])
		i++;
	c->counts[i < METRIC_BUCKETS && bounds[i] != 0 ? i : METRIC_BUCKETS]++;
	c->value += value;
	pthread_mutex_unlock(&m->lock);
}

void metrics_bound(struct metrics *m, size_t id, size_t cells)
{
	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->families[id].most = cells;
	pthread_mutex_unlock(&m->lock);
}

void metrics_clear(struct metrics *m, size_t id)
{
	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->n; i++) {
		struct cell *c = &m->cells[i];

		if (c->id != id)
			continue;
		c->live = 0;
		c->value = 0;
		memset(c->counts, 0, sizeof(c->counts));
	}
	pthread_mutex_unlock(&m->lock);
}

struct metrics *metrics_new(const struct metric *table, size_t n)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->table = table;
	m->n_table = n;
	m->slots = xcalloc(SLOTS, sizeof(*m->slots));
	m->families = xcalloc(n + 1, sizeof(*m->families));
	for (size_t i = 0; i < n; i++)
		m->families[i].most = METRIC_SERIES_MAX;
	pthread_mutex_init(&m->lock, NULL);
	for (size_t i = 0; i < n; i++)
		if (table[i].labels[0] == NULL && table[i].type != METRIC_AGE &&
		    table[i].type != METRIC_INFO)
			metrics_add(m, i, NULL, 0);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m->cells);
	free(m->families);
	free(m->slots);
	free(m);
}

/* --- exposition, of a copy */

struct scrape {
	struct cell *cells;
	size_t n;
	enum metrics_format format;
	int64_t wall_ms;
	struct buf *out;
	int failed;
};

static const char *type_name(enum metric_type type, enum metrics_format format)
{
	static const char *const names[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_AGE] = "gauge",
					    [METRIC_HISTOGRAM] = "histogram",
					    [METRIC_INFO] = "info"};

	return names[type == METRIC_INFO && format != METRICS_OPENMETRICS ? METRIC_GAUGE : type];
}

/* What a sample's name has behind the family's. */
static const char *suffix(enum metric_type type)
{
	return type == METRIC_COUNTER ? "_total" : type == METRIC_INFO ? "_info" : "";
}

static void head(struct scrape *s, const struct metric *def)
{
	/* In the older format the family is named as its samples are. */
	const char *tail = s->format == METRICS_OPENMETRICS ? "" : suffix(def->type);

	s->failed |= buf_printf(s->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", def->name, tail,
				def->help, def->name, tail, type_name(def->type, s->format));
	if (s->format == METRICS_OPENMETRICS && def->unit != NULL)
		s->failed |= buf_printf(s->out, "# UNIT %s %s\n", def->name, def->unit);
}

static void number(struct scrape *s, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	s->failed |= buf_printf(s->out, " %s\n", text);
}

static void sample(struct scrape *s, const char *name, const char *tail, const char *labels,
		   const char *le, double value)
{
	const char *comma = labels[0] != '\0' && le != NULL ? "," : "";

	if (labels[0] == '\0' && le == NULL)
		s->failed |= buf_printf(s->out, "%s%s", name, tail);
	else if (le == NULL)
		s->failed |= buf_printf(s->out, "%s%s{%s}", name, tail, labels);
	else
		s->failed |=
			buf_printf(s->out, "%s%s{%s%sle=\"%s\"}", name, tail, labels, comma, le);
	number(s, value);
}

static void histogram(struct scrape *s, const struct metric *def, const struct cell *c)
{
	double sum = 0;
	char le[32];

	for (size_t i = 0; i < METRIC_BUCKETS && def->buckets[i] != 0; i++) {
		snprintf(le, sizeof(le), "%g", def->buckets[i]);
		if (strpbrk(le, ".e") == NULL) /* OpenMetrics wants the canonical form */
			snprintf(le, sizeof(le), "%.1f", def->buckets[i]);
		sum += c->counts[i];
		sample(s, def->name, "_bucket", c->labels, le, sum);
	}
	sum += c->counts[METRIC_BUCKETS];
	sample(s, def->name, "_bucket", c->labels, "+Inf", sum);
	sample(s, def->name, "_count", c->labels, NULL, sum);
	sample(s, def->name, "_sum", c->labels, NULL, c->value);
}

static void cell_expose(struct scrape *s, const struct metric *def, const struct cell *c)
{
	double now = (double)s->wall_ms / 1000;

	if (def->type == METRIC_HISTOGRAM)
		histogram(s, def, c);
	else if (def->type == METRIC_AGE)
		sample(s, def->name, "", c->labels, NULL,
		       c->value > 0 && now > c->value ? now - c->value : 0);
	else
		sample(s, def->name, suffix(def->type), c->labels, NULL, c->value);
}

/* Samples of one metric stand together, whatever the order in which the cells were made. */
static void family_expose(struct scrape *s, const struct metric *def, size_t id)
{
	int begun = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->cells[i].id != id || !s->cells[i].live)
			continue;
		if (!begun)
			head(s, def);
		begun = 1;
		cell_expose(s, def, &s->cells[i]);
	}
}

int metrics_expose(struct metrics *m, enum metrics_format format, int64_t wall_ms, struct buf *out)
{
	static const struct metric dropped = {
		.name = "gapless_metrics_dropped",
		.type = METRIC_COUNTER,
		.help = "Updates of metrics that were left out, because there are too many series.",
	};
	struct scrape s = {.format = format, .wall_ms = wall_ms, .out = out};
	struct cell total = {.live = 1};

	pthread_mutex_lock(&m->lock);
	s.n = m->n;
	s.cells = xreallocarray(NULL, s.n + 1, sizeof(*s.cells));
	if (s.n > 0)
		memcpy(s.cells, m->cells, s.n * sizeof(*s.cells));
	total.value = m->dropped;
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < m->n_table; i++)
		family_expose(&s, &m->table[i], i);
	head(&s, &dropped);
	cell_expose(&s, &dropped, &total);
	if (format == METRICS_OPENMETRICS)
		s.failed |= buf_printf(out, "# EOF\n");
	free(s.cells);
	return s.failed != 0 ? -1 : 0;
}

enum metrics_format metrics_format_of(const char *accept)
{
	return accept != NULL && strstr(accept, "application/openmetrics-text") != NULL
		       ? METRICS_OPENMETRICS
		       : METRICS_TEXT;
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

void metrics_document(const struct metric *table, size_t n, FILE *to)
{
	fprintf(to, "| metric | type | labels | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		const struct metric *def = &table[i];

		fprintf(to, "| `%s%s` | %s | ", def->name, suffix(def->type),
			type_name(def->type, METRICS_TEXT));
		for (size_t k = 0; k < METRIC_LABELS && def->labels[k] != NULL; k++)
			fprintf(to, "%s`%s`", k > 0 ? ", " : "", def->labels[k]);
		fprintf(to, " | %s |\n", def->help);
	}
}
