/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

void faults_release(struct faults *f)
{
	faults_clear(f, 0);
}

unsigned faults_add(struct faults *f, const struct fault_rule *rule)
{
	struct fault_rule *r = room_new(1, sizeof(*r)), **at = &f->first;

	*r = *rule;
	r->id = ++f->last_id;
	r->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	return r->id;
}

unsigned faults_clear(struct faults *f, unsigned id)
{
	struct fault_rule **at = &f->first;
	unsigned cleared = 0;

	while (*at != NULL) {
		struct fault_rule *r = *at;

		if (id != 0 && r->id != id) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
		cleared++;
	}
	return cleared;
}

static bool matches(const struct fault_rule *rule, const struct fault_request *r)
{
	if (rule->left == 0 || r->now_ms >= rule->until_ms)
		return false;
	if (rule->path != FAULT_PATH_ANY && rule->path != r->path)
		return false;
	if (rule->market[0] != '\0' && (r->market == NULL || strcmp(rule->market, r->market) != 0))
		return false;
	if (rule->does.row_ms != INT64_MIN && rule->does.row_ms >= r->to_ms)
		return false;
	return rule->interval < 0 || rule->interval == r->interval;
}

static bool strikes(struct fault_rule *rule, double (*random)(void *), void *cls)
{
	if (rule->skip > 0) {
		rule->skip--;
		return false;
	}
	if (rule->seen++ % rule->every != 0)
		return false;
	return rule->probability >= 1 || random(cls) < rule->probability;
}

void faults_hit(struct faults *f, const struct fault_request *r, double (*random)(void *),
		void *cls, struct fault_set *set)
{
	memset(set, 0, sizeof(*set));
	for (struct fault_rule *rule = f->first; rule != NULL; rule = rule->next) {
		if (set->n == FAULT_HITS || !matches(rule, r) || !strikes(rule, random, cls))
			continue;
		if (rule->left > 0)
			rule->left--;
		rule->hits++;
		f->hits++;
		set->kinds |= 1ULL << rule->does.kind;
		set->hits[set->n++] = rule->does;
	}
}

bool fault_is(const struct fault_set *set, enum fault_kind kind)
{
	return set->kinds >> kind & 1;
}

const struct fault_hit *fault_next(const struct fault_set *set, enum fault_kind kind,
				   const struct fault_hit *after)
{
	for (unsigned i = after != NULL ? (unsigned)(after - set->hits) + 1 : 0; i < set->n; i++)
		if (set->hits[i].kind == kind)
			return &set->hits[i];
	return NULL;
}

int64_t fault_value(const struct fault_set *set, enum fault_kind kind)
{
	const struct fault_hit *hit = fault_next(set, kind, NULL);

	return hit != NULL ? hit->value : 0;
}

bool faults_harmless(const struct fault_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		if (!fault_info(set->hits[i].kind)->harmless)
			return false;
	return true;
}

static void put_time(struct text *out, const char *name, int64_t ms, int64_t none)
{
	char at[UTC_TEXT];

	if (ms == none)
		return;
	utc_format(at, ms, 'T', true);
	text_printf(out, ",\"%s\":\"%sZ\"", name, at);
}

static void put_rule(struct text *out, const struct fault_rule *r)
{
	static const char *const paths[] = {"candles", "market", "any"};

	text_printf(out, "{\"id\":%u,\"kind\":\"%s\"", r->id, fault_name(r->does.kind));
	if (fault_info(r->does.kind)->type == FAULT_WORDS) {
		text_put(out, ",\"value\":");
		text_json(out, r->does.words);
	} else {
		text_printf(out, ",\"value\":%lld", (long long)r->does.value);
	}
	put_time(out, "row", r->does.row_ms, INT64_MIN);
	put_time(out, "until", r->until_ms, INT64_MAX);
	text_printf(out,
		    ",\"left\":%lld,\"after\":%lld,\"every\":%lld,\"hits\":%llu,"
		    "\"probability\":%g,\"path\":\"%s\",\"market\":",
		    (long long)r->left, (long long)r->skip, (long long)r->every,
		    (unsigned long long)r->hits, r->probability, paths[r->path]);
	if (r->market[0] != '\0')
		text_json(out, r->market);
	else
		text_put(out, "null");
	if (r->interval >= 0)
		text_printf(out, ",\"interval\":\"%s\"}",
			    interval_name((enum interval)r->interval));
	else
		text_put(out, ",\"interval\":null}");
}

void faults_json(const struct faults *f, struct text *out)
{
	text_put(out, "[");
	for (const struct fault_rule *r = f->first; r != NULL; r = r->next) {
		text_put(out, r == f->first ? "" : ",");
		put_rule(out, r);
	}
	text_put(out, "]");
}
