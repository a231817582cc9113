/* SPDX-License-Identifier: MIT */
/* Which settings a command has, and which command a command line names. What settings.c and
 * settings_print.c share; nobody else needs it. `command` may be NULL everywhere: a program without
 * commands, all of its table. */
#ifndef GAPLESS_SETTINGS_COMMAND_H
#define GAPLESS_SETTINGS_COMMAND_H

#include "common/settings/settings_table.h"

enum { SETTING_CALLED_BYTES = 96 };

/* The i-th setting that the command has, its own ones first; NULL behind the last. */
const struct setting *settings_applying(const struct settings_spec *spec,
					const struct settings_command *command, size_t i);
/* 1 if the setting is a flag only. */
int settings_is_own(const struct settings_command *command, const struct setting *s);

/* 1 if the argument is "--name" or "--name=value"; name may be NULL. */
int settings_flag_named(const char *name, const char *arg);
/* 1 if the argument, one such or "-X" or "-Xvalue", is this setting's, by its former name too. */
int settings_flag_is(const struct setting *s, const char *arg);
/* What its value is called, "" for a switch. */
const char *settings_value_name(const struct setting *s);
/* The value that is part of the argument; NULL if it would have to follow. */
const char *settings_flag_value(const char *arg);
/* 1 if the argument after the i-th may be its value: a word that looks like a flag may not
 * ("--brokers --topic x" is a mistake). */
int settings_value_follows(int argc, char **argv, int i);
/* The setting of any command that the argument belongs to, or NULL. */
const struct setting *settings_by_flag(const struct settings_spec *spec, const char *arg);

/* The command that the arguments name: the first word that is neither a flag nor a flag's value;
 * the one named "" where there is none. NULL, with that word in *word, where there is no such
 * command; NULL as well where the spec has none. */
const struct settings_command *settings_command_in(const struct settings_spec *spec, int argc,
						   char **argv, const char **word);
/* "gapless-writer replay". Returns out. */
const char *settings_called(const struct settings_spec *spec,
			    const struct settings_command *command, char out[SETTING_CALLED_BYTES]);
#endif
