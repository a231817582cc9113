/* SPDX-License-Identifier: MIT */
#include "common/settings/settings.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_value.h"

struct load {
	const struct settings_spec *spec;
	const struct settings_command *command; /* NULL: the program has none */
	void *out;
	unsigned char *flagged; /* by place among those that apply: a flag has been seen */
	int argc;
	char **argv;
	struct err *err;
};

/* ---- what was probably meant ---- */

/* Levenshtein's distance; names that are too long for a guess are far away. */
static size_t distance(const char *a, const char *b)
{
	size_t row[SETTING_NAME_BYTES], n = strlen(b), corner, above;

	if (n >= SETTING_NAME_BYTES || strlen(a) >= SETTING_NAME_BYTES)
		return SETTING_NAME_BYTES;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			above = row[j + 1];
			row[j + 1] = corner + (a[i] != b[j]);
			if (above + 1 < row[j + 1])
				row[j + 1] = above + 1;
			if (row[j] + 1 < row[j + 1])
				row[j + 1] = row[j] + 1;
			corner = above;
		}
	}
	return row[n];
}

/* The setting whose flag (or variable, with the prefix) is nearest, or NULL if none is near. */
static const struct setting *nearest(const struct load *l, const char *name, int variable)
{
	const struct setting *best = NULL, *s;
	size_t least = 1 + strlen(name + (variable ? sizeof(SETTING_PREFIX) - 1 : 0)) / 4;
	char full[SETTING_NAME_BYTES];

	for (size_t i = 0;
	     (s = settings_applying(l->spec, variable ? NULL : l->command, i)) != NULL; i++) {
		size_t d = distance(name, variable ? setting_variable(s->name, full) : s->name);

		if (d <= least) {
			best = s;
			least = d - (d > 0);
		}
	}
	return best;
}

/* ---- environment ---- */

/* Of all programs, of compose/ and of the tests; without the prefix. */
static const char *const every_variable[] = {
	/* several */
	"BROKERS", "DATABASE", "HTTP", "KAFKA", "LOG_FORMAT", "SERIES_METRICS", "LOG_LEVEL",
	"SESSION_TIMEOUT_MS", "SOURCE", "TOPIC",
	/* gapless-producer */
	"CA_FILE", "EXCHANGE_URL", "INTERVALS", "LOOKUP_GAPS_S", "LOOKUP_S", "LOOK_GAPS_S",
	"LOOK_S", "MARKETS_S", "PARTITIONS", "PRODUCER_GROUP", "PROXY", "QUEUE_MESSAGES",
	"RATE_LIMIT", "RATE_PERCENT", "RATE_SCOPE", "REPLICATION", "RETENTION_MS",
	"SETTINGS_VERSION", "SINCE", "STALL_S", "SYMBOLS", "WAIT_FOR_LISTING",
	/* gapless-writer */
	"BATCH_BYTES", "BATCH_MS", "BATCH_ROWS", "CONNECTIONS", "DEAD_LETTER_LIMIT",
	"DRAIN_SECONDS", "GROUP", "GROUP_INSTANCE_ID", "KEEP", "PAGE",
	/* gapless-indicators */
	"INDICATORS", "INDICATORS_GROUP", "INDICATORS_TOPIC", "NO_TRADE", "STORE", "TOPIC_HOURS",
	"WITHOUT_DATABASE",
	/* compose/ and tests/ */
	"BUILD", "CONTROLLER_PORT", "EXCHANGE_PORT", "FAULT", "KAFKA_EXTRA", "KAFKA_JAVA",
	"KAFKA_PORT", "PG_PORT", "PG_PRELOAD", "PG_TIMEZONE", "STACK", "STACK_WAIT_S"};

static int variable_unknown(struct load *l, const char *name)
{
	const struct settings_spec *spec = l->spec;
	const struct setting *meant;
	char full[SETTING_NAME_BYTES];

	for (size_t i = 0; i < sizeof(every_variable) / sizeof(*every_variable); i++) {
		if (strcmp(name + sizeof(SETTING_PREFIX) - 1, every_variable[i]) == 0)
			return 0;
	}
	meant = nearest(l, name, 1);
	if (meant)
		return err_set(l->err, ERR_FATAL,
			       "%.80s in the environment is not a setting of %s: was %s meant?",
			       name, spec->program, setting_variable(meant->name, full));
	return err_set(
		l->err, ERR_FATAL,
		"%.80s in the environment is not a setting of %s: unset it, or see %s --help", name,
		spec->program, spec->program);
}

static void say_renamed(const char *from, const char *to)
{
	log_warn("a setting was renamed; the old name still works", L_STR("old", from),
		 L_STR("new", to));
}

/* Former names go first, so that a variable of the new name beats them. */
static int load_variable(struct load *l, const char *name, const char *value, int renamed)
{
	char full[SETTING_NAME_BYTES];

	for (const struct setting *s = l->spec->table; s->name; s++) {
		int former = s->renamed && strcmp(setting_variable(s->renamed, full), name) == 0;

		if (!former && strcmp(setting_variable(s->name, full), name) != 0)
			continue;
		if (former != renamed)
			return 0;
		if (former)
			say_renamed(name, setting_variable(s->name, full));
		return setting_store(s, l->out, value, name, l->err);
	}
	return renamed ? 0 : variable_unknown(l, name);
}

static int load_environment(struct load *l, char **environ_, int renamed)
{
	const size_t prefix = sizeof(SETTING_PREFIX) - 1;

	for (; environ_ && *environ_; environ_++) {
		const char *equals = strchr(*environ_, '=');
		char *name;
		int rc;

		/* Empty is the same as not set: it is what an unfilled line of a compose file
		 * makes. */
		if (!equals || !equals[1] || strncmp(*environ_, SETTING_PREFIX, prefix) != 0)
			continue;
		name = xstrdup(*environ_);
		name[equals - *environ_] = 0;
		rc = load_variable(l, name, equals + 1, renamed);
		free(name);
		if (rc)
			return -1;
	}
	return 0;
}

/* ---- flags ---- */

static int unknown_flag(struct load *l, const char *arg, size_t len)
{
	const struct setting *meant = NULL;
	char name[SETTING_NAME_BYTES], called[SETTING_CALLED_BYTES];

	settings_called(l->spec, l->command, called);
	if (settings_by_flag(l->spec, arg) != NULL)
		return err_set(l->err, ERR_FATAL, "%.*s does not belong to %s: see %s --help",
			       (int)len, arg, called, called);
	if (strncmp(arg, "--", 2) == 0 && len - 2 < sizeof(name)) {
		memcpy(name, arg + 2, len - 2);
		name[len - 2] = 0;
		meant = nearest(l, name, 0);
	}
	if (len > 80)
		len = 80;
	if (meant)
		return err_set(l->err, ERR_FATAL, "%.*s is not a flag of %s: was --%s meant?",
			       (int)len, arg, called, meant->name);
	return err_set(l->err, ERR_FATAL, "%.*s is not a flag of %s: see %s --help", (int)len, arg,
		       called, called);
}

static int store_flag(struct load *l, size_t place, const char *value, const char *from)
{
	const struct setting *s = settings_applying(l->spec, l->command, place);
	unsigned char *flagged = &l->flagged[place];

	if (s->type == SETTING_LIST) {
		struct setting_list *list = (struct setting_list *)((char *)l->out + s->offset);

		if (!*flagged)
			setting_list_init(list, (size_t)l->argc);
		*flagged = 1;
		if (*value)
			setting_list_add(list, value);
		return 0;
	}
	if (*flagged && s->type != SETTING_SWITCH)
		log_warn("a flag is given more than once; its last value counts",
			 L_STR("flag", from));
	*flagged = 1;
	return setting_store(s, l->out, value, from, l->err);
}

/* Takes the flag at argv[*i] and, where it stands apart, its value; *i then stands on the last word
 * used. */
static int load_flag(struct load *l, int *i)
{
	const char *arg = l->argv[*i], *value = settings_flag_value(arg);
	const struct setting *s;
	char from[SETTING_NAME_BYTES];
	size_t place = 0;

	while ((s = settings_applying(l->spec, l->command, place)) != NULL &&
	       !settings_flag_is(s, arg))
		place++;
	if (!s)
		return unknown_flag(l, arg, arg[1] == '-' ? strcspn(arg, "=") : 2);
	snprintf(from, sizeof(from), "--%s", s->name);
	if (settings_flag_named(s->renamed, arg))
		say_renamed(s->renamed, s->name);
	if (!value && s->type == SETTING_SWITCH)
		value = "true";
	if (!value && settings_value_follows(l->argc, l->argv, *i))
		value = l->argv[++*i];
	if (!value)
		return err_set(l->err, ERR_FATAL, "%s needs a value: %s=%s", from, from,
			       settings_value_name(s));
	return store_flag(l, place, value, from);
}

/* The words are at most one, which is the command. */
static int load_arguments(struct load *l)
{
	const char *extra = NULL;
	char called[SETTING_CALLED_BYTES];
	int words = 0, only_words = 0;

	for (int i = 1; i < l->argc; i++) {
		const char *arg = l->argv[i];

		if (!only_words && strcmp(arg, "--") == 0)
			only_words = 1;
		else if (only_words || arg[0] != '-' || !arg[1])
			extra = ++words == 2 ? arg : extra;
		else if (load_flag(l, &i))
			return -1;
	}
	if (!extra)
		return 0;
	return err_set(l->err, ERR_FATAL, "\"%.80s\" is one word too many: see %s --help", extra,
		       settings_called(l->spec, l->command, called));
}

/* ---- all of it ---- */

/* --help and its like are answered whatever else is wrong. */
static int answer(const struct settings_spec *spec, int argc, char **argv)
{
	const char *word;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		int short_help = strcmp(argv[i], "-h") == 0 && !settings_by_flag(spec, "-h");

		if (short_help || strcmp(argv[i], "--help") == 0) {
			settings_help(spec, settings_command_in(spec, argc, argv, &word), stdout);
			return 1;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", spec->program, gapless_version);
			return 1;
		}
		if (strcmp(argv[i], "--example") == 0) {
			settings_example(spec, stdout);
			return 1;
		}
	}
	return 0;
}

static int reset(const struct load *l, const struct settings_command *command)
{
	const struct setting *s;

	for (size_t i = 0; (s = settings_applying(l->spec, command, i)) != NULL; i++) {
		if (setting_reset(s, l->out, l->err))
			return -1;
	}
	return 0;
}

/* Defaults of everything; those of the chosen command last, because commands may share a member. */
static int reset_all(const struct load *l)
{
	for (const struct settings_command *c = l->spec->commands; c && c->name; c++) {
		if (reset(l, c))
			return -1;
	}
	return reset(l, NULL) || reset(l, l->command) ? -1 : 0;
}

enum settings_result settings_load(const struct settings_spec *spec, void *out, int argc,
				   char **argv, char **environ_,
				   const struct settings_command **command, struct err *err)
{
	struct load l = {.spec = spec, .out = out, .argc = argc, .argv = argv, .err = err};
	enum settings_result result = SETTINGS_BAD;
	const char *word = NULL;
	size_t n = 0;

	err_clear(err);
	if (answer(spec, argc, argv))
		return SETTINGS_EXIT_OK;
	l.command = *command = settings_command_in(spec, argc, argv, &word);
	if (spec->commands && !l.command) {
		err_set(err, ERR_FATAL, "\"%.80s\" is not a command of %s: see %s --help", word,
			spec->program, spec->program);
		return SETTINGS_BAD;
	}
	if (reset_all(&l))
		return SETTINGS_BAD;
	while (settings_applying(spec, l.command, n))
		n++;
	l.flagged = xcalloc(n + 1, 1);
	if (load_environment(&l, environ_, 1) == 0 && load_environment(&l, environ_, 0) == 0 &&
	    load_arguments(&l) == 0)
		result = SETTINGS_RUN;
	free(l.flagged);
	return result;
}
