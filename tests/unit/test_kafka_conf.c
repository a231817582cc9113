/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_brokers.h"

static const struct kafka_property no_role[] = {{NULL, NULL}};
static const char *const fixed[] = {"acks", "auto.offset.reset", NULL};

static struct err err;

/* ---- stderr into memory ---- */

static int stderr_fd, old_stderr;
static char said[1 << 16];

static void capture_begin(void)
{
	old_stderr = dup(STDERR_FILENO);
	stderr_fd = memfd_create("stderr", 0);
	dup2(stderr_fd, STDERR_FILENO);
}

static const char *captured(void)
{
	ssize_t n = pread(stderr_fd, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = 0;
	return said;
}

static const char *capture_end(void)
{
	captured();
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(stderr_fd);
	return said;
}

/* ---- configurations ---- */

static rd_kafka_conf_t *conf_with(const char *brokers, const struct kafka_property *role,
				  const char *property)
{
	const char *properties[] = {property};
	struct setting_list user = {properties, property ? 1 : 0};

	err_clear(&err);
	return kafka_conf_new(brokers, role, fixed, &user, &err);
}

static void assert_value(const rd_kafka_conf_t *conf, const char *name, const char *expected)
{
	char value[256];
	size_t n = sizeof(value);

	assert_int_equal(rd_kafka_conf_get(conf, name, value, &n), RD_KAFKA_CONF_OK);
	assert_string_equal(value, expected);
}

static void test_manners_role_and_user(void **state)
{
	static const struct kafka_property role[] = {{"linger.ms", "50"},
						     {"compression.type", "lz4"},
						     {"reconnect.backoff.ms", "200"},
						     {"acks", "all"},
						     {NULL, NULL}};
	static const char *properties[] = {"linger.ms=70", "client.id=a=b",
					   "socket.nagle.disable=false"};
	struct setting_list user = {properties, 3};
	rd_kafka_conf_t *conf = kafka_conf_new("a:1,b:2", role, fixed, &user, &err);

	(void)state;
	assert_non_null(conf);
	assert_value(conf, "bootstrap.servers", "a:1,b:2");
	assert_value(conf, "socket.keepalive.enable", "true");
	assert_value(conf, "reconnect.backoff.max.ms", "2000");
	assert_value(conf, "topic.metadata.refresh.interval.ms", "5000");
	assert_value(conf, "partitioner", "murmur2_random");
	assert_value(conf, "reconnect.backoff.ms", "200"); /* the role beats our conventions */
	assert_value(conf, "compression.type", "lz4");
	assert_value(conf, "acks", "-1");
	assert_value(conf, "linger.ms", "70"); /* the user beats both */
	assert_value(conf, "socket.nagle.disable", "false");
	assert_value(conf, "client.id", "a=b");
	rd_kafka_conf_destroy(conf);
	conf = kafka_conf_new("a:1", no_role, NULL, NULL, &err);
	assert_non_null(conf);
	assert_value(conf, "socket.nagle.disable", "true");
	rd_kafka_conf_destroy(conf);
}

static void test_heartbeat(void **state)
{
	static const struct {
		const char *session, *user, *heartbeat;
	} cases[] = {{"45000", NULL, "3000"},
		     {"9000", NULL, "3000"},
		     {"8999", NULL, "2999"},
		     {"1000", NULL, "333"},
		     {"1000", "heartbeat.interval.ms=100", "100"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kafka_property role[] = {{"session.timeout.ms", cases[i].session},
						{NULL, NULL}};
		rd_kafka_conf_t *conf = conf_with("a:1", role, cases[i].user);

		assert_non_null(conf);
		assert_value(conf, "heartbeat.interval.ms", cases[i].heartbeat);
		rd_kafka_conf_destroy(conf);
	}
}

static void test_refused(void **state)
{
	static const char *const cases[][3] = {
		/* property, what the sentence has, what it must not have */
		{"acks", "\"acks\" must be written as name=value", ""},
		{"=1", "\"=1\" must be written as name=value", ""},
		{"", "\"\" must be written as name=value", ""},
		{"elephant=pink", "has no property \"elephant\"", "pink"},
		{" linger.ms=1", "has no property \" linger.ms\"", ""},
		{"linger.ms=soon", "refuses the value of the property linger.ms: Invalid value",
		 ""},
		{"linger.ms=-1", "refuses the value of the property linger.ms: ", ""},
		{"sasl.oauthbearer.method=s3cret",
		 "refuses the value of the property sasl.oauthbearer.method", "s3cret"},
		{"log_cb=x", "refuses the value of the property log_cb", ""},
		{"plugin.library.paths=/tmp/x.so", "plugin.library.paths is refused", "x.so"},
		{"acks=all", "property acks cannot be set: that no candle is lost depends on it",
		 ""},
		{"request.required.acks=1",
		 "property request.required.acks cannot be set, since it changes acks", ""},
		{"topic.acks=1", "property topic.acks cannot be set, since it changes acks", ""},
		{"auto.offset.reset=earliest", "property auto.offset.reset cannot be set", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(conf_with("a:1", no_role, cases[i][0]));
		assert_int_equal(err.class, ERR_FATAL);
		if (!strstr(err.text, cases[i][1]))
			fail_msg("\"%s\" is not in: %s", cases[i][1], err.text);
		if (*cases[i][2])
			assert_null(strstr(err.text, cases[i][2]));
		assert_null(strchr(err.text, '\n'));
	}
}

static void test_brokers(void **state)
{
	rd_kafka_conf_t *conf;

	(void)state;
	assert_null(conf_with("", no_role, NULL));
	assert_string_equal(err.text, "no Kafka broker is named: give one as host:port");
	assert_null(conf_with(NULL, no_role, NULL));
	assert_null(conf_with("a:1", no_role, "bootstrap.servers="));
	conf = conf_with(NULL, no_role, "metadata.broker.list=c:3");
	assert_non_null(conf);
	assert_value(conf, "bootstrap.servers", "c:3");
	rd_kafka_conf_destroy(conf);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *servers, *refused; /* NULL: it is taken */
	} cases[] = {
		{"localhost", NULL},
		{"a.example.com:9092,b_1:9093 ,, 10.0.0.1:65535", NULL},
		{"[::1]:9092,[fe80::1%eth0]", NULL},
		{"SASL_SSL://a:9092", NULL},
		{"localhost:99999", "'localhost:99999' is not the address"},
		{"a:9092,localhost:0", "'localhost:0' is not"},
		{"localhost:abc", "'localhost:abc' is not"},
		{"localhost:", "'localhost:' is not"},
		{":9092", "':9092' is not"},
		{"::1:9092", "'::1:9092' is not"},
		{"[::1", "'[::1' is not"},
		{"http://a:9092",
		 "'http://a:9092' is not the address of a Kafka broker, for its protocol"},
		{"plaintext://a:9092", "protocol"},
		{"a:9092;b:9092", "'a:9092;b:9092' is not"},
		{"a b:9092", "'a b:9092' is not"},
		{" , ", "' , ' is not"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int rc = kafka_brokers_check(cases[i].servers, "sasl_ssl", &err);

		if (rc != (cases[i].refused ? -1 : 0) ||
		    (rc && !strstr(err.text, cases[i].refused)))
			fail_msg("%s: %d %s", cases[i].servers, rc, err.text);
	}
}

static void test_unsafe_is_said(void **state)
{
	static const struct {
		const char *property;
		int said;
	} cases[] = {{"enable.ssl.certificate.verification=false", 1},
		     {"enable.ssl.certificate.verification=0", 1},
		     {"enable.ssl.certificate.verification=true", 0},
		     {"linger.ms=1", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rd_kafka_conf_t *conf;

		capture_begin();
		conf = conf_with("a:1", no_role, cases[i].property);
		capture_end();
		assert_non_null(conf);
		rd_kafka_conf_destroy(conf);
		assert_int_equal(
			strstr(said,
			       "level=warn program=test msg=\"enable.ssl.certificate.verification=false") !=
				NULL,
			cases[i].said);
	}
}

/* ---- errors and logs ---- */

static void test_classes(void **state)
{
	static const rd_kafka_resp_err_t fatal[] = {RD_KAFKA_RESP_ERR__FATAL,
						    RD_KAFKA_RESP_ERR__AUTHENTICATION,
						    RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
						    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
						    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
						    RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
						    RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
						    RD_KAFKA_RESP_ERR__INVALID_ARG,
						    RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
						    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
						    RD_KAFKA_RESP_ERR_INVALID_CONFIG,
						    RD_KAFKA_RESP_ERR_POLICY_VIOLATION};
	/* "happens and passes": among them all that a commit can meet in a rebalance */
	static const rd_kafka_resp_err_t retry[] = {RD_KAFKA_RESP_ERR__TRANSPORT,
						    RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
						    RD_KAFKA_RESP_ERR__RESOLVE,
						    RD_KAFKA_RESP_ERR__TIMED_OUT,
						    RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
						    RD_KAFKA_RESP_ERR__QUEUE_FULL,
						    RD_KAFKA_RESP_ERR__WAIT_COORD,
						    RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
						    RD_KAFKA_RESP_ERR__NO_OFFSET,
						    RD_KAFKA_RESP_ERR__SSL,
						    RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
						    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
						    RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
						    RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
						    RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
						    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
						    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
						    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
						    RD_KAFKA_RESP_ERR_UNKNOWN,
						    (rd_kafka_resp_err_t)9999};

	(void)state;
	assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR_NO_ERROR), ERR_NONE);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		assert_int_equal(kafka_error_class(fatal[i]), ERR_FATAL);
	for (size_t i = 0; i < sizeof(retry) / sizeof(*retry); i++)
		assert_int_equal(kafka_error_class(retry[i]), ERR_RETRY);
}

static int count(const char *text, const char *word)
{
	int n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

static void test_repeated_errors_are_throttled(void **state)
{
	(void)state;
	capture_begin();
	kafka_log_error(NULL, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "denied");
	for (int i = 0; i < 5; i++) {
		kafka_log_error(NULL, RD_KAFKA_RESP_ERR__TRANSPORT, "refused\nlevel=error");
		kafka_log_error(NULL, RD_KAFKA_RESP_ERR__AUTHENTICATION, "wrong password");
	}
	capture_end();
	assert_int_equal(count(said, "\n"), 3);
	assert_int_equal(
		count(said,
		      "level=error program=test msg=\"Kafka does not let this user use the consumer group: READ on it is "
		      "missing\" client=\"\" code=GROUP_AUTHORIZATION_FAILED error=denied\n"),
		1);
	assert_int_equal(
		count(said,
		      "level=warn program=test msg=\"a Kafka broker cannot be reached; trying again\" client=\"\" "
		      "code=_TRANSPORT error=\"refused\\nlevel=error\"\n"),
		1);
	assert_int_equal(
		count(said,
		      "level=error program=test msg=\"Kafka does not let this user in: name, password or mechanism\" client=\"\" "
		      "code=_AUTHENTICATION error=\"wrong password\"\n"),
		1);
}

/* A port of which nobody else has the number, and at which nobody listens. */
static int refusing_port(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void test_client_logs_through_ours(void **state)
{
	int port, fd = refusing_port(&port);
	char brokers[64], text[256];
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	int64_t until_ms = clock_boot_ms() + 60000;

	(void)state;
	snprintf(brokers, sizeof(brokers), "127.0.0.1:%d", port);
	capture_begin();
	/* a consumer: it has no use for a partitioner, nor for linger.ms, which is the user's own
	 * mistake */
	conf = conf_with(brokers, no_role, "linger.ms=7");
	rk = conf ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text)) : NULL;
	while (rk && clock_boot_ms() < until_ms && !strstr(captured(), "brokers are down"))
		rd_kafka_poll(rk, 20);
	if (rk)
		rd_kafka_destroy(rk);
	capture_end();
	close(fd);
	assert_non_null(rk);
	assert_int_equal(
		count(said, "level=warn program=test msg=\"librdkafka\" client=rdkafka#consumer-"),
		count(said, "\n"));
	assert_int_equal(count(said, "facility=ERROR text=\"1/1 brokers are down\""), 1);
	assert_int_equal(count(said, "linger.ms"), 0); /* known by another name: */
	assert_int_equal(
		count(said,
		      "facility=CONFWARN text=\"Configuration property queue.buffering.max.ms is a producer"),
		1);
	assert_int_equal(count(said, "partitioner"), 0);
	assert_int_equal(count(said, "thrd:"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manners_role_and_user),
		cmocka_unit_test(test_heartbeat),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_brokers),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_unsafe_is_said),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_repeated_errors_are_throttled),
		cmocka_unit_test(test_client_logs_through_ours),
	};

	log_open("test", LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
