/* SPDX-License-Identifier: MIT */
/* The pass that quotes numbers: it adds three bytes to each and changes nothing else, passes
 * nothing that it has made itself, and lets nothing through to us that cJSON alone would refuse. */
#include <cjson/cJSON.h>

#include "common/text/jsonnum.h"
#include "fuzz.h"

/* Takes the quotes and marks out again; returns how many numbers there were. */
static size_t unquote(const struct buf *quoted, struct buf *out)
{
	size_t numbers = 0;

	for (size_t i = 0; i < quoted->len; i++) {
		if (i + 1 < quoted->len && quoted->data[i] == '"' &&
		    quoted->data[i + 1] == JSON_NUMBER_MARK) {
			const char *end = memchr(quoted->data + i + 1, '"', quoted->len - i - 1);

			CHECK(end);
			numbers++;
			CHECK(buf_append(out, quoted->data + i + 2,
					 (size_t)(end - quoted->data) - i - 2) == 0);
			i = (size_t)(end - quoted->data);
		} else {
			CHECK(buf_append(out, quoted->data + i, 1) == 0);
		}
	}
	return numbers;
}

/* Every number of the tree has its digits; integers are exact. */
static void check_tree(const cJSON *item)
{
	const char *number = json_number_text(item), *text = json_string_text(item);
	int64_t value;
	char plain[32];

	CHECK(!cJSON_IsNumber(item));
	CHECK(!(number && text) && cJSON_IsString(item) == (number || text));
	if (json_number_int64(item, &value) == 0) {
		snprintf(plain, sizeof plain, "%lld", (long long)value);
		CHECK(strcmp(plain, number) == 0 || strcmp(number, "-0") == 0);
	}
	for (const cJSON *child = item->child; child; child = child->next)
		check_tree(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct buf quoted, back, again;
	struct err err = {0};
	cJSON *tree, *lax;

	buf_init(&quoted, 4 * size + 16);
	buf_init(&back, 4 * size + 16);
	buf_init(&again, 16 * size + 16);
	if (json_quote_numbers(text, size, &quoted, &err) < 0) {
		check_refusal(&err, ERR_INPUT);
	} else {
		size_t numbers = unquote(&quoted, &back);

		CHECK(quoted.len == size + 3 * numbers && back.len == size);
		CHECK(!size || memcmp(back.data, text, size) == 0);
		CHECK(json_quote_numbers(quoted.data, quoted.len, &again, &err) ==
		      (numbers ? -1 : 0));
	}
	tree = json_parse(text, size, &again, &err);
	if (tree) {
		check_tree(tree);
		lax = cJSON_ParseWithLength(text, size);
		CHECK(lax);
		cJSON_Delete(lax);
		cJSON_Delete(tree);
	}
	buf_release(&quoted);
	buf_release(&back);
	buf_release(&again);
	return 0;
}
