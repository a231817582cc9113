/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_brokers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text/utf8.h"

static int is_port(const char *text, size_t len)
{
	long port = 0;

	for (size_t i = 0; i < len && port <= 65535; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = 10 * port + (text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* A name, an IPv4 address, or an IPv6 address in brackets, and a port if there is one. */
static int is_address(const char *text, size_t len)
{
	/* (the first two in brackets only) */
	static const char allowed[] =
		":%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	int bracket = len > 0 && *text == '[';
	size_t host = strspn(text + bracket, bracket ? allowed : allowed + 2);

	if (host == 0 || (bracket && text[1 + host] != ']'))
		return 0;
	host += 2 * (size_t)bracket;
	return host == len ||
	       (host < len && text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

static int refuse(const char *text, size_t len, const char *why, struct err *err)
{
	char one[256], shown[PRINTABLE_BYTES];

	snprintf(one, sizeof one, "%.*s", (int)len, text);
	return err_set(err, ERR_FATAL,
		       "'%s' is not the address of a Kafka broker%s: write host:port, and commas "
		       "between several",
		       printable(one, shown), why);
}

static int check(const char *text, size_t len, const char *protocol, struct err *err)
{
	const char *slashes = memmem(text, len, "://", 3);
	size_t prefix = slashes ? (size_t)(slashes - text) : 0;

	if (slashes && (prefix != strlen(protocol) || strncasecmp(text, protocol, prefix) != 0))
		return refuse(text, len, ", for its protocol is not the one of security.protocol",
			      err);
	if (slashes)
		prefix += 3;
	if (!is_address(text + prefix, len - prefix))
		return refuse(text, len, "", err);
	return 0;
}

int kafka_brokers_check(const char *servers, const char *protocol, struct err *err)
{
	static const char apart[] = ", \t\r\n";
	size_t n = 0;

	for (const char *at = servers + strspn(servers, apart); *at; n++) {
		size_t len = strcspn(at, apart);

		if (check(at, len, protocol, err))
			return -1;
		at += len;
		at += strspn(at, " \t\r\n");
		if (*at && *at != ',')
			return refuse(servers, strlen(servers), "", err);
		at += strspn(at, apart);
	}
	return n > 0 ? 0 : refuse(servers, strlen(servers), "", err);
}
