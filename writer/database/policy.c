/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <string.h>

enum policy policy_of(enum err_class class, const char *sqlstate)
{
	/* 42P10: the unique constraint that ON CONFLICT names is not there (during a restore it
	 * comes last). 23505: another unique constraint than ours refuses rows. 21000: the batch
	 * holds a key twice. */
	static const char *const broken[] = {"42P10", "23505", "21000"};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		if (strcmp(sqlstate, broken[i]) == 0)
			return POLICY_BROKEN;
	}
	switch (class) {
	case ERR_INPUT:
		return POLICY_ROW;
	case ERR_FATAL:
		return POLICY_WAIT;
	case ERR_NONE:
	case ERR_RETRY:
		break;
	}
	return POLICY_AGAIN;
}
