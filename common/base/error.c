/* SPDX-License-Identifier: MIT */
#include "common/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text/utf8.h"

int err_set(struct err *e, enum err_class class, const char *fmt, ...)
{
	va_list args;
	int n;

	if (!e)
		return -1;
	e->class = class;
	va_start(args, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	if (n < 0)
		e->text[0] = 0;
	if (n >= 0 && (size_t)n >= sizeof(e->text)) /* what was cut says so */
		memcpy(e->text + utf8_cut(e->text, sizeof(e->text) - sizeof("...")), "...",
		       sizeof("..."));
	utf8_repair(e->text);
	return -1;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->class = ERR_NONE;
	e->text[0] = 0;
}
