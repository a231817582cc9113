/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "fault_family.h"
#include "options.h"

#include <stdio.h>
#include <string.h>

static bool read_path(const char *path, enum fault_path *out)
{
	static const char *const names[] = {
		[FAULT_PATH_CANDLES] = "candles",
		[FAULT_PATH_MARKET] = "market",
		[FAULT_PATH_ANY] = "any",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], path) == 0) {
			*out = (enum fault_path)i;
			return true;
		}
	}
	return false;
}

/* Which requests a rule hits, and how often. */
static bool read_filter(struct exchange *ex, const struct query *q, struct fault_rule *rule,
			struct control_answer *a)
{
	const char *market = q->get(q->cls, "market"), *interval = q->get(q->cls, "interval");
	const char *probability = q->get(q->cls, "probability");
	unsigned ppm = 1000000;
	enum interval iv;
	int64_t lasts_s;

	if (market != NULL && market_find(&ex->world.markets, market) == NULL)
		return control_fail(a, "market=%s is not a market; /control/markets lists them",
				    market);
	if (interval != NULL && !interval_parse(interval, &iv))
		return control_fail(a,
				    "interval=%s is none of 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w 1M",
				    interval);
	if (probability != NULL && !options_parse_share(probability, &ppm))
		return control_fail(a, "probability=%s is not a number from 0 to 1", probability);
	if (market != NULL)
		snprintf(rule->market, sizeof(rule->market), "%s", market);
	rule->interval = interval != NULL ? (int)iv : -1;
	rule->probability = ppm / 1e6;
	if (!control_number(q, "count", 1, -1, INT64_MAX, a, &rule->left) ||
	    !control_number(q, "after", 0, 0, INT64_MAX, a, &rule->skip) ||
	    !control_number(q, "every", 1, 1, INT64_MAX, a, &rule->every) ||
	    !control_number(q, "for", 0, 0, 100000000, a, &lasts_s))
		return false;
	rule->until_ms =
		lasts_s == 0 ? INT64_MAX : sandbox_clock_ms(&ex->clock) + lasts_s * SECOND_MS;
	return true;
}

static bool read_value(const struct query *q, struct fault_hit *does, const char *value,
		       struct control_answer *a)
{
	const struct fault_info *info = fault_info(does->kind);

	does->value = 0;
	does->words[0] = '\0';
	if (info->type == FAULT_PLAIN)
		return true;
	if (*value == '\0')
		return control_fail(a, "%s= needs a value: %s", info->name, info->value);
	if (info->type == FAULT_NUMBER)
		return control_number(q, info->name, 0, info->least, info->most, a, &does->value);
	if (info->type == FAULT_TIME)
		return control_time(q, info->name, 0, a, &does->value);
	if (strlen(value) >= sizeof(does->words))
		return control_fail(a, "%s= takes at most %zu characters", info->name,
				    sizeof(does->words) - 1);
	snprintf(does->words, sizeof(does->words), "%s", value);
	if (does->kind == FAULT_BAD_FIELD && !fault_field_known(value))
		return control_fail(a,
				    "bad_field=%s is not FIELD:TOKEN, with one of market time open "
				    "high low close volume quote_volume revision",
				    value);
	return true;
}

/* One rule, for the parameter that names its kind. */
static bool read_rule(struct exchange *ex, const struct query *q, enum fault_kind kind,
		      const char *value, struct fault_rule *rule, struct control_answer *a)
{
	const struct fault_info *info = fault_info(kind);
	const char *path = q->get(q->cls, "path");

	rule->does.kind = kind;
	rule->path = info->path;
	if (path != NULL && !read_path(path, &rule->path))
		return control_fail(a, "path=%s is none of candles, market, any", path);
	if (q->get(q->cls, "row") != NULL && !info->one_row)
		return control_fail(a, "%s takes no row=", info->name);
	if (!read_value(q, &rule->does, value, a) ||
	    !control_time(q, "row", INT64_MIN + 1, a, &rule->does.row_ms))
		return false;
	if (q->get(q->cls, "row") == NULL)
		rule->does.row_ms = INT64_MIN;
	ex->drop_connections = ex->drop_connections || kind == FAULT_DOWN;
	return true;
}

bool control_fault(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	struct fault_rule rule = {.interval = -1};
	unsigned added = 0;

	if (!read_filter(ex, q, &rule, a))
		return false;
	for (unsigned kind = 0; kind < FAULTS; kind++) {
		const char *value = q->get(q->cls, fault_name((enum fault_kind)kind));

		if (value == NULL)
			continue;
		if (!read_rule(ex, q, (enum fault_kind)kind, value, &rule, a))
			return false;
		text_printf(&a->body, "%s%u", added++ == 0 ? "{\"id\":[" : ",",
			    faults_add(&ex->faults, &rule));
	}
	if (added == 0)
		return control_fail(a, "no fault was named; /control lists them");
	text_put(&a->body, "]}\n");
	return true;
}

bool control_faults(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	(void)q;
	faults_json(&ex->faults, &a->body);
	text_put(&a->body, "\n");
	return true;
}

bool control_faults_clear(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	int64_t id;

	if (!control_number(q, "id", 0, 0, UINT32_MAX, a, &id))
		return false;
	text_printf(&a->body, "{\"cleared\":%u}\n", faults_clear(&ex->faults, (unsigned)id));
	return true;
}

void control_faults_help(struct text *out)
{
	text_put(out, "\nfaults:\n");
	for (unsigned i = 0; i < FAULTS; i++) {
		const struct fault_info *info = fault_info((enum fault_kind)i);
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s", info->name, info->value != NULL ? "=" : "",
			 info->value != NULL ? info->value : "");
		text_printf(out, "  %-22s %s\n", left, info->help);
	}
}
