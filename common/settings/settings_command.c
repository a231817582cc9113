/* SPDX-License-Identifier: MIT */
#include "common/settings/settings_command.h"

#include <stdio.h>
#include <string.h>

static int shares(const struct settings_command *command, const struct setting *s)
{
	if (!command || !command->shared)
		return 1;
	for (const char *const *name = command->shared; *name; name++) {
		if (strcmp(*name, s->name) == 0)
			return 1;
	}
	return 0;
}

const struct setting *settings_applying(const struct settings_spec *spec,
					const struct settings_command *command, size_t i)
{
	for (const struct setting *s = command ? command->own : NULL; s && s->name; s++) {
		if (i-- == 0)
			return s;
	}
	for (const struct setting *s = spec->table; s->name; s++) {
		if (shares(command, s) && i-- == 0)
			return s;
	}
	return NULL;
}

int settings_is_own(const struct settings_command *command, const struct setting *s)
{
	for (const struct setting *own = command ? command->own : NULL; own && own->name; own++) {
		if (own == s)
			return 1;
	}
	return 0;
}

/* ---- arguments ---- */

int settings_flag_named(const char *name, const char *arg)
{
	size_t len = strcspn(arg, "=");

	return name && len > 2 && arg[1] == '-' && strlen(name) == len - 2 &&
	       memcmp(name, arg + 2, len - 2) == 0;
}

int settings_flag_is(const struct setting *s, const char *arg)
{
	if (arg[1] != '-')
		return s->short_flag && s->short_flag == arg[1];
	return settings_flag_named(s->name, arg) || settings_flag_named(s->renamed, arg);
}

const char *settings_value_name(const struct setting *s)
{
	static const char *const names[] = {[SETTING_TEXT] = "VALUE",
					    [SETTING_NUMBER] = "N",
					    [SETTING_SWITCH] = "",
					    [SETTING_TIME] = "ISO",
					    [SETTING_LIST] = "VALUE"};

	return s->value ? s->value : names[s->type];
}

const char *settings_flag_value(const char *arg)
{
	const char *equals;

	if (arg[1] != '-')
		return arg[2] ? arg + 2 : NULL;
	equals = strchr(arg, '=');
	return equals ? equals + 1 : NULL;
}

int settings_value_follows(int argc, char **argv, int i)
{
	const char *word = i + 1 < argc ? argv[i + 1] : NULL;

	return word && !(word[0] == '-' && word[1] && !strchr("0123456789", word[1]));
}

const struct setting *settings_by_flag(const struct settings_spec *spec, const char *arg)
{
	for (const struct setting *s = spec->table; s->name; s++) {
		if (settings_flag_is(s, arg))
			return s;
	}
	for (const struct settings_command *c = spec->commands; c && c->name; c++) {
		for (const struct setting *s = c->own; s && s->name; s++) {
			if (settings_flag_is(s, arg))
				return s;
		}
	}
	return NULL;
}

/* ---- the command ---- */

static const struct settings_command *by_name(const struct settings_spec *spec, const char *name)
{
	for (const struct settings_command *c = spec->commands; c && c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

/* The first word; "" where there is none, or where a flag that nobody knows comes first: that one
 * is told. */
static const char *first_word(const struct settings_spec *spec, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct setting *s;

		if (strcmp(argv[i], "--") == 0)
			return i + 1 < argc ? argv[i + 1] : "";
		if (argv[i][0] != '-' || !argv[i][1])
			return argv[i];
		s = settings_by_flag(spec, argv[i]);
		if (!s)
			return "";
		if (!settings_flag_value(argv[i]) && s->type != SETTING_SWITCH &&
		    settings_value_follows(argc, argv, i))
			i++;
	}
	return "";
}

const struct settings_command *settings_command_in(const struct settings_spec *spec, int argc,
						   char **argv, const char **word)
{
	*word = first_word(spec, argc, argv);
	return by_name(spec, *word);
}

const char *settings_called(const struct settings_spec *spec,
			    const struct settings_command *command, char out[SETTING_CALLED_BYTES])
{
	const char *name = command ? command->name : "";

	snprintf(out, SETTING_CALLED_BYTES, "%s%s%s", spec->program, *name ? " " : "", name);
	return out;
}
