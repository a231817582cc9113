/* SPDX-License-Identifier: MIT */
/* What follows from the group's assignments: which series are ours, and what part of the budget.
 *
 * A rebalance gives all partitions back and usually most of them again at once. So nothing is
 * forgotten when they are given back; what is still ours after the next assignment is kept as it
 * was, and only what is gone is left. */
#include <stdio.h>
#include <stdlib.h>

#include "collect.h"
#include "common/alloc.h"
#include "common/clock.h"
#include "topic.h"

enum {
	HAND_OVER_MS = 1000, /* so that the next owner's lookup sees what we published */
	AGAIN_MS = 500,
	DISAGREE_MS = 5000, /* and a session: until then a member that was killed is gone */
	SAY_MS = 60000
};

void own_revoked(void *opaque, int lost)
{
	struct collect *c = opaque;

	c->held = 0;
	c->lost = lost;
	lookup_cancel(c->lookup);
	if (!lost)
		publisher_drain(c->publisher, HAND_OVER_MS);
}

static int symbol_is_ours(const char *symbol, void *opaque)
{
	const struct collect *c = opaque;

	return !c->ownership || c->ours[ownership_partition_of(symbol, c->n_partitions)];
}

/* Live polls a second that the series want together: one each time an interval closes, one when it
 * is final, which for 1m and shorter is the same poll. */
static void behind_check(const struct collect *c)
{
	double wanted = 0, budget = c->rate.per_second - c->rate.share.others;
	char text[200];

	for (size_t i = 0; i < c->catalogue.n_owned; i++) {
		const struct interval *iv = c->catalogue.owned[i]->iv;

		wanted += (iv->nominal_ms > FINAL_MS ? 2000.0 : 1000.0) / (double)iv->nominal_ms;
	}
	if (c->fetch || wanted <= budget)
		return;
	snprintf(
		text, sizeof text,
		"%.1f live polls a second are wanted, %.1f are allowed: each series is polled every %.1f periods",
		wanted, budget, wanted / budget);
	log_warn("live polls exceed the budget; nothing is lost, candles come later",
		 L_STR("error", text));
}

void own_added(struct collect *c)
{
	if (c->ownership && !c->ours)
		return;
	if (catalogue_own(&c->catalogue, symbol_is_ours, c, NULL) == 0)
		return;
	behind_check(c);
	lookup_now(c);
}

void own_everything(struct collect *c)
{
	for (size_t i = 0; i < c->catalogue.n; i++)
		c->catalogue.all[i]->until_ms = c->options->to_ms;
	c->fetch = fetch_new();
	c->held = c->agreed = 1;
	ratelimit_use_leftover(&c->rate); /* until the group is known to be empty */
	own_added(c);
}

/* The slots of the budget that are ours. */
static void share(struct collect *c, size_t owned)
{
	if (c->options->rate_scope_own || owned == (size_t)c->n_partitions)
		ratelimit_share(&c->rate, NULL, 0);
	else
		ratelimit_share(&c->rate, c->ours, c->n_partitions);
}

static void assigned(struct collect *c, const int32_t *partitions, size_t n)
{
	size_t taken, left, in_range = 0;

	ratelimit_share(&c->rate, NULL, 0); /* it may point to the flags of before */
	free(c->ours);
	c->ours = xcalloc((size_t)c->n_partitions + 1, 1);
	for (size_t i = 0; i < n; i++) {
		if (partitions[i] >= c->n_partitions)
			continue;
		c->ours[partitions[i]] = 1;
		in_range++;
	}
	taken = catalogue_own(&c->catalogue, symbol_is_ours, c, &left);
	share(c, in_range);
	if (n == 0)
		log_warn(
			"no partition for this producer: there are more producers than partitions; standing by",
			L_INT("partitions_in_all", c->n_partitions));
	else
		log_info("partitions assigned", L_INT("partitions", n),
			 L_INT("of", c->n_partitions), L_INT("series", c->catalogue.n_owned),
			 L_INT("taken", taken), L_INT("left", left));
	behind_check(c);
}

int own_step(struct collect *c, struct err *err)
{
	int64_t boot = clock_boot_ms();
	enum ownership_state state = c->ownership ? ownership_poll(c->ownership) : OWNERSHIP_NONE;
	const int32_t *partitions;
	struct err why = {0};
	int n_partitions;
	size_t n;

	if (state == OWNERSHIP_FENCED)
		return err_set(
			err, ERR_FATAL,
			"the Kafka client cannot stay in the group: the line before says why");
	if (state != OWNERSHIP_HELD || ownership_generation(c->ownership) == c->generation ||
	    boot < c->own_retry_boot_ms)
		return 0;
	if (topic_partitions(publisher_handle(c->publisher), c->options->topic, &n_partitions,
			     &why) ||
	    n_partitions == 0) {
		c->own_retry_boot_ms = boot + AGAIN_MS;
		return 0;
	}
	if (c->generation == 0)
		c->disagree_boot_ms = boot + c->options->session_timeout_ms + DISAGREE_MS;
	partitions = ownership_partitions(c->ownership, &n);
	c->n_partitions = n_partitions;
	assigned(c, partitions, n);
	c->generation = ownership_generation(c->ownership);
	c->held = 1;
	c->lost = 0;
	lookup_now(c);
	return 0;
}

int own_members(struct collect *c, const struct members *members, struct err *err)
{
	int64_t boot = clock_boot_ms(), skipped;

	if (!c->ownership) {
		if (members->n > 0 && c->producers_seen == 0)
			log_info("producers are at work; this command uses only what they leave",
				 L_INT("producers", members->n));
		if (members->n > 0 && c->producers_seen == 0 && c->rate.share.others <= 0)
			ratelimit_use_leftover(&c->rate);
		else if (members->n == 0)
			ratelimit_share(&c->rate, NULL, 0);
		c->producers_seen = members->n;
		return 0;
	}
	if (members->different == 0) {
		c->agreed = 1;
		return 0;
	}
	if (!c->agreed && boot >= c->disagree_boot_ms)
		return err_set(
			err, ERR_FATAL,
			"another producer of the group %s wants other symbols, intervals or another --since (%s, this one is %s): "
			"give all of them the same settings, stopping the old ones first, or name another --producer-group",
			c->options->group, members->text, c->client_id);
	if (log_due(&c->differ, boot, SAY_MS, &skipped))
		log_error(
			"a producer of this group has other settings (symbols, intervals or since); what only one of them wants is "
			"incomplete",
			L_STR("other", members->text), L_STR("this", c->client_id),
			L_STR("group", c->options->group));
	return 0;
}
