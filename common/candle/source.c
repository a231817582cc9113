/* SPDX-License-Identifier: MIT */
#include "common/candle/source.h"

#include <string.h>

#include "common/candle/candle.h"

static const char *const exchanges[] = {"upbit"};

int source_is_of(const char *source, const char *exchange)
{
	size_t n = strlen(exchange);

	return strncmp(source, exchange, n) == 0 && (source[n] == '\0' || source[n] == '-');
}

int source_check(const char *source, struct err *err)
{
	if (!source_is_valid(source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       source);
	for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
		if (source_is_of(source, exchanges[i]))
			return 0;
	return err_set(
		err, ERR_FATAL,
		"--source: '%s' is of no exchange that is known here; upbit and upbit-REGION are",
		source);
}
