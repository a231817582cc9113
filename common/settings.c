#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "settings_print.h"
#include "settings_value.h"

struct load {
	const struct settings_spec *spec;
	void *out;
	unsigned char *flagged; /* by place in the table: a flag has been seen */
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

/* The setting whose flag (or variable, with the prefix) is nearest, or NULL where none is near. */
static const struct setting *nearest(const struct settings_spec *spec, const char *name, int variable)
{
	const struct setting *best = NULL;
	size_t least = 1 + strlen(name + (variable ? sizeof(SETTING_PREFIX) - 1 : 0)) / 4;
	char full[SETTING_NAME_BYTES];

	for (const struct setting *s = spec->table; s->name; s++) {
		size_t d = distance(name, variable ? setting_variable(s, full) : s->name);

		if (d <= least) {
			best = s;
			least = d - (d > 0);
		}
	}
	return best;
}

/* ---- environment ---- */

static int variable_also_known(const struct settings_spec *spec, const char *name)
{
#ifdef GAPLESS_FAULTS
	if (strcmp(name, "FAULT") == 0)
		return 1;
#endif
	for (const char *const *k = spec->also_known; k && *k; k++) {
		if (strcmp(name, *k) == 0)
			return 1;
	}
	return 0;
}

static int load_variable(struct load *l, const char *name, const char *value)
{
	const struct settings_spec *spec = l->spec;
	const struct setting *meant;
	char full[SETTING_NAME_BYTES];

	for (const struct setting *s = spec->table; s->name; s++) {
		if (strcmp(setting_variable(s, full), name) == 0)
			return setting_store(s, l->out, value, full, l->err);
	}
	if (variable_also_known(spec, name + sizeof(SETTING_PREFIX) - 1))
		return 0;
	meant = nearest(spec, name, 1);
	if (meant)
		return err_set(l->err, ERR_FATAL,
			       "%.80s in the environment is not a setting of %s: was %s meant?", name,
			       spec->program, setting_variable(meant, full));
	return err_set(l->err, ERR_FATAL,
		       "%.80s in the environment is not a setting of %s: unset it, or see %s --help", name,
		       spec->program, spec->program);
}

static int load_environment(struct load *l, char **environ_)
{
	const size_t prefix = sizeof(SETTING_PREFIX) - 1;

	for (; environ_ && *environ_; environ_++) {
		const char *equals = strchr(*environ_, '=');
		char *name;
		int rc;

		/* Empty is the same as not set: it is what an unfilled line of a compose file makes. */
		if (!equals || !equals[1] || strncmp(*environ_, SETTING_PREFIX, prefix) != 0)
			continue;
		name = xstrdup(*environ_);
		name[equals - *environ_] = 0;
		rc = load_variable(l, name, equals + 1);
		free(name);
		if (rc)
			return -1;
	}
	return 0;
}

/* ---- flags ---- */

static const struct setting *find_long(const struct settings_spec *spec, const char *name, size_t len)
{
	for (const struct setting *s = spec->table; s->name; s++) {
		if (strlen(s->name) == len && memcmp(s->name, name, len) == 0)
			return s;
	}
	return NULL;
}

static const struct setting *find_short(const struct settings_spec *spec, char letter)
{
	for (const struct setting *s = spec->table; s->name; s++) {
		if (s->short_flag && s->short_flag == letter)
			return s;
	}
	return NULL;
}

static int unknown_flag(struct load *l, const char *arg, size_t len)
{
	const struct setting *meant = NULL;
	char name[SETTING_NAME_BYTES];

	if (strncmp(arg, "--", 2) == 0 && len - 2 < sizeof(name)) {
		memcpy(name, arg + 2, len - 2);
		name[len - 2] = 0;
		meant = nearest(l->spec, name, 0);
	}
	if (len > 80)
		len = 80;
	if (meant)
		return err_set(l->err, ERR_FATAL, "%.*s is not a flag of %s: was --%s meant?", (int)len, arg,
			       l->spec->program, meant->name);
	return err_set(l->err, ERR_FATAL, "%.*s is not a flag of %s: see %s --help", (int)len, arg,
		       l->spec->program, l->spec->program);
}

static int store_flag(struct load *l, const struct setting *s, const char *value, const char *from)
{
	unsigned char *flagged = &l->flagged[s - l->spec->table];

	if (s->type == SETTING_LIST) {
		struct setting_list *list = (struct setting_list *)((char *)l->out + s->offset);

		if (!*flagged)
			setting_list_room(list, (size_t)l->argc);
		*flagged = 1;
		if (*value)
			setting_list_add(list, value);
		return 0;
	}
	return setting_store(s, l->out, value, from, l->err);
}

/* A word that looks like a flag is not taken for a value: "--brokers --topic x" is a mistake. */
static int looks_like_flag(const char *word)
{
	return word[0] == '-' && word[1] && !strchr("0123456789", word[1]);
}

/* Takes the flag at argv[*i] and, where it stands apart, its value; *i then stands on the last word used. */
static int load_flag(struct load *l, int *i)
{
	const char *arg = l->argv[*i], *value = NULL;
	size_t len = strcspn(arg, "=");
	const struct setting *s;
	char from[SETTING_NAME_BYTES];

	if (arg[1] == '-') {
		s = find_long(l->spec, arg + 2, len - 2);
		if (arg[len])
			value = arg + len + 1;
	} else {
		len = 2;
		s = find_short(l->spec, arg[1]);
		if (arg[2])
			value = arg + 2;
	}
	if (!s)
		return unknown_flag(l, arg, len);
	snprintf(from, sizeof(from), "--%s", s->name);
	if (!value && s->type == SETTING_SWITCH)
		value = "true";
	if (!value && *i + 1 < l->argc && !looks_like_flag(l->argv[*i + 1]))
		value = l->argv[++*i];
	if (!value)
		return err_set(l->err, ERR_FATAL, "%s needs a value: %s=%s", from, from,
			       s->value ? s->value : "VALUE");
	return store_flag(l, s, value, from);
}

static int load_arguments(struct load *l, struct setting_list *words)
{
	int only_words = 0;

	setting_list_room(words, (size_t)l->argc);
	for (int i = 1; i < l->argc; i++) {
		const char *arg = l->argv[i];

		if (!only_words && strcmp(arg, "--") == 0)
			only_words = 1;
		else if (only_words || arg[0] != '-' || !arg[1])
			setting_list_add(words, arg);
		else if (load_flag(l, &i))
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

/* --help and its like are answered whatever else is wrong. */
static int answer(const struct settings_spec *spec, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		int short_help = strcmp(argv[i], "-h") == 0 && !find_short(spec, 'h');

		if (short_help || strcmp(argv[i], "--help") == 0) {
			settings_help(spec, stdout);
			return 1;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", spec->program, GAPLESS_VERSION);
			return 1;
		}
		if (strcmp(argv[i], "--example") == 0) {
			settings_example(spec, stdout);
			return 1;
		}
	}
	return 0;
}

enum settings_result settings_load(const struct settings_spec *spec, void *out, int argc, char **argv,
				   char **environ_, struct setting_list *words, struct err *err)
{
	struct load l = {.spec = spec, .out = out, .argc = argc, .argv = argv, .err = err};
	enum settings_result result = SETTINGS_BAD;
	size_t n = 0;

	err_clear(err);
	*words = (struct setting_list){NULL, 0};
	if (answer(spec, argc, argv))
		return SETTINGS_EXIT_OK;
	for (; spec->table[n].name; n++) {
		if (setting_reset(&spec->table[n], out, err))
			return SETTINGS_BAD;
	}
	l.flagged = xcalloc(n + 1, 1);
	if (load_environment(&l, environ_) == 0 && load_arguments(&l, words) == 0)
		result = SETTINGS_RUN;
	free(l.flagged);
	return result;
}
