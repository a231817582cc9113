/* SPDX-License-Identifier: MIT */
/* What a program says of its settings and commands: rows of tables (settings.h). */
#ifndef GAPLESS_SETTINGS_TABLE_H
#define GAPLESS_SETTINGS_TABLE_H

#include <stddef.h>
#include <stdint.h>

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
	char needed;          /* there is no default: the fallback is a value that is none */
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

#endif
