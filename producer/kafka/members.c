/* SPDX-License-Identifier: MIT */
#include "producer/kafka/members.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kafka/kafka_members.h"

#define PREFIX "gapless-producer."

enum { DIGEST_CHARS = 8 };

/* FNV-1a: it tells settings apart, it keeps no secret. */
static uint32_t digest(uint32_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return (h ^ '\n') * 16777619u;
}

void members_client_id(const struct patterns *patterns, const struct interval *const *intervals,
		       size_t n, int64_t since_ms, int64_t version, char out[MEMBERS_ID_BYTES])
{
	uint32_t h = 2166136261u;
	char since[24];

	for (size_t i = 0; i < patterns->n; i++) {
		h = digest(h, patterns->v[i].exclude ? "!" : "");
		h = digest(h, patterns->v[i].text);
	}
	for (size_t i = 0; i < n; i++)
		h = digest(h, intervals[i]->name);
	snprintf(since, sizeof since, "%" PRId64, since_ms);
	h = digest(h, since);
	if (version == 0)
		snprintf(out, MEMBERS_ID_BYTES, PREFIX "%08" PRIx32, h);
	else
		snprintf(out, MEMBERS_ID_BYTES, PREFIX "%08" PRIx32 ".%" PRId64, h, version);
}

/* The digest of a producer's client.id, and *version; NULL: it is not one. */
static const char *wants(const char *client_id, int64_t *version)
{
	const char *text = client_id + sizeof PREFIX - 1;

	if (strncmp(client_id, PREFIX, sizeof PREFIX - 1) != 0 ||
	    strspn(text, "0123456789abcdef") != DIGEST_CHARS)
		return NULL;
	*version = text[DIGEST_CHARS] == '.' ? strtoll(text + DIGEST_CHARS + 1, NULL, 10) : 0;
	return text;
}

void members_add(struct members *m, const char *client_id, const char *other, const char *host)
{
	int64_t our_version = 0, version = 0;
	const char *ours = wants(client_id, &our_version), *theirs = wants(other, &version);

	if (!theirs) {
		kafka_some_add(&m->strangers, other, host);
		return;
	}
	m->n++;
	if (!ours || strncmp(ours, theirs, DIGEST_CHARS) == 0)
		return;
	kafka_some_add(version > our_version   ? &m->newer
		       : version < our_version ? &m->older
					       : &m->different,
		       other, host);
}

const struct kafka_some *members_opponents(const struct members *m, int joined)
{
	if (m->newer.n > 0)
		return &m->newer;
	return joined && m->older.n > 0 ? &m->older : &m->different;
}

int members_disagree(const struct members *m, int joined, const char *group, const char *client_id,
		     struct err *err)
{
	const char *other = members_opponents(m, joined)->text;

	if (m->newer.n > 0)
		return err_set(
			err, ERR_FATAL,
			"the producers of the group %s have newer settings (%s, this one is %s): give this one the same "
			"settings, --settings-version included",
			group, other, client_id);
	return err_set(
		err, ERR_FATAL,
		"another producer of the group %s wants other symbols, intervals or another --since (%s, this one is %s): "
		"give all of them the same settings (the first that gets them takes over with a higher --settings-version), "
		"or a producer of another installation a --producer-group of its own",
		group, other, client_id);
}

struct asked {
	struct members *members;
	const char *client_id;
};

static void member_came(void *opaque, const char *client_id, const char *host)
{
	const struct asked *asked = opaque;

	members_add(asked->members, asked->client_id, client_id ? client_id : "?", host);
}

int members_ask(rd_kafka_t *rk, const char *group, const char *client_id, struct members *out,
		struct err *err)
{
	struct asked asked = {out, client_id};

	*out = (struct members){0};
	return kafka_members(rk, group, member_came, &asked, err);
}
