/* SPDX-License-Identifier: MIT */
#include "producer/series/market.h"

#include "common/base/backoff.h"
#include "common/base/least.h"

enum { PAUSE_FIRST_MS = 5000, PAUSE_MAX_MS = 60 * 1000 };

void market_list(struct market *m, int listed, int many, int64_t now_ms)
{
	if (listed) {
		if (m->listed == LISTED_NOT)
			m->until_boot_ms = 0;
		m->listed = LISTED;
		m->was_listed = 1;
		m->not_listed = (struct witness){0};
		m->apart_ms = 0;
		return;
	}
	m->listed = LISTED_NOT;
	witness_note(&m->not_listed, now_ms);
	if (m->apart_ms == 0)
		m->apart_ms = MARKET_APART_MS;
	if (many)
		m->apart_ms = MARKET_MANY_APART_MS;
}

void market_found(struct market *m, int64_t now_ms)
{
	m->heard_ms = now_ms;
	m->fails = 0;
	m->not_found = (struct witness){0};
}

void market_not_found(struct market *m, int64_t now_ms, int64_t boot_ms)
{
	int64_t pause;

	m->heard_ms = now_ms;
	witness_note(&m->not_found, now_ms);
	if (boot_ms < m->until_boot_ms && !market_is_gone(m))
		return; /* one of several that were in flight */
	pause = backoff_doubled_ms(PAUSE_FIRST_MS, m->fails++, PAUSE_MAX_MS);
	m->until_boot_ms = boot_ms + (market_is_gone(m) ? MARKET_GONE_MS : pause);
}

int market_is_suspected(const struct market *m)
{
	return witness_heard(&m->not_listed) && witness_heard(&m->not_found);
}

int market_is_gone(const struct market *m)
{
	return witness_agree(&m->not_listed, m->apart_ms) &&
	       witness_agree(&m->not_found, m->apart_ms);
}

int market_is_doubtful(const struct market *m)
{
	return (witness_heard(&m->not_listed) || witness_heard(&m->not_found)) &&
	       !market_is_gone(m);
}

int market_is_in_question(const struct market *m)
{
	return witness_heard(&m->not_listed) && !market_is_gone(m) &&
	       (witness_heard(&m->not_found) || m->heard_ms < m->not_listed.first_ms);
}

int64_t market_question_ms(const struct market *m)
{
	return witness_heard(&m->not_found) ? m->not_found.first_ms + m->apart_ms
					    : m->not_listed.first_ms;
}

/* The same was said before: since then. */
static void since(struct witness *w, const struct witness *before)
{
	if (witness_heard(w) && witness_heard(before) && before->first_ms < w->first_ms)
		w->first_ms = before->first_ms;
}

void market_join(struct market *m, const struct market *before)
{
	m->was_listed |= before->was_listed;
	if (!witness_heard(&m->not_listed) || !witness_heard(&before->not_listed))
		return;
	since(&m->not_listed, &before->not_listed);
	m->apart_ms = greatest(m->apart_ms, before->apart_ms);
	if (m->heard_ms == 0)
		m->not_found = before->not_found;
	since(&m->not_found, &before->not_found);
}
