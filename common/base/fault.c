/* SPDX-License-Identifier: MIT */
#include "common/base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

#ifdef GAPLESS_FAULTS

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char wanted[64]; /* "" = no fault */
static long long wanted_pass;
static atomic_llong passes;

static void read_environment(void)
{
	const char *spec = getenv("GAPLESS_FAULT");
	const char *colon = spec ? strrchr(spec, ':') : NULL;
	char *end = NULL;

	if (!spec || !*spec)
		return;
	if (colon)
		wanted_pass = strtoll(colon + 1, &end, 10);
	if (!colon || colon == spec || (size_t)(colon - spec) >= sizeof(wanted) || *end ||
	    wanted_pass < 1) {
		log_error(
			"GAPLESS_FAULT must be name:n with n of 1 or more; there will be no fault",
			L_STR("value", spec));
		return;
	}
	memcpy(wanted, spec, (size_t)(colon - spec));
}

void fault_point(const char *name)
{
	pthread_once(&once, read_environment);
	if (!wanted[0] || strcmp(wanted, name) != 0)
		return;
	if (atomic_fetch_add(&passes, 1) + 1 != wanted_pass)
		return;
	log_warn("fault point: killing this process", L_STR("fault", name),
		 L_INT("pass", wanted_pass));
	raise(SIGKILL);
}

#endif
