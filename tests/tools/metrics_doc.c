/* SPDX-License-Identifier: MIT */
/* Prints docs/metrics.md, from the tables of the programs. */
#include <stdio.h>

#include "common/service/vitals.h"
#include "indicators/metrics.h"
#include "producer/metrics.h"
#include "writer/metrics.h"

int main(void)
{
	printf("# Metrics\n\n"
	       "Made from the programs' tables by `make docs`; what to do about them: "
	       "[alerts.md](alerts.md).\n\n"
	       "Each program serves `/metrics` (Prometheus text format 0.0.4, OpenMetrics 1.0 where "
	       "asked for), `/livez` (do its\n"
	       "loops turn?) and `/readyz` (does it do its work, and if not, why?) on loopback, at "
	       "`--http`: the producer on 9464,\n"
	       "the writer on 9465, gapless-indicators on 9466. `--http off` turns them off. "
	       "Counters begin at 0 with each start of a process.\n\n"
	       "## gapless-writer\n\n");
	metrics_document(writer_metrics, WRITER_METRICS, stdout);
	printf("\nThe lag in seconds compares the broker's clock, which stamps messages, with the "
	       "writer's. A message that is known to\n"
	       "be there and was not read yet counts from the moment when that was seen.\n\n"
	       "## gapless-producer\n\n");
	metrics_document(producer_metrics, PRODUCER_METRICS, stdout);
	printf("\nThe share of the budget that is used: "
	       "`sum(rate(gapless_producer_requests_total[1m])) / "
	       "sum(gapless_producer_request_budget_per_second)`.\n\n"
	       "## gapless-indicators\n\n");
	metrics_document(indicators_metrics, INDICATORS_METRICS, stdout);
	printf("\n## All programs\n\n");
	metrics_document(vitals_table, VITALS, stdout);
	printf("\n`gapless_metrics_dropped_total` counts updates that were left out, because there "
	       "are too many series.\n");
	return 0;
}
