/* SPDX-License-Identifier: MIT */
#include "common/settings/settings_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_value.h"

enum { COLUMNS = 80, FLAG_COLUMNS = 31 };

/* Prints text from column `at` on, wrapped between words; further lines begin with `margin`. */
static void wrap(FILE *to, const char *text, int at, const char *margin)
{
	int begun = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		int len = (int)strcspn(text, " ");

		if (begun && at + 1 + len > COLUMNS) {
			fprintf(to, "\n%s", margin);
			at = (int)strlen(margin);
		} else if (begun) {
			fputc(' ', to);
			at++;
		}
		fwrite(text, 1, (size_t)len, to);
		at += len;
		begun = 1;
		text += len;
	}
	fputc('\n', to);
}

/* What is needed may be anything but the value that stands for none, which is the least one. */
static int64_t least_of(const struct setting *s)
{
	return s->needed ? s->min + 1 : s->min;
}

char *settings_describe(const struct setting *s, int with_name)
{
	char *out = NULL, name[SETTING_NAME_BYTES];
	size_t len;
	FILE *to = open_memstream(&out, &len);

	if (!to)
		return xstrdup("");
	if (with_name)
		fprintf(to, "%s, ", setting_variable(s->name, name));
	if (s->type == SETTING_NUMBER && s->max == INT64_MAX)
		fprintf(to, "%" PRId64 " or more, ", least_of(s));
	else if (s->type == SETTING_NUMBER)
		fprintf(to, "%" PRId64 " to %" PRId64 ", ", least_of(s), s->max);
	else if (s->type == SETTING_SWITCH)
		fprintf(to, "true or false, ");
	else if (s->type == SETTING_LIST)
		fprintf(to, "separated by ';' in the environment, ");
	if (s->secret)
		fprintf(to, "secret, ");
	if (s->needed)
		fprintf(to, "needed");
	else if (!s->fallback || !*s->fallback)
		fprintf(to, "default %s", s->type == SETTING_SWITCH ? "false" : "none");
	else
		fprintf(to, "default %s", s->secret ? "***" : s->fallback);
	fclose(to);
	return out;
}

static void flag_text(const struct setting *s, char *out, size_t size)
{
	const char *value = settings_value_name(s);
	char letter[5] = "    ";

	if (s->short_flag)
		memcpy(letter, (char[]){'-', s->short_flag, ',', ' '}, 4);
	snprintf(out, size, "  %s--%s%s%s", letter, s->name, *value ? "=" : "", value);
}

/* The flag, then its texts in a column of their own, which begin on the next line where the flag is
 * too long. */
static void print_row(FILE *to, const char *flag, int column, const char *help, const char *details)
{
	char margin[FLAG_COLUMNS + 3];

	snprintf(margin, sizeof(margin), "%*s", column, "");
	fputs(flag, to);
	if ((int)strlen(flag) + 2 > column)
		fprintf(to, "\n%s", margin);
	else
		fprintf(to, "%*s", column - (int)strlen(flag), "");
	wrap(to, help, column, margin);
	if (details) {
		fprintf(to, "%s[", margin);
		wrap(to, details, column + 1, margin);
	}
}

/* Where the texts begin: behind the longest flag that is not too long. */
static int text_column(const struct settings_spec *spec, const struct settings_command *command)
{
	char flag[2 * SETTING_NAME_BYTES];
	const struct setting *s;
	int column = 18;

	for (size_t i = 0; (s = settings_applying(spec, command, i)) != NULL; i++) {
		int n;

		flag_text(s, flag, sizeof(flag));
		n = (int)strlen(flag) + 2;
		if (n > column && n <= FLAG_COLUMNS)
			column = n;
	}
	return column;
}

static void print_settings(FILE *to, const struct settings_spec *spec,
			   const struct settings_command *command, int column)
{
	const struct setting *s;

	for (size_t i = 0; (s = settings_applying(spec, command, i)) != NULL; i++) {
		char flag[2 * SETTING_NAME_BYTES], closed[512];
		char *details = settings_describe(s, !settings_is_own(command, s));

		flag_text(s, flag, sizeof(flag));
		snprintf(closed, sizeof(closed), "%s]", details);
		print_row(to, flag, column, s->help ? s->help : "", closed);
		free(details);
	}
}

static void print_commands(FILE *to, const struct settings_spec *spec)
{
	char name[SETTING_NAME_BYTES];

	fprintf(to, "Commands (%s COMMAND --help tells more):\n\n", spec->program);
	for (const struct settings_command *c = spec->commands; c->name; c++) {
		snprintf(name, sizeof(name), "  %s", *c->name ? c->name : "(none)");
		print_row(to, name, 14, c->help, NULL);
	}
	fputc('\n', to);
}

void settings_help(const struct settings_spec *spec, const struct settings_command *command,
		   FILE *to)
{
	static const char *const own[][2] = {
		{"      --example", "Prints an environment file with every setting, and exits."},
		{"      --version", "Prints the version, and exits."},
		{"      --help", "Prints this, and exits."},
	};
	int of_one = command && *command->name;
	const char *usage = of_one ? command->usage : spec->usage;
	const char *examples = of_one ? command->examples : spec->examples;
	int column = text_column(spec, command);

	fprintf(to, "%s\n", usage ? usage : spec->program);
	if (spec->commands && !of_one)
		print_commands(to, spec);
	fprintf(to,
		"Settings (a flag beats its environment variable, which stands in brackets with\n"
		"the default):\n\n");
	print_settings(to, spec, command, column);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		print_row(to, own[i][0], column, own[i][1], NULL);
	if (examples)
		fprintf(to, "\n%s", examples);
}

/* As a shell, systemd's EnvironmentFile= and compose files all read it. */
static void print_assignment(FILE *to, const char *name, const char *value)
{
	if (!value[strcspn(value, " \t;'\"\\$`&|<>()*?#~")]) {
		fprintf(to, "#%s=%s\n", name, value);
		return;
	}
	fprintf(to, "#%s=\"", name);
	for (; *value; value++)
		fprintf(to, "%s%c", strchr("\"\\$`", *value) ? "\\" : "", *value);
	fprintf(to, "\"\n");
}

void settings_example(const struct settings_spec *spec, FILE *to)
{
	char name[SETTING_NAME_BYTES];

	fprintf(to,
		"# %s: every setting, with its default.\n"
		"# A flag beats the line here. Use: EnvironmentFile= of a systemd unit, or in a\n"
		"# shell `set -a; . ./this-file; set +a`.\n",
		spec->program);
	for (const struct setting *s = spec->table; s->name; s++) {
		char *details = settings_describe(s, 0);

		fprintf(to, "\n# ");
		wrap(to, s->help ? s->help : "", 2, "# ");
		fprintf(to, "# --%s: ", s->name);
		wrap(to, details, (int)strlen(s->name) + 6, "# ");
		print_assignment(to, setting_variable(s->name, name),
				 s->fallback && !s->secret ? s->fallback : "");
		free(details);
	}
}

void settings_log(const struct settings_spec *spec, const struct settings_command *command,
		  const void *settings)
{
	struct log_field *fields;
	const struct setting *s;
	char **texts;
	size_t n = 0, used = 1;

	while (settings_applying(spec, command, n))
		n++;
	fields = xcalloc(n + 2, sizeof(*fields));
	texts = xcalloc(n + 1, sizeof(*texts));
	fields[0] = (struct log_field)L_STR("version", gapless_version);
	for (size_t i = 0; (s = settings_applying(spec, command, i)) != NULL; i++) {
		if (setting_is_default(s, settings))
			continue;
		texts[i] = setting_show(s, settings);
		fields[used++] = (struct log_field)L_STR(s->name, texts[i]);
	}
	fields[used].type = LOG_END;
	log_emit(LOG_INFO, "settings", fields);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
	free(fields);
}
