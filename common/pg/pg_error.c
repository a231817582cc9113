/* SPDX-License-Identifier: MIT */
#include "common/pg/pg_error.h"

#include <stdio.h>
#include <string.h>

#include "common/text/utf8.h"

/* appendix A of PostgreSQL's manual; the first line whose code begins the SQLSTATE counts. keep:
 * the session is as good as before. A code that is not here is somebody's own (RAISE ... ERRCODE).
 */
static const struct rule {
	const char *code;
	enum err_class class;
	int keep;
	const char *hint;
} rules[] = {
	{"08", ERR_RETRY, 0, NULL},
	{"40", ERR_RETRY, 1, NULL},    /* serialization, deadlock, completion unknown */
	{"55P03", ERR_RETRY, 1, NULL}, /* lock_timeout */
	{"57014", ERR_RETRY, 1, NULL}, /* statement_timeout, or cancelled by somebody */
	{"57P", ERR_RETRY, 0, NULL},   /* shutdown, starting up, idle timeout */
	{"25P03", ERR_RETRY, 0, NULL}, /* idle in transaction timeout */
	{"25006", ERR_RETRY, 0, "the server is read-only, perhaps a standby; trying the others"},
	{"25", ERR_FATAL, 0, NULL},
	{"26", ERR_FATAL, 0, NULL},
	{"58", ERR_FATAL, 0, NULL}, /* of the server's system */
	{"53100", ERR_RETRY, 1, "the database's disk is full: make room"},
	{"53300", ERR_RETRY, 1, "raise the server's max_connections, or close some connections"},
	{"53", ERR_RETRY, 1, NULL},
	{"22", ERR_INPUT, 1, NULL},
	/* Of a column of somebody else, for no candle has a NULL: of all rows, mostly. */
	{"23502", ERR_FATAL, 1, "drop that column's NOT NULL, or give it a default"},
	{"23514", ERR_INPUT, 1, NULL},
	{"23", ERR_FATAL, 1, NULL},
	{"28", ERR_FATAL, 1,
	 "check user and password (conninfo, PGUSER, PGPASSWORD, ~/.pgpass) and the server's pg_hba.conf"},
	{"3D000", ERR_FATAL, 1,
	 "create the database (createdb), then run `gapless-writer migrate`"},
	{"3F000", ERR_FATAL, 1,
	 "create the schema or set search_path, then run `gapless-writer migrate`"},
	{"42501", ERR_FATAL, 1,
	 "grant the role the privileges that it needs (under row level security, a policy)"},
	{"42P01", ERR_FATAL, 1, "run `gapless-writer migrate`"},
	{"42703", ERR_FATAL, 1, "run `gapless-writer migrate`"},
	{"42704", ERR_FATAL, 1, "run `gapless-writer migrate`"},
	{"42883", ERR_FATAL, 1, "run `gapless-writer migrate`"},
	{"42P10", ERR_FATAL, 1, "a unique constraint is missing: run `gapless-writer migrate`"},
	{"42", ERR_FATAL, 1, NULL},
	{"0A000", ERR_FATAL, 1, NULL},
	{"21000", ERR_FATAL, 1, NULL},
	{"2BP01", ERR_FATAL, 1, NULL},
	{"54", ERR_FATAL, 1, NULL},
	{"55", ERR_FATAL, 1, NULL},
	{"P0", ERR_FATAL, 1, NULL}, /* RAISE */
	{"XX", ERR_FATAL, 1, NULL}, /* internal: a connection that is lost says so itself */
};

static const struct rule *rule_of(const char *sqlstate)
{
	static const struct rule gone = {"", ERR_RETRY, 0, NULL}, other = {"", ERR_FATAL, 1, NULL};

	if (!sqlstate || !*sqlstate)
		return &gone;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (strncmp(sqlstate, rules[i].code, strlen(rules[i].code)) == 0)
			return &rules[i];
	}
	return &other;
}

static void one_line(const char *text, char *out, size_t size)
{
	utf8_line(text ? text : "", text ? strlen(text) : 0, out, size);
}

static void keep_sqlstate(char out[PG_SQLSTATE_BYTES], const char *sqlstate)
{
	snprintf(out, PG_SQLSTATE_BYTES, "%s", sqlstate ? sqlstate : "");
}

/* PgBouncer's own words, which nobody translates; trying again would never help. */
static int is_statement_pooling(const char *sqlstate, const char *message)
{
	return strcmp(sqlstate, "08P01") == 0 && strstr(message, "statement pooling") != NULL;
}

static int statement_pooling(const char *message, struct err *err)
{
	return err_set(
		err, ERR_FATAL,
		"the pooler in front of the database does not allow transactions (%s): set "
		"pool_mode = transaction or session for this database, or connect without it",
		message);
}

int pg_error_statement(char sqlstate[PG_SQLSTATE_BYTES], const PGresult *res, int *keep,
		       struct err *err)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const struct rule *rule = rule_of(code);
	const char *hint = rule->hint ? rule->hint : PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
	char message[200], more[120], fix[140];

	keep_sqlstate(sqlstate, code);
	*keep = rule->keep;
	one_line(primary ? primary : PQresultErrorMessage(res), message, sizeof(message));
	if (is_statement_pooling(sqlstate, message)) {
		*keep = 0;
		return statement_pooling(message, err);
	}
	/* With a detail it is about a publication's row filter. */
	if (detail && strcmp(sqlstate, "42P10") == 0)
		hint = "take the row filter out of the publication, or its column into the replica identity";
	one_line(detail, more, sizeof(more));
	one_line(hint, fix, sizeof(fix));
	return err_set(err, rule->class, "%s%s%s%s (SQLSTATE %s)%s%s", message, *more ? " (" : "",
		       more, *more ? ")" : "", *sqlstate ? sqlstate : "none", *fix ? ": " : "",
		       fix);
}

int pg_error_lost(char sqlstate[PG_SQLSTATE_BYTES], const PGconn *conn, const PGresult *res,
		  struct err *err)
{
	const char *primary = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *text = primary ? primary
			   : res   ? PQresultErrorMessage(res)
				   : PQerrorMessage(conn);
	char message[300], *advice;

	keep_sqlstate(sqlstate, res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL);
	one_line(text, message, sizeof(message));
	if (is_statement_pooling(sqlstate, message))
		return statement_pooling(message, err);
	advice = strstr(message, " This probably means"); /* libpq's; it says nothing more */
	if (advice)
		*advice = 0;
	return err_set(err, ERR_RETRY, "the connection to the database was lost: %s",
		       *message ? message : "no reason given");
}

/* ---- connecting ---- */

/* Cuts ":  28P01: " to ": " wherever it stands, and keeps the last code: with several hosts it is
 * of the last one tried that answered. */
static void take_sqlstate(char sqlstate[PG_SQLSTATE_BYTES], char *text)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (char *at = text; (at = strstr(at, ":  ")); at += 2) {
		if (strspn(at + 3, digits) != 5 || at[8] != ':' || at[9] != ' ')
			continue;
		memcpy(sqlstate, at + 3, 5);
		sqlstate[5] = 0;
		memmove(at + 2, at + 10, strlen(at + 10) + 1);
	}
}

/* The verbose text has lines about the server's source code; advice of libpq stands on lines with a
 * tab. */
static void drop_extra_lines(char *text)
{
	static const char word[] = "LOCATION:";

	for (char *at = text; *at;) {
		char *next = at + strcspn(at, "\n");

		next += *next != 0;
		if (*at == '\t' || strncmp(at, word, sizeof(word) - 1) == 0)
			memmove(at, next, strlen(next) + 1);
		else
			at = next;
	}
}

int pg_error_connect(char sqlstate[PG_SQLSTATE_BYTES], const PGconn *conn, struct err *err)
{
	char text[1024], message[300];
	const struct rule *rule;

	keep_sqlstate(sqlstate, NULL);
	snprintf(text, sizeof(text), "%s", PQerrorMessage(conn));
	take_sqlstate(sqlstate, text);
	drop_extra_lines(text);
	one_line(text, message, sizeof(message));
	rule = rule_of(sqlstate);
	if (PQconnectionNeedsPassword(conn))
		return err_set(err, ERR_FATAL,
			       "the database wants a password: %s: give one with PGPASSWORD, "
			       "~/.pgpass or password= in the conninfo",
			       message);
	/* libpq refused a value before it tried anything; its own texts are never translated here
	 * (no setlocale). */
	if (!*sqlstate &&
	    (strncmp(message, "invalid ", 8) == 0 || strstr(message, "could not match ") ||
	     strstr(message, "definition of service ") || strstr(message, "service file ")))
		return err_set(err, ERR_FATAL, "the conninfo of the database is not valid: %s",
			       message);
	if (!*sqlstate)
		return err_set(err, ERR_RETRY, "the database cannot be reached: %s", message);
	return err_set(err, rule->class,
		       "the database refuses the connection: %s (SQLSTATE %s)%s%s", message,
		       sqlstate, rule->hint ? ": " : "", rule->hint ? rule->hint : "");
}
