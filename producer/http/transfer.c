/* SPDX-License-Identifier: MIT */
#include "producer/http/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"

enum {
	IDLE_BYTES_PER_S = 100,
	CONNECTION_LIFE_S = 600 /* a new one then: addresses behind a name change */
};

/* ---------------------------------------------------------------- what libcurl hands us */

static size_t take_head(char *line, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	size_t len = size * n;

	/* Trailers come here too, after the body: they are not the head. */
	if (t->body_began)
		return len;
	/* Of several heads (100 Continue, 103 Early Hints) the last one counts; their lines are
	 * counted together. */
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		buf_clear(&t->head);
		t->head_boot_ms = clock_boot_ms();
	}
	if (++t->head_lines > HTTP_HEAD_MAX_LINES || buf_append(&t->head, line, len) < 0) {
		t->bound = BOUND_HEAD;
		return 0;
	}
	return len;
}

static size_t take_body(char *data, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	size_t len = size * n;

	t->body_began = 1;
	if (buf_append(&t->body, data, len) < 0) {
		t->bound = BOUND_BODY;
		return 0;
	}
	return len;
}

/* A kept-alive connection may be dead: libcurl then sends the request again by itself, beside every
 * budget. Not here: whether it is sent again is the caller's business. */
static int about_to_send(void *context, char *to, char *from, int to_port, int from_port)
{
	struct transfer *t = context;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	return t->sent++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---------------------------------------------------------------- handles */

/* What is set after a failure is left out. */
#define SET(option, value) code = code ? code : curl_easy_setopt(easy, CURLOPT_##option, value)

static CURLcode easy_set(CURL *easy, const struct transfer_settings *m, struct transfer *t)
{
	CURLcode code = CURLE_OK;

	/* whom to trust */
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(PROTOCOLS_STR, m->protocols);
	SET(FOLLOWLOCATION, 0L);
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(HTTP09_ALLOWED, 0L);
	/* An empty string, unlike NULL, keeps the environment's proxies out. */
	SET(PROXY, m->proxy);
	SET(NOPROXY, "");
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	if (*m->ca_file) {
		SET(CAINFO, m->ca_file);
		SET(CAPATH, NULL); /* the system's would be trusted beside it */
	}
	/* bounds */
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L); /* a name look-up that is given up is not waited for */
	SET(CONNECTTIMEOUT_MS, (long)m->connect_ms);
	SET(TIMEOUT_MS, (long)m->total_ms);
	SET(LOW_SPEED_LIMIT, (long)IDLE_BYTES_PER_S);
	SET(LOW_SPEED_TIME, (long)m->idle_s);
	SET(MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX_BYTES);
	SET(DNS_CACHE_TIMEOUT, (long)m->dns_s);
	SET(MAXLIFETIME_CONN, (long)CONNECTION_LIFE_S);
	SET(TCP_KEEPALIVE, 1L);
	/* what is sent, and where what comes goes */
	SET(PRIVATE, t);
	SET(PREREQFUNCTION, about_to_send);
	SET(PREREQDATA, t);
	SET(ERRORBUFFER, t->reason);
	SET(HEADERFUNCTION, take_head);
	SET(HEADERDATA, t);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, t);
	SET(HTTPGET, 1L);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(PIPEWAIT, 1L);
	SET(ACCEPT_ENCODING, "gzip");
	SET(USERAGENT, m->user_agent);
	SET(HTTPHEADER, m->headers);
	return code;
}

void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	buf_release(&t->head);
	buf_release(&t->body);
	free(t);
}

struct transfer *transfer_new(const struct transfer_settings *m, struct err *err)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	CURLcode code = CURLE_OUT_OF_MEMORY;

	buf_init(&t->head, HTTP_HEAD_MAX_BYTES);
	buf_init(&t->body, HTTP_BODY_MAX_BYTES);
	t->easy = curl_easy_init();
	if (t->easy)
		code = easy_set(t->easy, m, t);
	if (code != CURLE_OK) {
		err_set(err, ERR_FATAL, "A request cannot be prepared: libcurl says \"%s\".",
			curl_easy_strerror(code));
		transfer_free(t);
		return NULL;
	}
	return t;
}

CURLcode transfer_begin(struct transfer *t, const char *url, void *tag)
{
	t->tag = tag;
	t->head_lines = t->body_began = t->status = t->sent = 0;
	t->head_boot_ms = t->finished_boot_ms = 0;
	t->bound = BOUND_NONE;
	t->reason[0] = 0;
	return curl_easy_setopt(t->easy, CURLOPT_URL, url);
}

/* ---------------------------------------------------------------- what went wrong */

static int is_mistrust(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_CACERT_BADFILE;
}

int transfer_met_dead_connection(const struct transfer *t)
{
	long connects = 0;

	if (t->result == CURLE_ABORTED_BY_CALLBACK)
		return t->sent > 1;
	/* It repeats five times at most, and then gives up by itself. */
	if ((t->result != CURLE_RECV_ERROR && t->result != CURLE_SEND_ERROR &&
	     t->result != CURLE_GOT_NOTHING) ||
	    t->head.len > 0)
		return 0;
	return curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK &&
	       connects == 0;
}

void transfer_describe(const struct transfer *t, struct err *err)
{
	const char *reason = *t->reason ? t->reason : curl_easy_strerror(t->result);

	if (t->bound == BOUND_BODY || t->result == CURLE_FILESIZE_EXCEEDED)
		err_set(err, ERR_INPUT,
			"The exchange's answer is larger than %d bytes and was broken off.",
			HTTP_BODY_MAX_BYTES);
	else if (t->bound == BOUND_HEAD)
		err_set(err, ERR_INPUT,
			"The head of the exchange's answer has more than %d lines or %d bytes.",
			HTTP_HEAD_MAX_LINES, HTTP_HEAD_MAX_BYTES);
	else if (transfer_met_dead_connection(t))
		err_set(err, ERR_RETRY,
			"The exchange closed the connection before it answered; it had been used before.");
	else if (t->result == CURLE_BAD_CONTENT_ENCODING)
		err_set(err, ERR_INPUT, "The exchange's answer cannot be decompressed: \"%s\".",
			reason);
	else if (is_mistrust(t->result))
		err_set(err, ERR_FATAL, "The exchange's certificate is not to be trusted: \"%s\".",
			reason);
	else
		err_set(err, ERR_RETRY, "The exchange gave no complete answer: \"%s\".", reason);
}
