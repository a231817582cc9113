/* SPDX-License-Identifier: MIT */
/* Passwords in text that a person gave us. */
#ifndef GAPLESS_SETTINGS_REDACT_H
#define GAPLESS_SETTINGS_REDACT_H

/* A copy of a conninfo (URI or key=value) or of a "name=value" property with any password replaced
 * by ***. The caller frees. */
char *settings_redact(const char *text);

#endif
