/* SPDX-License-Identifier: MIT */
#include "producer/exchange/exchanges.h"

#include <string.h>
#include <strings.h>

#include "common/candle/candle.h"
#include "producer/exchange/upbit.h"

static const struct exchange *const all[] = {&exchange_upbit};

const struct exchange *exchange_of_source(const char *source, struct err *err)
{
	if (source_check(source, err))
		return NULL;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (source_is_of(source, all[i]->name))
			return all[i];
	err_set(err, ERR_FATAL, "--source: no producer knows the exchange of '%s'", source);
	return NULL;
}

const char *exchange_source_of_url(const char *url)
{
	static const struct {
		const char *host, *source;
	} regions[] = {{"api.upbit.com", "upbit"},
		       {"sg-api.upbit.com", "upbit-sg"},
		       {"id-api.upbit.com", "upbit-id"},
		       {"th-api.upbit.com", "upbit-th"}};
	const char *host = strstr(url, "://");
	size_t len;

	host = host ? host + 3 : url;
	len = strcspn(host, ":/");
	for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++)
		if (strlen(regions[i].host) == len && strncasecmp(regions[i].host, host, len) == 0)
			return regions[i].source;
	return NULL;
}
