/* SPDX-License-Identifier: MIT */
/* Commands of a program: which one a command line names, which settings it has, what its help
 * shows. And the lists that people write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/settings/settings.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_redact.h"
#include "common/text/words.h"

struct options {
	const char *brokers, *database;
	int64_t from_ms, rows, offset;
	int dry_run;
	struct setting_list only;
};

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

/* clang-format off */
static const struct setting table[] = {
	{.name = "brokers", AT(brokers), .fallback = "here", .short_flag = 'b', .value = "LIST",
	 .help = "Brokers."},
	{.name = "database", AT(database), .value = "CONNINFO",
	 .help = "Database."},
	{.name = NULL},
};

static const struct setting of_replay[] = {
	{.name = "from", AT_TIME(from_ms), .fallback = "2020-01-01",
	 .help = "From."},
	{.name = "rows", AT(rows), .min = 1, .max = 9, .fallback = "5",
	 .help = "Rows."},
	{.name = "only", AT(only), .value = "X",
	 .help = "Only these."},
	{.name = "offset", AT(offset), .min = -1, .max = 99, .fallback = "-1", .needed = 1,
	 .help = "At this one."},
	{.name = NULL},
};

static const struct setting of_forget[] = {
	{.name = "from", AT_TIME(from_ms),
	 .help = "From, needed."},
	{.name = "dry-run", AT(dry_run),
	 .help = "Changes nothing."},
	{.name = NULL},
};
/* clang-format on */

static const char *const shared[] = {"database", NULL};

static int run_none(const void *o)
{
	return o != NULL;
}

static const struct settings_command commands[] = {
	{.name = "", .help = "Goes on for ever.", .run = run_none},
	{.name = "replay",
	 .help = "Reads again.",
	 .usage = "Usage: gapless-test replay\n",
	 .examples = "Examples: replay\n",
	 .own = of_replay,
	 .run = run_none},
	{.name = "forget",
	 .help = "Forgets.",
	 .usage = "Usage: gapless-test forget\n",
	 .own = of_forget,
	 .shared = shared,
	 .run = run_none},
	{.name = NULL},
};

static const struct settings_spec spec = {
	.program = "gapless-test",
	.usage = "Usage: gapless-test [COMMAND]\n",
	.examples = "Examples: none\n",
	.table = table,
	.commands = commands,
};

static struct options o;
static const struct settings_command *command;
static struct err err;

static enum settings_result load(char **environ_, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(&o, 0x5a, sizeof(o));
	return settings_load(&spec, &o, argc, argv, environ_, &command, &err);
}

#define ENV(...)  ((char *[]){"", ##__VA_ARGS__, NULL})
#define ARGS(...) ((char *[]){"gapless-test", ##__VA_ARGS__, NULL})

static void assert_command(char **argv, const char *name)
{
	if (load(ENV(), argv) != SETTINGS_RUN)
		fail_msg("%s", err.text);
	assert_string_equal(command->name, name);
}

static void assert_refused(char **argv, const char *sentence)
{
	assert_int_equal(load(ENV(), argv), SETTINGS_BAD);
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.text, sentence);
}

static void test_the_first_word_is_the_command(void **state)
{
	(void)state;
	assert_command(ARGS(), "");
	assert_command(ARGS("replay"), "replay");
	assert_command(ARGS("--brokers", "forget"), ""); /* a value, not a word */
	assert_string_equal(o.brokers, "forget");
	assert_command(ARGS("-b", "x", "replay"), "replay");
	assert_command(ARGS("-bx", "replay"), "replay");
	assert_command(ARGS("--database=x", "forget"), "forget");
	assert_command(ARGS("--from", "2024-05-01", "replay"), "replay");
	assert_true(o.from_ms == INT64_C(1714521600000));
	assert_command(ARGS("--dry-run", "forget"), "forget"); /* a switch takes no value */
	assert_int_equal(o.dry_run, 1);
	assert_command(ARGS("--", "replay"), "replay");
	assert_refused(ARGS("relay"),
		       "\"relay\" is not a command of gapless-test: see gapless-test --help");
	assert_refused(ARGS("replay", "now"),
		       "\"now\" is one word too many: see gapless-test replay --help");
	assert_refused(ARGS("--elephant", "replay"),
		       "--elephant is not a flag of gapless-test: see gapless-test --help");
}

static void test_each_command_has_its_settings(void **state)
{
	(void)state;
	assert_command(ARGS("replay", "--brokers=x", "--rows", "7", "--only", "a", "--only=b"),
		       "replay");
	assert_int_equal(o.rows, 7);
	assert_int_equal(o.only.n, 2);
	assert_refused(ARGS("--rows=7"),
		       "--rows does not belong to gapless-test: see gapless-test --help");
	assert_refused(
		ARGS("forget", "--rows=7"),
		"--rows does not belong to gapless-test forget: see gapless-test forget --help");
	assert_refused(ARGS("forget", "-b", "x"),
		       "-b does not belong to gapless-test forget: see gapless-test forget --help");
	assert_refused(
		ARGS("replay", "--dry-run"),
		"--dry-run does not belong to gapless-test replay: see gapless-test replay --help");
	assert_refused(ARGS("replay", "--rws=7"),
		       "--rws is not a flag of gapless-test replay: was --rows meant?");
	assert_refused(ARGS("replay", "--rows=10"),
		       "--rows must be a whole number from 1 to 9, not \"10\"");
}

/* Commands may share a member of the struct: the default is that of the command that runs. */
static void test_defaults_are_the_commands(void **state)
{
	(void)state;
	assert_command(ARGS("replay"), "replay");
	assert_true(o.from_ms == INT64_C(1577836800000));
	assert_int_equal(o.rows, 5);
	assert_string_equal(o.brokers, "here");
	assert_command(ARGS("forget"), "forget");
	assert_true(o.from_ms == INT64_MIN);
	assert_int_equal(o.dry_run, 0);
	assert_string_equal(o.brokers, "here");
	assert_command(ARGS(), "");
	assert_null(o.database);
}

/* What one call is to do does not come from the environment; the rest may, also for a command that
 * does not use it. */
static void test_own_settings_are_flags_only(void **state)
{
	(void)state;
	assert_int_equal(load(ENV("GAPLESS_BROKERS=x"), ARGS("forget")), SETTINGS_RUN);
	assert_string_equal(o.brokers, "x");
	assert_int_equal(load(ENV("GAPLESS_ROWS=7"), ARGS("replay")), SETTINGS_BAD);
	assert_non_null(strstr(err.text,
			       "GAPLESS_ROWS in the environment is not a setting of gapless-test"));
}

static const char *help_of(char **argv)
{
	static char printed[1 << 14];
	int fd = memfd_create("stdout", 0), old;
	ssize_t n;

	fflush(stdout);
	old = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	assert_int_equal(load(ENV("GAPLESS_ELEPHANT=1"), argv), SETTINGS_EXIT_OK);
	fflush(stdout);
	dup2(old, STDOUT_FILENO);
	close(old);
	n = pread(fd, printed, sizeof(printed) - 1, 0);
	printed[n > 0 ? n : 0] = 0;
	close(fd);
	return printed;
}

static void test_help(void **state)
{
	const char *text = help_of(ARGS("--help"));

	(void)state;
	assert_int_equal(strncmp(text, "Usage: gapless-test [COMMAND]\n", 30), 0);
	assert_non_null(strstr(text, "\n  replay      Reads again.\n  forget      Forgets.\n"));
	assert_non_null(strstr(text, "[GAPLESS_BROKERS, default here]"));
	assert_null(strstr(text, "--rows"));
	assert_non_null(strstr(text, "Examples: none\n"));
	text = help_of(ARGS("--brokers", "x", "forget", "--help"));
	assert_int_equal(strncmp(text, "Usage: gapless-test forget\n", 27), 0);
	assert_non_null(strstr(text, "--dry-run "));
	assert_non_null(strstr(text, "[GAPLESS_DATABASE, default none]"));
	assert_null(strstr(text, "GAPLESS_DRY_RUN"));
	assert_null(strstr(text, "--brokers"));
	text = help_of(ARGS("replay", "-h"));
	assert_non_null(strstr(text, "[0 to 99, needed]"));
	assert_non_null(strstr(text, "--brokers"));
	assert_non_null(strstr(text, "Examples: replay\n"));
	assert_int_equal(
		strncmp(help_of(ARGS("nonsense", "--help")), "Usage: gapless-test [COMMAND]\n", 30),
		0);
}

static void test_lists(void **state)
{
	char word[8];
	const char *at = " a,\tbc ,, d\n0123456789,e,";
	static const char *const wanted[] = {"a", "bc", "d", "0123456", "e"};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		at = word_next(at, word, sizeof(word));
		assert_non_null(at);
		assert_string_equal(word, wanted[i]);
	}
	assert_null(word_next(at, word, sizeof(word)));
	assert_null(word_next("", word, sizeof(word)));
	assert_null(word_next(" , ", word, sizeof(word)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_word_is_the_command),
		cmocka_unit_test(test_each_command_has_its_settings),
		cmocka_unit_test(test_defaults_are_the_commands),
		cmocka_unit_test(test_own_settings_are_flags_only),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
