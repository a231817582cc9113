/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "common/settings/settings.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_redact.h"

/* Members of unlike sizes between canaries: a value that is written at a wrong place or width
 * destroys one. */
struct options {
	char canary_a;
	const char *brokers;
	char canary_b;
	int follow;
	int canary_c;
	int64_t batch_rows;
	char canary_d;
	int64_t since_ms;
	struct setting_list kafka;
	const char *token;
	const char *database;
	int64_t retention_ms;
	const char *topic;
	int64_t lookup_s;
	char canary_e;
};

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

/* clang-format off */
static const struct setting table[] = {
	{.name = "brokers", AT(brokers), .fallback = "127.0.0.1:19092", .value = "HOST:PORT,...",
	 .help = "Kafka brokers to begin with."},
	{.name = "follow", AT(follow), .short_flag = 'f',
	 .help = "Goes on after the end."},
	{.name = "batch-rows", AT(batch_rows), .min = 1, .max = 100000, .fallback = "5000",
	 .short_flag = 'n',
	 .help = "Rows of a batch."},
	{.name = "since", AT_TIME(since_ms),
	 .help = "Wanted from this time on, in UTC; what is wanted only ever widens, and a text "
		 "as long as this one has to be wrapped."},
	{.name = "kafka", AT(kafka), .short_flag = 'X', .value = "NAME=VALUE",
	 .help = "Any librdkafka property; may be repeated."},
	{.name = "token", AT(token), .fallback = "default-token", .secret = 1, .value = "TEXT",
	 .help = "A secret."},
	{.name = "database", AT(database), .value = "CONNINFO",
	 .help = "PostgreSQL."},
	{.name = "retention-ms", AT(retention_ms), .min = -1, .max = INT64_MAX, .fallback = "-1",
	 .value = "MS",
	 .help = "Retention."},
	{.name = "topic", AT(topic), .value = "NAME",
	 .help = "One topic."},
	{.name = "topics", AT(topic), .value = "LIST",
	 .help = "A name near another one."},
	{.name = "lookup-s", .renamed = "look-s", AT(lookup_s), .min = 1, .max = 9, .fallback = "5"},
	{.name = NULL},
};
/* clang-format on */

static const struct settings_spec spec = {
	.program = "gapless-test",
	.usage = "Usage: gapless-test [settings]\n",
	.examples = "Examples:\n  gapless-test\n",
	.table = table,
};

static struct options o;
static struct err err;

static enum settings_result load(char **environ_, char **argv)
{
	const struct settings_command *command;
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(&o, 0x5a, sizeof(o));
	return settings_load(&spec, &o, argc, argv, environ_, &command, &err);
}

#define ENV(...)  ((char *[]){"", ##__VA_ARGS__, NULL})
#define ARGS(...) ((char *[]){"gapless-test", ##__VA_ARGS__, NULL})

static void assert_canaries(void)
{
	assert_int_equal(o.canary_a, 0x5a);
	assert_int_equal(o.canary_b, 0x5a);
	assert_int_equal(o.canary_c, 0x5a5a5a5a);
	assert_int_equal(o.canary_d, 0x5a);
	assert_int_equal(o.canary_e, 0x5a);
}

static void assert_refused(char **environ_, char **argv, const char *sentence)
{
	assert_int_equal(load(environ_, argv), SETTINGS_BAD);
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.text, sentence);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(
		load(ENV("PATH=/bin", "GAPLESS_STACK=x", "GAPLESS_BATCH_ROWS=", "GAPLESSX=1"),
		     ARGS()),
		SETTINGS_RUN);
	assert_string_equal(o.brokers, "127.0.0.1:19092");
	assert_int_equal(o.follow, 0);
	assert_int_equal(o.batch_rows, 5000);
	assert_true(o.since_ms == INT64_MIN);
	assert_int_equal(o.kafka.n, 0);
	assert_null(o.database);
	assert_true(o.retention_ms == -1);
	assert_int_equal(err.class, ERR_NONE);
	assert_canaries();
	assert_int_equal(load(NULL, ARGS()), SETTINGS_RUN);
}

static void test_environment(void **state)
{
	(void)state;
	assert_int_equal(
		load(ENV("GAPLESS_BROKERS=a:1", "GAPLESS_FOLLOW=Yes", "GAPLESS_BATCH_ROWS=7",
			 "GAPLESS_SINCE=2020-02-20", "GAPLESS_KAFKA=acks=all;a=b\\;c;;d=e=f",
			 "GAPLESS_DATABASE=host=x"),
		     ARGS()),
		SETTINGS_RUN);
	assert_string_equal(o.brokers, "a:1");
	assert_int_equal(o.follow, 1);
	assert_int_equal(o.batch_rows, 7);
	assert_true(o.since_ms == INT64_C(1582156800000));
	assert_int_equal(o.kafka.n, 3);
	assert_string_equal(o.kafka.v[0], "acks=all");
	assert_string_equal(o.kafka.v[1], "a=b;c");
	assert_string_equal(o.kafka.v[2], "d=e=f");
	assert_string_equal(o.database, "host=x");
	assert_canaries();
}

static void test_flags_beat_the_environment(void **state)
{
	char **env = ENV("GAPLESS_BROKERS=env:1", "GAPLESS_BATCH_ROWS=7", "GAPLESS_KAFKA=a=1;b=2",
			 "GAPLESS_FOLLOW=1");

	(void)state;
	assert_int_equal(load(env, ARGS("--brokers=flag:1", "--batch-rows", "8", "-X", "c=3",
					"-Xd=4", "--kafka=e=5", "--kafka", "f=6", "--follow=off")),
			 SETTINGS_RUN);
	assert_string_equal(o.brokers, "flag:1");
	assert_int_equal(o.batch_rows, 8);
	assert_int_equal(o.follow, 0);
	assert_int_equal(o.kafka.n, 4);
	assert_string_equal(o.kafka.v[0], "c=3");
	assert_string_equal(o.kafka.v[1], "d=4");
	assert_string_equal(o.kafka.v[2], "e=5");
	assert_string_equal(o.kafka.v[3], "f=6");
	assert_canaries();

	/* the last one counts; an empty value is a value; an empty list replaces that of the
	 * environment */
	assert_int_equal(load(env, ARGS("--brokers=x", "--brokers=", "-X", "", "-n9")),
			 SETTINGS_RUN);
	assert_string_equal(o.brokers, "");
	assert_int_equal(o.kafka.n, 0);
	assert_int_equal(o.batch_rows, 9);
}

static void test_words(void **state)
{
	(void)state;
	/* a switch takes no value of its own */
	assert_int_equal(load(ENV(), ARGS("--follow", "replay", "--batch-rows=1")), SETTINGS_RUN);
	assert_int_equal(o.follow, 1);
	assert_int_equal(o.batch_rows, 1);
	assert_int_equal(load(ENV(), ARGS("--", "--brokers=x")), SETTINGS_RUN);
	assert_string_equal(o.brokers, "127.0.0.1:19092");
	assert_refused(ENV(), ARGS("replay", "--follow", "-", "x"),
		       "\"-\" is one word too many: see gapless-test --help");
	assert_refused(ENV(), ARGS("replay", "--", "-n"),
		       "\"-n\" is one word too many: see gapless-test --help");
}

static void test_numbers_are_strict(void **state)
{
	static const char *const bad[] = {"0",   "100001", "-1", "5000x",
					  " 5",  "5 ",     "+5", "0x10",
					  "1e3", "5.0",    "-",  "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char variable[64], sentence[128];

		snprintf(variable, sizeof(variable), "GAPLESS_BATCH_ROWS=%s", bad[i]);
		snprintf(sentence, sizeof(sentence),
			 "GAPLESS_BATCH_ROWS must be a whole number from 1 to 100000, not \"%s\"",
			 bad[i]);
		assert_refused(ENV(variable), ARGS(), sentence);
	}
	assert_refused(ENV(), ARGS("--batch-rows="),
		       "--batch-rows must be a whole number from 1 to 100000, not \"\"");
	assert_refused(ENV(), ARGS("--retention-ms=-2"),
		       "--retention-ms must be a whole number of -1 or more, not \"-2\"");
	assert_int_equal(load(ENV(), ARGS("--retention-ms", "-1", "-n", "100000")), SETTINGS_RUN);
	assert_int_equal(o.batch_rows, 100000);
	assert_int_equal(load(ENV(), ARGS("--retention-ms=9223372036854775807")), SETTINGS_RUN);
	assert_true(o.retention_ms == INT64_MAX);
}

static void test_other_bad_values(void **state)
{
	(void)state;
	assert_refused(ENV(), ARGS("--follow=maybe"),
		       "--follow must be true or false (or yes, no, on, off, 1, 0), not \"maybe\"");
	assert_refused(
		ENV("GAPLESS_SINCE=2020-13-01"), ARGS(),
		"GAPLESS_SINCE must be a time like 2024-01-31, 2024-01-31T09:00:00 or 2024-01-31T18:00+09:00 (UTC where no "
		"zone is given), not \"2020-13-01\"");
	assert_int_equal(load(ENV("GAPLESS_SINCE=2020-02-20"), ARGS("--since=")), SETTINGS_RUN);
	assert_true(o.since_ms == INT64_MIN);
}

static void test_unknown_names(void **state)
{
	(void)state;
	assert_refused(
		ENV("GAPLESS_BATCH_ROW=1"), ARGS(),
		"GAPLESS_BATCH_ROW in the environment is not a setting of gapless-test: was GAPLESS_BATCH_ROWS meant?");
	assert_refused(
		ENV("GAPLESS_BROKRES=1"), ARGS(),
		"GAPLESS_BROKRES in the environment is not a setting of gapless-test: was GAPLESS_BROKERS meant?");
	assert_refused(
		ENV("GAPLESS_ELEPHANT=secret"), ARGS(),
		"GAPLESS_ELEPHANT in the environment is not a setting of gapless-test: unset it, or see gapless-test --help");
	assert_refused(ENV(), ARGS("--broker=x"),
		       "--broker is not a flag of gapless-test: was --brokers meant?");
	assert_refused(ENV(), ARGS("--topicss=x"),
		       "--topicss is not a flag of gapless-test: was --topics meant?");
	assert_refused(ENV(), ARGS("--elephant=secret"),
		       "--elephant is not a flag of gapless-test: see gapless-test --help");
	assert_refused(ENV(), ARGS("-qsecret"),
		       "-q is not a flag of gapless-test: see gapless-test --help");
}

static void test_missing_values(void **state)
{
	(void)state;
	assert_refused(ENV(), ARGS("--brokers"),
		       "--brokers needs a value: --brokers=HOST:PORT,...");
	assert_refused(ENV(), ARGS("--brokers", "--follow"),
		       "--brokers needs a value: --brokers=HOST:PORT,...");
	assert_refused(ENV(), ARGS("-n", "-f"), "--batch-rows needs a value: --batch-rows=N");
	assert_int_equal(load(ENV(), ARGS("--brokers=--follow")), SETTINGS_RUN);
	assert_string_equal(o.brokers, "--follow");
}

static void test_names_of_any_length(void **state)
{
	static char variable[5000], flag[5000], many[4001];

	(void)state;
	memset(many, 'A', 4000);
	snprintf(variable, sizeof(variable), "GAPLESS_%s=1", many);
	snprintf(flag, sizeof(flag), "--%s", many);
	assert_int_equal(load(ENV(variable), ARGS()), SETTINGS_BAD);
	assert_int_equal(load(ENV(), ARGS(flag)), SETTINGS_BAD);
	snprintf(flag, sizeof(flag), "--batch-rows=%s", many);
	assert_int_equal(load(ENV(), ARGS(flag)), SETTINGS_BAD);
	assert_true(strlen(err.text) < 200);
}

/* ---- what is printed ---- */

static char printed[1 << 16];

static int count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

static const char *file_text(int fd)
{
	ssize_t n = pread(fd, printed, sizeof(printed) - 1, 0);

	printed[n > 0 ? n : 0] = 0;
	return printed;
}

static const char *stdout_of(char **argv, enum settings_result expected)
{
	int fd = memfd_create("stdout", 0), old;

	fflush(stdout);
	old = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	/* what is wrong elsewhere does not matter */
	assert_int_equal(load(ENV("GAPLESS_ELEPHANT=1"), argv), expected);
	fflush(stdout);
	dup2(old, STDOUT_FILENO);
	close(old);
	file_text(fd);
	close(fd);
	return printed;
}

/* An old name works as the new one does, and is said once; nobody is told of it who does not use
 * it. */
static void test_renamed(void **state)
{
	static const struct {
		const char *variables[2], *flags[2];
		int64_t value;
		const char *said;
	} cases[] = {
		{{"GAPLESS_LOOK_S=7"}, {NULL}, 7, "old=GAPLESS_LOOK_S new=GAPLESS_LOOKUP_S\n"},
		{{"GAPLESS_LOOKUP_S=7"}, {NULL}, 7, NULL},
		{{"GAPLESS_LOOK_S=7", "GAPLESS_LOOKUP_S=8"}, {NULL}, 8, "old=GAPLESS_LOOK_S "},
		{{"GAPLESS_LOOKUP_S=8", "GAPLESS_LOOK_S=7"}, {NULL}, 8, "old=GAPLESS_LOOK_S "},
		{{NULL}, {"--look-s=6"}, 6, "old=look-s new=lookup-s\n"},
		{{NULL}, {"--look-s", "6"}, 6, "old=look-s new=lookup-s\n"},
		{{"GAPLESS_LOOKUP_S=8"}, {"--look-s=6"}, 6, "old=look-s new=lookup-s\n"},
		{{NULL}, {"--lookup-s=6"}, 6, NULL},
	};

	(void)state;
	log_open("test", LOG_INFO);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = memfd_create("stderr", 0), old = dup(STDERR_FILENO);
		enum settings_result result;

		dup2(fd, STDERR_FILENO);
		result = load(ENV((char *)cases[i].variables[0], (char *)cases[i].variables[1]),
			      ARGS((char *)cases[i].flags[0], (char *)cases[i].flags[1]));
		dup2(old, STDERR_FILENO);
		close(old);
		file_text(fd);
		close(fd);
		assert_int_equal(result, SETTINGS_RUN);
		assert_int_equal(o.lookup_s, cases[i].value);
		assert_int_equal(count(printed, "level=warn"), cases[i].said ? 1 : 0);
		assert_int_equal(count(printed, "a setting was renamed; the old name still works"),
				 cases[i].said ? 1 : 0);
		assert_true(!cases[i].said || strstr(printed, cases[i].said));
	}
	assert_refused(ENV("GAPLESS_LOOK_S=x"), ARGS(),
		       "GAPLESS_LOOK_S must be a whole number from 1 to 9, not \"x\"");
	assert_null(strstr(stdout_of(ARGS("--help"), SETTINGS_EXIT_OK), "look-s"));
	assert_null(strstr(stdout_of(ARGS("--example"), SETTINGS_EXIT_OK), "LOOK_S"));
}

static void assert_columns(size_t most)
{
	for (const char *line = printed; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= most);
}

static void test_help(void **state)
{
	const char *text = stdout_of(ARGS("replay", "--help"), SETTINGS_EXIT_OK);

	(void)state;
	assert_columns(80);
	assert_non_null(strstr(text, "Usage: gapless-test [settings]\n"));
	assert_non_null(strstr(text, "Examples:\n  gapless-test\n"));
	assert_non_null(strstr(
		text,
		"\n      --brokers=HOST:PORT,...  Kafka brokers to begin with.\n"
		"                               [GAPLESS_BROKERS, default 127.0.0.1:19092]\n"));
	assert_non_null(strstr(
		text,
		"\n  -f, --follow                 Goes on after the end.\n"
		"                               [GAPLESS_FOLLOW, true or false, default false]\n"));
	assert_non_null(strstr(text, "[GAPLESS_BATCH_ROWS, 1 to 100000, default 5000]\n"));
	assert_non_null(strstr(text, "[GAPLESS_RETENTION_MS, -1 or more, default -1]\n"));
	assert_non_null(strstr(
		text,
		"\n  -X, --kafka=NAME=VALUE       Any librdkafka property; may be repeated.\n"));
	assert_non_null(strstr(text, "[GAPLESS_TOKEN, secret, default ***]\n"));
	assert_null(strstr(text, "default-token"));
	for (const char *const *own =
		     (const char *const[]){"--help", "--version", "--example", NULL};
	     *own; own++)
		assert_non_null(strstr(text, *own));
	assert_non_null(strstr(stdout_of(ARGS("-h"), SETTINGS_EXIT_OK), "Usage:"));
	assert_string_equal(stdout_of(ARGS("--", "--help"), SETTINGS_BAD), "");
}

static void test_version(void **state)
{
	char expected[128];

	(void)state;
	snprintf(expected, sizeof(expected), "gapless-test %s\n", gapless_version);
	assert_string_equal(stdout_of(ARGS("--version"), SETTINGS_EXIT_OK), expected);
	assert_in_range(gapless_version[0], '0', '9');
}

/* The example is accepted as it is, also with every line in force. */
static void test_example(void **state)
{
	const char *text = stdout_of(ARGS("--example"), SETTINGS_EXIT_OK);
	char *env[32] = {NULL};
	size_t n = 0;

	(void)state;
	assert_columns(80);
	assert_null(strstr(text, "default-token"));
	assert_non_null(strstr(
		text,
		"\n# Rows of a batch.\n# --batch-rows: 1 to 100000, default 5000\n#GAPLESS_BATCH_ROWS=5000\n"));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		assert_true(*line == '#' || *line == '\n');
		if (strncmp(line, "#GAPLESS_", 9) == 0)
			env[n++] = strndup(line + 1, strcspn(line + 1, "\n"));
	}
	assert_int_equal(n, sizeof(table) / sizeof(*table) - 1);
	assert_int_equal(load(env, ARGS()), SETTINGS_RUN);
	while (n > 0)
		free(env[--n]);
}

static void test_log_shows_no_secret(void **state)
{
	int fd = memfd_create("stderr", 0), old = dup(STDERR_FILENO);
	const char *text;

	(void)state;
	assert_int_equal(
		load(ENV("GAPLESS_TOKEN=s3cret", "GAPLESS_SINCE=2020-02-20T11:19"),
		     ARGS("--database=postgresql://me:s3cret@db/x?sslpassword=s3cret", "-f",
			  "-Xsasl.password=s3;cret", "-Xacks=all", "--batch-rows=5000")),
		SETTINGS_RUN);
	log_open("test", LOG_INFO);
	dup2(fd, STDERR_FILENO);
	settings_log(&spec, NULL, &o);
	dup2(old, STDERR_FILENO);
	close(old);
	text = file_text(fd);
	close(fd);
	assert_null(strstr(text, "s3"));
	assert_null(strstr(text, "cret"));
	assert_non_null(strstr(text, "level=info program=test msg=\"settings\" version="));
	assert_non_null(strstr(
		text,
		" follow=true since=2020-02-20T11:19:00.000Z kafka=\"sasl.password=***;acks=all\" token=*** "
		"database=\"user=me password=*** dbname=x host=db sslpassword=***\"\n"));
	assert_null(strstr(text, "batch-rows")); /* as the default is */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_flags_beat_the_environment),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers_are_strict),
		cmocka_unit_test(test_other_bad_values),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_missing_values),
		cmocka_unit_test(test_names_of_any_length),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_log_shows_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
