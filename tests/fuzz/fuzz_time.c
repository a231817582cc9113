/* SPDX-License-Identifier: MIT */
/* Times as text: what is accepted lies in the years 1 to 9999, is written back as it was read, and
 * is read again as the same. */
#include "common/text/timetext.h"
#include "fuzz.h"

static int is_possible(int64_t ms)
{
	return ms >= civil_to_days(1, 1, 1) * INT64_C(86400000) &&
	       ms < civil_to_days(10000, 1, 1) * INT64_C(86400000);
}

static void check_candle(const char *text)
{
	char out[TIMETEXT_BYTES];
	int64_t ms, again;

	if (time_parse_candle(text, &ms) < 0)
		return;
	CHECK(is_possible(ms) && ms % 1000 == 0);
	time_format(ms, out);
	CHECK(strlen(out) == strlen(text) + 1 && memcmp(out, text, strlen(text)) == 0);
	CHECK(time_parse_user(text, &again) == 0 && again == ms);
}

static void check_user(const char *text)
{
	char out[TIMETEXT_BYTES];
	int64_t ms, again;

	if (time_parse_user(text, &ms) < 0)
		return;
	CHECK(is_possible(ms));
	CHECK(time_parse_user(time_format_ms(ms, out), &again) == 0 && again == ms);
	CHECK(time_parse_user(time_format(ms, out), &again) == 0);
	CHECK(again <= ms && ms - again < 1000);
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A Date has 29 characters besides the blanks around it, and every one of them is as it must be. */
static void check_http(const char *text, size_t len)
{
	static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t ms, date;
	char wanted[64];
	int year, month, day, second;

	if (time_parse_http(text, len, &ms) < 0)
		return;
	CHECK(ms % 1000 == 0);
	for (; len && is_blank(text[len - 1]); len--)
		;
	for (; len && is_blank(*text); text++)
		len--;
	CHECK(len == 29);
	second = text[23] == '6'; /* a leap second is the first one after it */
	date = (ms / 1000 - second - ((ms / 1000 - second) % 86400 + 86400) % 86400) / 86400;
	civil_from_days(date, &year, &month, &day);
	snprintf(wanted, sizeof wanted, "%s, %02d %s %04d ", days[(date % 7 + 7) % 7], day,
		 months[month - 1], year);
	CHECK(strlen(wanted) == 17 && memcmp(wanted, text, 17) == 0);
	ms -= INT64_C(86400000) * date + second * 1000;
	snprintf(wanted, sizeof wanted, "%02d:%02d:%02d GMT", (int)(ms / 3600000),
		 (int)(ms / 60000 % 60), (int)(ms / 1000 % 60) + second);
	CHECK(memcmp(wanted, text + 17, 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	char *text;

	check_http((const char *)data, size);
	text = input_line(&in);
	check_candle(text);
	check_user(text);
	free(text);
	return 0;
}
