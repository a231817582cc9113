/* SPDX-License-Identifier: MIT */
#include "dead_letter.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

static size_t kept(size_t len)
{
	return len < DEAD_VALUE_BYTES ? len : DEAD_VALUE_BYTES;
}

static char *copy(const void *bytes, size_t len)
{
	char *p;

	if (bytes == NULL)
		return NULL;
	p = xmalloc(len + 1);
	memcpy(p, bytes, len);
	p[len] = '\0';
	return p;
}

void dead_letter_init(struct dead_letter *d, const struct arrival *a, const char *reason)
{
	dead_letter_copy(d, &(struct dead_letter){.partition = a->partition,
						  .offset = a->offset,
						  .key = a->key,
						  .value = a->value,
						  .key_len = kept(a->key_len),
						  .value_len = kept(a->value_len),
						  .reason = reason});
}

void dead_letter_copy(struct dead_letter *d, const struct dead_letter *from)
{
	*d = *from;
	d->key = copy(from->key, from->key_len);
	d->value = copy(from->value, from->value_len);
	d->reason = xstrdup(from->reason);
}

void dead_letter_release(struct dead_letter *d)
{
	free((char *)d->key);
	free((char *)d->value);
	free((char *)d->reason);
	*d = (struct dead_letter){0};
}

static int is_same(const char *a, size_t a_len, const void *b, size_t b_len)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a_len == kept(b_len) && memcmp(a, b, a_len) == 0;
}

int dead_letter_is_of(const struct dead_letter *d, const struct arrival *a)
{
	return d->offset == a->offset && is_same(d->key, d->key_len, a->key, a->key_len) &&
	       is_same(d->value, d->value_len, a->value, a->value_len);
}
