/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <inttypes.h>

#include "number.h"

const char *result_state_name(enum result_state state)
{
	static const char *const names[] = {"final", "provisional", "unavailable"};

	return names[state];
}

static const char *const reasons[] = {"", "warming", "gap"};

static int encode_values(const struct indicator_message *m, struct buf *out)
{
	const char *const *names = m->indicator->kind->values;
	char number[NUMBER_BYTES];

	if (m->result.state == RESULT_UNAVAILABLE)
		return 0;
	for (size_t i = 0; names[i]; i++) {
		if (buf_printf(out, "%s\"%s\":\"%s\"", i ? "," : "", names[i],
			       number_text(m->result.v[i], number)))
			return -1;
	}
	return 0;
}

int indicator_encode(const struct indicator_message *m, struct buf *out)
{
	if (buf_printf(out,
		       "{\"v\":%d,\"symbol\":\"%s\",\"interval\":\"%s\",\"timestamp\":%" PRId64
		       ",\"indicator\":\"%s\",\"params\":\"%s\",\"state\":\"%s\",\"reason\":\"%s\","
		       "\"value\":{",
		       INDICATOR_VERSION, m->symbol, m->interval->name, m->timestamp_ms,
		       m->indicator->kind->name, m->indicator->params,
		       result_state_name(m->result.state), reasons[m->result.reason]) ||
	    encode_values(m, out))
		return -1;
	return buf_printf(out, "},\"candles\":%" PRId64 ",\"as_of\":%" PRId64 ",\"source\":\"%s\"}",
			  m->result.candles, m->result.as_of_ms, m->source);
}
