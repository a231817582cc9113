/* SPDX-License-Identifier: MIT */
/* gapless-transactions TOPIC PARTITION [OPEN_MS]: a stranger that publishes in transactions, as
 * Kafka Streams and mirrors do. Commands on stdin, one a line:
 *
 *   put KEY VALUE    in the transaction that is open, or a new one
 *   commit, abort    ends it
 *
 * OPEN_MS: how long the broker lets a transaction be open; 15 minutes, the longest that it allows.
 *
 * Each command is done when its answer, "ok", is on stdout. Reads GAPLESS_BROKERS. Exit code 1
 * and a line on stderr where something fails. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 60000, TEXT_BYTES = 512 };

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "gapless-transactions: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, rd_kafka_error_t *error)
{
	if (error)
		fail(what, rd_kafka_error_string(error));
}

static rd_kafka_t *producer_new(const char *name, const char *open_ms)
{
	char text[TEXT_BYTES];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", getenv("GAPLESS_BROKERS"), text,
			      sizeof text) != RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(conf, "transactional.id", name, text, sizeof text) !=
		    RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(conf, "transaction.timeout.ms", open_ms, text, sizeof text) !=
		    RD_KAFKA_CONF_OK)
		fail("settings", text);
	rd_kafka_conf_set_log_cb(conf, NULL);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (!rk)
		fail("client", text);
	check("init", rd_kafka_init_transactions(rk, ANSWER_MS));
	return rk;
}

static void put(rd_kafka_t *rk, const char *topic, int partition, char *key)
{
	char *value = strchr(key, ' ');
	rd_kafka_resp_err_t code;

	if (!value)
		fail("usage", "put KEY VALUE");
	*value++ = '\0';
	code = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
				 RD_KAFKA_V_KEY(key, strlen(key)),
				 RD_KAFKA_V_VALUE(value, strlen(value)),
				 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
	if (code)
		fail("put", rd_kafka_err2str(code));
	code = rd_kafka_flush(rk, ANSWER_MS);
	if (code)
		fail("flush", rd_kafka_err2str(code));
}

int main(int argc, char **argv)
{
	char name[TEXT_BYTES], *line = NULL;
	size_t size = 0;
	ssize_t len;
	int open = 0;
	rd_kafka_t *rk;

	if (argc < 3 || argc > 4 || !getenv("GAPLESS_BROKERS"))
		fail("usage",
		     "gapless-transactions TOPIC PARTITION [OPEN_MS], with GAPLESS_BROKERS");
	snprintf(name, sizeof name, "%s-%s-%ld", argv[1], argv[2], (long)getpid());
	rk = producer_new(name, argc > 3 ? argv[3] : "900000");
	while ((len = getline(&line, &size, stdin)) > 0) {
		line[len - 1] = '\0';
		if (strncmp(line, "put ", 4) == 0) {
			if (!open)
				check("begin", rd_kafka_begin_transaction(rk));
			open = 1;
			put(rk, argv[1], atoi(argv[2]), line + 4);
		} else {
			int commits = strcmp(line, "commit") == 0;

			check(line, commits ? rd_kafka_commit_transaction(rk, ANSWER_MS)
					    : rd_kafka_abort_transaction(rk, ANSWER_MS));
			open = 0;
		}
		puts("ok");
		fflush(stdout);
	}
	free(line);
	rd_kafka_destroy(rk);
	return 0;
}
