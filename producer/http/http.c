/* SPDX-License-Identifier: MIT */
#include "producer/http/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "producer/http/transfer.h"

enum { CONNECT_MS = 5000, TOTAL_MS = 15000, IDLE_S = 8, DNS_S = 10, FDS_MAX = 8 };

TAILQ_HEAD(transfers, transfer);

struct http {
	CURLM *multi;
	/* A transfer is in one of them: under way, to be taken, or at rest for the next request
	 * (its settings and its place in libcurl are kept): as many as were ever in flight
	 * together. */
	struct transfers running, finished, idle;
	int n_in_flight;
	char *base_url; /* without slashes at its end */
	struct curl_slist *headers;
	struct transfer_settings settings;
};

/* ---------------------------------------------------------------- the base URL */

static int is_loopback(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static int has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	int has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

#define EXAMPLE "https://api.example.com"

/* Decides what protocol may be spoken. */
static int base_url_check(struct http *http, const char *base_url, struct err *err)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL;
	int result = -1;
	size_t len;

	if (!url || curl_url_set(url, CURLUPART_URL, base_url, 0) ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0)) {
		err_set(err, ERR_FATAL, "The exchange's URL does not parse; it should be like %s.",
			EXAMPLE);
	} else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
		   has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
		err_set(err, ERR_FATAL,
			"The exchange's URL has a user, a query or a fragment; it should be like %s.",
			EXAMPLE);
	} else if (strcmp(scheme, "https") != 0 &&
		   !(strcmp(scheme, "http") == 0 && is_loopback(host))) {
		err_set(err, ERR_FATAL,
			"The exchange's URL begins with \"%.16s://\"; it must be https, or http on loopback.",
			scheme);
	} else {
		http->settings.protocols = strcmp(scheme, "https") == 0 ? "https" : "http";
		http->base_url = xstrdup(base_url);
		for (len = strlen(base_url); len > 0 && base_url[len - 1] == '/'; len--)
			http->base_url[len - 1] = 0;
		result = 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return result;
}

/* libcurl finds out when it connects, and then each time. */
static int ca_file_check(const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	while (file && !found && getline(&line, &size, file) > 0)
		found = strncmp(line, "-----BEGIN ", 11) == 0 &&
			strstr(line, "CERTIFICATE-----") != NULL;
	if (!file || ferror(file))
		err_set(err, ERR_FATAL,
			"--ca-file: '%s' cannot be read (%s); it names a file of certificates in PEM form.",
			path, strerror(errno));
	else if (!found)
		err_set(err, ERR_FATAL,
			"--ca-file: '%s' has no certificate; it names a file of certificates in PEM form.",
			path);
	if (file)
		fclose(file);
	free(line);
	return found ? 0 : -1;
}

/* libcurl names a proxy that it does not understand in its error text, with the password in it:
 * refused here. */
static int proxy_check(const char *proxy, struct err *err)
{
	static const char *const schemes[] = {"http",    "https",  "socks4",
					      "socks4a", "socks5", "socks5h"};
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL;
	int fits = 0;

	if (url &&
	    !curl_url_set(url, CURLUPART_URL, proxy,
			  CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
	    !curl_url_get(url, CURLUPART_HOST, &host, 0)) {
		fits = !strstr(proxy, "://"); /* then libcurl takes it for http, whatever it
						  guesses of other URLs */
		for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
			fits = fits || strcmp(scheme, schemes[i]) == 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	if (!fits)
		return err_set(
			err, ERR_FATAL,
			"The proxy's URL does not parse, or its scheme is not http, https or socks; it "
			"should be like http://proxy.example:3128.");
	return 0;
}

/* ---------------------------------------------------------------- the whole */

static int multi_init(struct http *http, struct err *err)
{
	static const CURLMoption limits[] = {CURLMOPT_MAX_HOST_CONNECTIONS,
					     CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLMOPT_MAXCONNECTS};
	CURLMcode code = CURLM_OUT_OF_MEMORY;

	http->multi = curl_multi_init();
	if (http->multi)
		code = curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	for (size_t i = 0; i < sizeof limits / sizeof *limits && code == CURLM_OK; i++)
		code = curl_multi_setopt(http->multi, limits[i], (long)HTTP_CONNECTIONS);
	if (code != CURLM_OK)
		return err_set(err, ERR_FATAL, "libcurl cannot be set up: \"%s\".",
			       curl_multi_strerror(code));
	http->headers = curl_slist_append(NULL, "Accept: application/json");
	if (!http->headers)
		return err_set(err, ERR_FATAL, "libcurl cannot be set up: out of memory.");
	return 0;
}

static int positive_or(int value, int otherwise)
{
	return value > 0 ? value : otherwise;
}

struct http *http_new(const struct http_config *config, struct err *err)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(err, ERR_FATAL, "libcurl cannot be set up.");
		return NULL;
	}
	http = xcalloc(1, sizeof(*http));
	TAILQ_INIT(&http->running);
	TAILQ_INIT(&http->finished);
	TAILQ_INIT(&http->idle);
	http->settings = (struct transfer_settings){
		.user_agent = config->user_agent,
		.proxy = config->proxy ? config->proxy : "",
		.ca_file = config->ca_file ? config->ca_file : "",
		.connect_ms = positive_or(config->connect_ms, CONNECT_MS),
		.total_ms = positive_or(config->total_ms, TOTAL_MS),
		.idle_s = positive_or(config->idle_s, IDLE_S),
		.dns_s = positive_or(config->dns_s, DNS_S),
	};
	if (base_url_check(http, config->base_url, err) < 0 ||
	    (*http->settings.proxy && proxy_check(http->settings.proxy, err) < 0) ||
	    (*http->settings.ca_file && ca_file_check(http->settings.ca_file, err) < 0) ||
	    multi_init(http, err) < 0) {
		http_free(http);
		return NULL;
	}
	http->settings.headers = http->headers;
	return http;
}

static void transfers_free(struct transfers *list)
{
	struct transfer *t;

	while ((t = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, t, link);
		transfer_free(t);
	}
}

void http_free(struct http *http)
{
	if (!http)
		return;
	http_cancel_all(http);
	transfers_free(&http->idle);
	curl_multi_cleanup(http->multi);
	curl_slist_free_all(http->headers);
	free(http->base_url);
	free(http);
	curl_global_cleanup();
}

int http_get(struct http *http, const char *url, void *tag, struct err *err)
{
	struct transfer *t = TAILQ_FIRST(&http->idle);
	size_t base_len = strlen(http->base_url);
	CURLMcode code = CURLM_OUT_OF_MEMORY;

	if (strncmp(url, http->base_url, base_len) != 0 || url[base_len] != '/')
		return err_set(err, ERR_FATAL,
			       "A request was to go to another place than the exchange's URL.");
	if (t)
		TAILQ_REMOVE(&http->idle, t, link);
	else
		t = transfer_new(&http->settings, err);
	if (!t)
		return -1;
	if (transfer_begin(t, url, tag) == CURLE_OK)
		code = curl_multi_add_handle(http->multi, t->easy);
	if (code != CURLM_OK) {
		err_set(err, ERR_FATAL, "A request cannot be started: libcurl says \"%s\".",
			curl_multi_strerror(code));
		transfer_free(t);
		return -1;
	}
	TAILQ_INSERT_TAIL(&http->running, t, link);
	http->n_in_flight++;
	return 0;
}

/* Moves everything on, and what has finished to its list. */
static CURLMcode perform(struct http *http)
{
	CURLMcode code;
	int running, left;
	CURLMsg *msg;

	code = curl_multi_perform(http->multi, &running);
	while ((msg = curl_multi_info_read(http->multi, &left))) {
		struct transfer *t = NULL;
		char *private = NULL;
		CURLcode result;
		long status = 0;

		if (msg->msg != CURLMSG_DONE)
			continue;
		result = msg->data.result;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
		curl_easy_getinfo(msg->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		t = (struct transfer *)(void *)private;
		t->result = result;
		t->status = (int)status;
		t->finished_boot_ms = clock_boot_ms();
		curl_multi_remove_handle(http->multi, t->easy); /* msg is gone with it */
		TAILQ_REMOVE(&http->running, t, link);
		TAILQ_INSERT_TAIL(&http->finished, t, link);
	}
	return code;
}

int http_wait(struct http *http, const int *fds, int nfds, int timeout_ms, struct err *err)
{
	struct curl_waitfd extra[FDS_MAX];
	CURLMcode code;

	if (nfds > FDS_MAX)
		return err_set(err, ERR_FATAL,
			       "%d descriptors were to be waited for; %d are possible.", nfds,
			       FDS_MAX);
	for (int i = 0; i < nfds; i++)
		extra[i] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
	code = perform(http);
	if (code == CURLM_OK && TAILQ_EMPTY(&http->finished) && timeout_ms > 0) {
		code = curl_multi_poll(http->multi, extra, (unsigned)nfds, timeout_ms, NULL);
		if (code == CURLM_OK)
			code = perform(http);
	}
	if (code != CURLM_OK)
		return err_set(err, ERR_FATAL,
			       "Waiting for the exchange failed: libcurl says \"%s\".",
			       curl_multi_strerror(code));
	return 0;
}

/* ---------------------------------------------------------------- answers */

int http_take(struct http *http, struct http_answer *out)
{
	struct transfer *t = TAILQ_FIRST(&http->finished);

	if (!t)
		return 0;
	TAILQ_REMOVE(&http->finished, t, link);
	http->n_in_flight--;
	*out = (struct http_answer){.tag = t->tag,
				    .status = t->status,
				    .is_dead_connection = transfer_met_dead_connection(t)};
	if (t->result != CURLE_OK || t->status < 200)
		transfer_describe(t, &out->err);
	out->head = t->head;
	out->body = t->body;
	buf_init(&t->head, HTTP_HEAD_MAX_BYTES);
	buf_init(&t->body, HTTP_BODY_MAX_BYTES);
	out->received_boot_ms = t->head_boot_ms;
	if (t->result != CURLE_OK || t->status < 200) {
		out->status = 0;
		out->received_boot_ms = t->finished_boot_ms;
	}
	TAILQ_INSERT_TAIL(&http->idle, t, link);
	return 1;
}

void http_answer_release(struct http_answer *answer)
{
	buf_release(&answer->head);
	buf_release(&answer->body);
}

int http_in_flight(const struct http *http)
{
	return http->n_in_flight;
}

void http_cancel_all(struct http *http)
{
	struct transfer *t;

	TAILQ_FOREACH (t, &http->running, link)
		curl_multi_remove_handle(http->multi, t->easy);
	transfers_free(&http->running);
	transfers_free(&http->finished);
	http->n_in_flight = 0;
}
