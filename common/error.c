/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_class class, const char *fmt, ...)
{
	va_list args;
	size_t end;
	int n;

	if (!e)
		return -1;
	e->class = class;
	va_start(args, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	if (n < 0)
		e->text[0] = 0;
	if (n < 0 || (size_t)n < sizeof(e->text))
		return -1;
	/* What was cut says so, and does not end inside a UTF-8 character. */
	end = sizeof(e->text) - sizeof("...");
	while (end > 0 && ((unsigned char)e->text[end] & 0xc0) == 0x80)
		end--;
	memcpy(e->text + end, "...", sizeof("..."));
	return -1;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->class = ERR_NONE;
	e->text[0] = 0;
}
