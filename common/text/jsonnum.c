/* SPDX-License-Identifier: MIT */
#include "common/text/jsonnum.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "common/candle/json_memory.h"
#include "common/text/decimal.h"
#include "common/text/utf8.h"

/* One pass over the text. Only numbers cause a copy: the run of bytes before one goes out in one
 * piece. */
struct scan {
	const char *in;
	size_t len, at;
	size_t copied; /* in[0..copied) has gone to out */
	unsigned depth;
	struct buf *out;
	struct err *err;
};

static int refuse(const struct scan *s, const char *what)
{
	return err_set(s->err, ERR_INPUT, "The text is not valid JSON: %s at byte %zu.", what,
		       s->at);
}

static int too_long(const struct scan *s)
{
	return err_set(s->err, ERR_INPUT,
		       "The JSON text is too long: %zu bytes and its numbers do not fit %zu bytes.",
		       s->len, s->out->max_bytes);
}

static int hex4(const char *text, unsigned *value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	*value = 0;
	for (int i = 0; i < 4; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return -1;
		*value = *value * 16 + (unsigned)(digit - digits) % 16;
	}
	return 0;
}

static int is_high_surrogate(unsigned code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}

static int is_low_surrogate(unsigned code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

/* \uXXXX, two of them where they are a surrogate pair. */
static int scan_unicode_escape(struct scan *s)
{
	unsigned code, low;

	if (s->len - s->at < 6 || hex4(s->in + s->at + 2, &code))
		return refuse(s, "an escape \\u without four hexadecimal digits");
	if (code == 0 || code == JSON_NUMBER_MARK)
		return refuse(s, "an escaped control character (\\u0000 or \\u0001)");
	if (is_low_surrogate(code))
		return refuse(s, "half a surrogate pair");
	if (is_high_surrogate(code)) {
		if (s->len - s->at < 12 || s->in[s->at + 6] != '\\' || s->in[s->at + 7] != 'u' ||
		    hex4(s->in + s->at + 8, &low) || !is_low_surrogate(low))
			return refuse(s, "half a surrogate pair");
		s->at += 6;
	}
	s->at += 6;
	return 0;
}

static int scan_escape(struct scan *s)
{
	char c = s->at + 1 < s->len ? s->in[s->at + 1] : 0;

	if (c == 'u')
		return scan_unicode_escape(s);
	if (!c || !strchr("\"\\/bfnrt", c))
		return refuse(s, "an unknown escape");
	s->at += 2;
	return 0;
}

static int scan_utf8(struct scan *s)
{
	uint32_t code;
	size_t n = utf8_next(s->in + s->at, s->len - s->at, &code);

	s->at += n;
	return n ? 0 : refuse(s, "invalid UTF-8");
}

/* Stands for itself in a string. */
static int is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* All eight of them: what is not plain has the highest bit of its byte, or borrows it. */
static int are_plain(const char *bytes)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return ((word | (word - 0x20 * each) | ((word ^ ('"' * each)) - each) |
		 ((word ^ ('\\' * each)) - each)) &
		(0x80 * each)) == 0;
}

static size_t plain_end(const char *in, size_t at, size_t len)
{
	while (len - at >= sizeof(uint64_t) && are_plain(in + at))
		at += sizeof(uint64_t);
	while (at < len && is_plain((unsigned char)in[at]))
		at++;
	return at;
}

static int scan_string(struct scan *s)
{
	int bad = 0;

	s->at++;
	while (!bad) {
		unsigned char c;

		s->at = plain_end(s->in, s->at, s->len);
		if (s->at == s->len)
			return refuse(s, "a string without end");
		c = (unsigned char)s->in[s->at];
		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c == '\\')
			bad = scan_escape(s);
		else if (c >= 0x80)
			bad = scan_utf8(s);
		else
			bad = refuse(s, "a control character in a string");
	}
	return bad;
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A control character is refused after it. */
static int ends_number(unsigned char c)
{
	return c == ',' || c == '}' || c == ']' || c == ':' || c <= ' ';
}

static int scan_number(struct scan *s)
{
	char quoted[JSON_NUMBER_MAX + 3];
	size_t length = decimal_token(s->in + s->at, s->len - s->at), next = s->at + length;

	if (!length)
		return refuse(s, "a minus without a number");
	if (next < s->len && !ends_number((unsigned char)s->in[next]))
		return refuse(s, "a malformed number");
	if (length > JSON_NUMBER_MAX)
		return refuse(s, "a number of more than 128 characters");
	while (next < s->len && is_space(s->in[next]))
		next++;
	if (next < s->len && s->in[next] == ':') /* in quotes it would pass for a key */
		return refuse(s, "a number in place of a key");
	quoted[0] = '"';
	quoted[1] = JSON_NUMBER_MARK;
	memcpy(quoted + 2, s->in + s->at, length);
	quoted[2 + length] = '"';
	if (buf_append(s->out, s->in + s->copied, s->at - s->copied) ||
	    buf_append(s->out, quoted, length + 3))
		return too_long(s);
	s->at += length;
	s->copied = s->at;
	return 0;
}

static int scan_structure(struct scan *s, char c)
{
	if ((unsigned char)c >= 0x80 || ((unsigned char)c < 0x20 && !is_space(c)))
		return refuse(s, "a byte that does not belong outside a string");
	if ((c == '{' || c == '[') && ++s->depth > JSON_DEPTH_MAX)
		return refuse(s, "nesting that is too deep");
	if ((c == '}' || c == ']') && s->depth)
		s->depth--;
	s->at++;
	return 0;
}

int json_quote_numbers(const char *in, size_t len, struct buf *out, struct err *err)
{
	struct scan s = {.in = in, .len = len, .out = out, .err = err};
	int bad = 0;

	while (s.at < len && !bad) {
		char c = in[s.at];

		if (c == '"')
			bad = scan_string(&s);
		else if (c == '-' || (c >= '0' && c <= '9'))
			bad = scan_number(&s);
		else
			bad = scan_structure(&s, c);
	}
	if (!bad && s.copied < len && buf_append(out, in + s.copied, len - s.copied))
		bad = too_long(&s);
	return bad;
}

/* cJSON reports an allocation that failed as it reports bad input; with these the process ends
 * instead. */
__attribute__((constructor)) static void use_our_memory(void)
{
	cJSON_Hooks hooks = {json_memory_take, json_memory_give_back};

	cJSON_InitHooks(&hooks);
}

/* Where the input stands at `end` of the quoted text: each number before it has grown by two quotes
 * and the mark. */
static size_t input_offset(const struct buf *quoted, const char *end)
{
	size_t at = (size_t)(end - quoted->data), grown = 0;

	for (size_t i = 0; i < at; i++)
		grown += quoted->data[i] == JSON_NUMBER_MARK ? 3 : 0;
	return at > grown ? at - grown : 0;
}

struct cJSON *json_parse(const char *in, size_t len, struct buf *work, struct err *err)
{
	const char *end = NULL;
	cJSON *tree;

	buf_clear(work);
	if (!len) {
		err_set(err, ERR_INPUT, "The text is empty where JSON is expected.");
		return NULL;
	}
	if (json_quote_numbers(in, len, work, err))
		return NULL;
	tree = cJSON_ParseWithLengthOpts(work->data, work->len + 1, &end, 1);
	if (!tree)
		err_set(err, ERR_INPUT,
			"The text is not valid JSON: it is cut short or broken near byte %zu of %zu.",
			input_offset(work, end), len);
	return tree;
}

/* A bit for a key: two keys with different bits are different, so that nearly none has to be
 * compared. */
static uint64_t key_bit(const char *key)
{
	size_t len = strlen(key);
	unsigned last = len ? (unsigned char)key[len - 1] : 0;

	return UINT64_C(1) << ((len + 5 * (unsigned char)*key + 11 * last) % 64);
}

int json_check_keys(const struct cJSON *object, struct err *err)
{
	const char *keys[JSON_KEYS_MAX];
	char shown[PRINTABLE_BYTES];
	const cJSON *member;
	uint64_t seen = 0;
	size_t n = 0;

	cJSON_ArrayForEach(member, object)
	{
		uint64_t bit = key_bit(member->string);

		if (n == JSON_KEYS_MAX)
			return err_set(err, ERR_INPUT, "A JSON object has more than %d keys.",
				       JSON_KEYS_MAX);
		for (size_t i = 0; i < n && (seen & bit) != 0; i++) {
			if (!strcmp(keys[i], member->string))
				return err_set(err, ERR_INPUT,
					       "The key \"%s\" comes twice in a JSON object.",
					       printable(member->string, shown));
		}
		seen |= bit;
		keys[n++] = member->string;
	}
	return 0;
}

const char *json_number_text(const struct cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] == JSON_NUMBER_MARK
		       ? item->valuestring + 1
		       : NULL;
}

const char *json_string_text(const struct cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] != JSON_NUMBER_MARK ? item->valuestring
										: NULL;
}

int json_number_int64(const struct cJSON *item, int64_t *out)
{
	const char *text = json_number_text(item);
	int64_t value = 0;
	int negative;

	if (!text)
		return -1;
	negative = *text == '-';
	for (text += negative; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, *text - '0', &value))
			return -1;
	}
	if (!negative && value == INT64_MIN)
		return -1;
	*out = negative ? value : -value;
	return 0;
}
