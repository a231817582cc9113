/* SPDX-License-Identifier: MIT */
/* What to do about a failure of the database. Pure. */
#ifndef GAPLESS_POLICY_H
#define GAPLESS_POLICY_H

#include "common/error.h"

enum policy {
	POLICY_AGAIN, /* transient: reconnect and try again, with growing pauses, for ever */
	POLICY_ROW,   /* one row is bad: find it */
	POLICY_WAIT,  /* a migration or a restore may be running, or a person must act: try again
			 every few  seconds, for ever */
	POLICY_BROKEN /* as WAIT, for half a minute; then it needs a person */
};

enum policy policy_of(enum err_class class, const char *sqlstate);

#endif
