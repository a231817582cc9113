/* SPDX-License-Identifier: MIT */
#include "coverage.h"

#include <string.h>

#include "common/base/clock.h"
#include "json.h"
#include "reader.h"
#include "writer/report/report.h"

enum { LOOKS = 24000 };

/* A command's sentence about its flag is as true of a parameter. */
static int select_series(struct selection *selected, const struct params *p, struct err *err)
{
	struct err flag;

	if (selection_init(selected, p->symbols, p->intervals, &flag) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "%s", flag.text + strspn(flag.text, "-"));
}

int coverage_put(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
		 struct err *err)
{
	struct report r = {.span = {p->from_ms, p->to_ms}, .deadline_ms = READER_DEADLINE_MS};
	int64_t began_ms = clock_boot_ms();
	struct selection selected;
	size_t n;
	int rc;

	(void)now_ms; /* the span says it */
	rc = select_series(&selected, p, err);

	if (rc == 0)
		rc = report_series(&r, pg, &selected, err);
	n = r.n;
	if (rc == 0) {
		report_keep(&r, COVERAGE_SERIES_MAX);
		rc = report_bars(&r, pg, p->cells, LOOKS, err);
	}
	if (rc == 0 && json_put_report(out, &r, n - r.n, clock_boot_ms() - began_ms) != 0)
		rc = err_set(err, ERR_INPUT, "the answer is too large; ask for fewer series");
	report_release(&r);
	selection_release(&selected);
	return rc == 0 ? 1 : -1;
}
