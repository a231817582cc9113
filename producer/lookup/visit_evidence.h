/* SPDX-License-Identifier: MIT */
/* What witnesses said of the series, and what of them is not available: written where it has
 * changed, and read back, so that it survives a takeover. Two commands may change it as well, one
 * settles spans by hand, one forgets them. */
#ifndef GAPLESS_VISIT_EVIDENCE_H
#define GAPLESS_VISIT_EVIDENCE_H

#include "common/pg/pg.h"
#include "producer/lookup/visit.h"

/* Of the series whose partition begins. */
int visit_evidence(struct pg *pg, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));

#endif
