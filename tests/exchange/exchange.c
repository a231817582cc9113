/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "options.h"
#include "recorded.h"
#include "text.h"

#include <string.h>

double exchange_random(void *cls)
{
	struct exchange *ex = cls;

	return (double)(market_draw(ex->random_state++, 0, 0) >> 11) / 9007199254740992.0;
}

bool exchange_init(struct exchange *ex, const struct options *o, struct text *error)
{
	memset(ex, 0, sizeof(*ex));
	world_init(&ex->world, o->seed);
	ex->world.corrected_ppm = o->corrected_ppm;
	ex->random_state = o->seed * 1000003;
	ex->delay_min_ms = o->delay_min_ms;
	ex->delay_max_ms = o->delay_max_ms;
	market_list_init(&ex->world.markets, o->seed, !o->no_roles, o->markets, o->new_listed_ms);
	for (size_t i = 0; i < o->recorded_count; i++)
		if (!recorded_load(&ex->world, o->recorded[i], error))
			return false;
	if (!recorded_finish(&ex->world, error))
		return false;
	limits_init(&ex->limits, o->limit);
	stats_init(&ex->stats, ex->world.markets.n, clock_real_ms());
	arrivals_init(&ex->arrivals);
	sandbox_clock_init(&ex->clock, o->start_ms);
	sandbox_clock_freeze(&ex->clock, o->frozen);
	if (o->log != NULL) {
		ex->log = fopen(o->log, "a");
		if (ex->log == NULL) {
			text_printf(error, "--log %s cannot be opened for writing: %m", o->log);
			return false;
		}
		setvbuf(ex->log, NULL, _IOLBF, 0);
	}
	return true;
}

void exchange_release(struct exchange *ex)
{
	if (ex->log != NULL)
		fclose(ex->log);
	faults_release(&ex->faults);
	stats_release(&ex->stats);
	arrivals_release(&ex->arrivals);
	world_release(&ex->world);
}
