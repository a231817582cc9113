/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka_brokers.h"
#include "common/settings/settings_redact.h"
#include "common/text/utf8.h"

/* ---- logs ---- */

/* librdkafka says the same at each reconnect of each broker. A repeat is the same facility with the
 * same text, numbers aside; the oldest gives way to a new one. Its threads log at the same time. */
enum { REPEATS = 64, REPEAT_MS = 10000 };

static struct {
	uint64_t key;
	struct log_throttle throttle;
} repeats[REPEATS];
static pthread_mutex_t repeats_lock = PTHREAD_MUTEX_INITIALIZER;

/* FNV-1a, without digits. */
static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	}
	return h;
}

static int repeat_due(const char *facility, const char *text, int64_t *skipped)
{
	uint64_t key = hash(hash(UINT64_C(0xcbf29ce484222325), facility), text);
	size_t place = 0;
	int due;

	pthread_mutex_lock(&repeats_lock);
	for (size_t i = 0; i < REPEATS; i++) {
		if (repeats[i].throttle.last_ms && repeats[i].key == key) {
			place = i;
			break;
		}
		if (repeats[i].throttle.last_ms < repeats[place].throttle.last_ms)
			place = i;
	}
	if (repeats[place].key != key) {
		repeats[place].key = key;
		repeats[place].throttle = (struct log_throttle){0, 0};
	}
	due = log_due(&repeats[place].throttle, clock_boot_ms(), REPEAT_MS, skipped);
	pthread_mutex_unlock(&repeats_lock);
	return due;
}

/* Syslog's levels are librdkafka's. What it repairs by itself is no error of ours; what our own
 * conventions provoke (a consumer has no use for a partitioner) or the first idempotent producer of
 * a cluster (it waits for a coordinator) is nobody's business; a failed connection (FAIL) is told
 * once more, by error_cb or as ERROR. */
static enum log_level our_level(int level, const char *facility, const char *text)
{
	if (level >= 7 || strcmp(facility, "FAIL") == 0)
		return LOG_DEBUG;
	if (strcmp(facility, "CONFWARN") == 0 &&
	    strstr(text, "property partitioner is a producer property"))
		return LOG_DEBUG;
	if (strcmp(facility, "GETPID") == 0 && strstr(text, "oordinator load in progress"))
		return LOG_DEBUG;
	if (level >= 5)
		return LOG_INFO;
	return level == 4 || strcmp(facility, "ERROR") == 0 ? LOG_WARN : LOG_ERROR;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	enum log_level ours = our_level(level, facility, text);
	const char *after_thread = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
	int64_t skipped = 0;

	if (after_thread)
		text = after_thread + 3;
	if (ours > LOG_DEBUG && strcmp(facility, "CONFWARN") != 0 &&
	    !repeat_due(facility, text, &skipped))
		return;
	log_emit(ours, "librdkafka",
		 (const struct log_field[]){
			 L_STR("client", rk ? rd_kafka_name(rk) : ""),
			 L_STR("facility", facility),
			 L_STR("text", text),
			 {skipped ? LOG_INT : LOG_END, "suppressed", NULL, skipped},
			 {LOG_END, NULL, NULL, 0}});
}

/* A quota of the cluster's. What takes less than that needs nobody. */
enum { SLOW_MS = 1000 };

static void on_throttle(rd_kafka_t *rk, const char *broker, int32_t id, int ms, void *opaque)
{
	int64_t skipped;

	(void)id;
	(void)opaque;
	if (ms < SLOW_MS || !repeat_due("throttle_cb", rd_kafka_name(rk), &skipped))
		return;
	log_warn("Kafka slows this client down: it has used up a quota",
		 L_STR("client", rd_kafka_name(rk)), L_STR("broker", broker), L_INT("waits_ms", ms),
		 L_INT("suppressed", skipped));
}

static const char *text_of(int code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
		return "a Kafka broker cannot be reached; trying again";
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		return "Kafka does not let this user in: name, password or mechanism";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "Kafka does not let this user use the topic: a right on it is missing "
		       "(READ to read it, WRITE to publish)";
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return "Kafka does not let this user use the consumer group: READ on it is missing";
	/* What a publisher asks for first. */
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "Kafka does not let this user publish: WRITE on the topic is missing";
	default:
		return "an error of the Kafka client";
	}
}

void kafka_log_error(rd_kafka_t *rk, int code, const char *reason)
{
	const char *name = rd_kafka_err2name((rd_kafka_resp_err_t)code);
	enum err_class class = kafka_error_class((rd_kafka_resp_err_t)code);
	char fatal[512] = "";
	int64_t skipped;

	if (!repeat_due("error_cb", name, &skipped))
		return;
	if (code == RD_KAFKA_RESP_ERR__FATAL) {
		code = rd_kafka_fatal_error(rk, fatal, sizeof(fatal));
		name = rd_kafka_err2name((rd_kafka_resp_err_t)code);
		reason = fatal;
	}
	log_emit(class == ERR_FATAL ? LOG_ERROR : LOG_WARN, text_of(code),
		 (const struct log_field[]){
			 L_STR("client", rk ? rd_kafka_name(rk) : ""),
			 L_STR("code", name),
			 L_STR("error", reason),
			 {skipped ? LOG_INT : LOG_END, "suppressed", NULL, skipped},
			 {LOG_END, NULL, NULL, 0}});
}

void kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	(void)opaque;
	kafka_log_error(rk, code, reason);
}

/* ---- errors ---- */

enum err_class kafka_error_class(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return ERR_NONE;
	/* who we are, and what we may do */
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED:
	/* what was configured */
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
	case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
	case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
	/* a message that no retry makes acceptable: the topic's limits, or this machine's clock */
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	/* replaced, or broken for good */
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR__FENCED:
	case RD_KAFKA_RESP_ERR__FATAL:
		return ERR_FATAL;
	default:
		return ERR_RETRY;
	}
}

/* ---- configuration ---- */

static const struct kafka_property conventions[] = {
	{"socket.keepalive.enable", "true"},
	{"socket.nagle.disable", "true"}, /* librdkafka's own default since 2.10.0 */
	{"reconnect.backoff.ms", "100"},
	{"reconnect.backoff.max.ms",
	 "2000"}, /* 10 s by default: an assignment comes back that much later */
	{"topic.metadata.refresh.interval.ms", "5000"}, /* added partitions are seen so soon */
	{"partitioner",
	 "murmur2_random"}, /* Java's: the same symbol in the same partition for other tools */
	{"log_level", "6"},
	{NULL, NULL},
};

static int set_ours(rd_kafka_conf_t *conf, const struct kafka_property *p, struct err *err)
{
	char text[256];

	for (; p->name; p++) {
		if (rd_kafka_conf_set(conf, p->name, p->value, text, sizeof(text)) !=
		    RD_KAFKA_CONF_OK)
			return err_set(err, ERR_FATAL,
				       "librdkafka %s refuses %s=%s, which Gapless needs: %s",
				       rd_kafka_version_str(), p->name, p->value, text);
	}
	return 0;
}

static char *current_value(const rd_kafka_conf_t *conf, const char *name)
{
	size_t n = 0;
	char *value;

	if (rd_kafka_conf_get(conf, name, NULL, &n) != RD_KAFKA_CONF_OK)
		return xstrdup("");
	value = xcalloc(n + 1, 1);
	if (rd_kafka_conf_get(conf, name, value, &n) != RD_KAFKA_CONF_OK)
		value[0] = 0;
	return value;
}

static int refuse_fixed(struct err *err, const char *name, const char *fixed)
{
	char shown[PRINTABLE_BYTES];

	return err_set(
		err, ERR_FATAL,
		"the librdkafka property %s cannot be set%s%s: that no candle is lost depends on it; "
		"leave it out",
		printable(name, shown), strcmp(name, fixed) == 0 ? "" : ", since it changes ",
		strcmp(name, fixed) == 0 ? "" : fixed);
}

/* A property has aliases (acks, request.required.acks, topic.acks), so it is also looked whether a
 * fixed one has changed. */
static int set_guarded(rd_kafka_conf_t *conf, const char *name, const char *value,
		       const char *const *fixed, int secret, struct err *err)
{
	char text[256] = "", shown[PRINTABLE_BYTES], **before;
	rd_kafka_conf_res_t res;
	size_t n = 0;
	int rc = 0;

	while (fixed && fixed[n])
		n++;
	before = xcalloc(n + 1, sizeof(*before));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, fixed[i]) == 0)
			rc = refuse_fixed(err, name, fixed[i]);
		before[i] = current_value(conf, fixed[i]);
	}
	if (rc)
		goto out;
	res = rd_kafka_conf_set(conf, name, value, text, sizeof(text));
	text[strcspn(text, "\n")] = 0;
	if (res == RD_KAFKA_CONF_UNKNOWN) {
		rc = err_set(
			err, ERR_FATAL,
			"librdkafka %s has no property \"%s\": correct its name or leave it out",
			rd_kafka_version_str(), printable(name, shown));
	} else if (res != RD_KAFKA_CONF_OK) {
		rc = err_set(err, ERR_FATAL, "librdkafka refuses the value of the property %s%s%s",
			     printable(name, shown), secret ? "" : ": ", secret ? "" : text);
	}
	for (size_t i = 0; i < n && !rc; i++) {
		char *after = current_value(conf, fixed[i]);

		if (strcmp(before[i], after) != 0)
			rc = refuse_fixed(err, name, fixed[i]);
		free(after);
	}
out:
	for (size_t i = 0; i < n; i++)
		free(before[i]);
	free(before);
	return rc;
}

static int set_user(rd_kafka_conf_t *conf, const char *property, const char *const *fixed,
		    struct err *err)
{
	const char *equals = strchr(property, '=');
	char shown[PRINTABLE_BYTES], *redacted, *name;
	int rc;

	if (!equals || equals == property)
		return err_set(err, ERR_FATAL,
			       "the Kafka property \"%s\" must be written as name=value",
			       printable(property, shown));
	name = xstrdup(property);
	name[equals - property] = 0;
	redacted = settings_redact(property);
	if (strcmp(name, "plugin.library.paths") == 0)
		rc = err_set(
			err, ERR_FATAL,
			"the Kafka property plugin.library.paths is refused: Gapless loads no code into itself; "
			"leave it out");
	else
		rc = set_guarded(conf, name, equals + 1, fixed, strcmp(redacted, property) != 0,
				 err);
	free(redacted);
	free(name);
	return rc;
}

/* Things that are allowed and that somebody should know of. */
static void warn_unsafe(const rd_kafka_conf_t *conf)
{
	char *verify = current_value(conf, "enable.ssl.certificate.verification");

	if (strcmp(verify, "false") == 0)
		log_warn(
			"enable.ssl.certificate.verification=false: any process that sits between us and the broker "
			"can read and change everything");
	free(verify);
}

/* librdkafka's own 3 s between heartbeats are too long for a session as short: it would end between
 * two of them. */
static int set_heartbeat(rd_kafka_conf_t *conf, struct err *err)
{
	char *session = current_value(conf, "session.timeout.ms"), heartbeat[24];
	long long session_ms = strtoll(session, NULL, 10);
	struct kafka_property p[] = {{"heartbeat.interval.ms", heartbeat}, {NULL, NULL}};

	free(session);
	snprintf(heartbeat, sizeof(heartbeat), "%lld", session_ms / 3);
	return session_ms < 9000 ? set_ours(conf, p, err) : 0;
}

rd_kafka_conf_t *kafka_conf_new(const char *brokers, const struct kafka_property *role,
				const char *const *fixed, const struct setting_list *user,
				struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct kafka_property first[] = {{"bootstrap.servers", brokers}, {NULL, NULL}};
	char *servers = NULL, *protocol = NULL;
	int ok = 0;

	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_throttle_cb(conf, on_throttle);
	if (set_ours(conf, conventions, err) || (brokers && *brokers && set_ours(conf, first, err)))
		goto out;
	if ((role && set_ours(conf, role, err)) || set_heartbeat(conf, err))
		goto out;
	for (size_t i = 0; user && i < user->n; i++) {
		if (set_user(conf, user->v[i], fixed, err))
			goto out;
	}
	servers = current_value(conf, "bootstrap.servers");
	if (!*servers) {
		err_set(err, ERR_FATAL, "no Kafka broker is named: give one as host:port");
		goto out;
	}
	protocol = current_value(conf, "security.protocol");
	if (kafka_brokers_check(servers, protocol, err))
		goto out;
	warn_unsafe(conf);
	ok = 1;
out:
	free(servers);
	free(protocol);
	if (!ok) {
		rd_kafka_conf_destroy(conf);
		conf = NULL;
	}
	return conf;
}
