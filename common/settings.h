/* SPDX-License-Identifier: MIT */
/* Settings as one table: it drives environment, flags, --help, the redacted start-up dump and the
 * example file.
 *
 * A setting "batch-rows" is the flag --batch-rows=N (or --batch-rows N) and the variable
 * GAPLESS_BATCH_ROWS. Flag beats environment beats default. An unknown flag, an unknown GAPLESS_
 * variable (a typo would otherwise be silent; those of the other programs and of compose/ are
 * known, settings_rows.h), a value out of bounds: an ERR_FATAL sentence that names the setting, the
 * value and the bounds.
 *
 * A program may have commands: the first word that is no flag. A command uses some of the table's
 * settings, and may have own ones, which are flags only: what a single call is to do must not come
 * from the surroundings. */
#ifndef GAPLESS_SETTINGS_H
#define GAPLESS_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

enum setting_type {
	SETTING_TEXT,   /* const char * */
	SETTING_NUMBER, /* int64_t, between min and max */
	SETTING_SWITCH, /* int: 0 or 1; the flag alone means 1; true/false, yes/no, on/off, 1/0 */
	SETTING_TIME,   /* int64_t epoch ms, time_parse_user(); empty = INT64_MIN */
	SETTING_LIST /* struct setting_list: a repeatable flag; in the environment separated by ';'
			("\;" is one) */
};

struct setting_list {
	const char **v;
	size_t n;
};

/* A row names what it says; what it leaves out is none, empty, 0. */
struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;        /* of the member in the settings struct; both by SETTING_AT */
	int64_t min, max;     /* numbers */
	const char *fallback; /* default, as text; NULL = none (text: NULL, list: empty) */
	int secret;           /* never printed: "***" */
	char short_flag;      /* 'X' for -X; 0 = none */
	const char *value;    /* what --help calls the value: "N", "ISO", "CONNINFO" */
	const char *help;     /* one sentence */
	const char *renamed;  /* what it was called before: goes on working, with one warning */
};

/* .type and .offset of a row, from the member itself. */
#define SETTING_AT(settings, member) \
	.type = _Generic(((settings *)NULL)->member,                  \
			 const char *: SETTING_TEXT,                  \
			 int64_t: SETTING_NUMBER,                     \
			 int: SETTING_SWITCH,                         \
			 struct setting_list: SETTING_LIST),          \
	.offset = offsetof(settings, member)
#define SETTING_AT_TIME(settings, member) .type = SETTING_TIME, .offset = offsetof(settings, member)

struct settings_command {
	const char *name;  /* "replay"; "" is what the program does without a command, and stands
			      first */
	const char *help;  /* one line for the list of commands */
	const char *usage; /* as those of the spec, for the command's --help */
	const char *examples;
	const struct setting *own; /* ends with name == NULL; NULL: none */
	const char *const *shared; /* names of the spec's table, ends with NULL; NULL: all of it */
	int (*run)(const void *settings); /* does it; returns the exit code */
	int terse; /* it answers a person: no lines in the log about settings and end */
};

struct settings_spec {
	const char *program;         /* "gapless-writer" */
	const char *usage;           /* text in --help before the table: synopsis, commands */
	const char *examples;        /* text after it */
	const struct setting *table; /* ends with name == NULL */
	const struct settings_command
		*commands; /* ends with name == NULL; NULL: the program has none */
};

enum settings_result { SETTINGS_RUN, SETTINGS_EXIT_OK, SETTINGS_BAD };

/* Fills *out (a struct that the table's offsets describe; other members are left alone). Handles
 * --help, --version and --example itself (prints to stdout, SETTINGS_EXIT_OK). Words that are not
 * flags are returned in *words; where the spec has commands, that is at most one, and it is one of
 * them. A flag that does not belong to the command is refused. The strings live as long as the
 * process. `environ_` is an environment block (tests give their own). */
enum settings_result settings_load(const struct settings_spec *spec, void *out, int argc,
				   char **argv, char **environ_, struct setting_list *words,
				   struct err *err) __attribute__((warn_unused_result));
/* The command that was given to settings_load; NULL if the spec has none. */
const struct settings_command *settings_chosen(const struct settings_spec *spec,
					       const struct setting_list *words);
/* One log line at info with every setting of the command (NULL: of the program) that is not a
 * default, secrets and passwords inside conninfo and librdkafka properties redacted. */
void settings_log(const struct settings_spec *spec, const struct settings_command *command,
		  const void *settings);
/* The commented example environment file: every setting, its help, its default. */
void settings_example(const struct settings_spec *spec, FILE *to);
/* A copy of a conninfo (URI or key=value) or of a "name=value" property with any password replaced
 * by ***. The caller frees. */
char *settings_redact(const char *text);

#endif
