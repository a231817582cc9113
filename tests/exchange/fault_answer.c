/* SPDX-License-Identifier: MIT */
/* Another answer in the place of the right one: status, body, headers. */
#include "fault_family.h"

#include <stdio.h>

#define HTML_TYPE "text/html;charset=UTF-8"

static const char maintenance[] = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>"
				  "<body><h1>We will be back soon</h1></body></html>\n";
static const char firewall[] = "<!DOCTYPE html>\n<html><head><title>Access denied</title></head>"
			       "<body><h1>Error 1020</h1><p>Access denied</p></body></html>\n";

static void put_body(struct answer *a, const char *type, const char *body)
{
	if (type != NULL)
		a->type = type;
	text_clear(&a->body);
	text_put(&a->body, body);
}

static const char *words_of(unsigned status)
{
	return status == 404 ? "Code not found" : status < 500 ? API_CHECK_VALUE : "Error";
}

void fault_replace_answer(const struct fault_set *set, struct answer *a)
{
	if (a->status == 429 || a->status == 418)
		return;
	if (fault_is(set, FAULT_STATUS))
		api_put_error(a, (unsigned)fault_value(set, FAULT_STATUS),
			      words_of((unsigned)fault_value(set, FAULT_STATUS)));
	if (fault_is(set, FAULT_FORBIDDEN)) {
		a->status = 403;
		put_body(a, HTML_TYPE, firewall);
	} else if (fault_is(set, FAULT_HTML)) {
		put_body(a, HTML_TYPE, maintenance);
	} else if (fault_is(set, FAULT_NO_BODY)) {
		put_body(a, NULL, "");
	} else if (fault_is(set, FAULT_EMPTY)) {
		put_body(a, NULL, "[]");
	} else if (fault_is(set, FAULT_NULL)) {
		put_body(a, NULL, "null");
	} else if (fault_is(set, FAULT_OBJECT)) {
		api_put_error(a, 500, "Internal error");
		a->status = 200;
	}
}

void fault_spoil_headers(const struct fault_set *set, const struct limit_verdict *verdict,
			 struct answer *a)
{
	if (fault_is(set, FAULT_NO_REMAINING))
		a->remaining[0] = '\0';
	if (fault_is(set, FAULT_NODATE))
		a->date[0] = '\0';
	if (fault_is(set, FAULT_RETRY_AFTER) && (a->status == 429 || a->status == 418))
		snprintf(a->retry_after, sizeof(a->retry_after), "%u",
			 a->status == 418 ? verdict->blocked_s : 1);
}
