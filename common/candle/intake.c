/* SPDX-License-Identifier: MIT */
#include "common/candle/intake.h"

#include <string.h>

enum intake intake_judge(const char *source, const void *key, size_t key_len, const void *value,
			 size_t value_len, struct message *out, struct err *why)
{
	const char *symbol;

	err_clear(why);
	if (value == NULL || value_len == 0)
		return INTAKE_SKIP;
	switch (message_decode(value, value_len, out, why)) {
	case MESSAGE_BAD:
		return INTAKE_DEAD;
	case MESSAGE_NEWER:
		return INTAKE_HALT;
	case MESSAGE_OK:
		break;
	}
	symbol = out->candle.symbol;
	if (strcmp(out->source, source) != 0) {
		err_set(why, ERR_FATAL,
			"this message is of the source \"%s\", but --source is \"%s\": one topic and one "
			"table hold one source",
			out->source, source);
		return INTAKE_HALT;
	}
	if (key == NULL) {
		err_set(why, ERR_INPUT, "the message has no key; it should be %s", symbol);
		return INTAKE_DEAD;
	}
	if (key_len != strlen(symbol) || memcmp(key, symbol, key_len) != 0) {
		err_set(why, ERR_INPUT, "the message's key is not its symbol %s", symbol);
		return INTAKE_DEAD;
	}
	return INTAKE_CANDLE;
}
