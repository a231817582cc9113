/* SPDX-License-Identifier: MIT */
/* gapless-PROGRAM-doc man|bash|markdown: what there is to read about a program's settings, from its
 * own tables. Linked once with each program's library. The man page bears the date of the version
 * (SOURCE_DATE_EPOCH). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/version.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_print.h"

extern const struct settings_spec commands_spec;
static const struct settings_spec *const spec = &commands_spec;

/* The program's settings if it has no commands: one without a name. */
static const struct settings_command *commands(void)
{
	static const struct settings_command none[] = {{.name = ""}, {.name = NULL}};

	return spec->commands != NULL ? spec->commands : none;
}

/* Each setting with its texts; `show` prints one. */
static void each(const struct settings_command *command, int own_only,
		 void (*show)(const struct setting *, const char *details))
{
	const struct setting *s;

	for (size_t i = 0; (s = settings_applying(spec, command, i)) != NULL; i++) {
		int own = settings_is_own(command, s);
		char *details;

		if (own_only && !own)
			break; /* its own ones come first */
		details = settings_describe(s, !own);
		show(s, details);
		free(details);
	}
}

/* ---- man page ---- */

/* Text of which roff understands nothing. Filled text begins a line with each sentence, so that
 * roff sets the space between them; behind "e.g." goes on what began before. */
static void roff(const char *text, size_t len, int filled)
{
	int begins = 1, ends = 0;

	for (const char *end = text + len; text < end; text++) {
		if (filled && ends && *text == ' ' && (text[1] < 'a' || text[1] > 'z') &&
		    text[1] != '\'' && (text[1] < '0' || text[1] > '9')) {
			putchar('\n');
			begins = 1;
			ends = 0;
			continue;
		}
		ends = *text == '.' || *text == '?' || *text == '!' || (ends && *text == ')');
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		begins = *text == '\n';
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void roff_line(const char *text)
{
	roff(text, strlen(text), 1);
	putchar('\n');
}

/* Paragraphs that the text parts by empty lines, filled; an indented one as it stands. `first` if a
 * heading stands above. */
static void roff_paragraphs(const char *text, int first)
{
	while (*(text += strspn(text, "\n"))) {
		const char *end = strstr(text, "\n\n");
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
		int literal = text[0] == ' ' || memmem(text, len, "\n  ", 3) != NULL;

		while (len > 0 && text[len - 1] == '\n')
			len--;
		if (literal)
			puts(".Bd -literal");
		else if (!first)
			puts(".Pp");
		first = 0;
		roff(text, len, !literal);
		fputs(literal ? "\n.Ed\n" : "\n", stdout);
		text += len;
	}
}

/* "Usage: a line\n\nparagraphs": the line, and where the paragraphs begin. */
static const char *usage_line(const char *usage, size_t *len)
{
	const char *line = strncmp(usage, "Usage: ", 7) == 0 ? usage + 7 : usage;
	const char *end = strstr(line, "\n\n");

	*len = end != NULL ? (size_t)(end - line) : strcspn(line, "\n");
	return line;
}

static void man_setting(const struct setting *s, const char *details)
{
	const char *value = settings_value_name(s);

	fputs(".It ", stdout);
	if (s->short_flag)
		printf("Fl %c , ", s->short_flag);
	printf("Fl \\-%s", s->name);
	if (*value)
		printf(" Ns = Ns Ar %s", value);
	putchar('\n');
	roff_line(s->help != NULL ? s->help : "");
	putchar('[');
	roff(details, strlen(details), 0);
	puts("]");
}

static void man_settings(const struct settings_command *command, int own_only)
{
	puts(".Bl -tag -width Ds");
	each(command, own_only, man_setting);
	puts(".El");
}

static void man_examples(const char *examples, int first)
{
	if (examples == NULL)
		return;
	if (strncmp(examples, "Examples:\n", 10) == 0) {
		puts(first ? "Examples:" : ".Pp\nExamples:");
		first = 0;
		examples += 10;
	}
	roff_paragraphs(examples, first);
}

static void man_synopsis(void)
{
	puts(".Sh SYNOPSIS\n.Bd -literal -compact");
	for (const struct settings_command *c = commands(); c->name != NULL; c++) {
		const char *usage = *c->name ? c->usage : spec->usage;
		size_t len;
		const char *line = usage_line(usage != NULL ? usage : spec->program, &len);

		roff(line, len, 0);
		putchar('\n');
	}
	puts(".Ed");
}

static void man_command(const struct settings_command *c)
{
	size_t len;
	const char *line = c->usage != NULL ? usage_line(c->usage, &len) : NULL;
	const struct setting *s;

	printf(".Ss %s\n", c->name);
	if (line != NULL)
		roff_paragraphs(line + len, 1);
	else
		roff_line(c->help);
	if (c->own != NULL && c->own->name != NULL) {
		puts(".Pp\nFlags of its own:");
		man_settings(c, 1);
	}
	puts(".Pp\nSettings that it shares with the program:");
	for (size_t i = 0; (s = settings_applying(spec, c, i)) != NULL; i++)
		if (!settings_is_own(c, s))
			printf(".Fl \\-%s\n", s->name);
	man_examples(c->examples, 0);
}

static void man(void)
{
	static const char *const programs[] = {"gapless-indicators", "gapless-producer",
					       "gapless-writer"};
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t at = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : 0;
	struct tm tm;
	char date[64], title[64];
	size_t len;
	const char *line = usage_line(spec->usage, &len);
	const char *help = commands()->help;

	gmtime_r(&at, &tm);
	strftime(date, sizeof(date), "%B %-d, %Y", &tm);
	snprintf(title, sizeof(title), "%s", spec->program);
	for (char *c = title; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	printf(".\\\" Made from the program's tables.\n.Dd %s\n.Dt %s 1\n.Os \"Gapless %s\"\n.nh\n",
	       date, title, gapless_version);
	printf(".Sh NAME\n.Nm %s\n.Nd ", spec->program);
	roff(help, strlen(help) - (help[strlen(help) - 1] == '.'), 0);
	putchar('\n');
	man_synopsis();
	puts(".Sh DESCRIPTION");
	roff_paragraphs(line + len, 1);
	puts(".Pp\nA setting is a flag or a variable of the environment; the flag wins.\nAn unknown "
	     "variable that begins with GAPLESS_ is refused.\n"
	     ".Sh SETTINGS");
	man_settings(commands(), 0);
	puts(".Pp\nBesides, every command takes:\n.Bl -tag -width Ds\n"
	     ".It Fl \\-example\nPrints an environment file with every setting, and exits.\n"
	     ".It Fl \\-version\nPrints the version, and exits.\n"
	     ".It Fl \\-help\nPrints the settings of the command, and exits.\n.El");
	if (commands()[1].name != NULL)
		puts(".Sh COMMANDS");
	for (const struct settings_command *c = commands(); c->name != NULL; c++)
		if (*c->name)
			man_command(c);
	puts(".Sh EXAMPLES AND EXIT STATUS");
	man_examples(spec->examples, 1);
	puts(".Sh SEE ALSO");
	for (size_t i = 0, left = 2; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(programs[i], spec->program) != 0)
			printf(".Xr %s 1%s\n", programs[i], --left > 0 ? " ," : "");
}

/* ---- completion ---- */

static void bash_flag(const struct setting *s, const char *details)
{
	(void)details;
	printf("--%s%s ", s->name, *settings_value_name(s) ? "=" : "");
}

static void bash(void)
{
	char name[64];

	snprintf(name, sizeof(name), "_%s", spec->program);
	for (char *c = name; *c; c++)
		*c = (char)(*c == '-' ? '_' : *c);
	printf("# bash completion of %s; made from the program's tables.\n%s()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} command='' names='",
	       spec->program, name);
	for (const struct settings_command *c = commands(); c->name != NULL; c++)
		printf("%s%s", *c->name ? c->name : "", *c->name && c[1].name != NULL ? " " : "");
	puts("' i\n"
	     "\tCOMPREPLY=()\n"
	     "\t# A value: the shell's own completion, of files.\n"
	     "\t[[ $word != = && ${COMP_WORDS[COMP_CWORD-1]} != = ]] || return 0\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\t[[ \" $names \" != *\" ${COMP_WORDS[i]} \"* ]] || command=${COMP_WORDS[i]}\n"
	     "\tdone\n"
	     "\tcase $command in");
	for (const struct settings_command *c = commands(); c->name != NULL; c++) {
		printf("\t%s) names='", *c->name ? c->name : "''");
		each(c, 0, bash_flag);
		printf("--example --version --help'%s ;;\n", *c->name ? "" : "\" $names\"");
	}
	printf("\tesac\n"
	       "\t[[ \" $names \" != *\" ${COMP_WORDS[COMP_CWORD-1]}= \"* ]] || return 0\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$word\")\n"
	       "\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null\n"
	       "\treturn 0\n}\ncomplete -o default -F %s %s\n",
	       name, spec->program);
}

/* ---- page of the documentation ---- */

static void markdown_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("|*<>[]", *text) != NULL)
			putchar('\\');
		putchar(*text == '\n' ? ' ' : *text);
	}
}

static void markdown_setting(const struct setting *s, const char *details)
{
	const char *value = settings_value_name(s);

	printf("| `--%s%s%s`", s->name, *value ? "=" : "", value);
	if (s->short_flag)
		printf(", `-%c`", s->short_flag);
	fputs(" | ", stdout);
	markdown_text(s->help != NULL ? s->help : "");
	fputs(" | ", stdout);
	if (strncmp(details, "GAPLESS_", 8) == 0) {
		size_t len = strcspn(details, ",");

		printf("`%.*s`", (int)len, details);
		details += len;
	}
	markdown_text(details);
	puts(" |");
}

static void markdown(void)
{
	printf("\n## %s\n\n| setting | | variable, values, default |\n|---|---|---|\n",
	       spec->program);
	each(commands(), 0, markdown_setting);
	for (const struct settings_command *c = commands(); c->name != NULL; c++) {
		if (!*c->name)
			continue;
		printf("\n### %s %s\n\n", spec->program, c->name);
		markdown_text(c->help);
		puts("");
		if (c->own == NULL || c->own->name == NULL)
			continue;
		puts("\n| flag | | values, default |\n|---|---|---|");
		each(c, 1, markdown_setting);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} forms[] = {{"man", man}, {"bash", bash}, {"markdown", markdown}};

	for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(*forms); i++) {
		if (strcmp(argv[1], forms[i].name) != 0)
			continue;
		forms[i].print();
		return ferror(stdout) || fflush(stdout) != 0;
	}
	fprintf(stderr, "usage: %s man|bash|markdown\n", argv[0]);
	return 2;
}
