/* SPDX-License-Identifier: MIT */
/* What the database forbids to ask for of a series (schemas/006_tables.sql). */
#ifndef GAPLESS_LIMITS_H
#define GAPLESS_LIMITS_H

#include <stdint.h>

struct limits {
	int64_t retained_from_ms; /* nothing older is kept; INT64_MIN: no such limit */
	int ended;                /* nothing of it is wanted any more */
};

#endif
