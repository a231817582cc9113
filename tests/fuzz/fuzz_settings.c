/* SPDX-License-Identifier: MIT */
/* Settings of the producer: lines that begin with '$' are the environment, the others are
 * arguments. What is accepted is within its bounds and, given back as flags, is accepted again as
 * the same; a password never shows. */
#include "common/settings/settings.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_redact.h"
#include "common/settings/settings_value.c" /* for what it keeps for as long as a process lives: here, for one input */
#include "fuzz.h"
#include "producer/commands.h"
#include "producer/options.h"

enum { WORDS = 40 };

static void forget(void)
{
	while (kept_n > 0)
		free(kept[--kept_n]);
	free(kept);
	kept = NULL;
}

/* --help and its like print and are somebody else's business. */
static int is_answered(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "--version") == 0 || strcmp(word, "--example") == 0;
}

static void check_values(const struct options *o)
{
	for (const struct setting *s = commands_spec.table; s->name; s++) {
		int64_t number = s->type == SETTING_NUMBER ? *(const int64_t *)member(s, o) : 0;
		char *text = setting_show(s, o);

		CHECK(s->type != SETTING_NUMBER || (number >= s->min && number <= s->max));
		CHECK(!s->secret || strcmp(text, "***") == 0);
		free(text);
	}
}

/* Every setting as a flag, as it would be typed. */
static void check_again(const struct options *o)
{
	char *argv[WORDS * 3] = {"again"};
	const struct settings_command *command;
	struct options again;
	struct err err = {0};
	int argc = 1;

	for (const struct setting *s = commands_spec.table; s->name; s++) {
		const struct setting_list *list = member(s, o);
		size_t n = s->type == SETTING_LIST ? list->n : 1;

		if (setting_is_default(s, o))
			continue;
		for (size_t i = 0; i < n; i++) {
			char *value = s->type == SETTING_LIST ? xstrdup(list->v[i]) : show(s, o, 0);

			CHECK(asprintf(&argv[argc++], "--%s=%s", s->name, value) > 0);
			free(value);
		}
	}
	CHECK(settings_load(&commands_spec, &again, argc, argv, NULL, &command, &err) ==
		      SETTINGS_RUN &&
	      *command->name == '\0');
	for (const struct setting *s = commands_spec.table; s->name; s++) {
		char *a = show(s, o, 0), *b = show(s, &again, 0);

		CHECK(strcmp(a, b) == 0);
		free(a);
		free(b);
	}
	while (argc > 1)
		free(argv[--argc]);
}

/* Any text as a password, quoted as libpq wants it. */
static void check_password(const char *password)
{
	static const char before[] = "host=x password='", after[] = "' dbname=y";
	char *conninfo = malloc(2 * strlen(password) + sizeof before + sizeof after),
	     *to = conninfo, *shown;

	CHECK(conninfo);
	to = stpcpy(to, before);
	for (const char *c = password; *c; c++) {
		if (*c == '\'' || *c == '\\')
			*to++ = '\\';
		*to++ = *c;
	}
	strcpy(to, after);
	shown = settings_redact(conninfo);
	CHECK(strcmp(shown, "password=*** dbname=y host=x") == 0);
	free(shown);
	free(conninfo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[WORDS + 1] = {"fuzz"}, *variables[WORDS + 1] = {NULL}, *lines[2 * WORDS];
	struct input in = {data, size};
	struct options options = {0};
	const struct settings_command *command;
	struct err err = {0};
	enum settings_result result;
	int argc = 1, n_variables = 0, n = 0;

	while (in.left && argc < WORDS && n_variables < WORDS) {
		char *line = lines[n++] = input_line(&in);

		check_password(line);
		free(settings_redact(line));
		if (*line == '$')
			variables[n_variables++] = line + 1;
		else if (!is_answered(line))
			argv[argc++] = line;
	}
	result = settings_load(&commands_spec, &options, argc, argv, variables, &command, &err);
	CHECK(result != SETTINGS_EXIT_OK);
	if (result == SETTINGS_BAD) {
		CHECK(err.class == ERR_FATAL && *err.text);
	} else {
		check_values(&options);
		if (*command->name == '\0') /* else it has settings of its command */
			check_again(&options);
		if (options_check(&options, &err) == 0)
			CHECK(options.n_intervals > 0 && options.patterns.n > 0);
		else
			CHECK(err.class == ERR_FATAL && *err.text);
		options_release(&options);
	}
	forget();
	while (n > 0)
		free(lines[--n]);
	return 0;
}
