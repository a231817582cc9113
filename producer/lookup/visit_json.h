/* SPDX-License-Identifier: MIT */
/* The series of a visit as parameters of its statements: JSON, because its arrays need no quoting
 * rules of our own. Pure. */
#ifndef GAPLESS_VISIT_JSON_H
#define GAPLESS_VISIT_JSON_H

#include "common/text/buf.h"
#include "producer/lookup/visit.h"

enum { VISIT_JSON_BYTES = 32 << 20 }; /* of a parameter, at most */

/* Those that of() names: where each is in the visit, what is wanted of it and how it stands; and
 * what witnesses said. -1: they are too many (*err). */
int visit_json_series(const struct visit *visit, int (*of)(const struct visit_series *),
		      int with_evidence, struct buf *b, struct err *err)
	__attribute__((warn_unused_result));
/* What has been added to what is not available, and taken back, since it was read; of the series
 * whose partition begins. */
int visit_json_changes(const struct visit *visit, struct buf *b, struct err *err)
	__attribute__((warn_unused_result));

#endif
