/* SPDX-License-Identifier: MIT */
/* One setting's value, between text and the member of the settings struct that its offset names.
 * What settings.c and settings_print.c share; nobody else needs it. */
#ifndef GAPLESS_SETTINGS_VALUE_H
#define GAPLESS_SETTINGS_VALUE_H

#include "common/base/error.h"
#include "common/settings/settings_table.h"

#define SETTING_PREFIX "GAPLESS_"

enum { SETTING_NAME_BYTES = 64 };

/* "batch-rows" becomes "GAPLESS_BATCH_ROWS". Returns out. */
const char *setting_variable(const char *name, char out[SETTING_NAME_BYTES]);

/* Writes the member; a list gets the parts of text between ';' (a ';' inside a part is written
 * "\;"). `from` is where text stood, for the sentence: "--batch-rows". 0 or -1. */
int setting_store(const struct setting *s, void *settings, const char *text, const char *from,
		  struct err *err) __attribute__((warn_unused_result));
/* The default: the fallback, or nothing. */
int setting_reset(const struct setting *s, void *settings, struct err *err)
	__attribute__((warn_unused_result));
/* An empty list with room for n parts, and one part more in it. */
void setting_list_init(struct setting_list *l, size_t n);
void setting_list_add(struct setting_list *l, const char *text);

/* The member as text, "" where there is none; secrets and passwords as ***. The caller frees. */
char *setting_show(const struct setting *s, const void *settings);
/* Whether the member is what setting_reset would make it. */
int setting_is_default(const struct setting *s, const void *settings);

#endif
