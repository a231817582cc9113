/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <stdlib.h>

struct timeline_input input_of(const struct message *m)
{
	const struct candle *c = &m->candle;

	return (struct timeline_input){
		.bar = {.timestamp_ms = c->timestamp_ms,
			.open = strtod(c->open, NULL),
			.high = strtod(c->high, NULL),
			.low = strtod(c->low, NULL),
			.close = strtod(c->close, NULL),
			.volume = strtod(c->volume, NULL),
			.quote_volume = strtod(c->quote_volume, NULL),
			.revision = c->revision,
			.fetched_ms = m->fetched_at_ms},
		.covers_from_ms = m->covers_from_ms,
		.covers_to_ms = m->covers_to_ms,
	};
}
