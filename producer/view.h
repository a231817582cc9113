/* SPDX-License-Identifier: MIT */
/* The loop's parts, for those that ask them how they stand and change nothing. */
#ifndef GAPLESS_PRODUCER_VIEW_H
#define GAPLESS_PRODUCER_VIEW_H

#include "producer/kafka/publish.h"
#include "producer/listing.h"
#include "producer/lookups.h"
#include "producer/requests.h"
#include "producer/share.h"

struct view {
	const struct requests *requests;
	const struct publisher *publisher;
	const struct share *share;
	const struct lookups *lookups;
	const struct listing *listing;
	const struct catalogue *catalogue;
	int64_t now_ms, boot_ms; /* the former the exchange's, 0: not known */
};

#endif
