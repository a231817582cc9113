/* SPDX-License-Identifier: MIT */
#include "replay_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/text/buf.h"
#include "common/text/timetext.h"
#include "writer/selection.h"

enum { ARGUMENTS_BYTES = 1 << 20, NAME_KEPT = 160 };

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

/* A name is part of a key, which must not be long. */
static void name_default(struct replay_spec *s)
{
	if (strlen(s->arguments) < sizeof(s->name))
		snprintf(s->name, sizeof(s->name), "%s", s->arguments);
	else
		snprintf(s->name, sizeof(s->name), "%.*s... %016" PRIx64, NAME_KEPT, s->arguments,
			 hash(s->arguments));
}

static int name_given(struct replay_spec *s, const char *name, struct err *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < ' ' || (unsigned char)name[i] > '~')
			len = 0;
	}
	if (len == 0 || len >= sizeof(s->name))
		return err_set(
			err, ERR_FATAL,
			"--name: a replay's name has 1 to %d characters, letters, digits and the like",
			REPLAY_NAME_BYTES - 1);
	snprintf(s->name, sizeof(s->name), "%s", name);
	return 0;
}

int replay_spec_init(struct replay_spec *s, const char *topic, int64_t from_ms, const char *symbols,
		     const char *name, struct err *err)
{
	char from[TIMETEXT_BYTES];
	struct buf text;
	int rc = 0;

	*s = (struct replay_spec){.from_ms = from_ms};
	s->symbols = selection_symbols(symbols, err);
	if (s->symbols == NULL)
		return -1;
	buf_init(&text, ARGUMENTS_BYTES);
	buf_printf(&text, "%s", topic);
	if (from_ms != INT64_MIN)
		buf_printf(&text, " from %s", time_format_ms(from_ms, from));
	if (*s->symbols)
		buf_printf(&text, " of %s", s->symbols);
	if (buf_check(&text) != 0)
		rc = err_set(err, ERR_FATAL, "--symbols: too many are named");
	else
		s->arguments = xstrdup(text.data);
	buf_release(&text);
	if (rc == 0 && name != NULL)
		return name_given(s, name, err);
	if (rc == 0)
		name_default(s);
	return rc;
}

void replay_spec_release(struct replay_spec *s)
{
	free(s->arguments);
	free(s->symbols);
	s->arguments = s->symbols = NULL;
}

int replay_wants(const struct replay_spec *s, const void *key, size_t key_len)
{
	const char *at = s->symbols;

	if (!*at)
		return 1;
	if (key == NULL || key_len == 0)
		return 0;
	for (;; at++) {
		size_t len = strcspn(at, ",");

		if (len == key_len && memcmp(at, key, len) == 0)
			return 1;
		at += len;
		if (!*at)
			return 0;
	}
}

/* ---- where it begins */

static void begin(struct replay_part *p)
{
	p->start = p->from < p->low ? p->low : least(p->from, p->high);
	p->next = p->start;
	p->end = p->high;
	p->dead_run = 0;
}

/* What retention has deleted meanwhile is passed over; a partition that the topic has got since has
 * nothing to read. */
static void go_on(struct replay_part *p)
{
	if (!p->has_row) {
		p->start = p->next = p->end = p->high;
	} else if (p->next < p->low) {
		p->lost = least(p->low, p->end) - p->next;
		p->next += p->lost;
	}
}

enum replay_begun replay_decide(struct replay_part *parts, size_t n, int running, int restart,
				size_t strays)
{
	size_t rows = 0, unfinished = strays;
	int shrunk = strays > 0;
	enum replay_begun begun = REPLAY_GOES_ON;

	for (size_t i = 0; i < n; i++) {
		const struct replay_part *p = &parts[i];

		rows += p->has_row != 0;
		unfinished += p->has_row && p->next < p->end;
		shrunk |= p->has_row && p->next < p->end && p->end > p->high;
	}
	if (rows == 0 || (!running && (restart || unfinished == 0)))
		begun = REPLAY_BEGINS;
	else if (shrunk)
		begun = REPLAY_BEGINS_AGAIN;
	for (size_t i = 0; i < n; i++) {
		parts[i].lost = 0;
		if (begun == REPLAY_GOES_ON)
			go_on(&parts[i]);
		else
			begin(&parts[i]);
	}
	return begun;
}
