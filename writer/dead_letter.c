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

void dead_letter_init(struct dead_letter *d, int32_t partition, int64_t offset, const void *key,
		      size_t key_len, const void *value, size_t value_len, const char *reason)
{
	*d = (struct dead_letter){.partition = partition,
				  .offset = offset,
				  .key = copy(key, kept(key_len)),
				  .value = copy(value, kept(value_len)),
				  .key_len = kept(key_len),
				  .value_len = kept(value_len),
				  .reason = xstrdup(reason)};
}

void dead_letter_copy(struct dead_letter *d, const struct dead_letter *from)
{
	dead_letter_init(d, from->partition, from->offset, from->key, from->key_len, from->value,
			 from->value_len, from->reason);
}

void dead_letter_release(struct dead_letter *d)
{
	free(d->key);
	free(d->value);
	free(d->reason);
	*d = (struct dead_letter){0};
}

static int is_same(const char *a, size_t a_len, const void *b, size_t b_len)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a_len == kept(b_len) && memcmp(a, b, a_len) == 0;
}

int dead_letter_has(const struct dead_letter *d, const void *key, size_t key_len, const void *value,
		    size_t value_len)
{
	return is_same(d->key, d->key_len, key, key_len) &&
	       is_same(d->value, d->value_len, value, value_len);
}
