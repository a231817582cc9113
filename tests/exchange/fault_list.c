/* SPDX-License-Identifier: MIT */
/* Lists of markets that are not whole. */
#include "fault_family.h"

#include <string.h>

/* Whether the name stands in a list with commas between. */
static bool names(const char *words, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = words; *at != '\0'; at += *at == ',') {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool is_hidden(const struct fault_set *set, const char *name)
{
	const struct fault_hit *hit = NULL;

	while ((hit = fault_next(set, FAULT_LIST_WITHOUT, hit)) != NULL)
		if (names(hit->words, name))
			return true;
	while ((hit = fault_next(set, FAULT_LIST_ONLY, hit)) != NULL)
		if (!names(hit->words, name))
			return true;
	return false;
}

size_t fault_pick_markets(const struct fault_set *set, const struct market_list *markets,
			  int64_t now_ms, const struct market **shown)
{
	size_t n = 0, less = (size_t)fault_value(set, FAULT_LIST_SHORT);

	for (size_t i = 0; i < markets->n; i++)
		if (market_exists(&markets->at[i], now_ms) && !is_hidden(set, markets->at[i].name))
			shown[n++] = &markets->at[i];
	return n > less ? n - less : 0;
}
