/* SPDX-License-Identifier: MIT */
#include "common/service/vitals.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/version.h"

enum { BUILD, STARTED, MEMORY, CPU, THREADS };

const struct metric vitals_table[VITALS] = {
	[BUILD] = {.name = "gapless_build",
		   .type = METRIC_INFO,
		   .help = "The version of the program, and of librdkafka.",
		   .labels = {"version", "librdkafka"}},
	[STARTED] = {.name = "process_start_time_seconds",
		     .type = METRIC_GAUGE,
		     .unit = "seconds",
		     .help = "When the process was started (epoch)."},
	[MEMORY] = {.name = "process_resident_memory_bytes",
		    .type = METRIC_GAUGE,
		    .unit = "bytes",
		    .help = "Memory that the process has in RAM."},
	[CPU] = {.name = "process_cpu_seconds",
		 .type = METRIC_COUNTER,
		 .unit = "seconds",
		 .help = "CPU time of the process, user and system."},
	[THREADS] = {.name = "process_threads",
		     .type = METRIC_GAUGE,
		     .help = "Threads of the process."},
};

struct stat_line {
	long threads, pages;
	unsigned long long started_ticks;
};

/* Fields of proc(5): 20 num_threads, 22 starttime, 24 rss. 1 if they could be read. */
static int stat_read(struct stat_line *out)
{
	char line[1024];
	FILE *f = fopen("/proc/self/stat", "re");
	const char *after_name;
	int ok = 0;

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL && (after_name = strrchr(line, ')')) != NULL)
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers */
		ok = sscanf(after_name + 1,
			    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%ld %*d %llu %*u %ld",
			    &out->threads, &out->started_ticks, &out->pages) == 3;
	fclose(f);
	return ok;
}

static double now_of(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void vitals_update(struct metrics *m, size_t first)
{
	struct stat_line stat;

	metrics_set(m, first + BUILD, METRIC_VALUES(gapless_version, rd_kafka_version_str()), 1);
	metrics_set(m, first + CPU, NULL, now_of(CLOCK_PROCESS_CPUTIME_ID));
	if (!stat_read(&stat))
		return;
	metrics_set(m, first + STARTED, NULL,
		    now_of(CLOCK_REALTIME) - now_of(CLOCK_BOOTTIME) +
			    (double)stat.started_ticks / (double)sysconf(_SC_CLK_TCK));
	metrics_set(m, first + MEMORY, NULL, (double)stat.pages * (double)sysconf(_SC_PAGESIZE));
	metrics_set(m, first + THREADS, NULL, (double)stat.threads);
}
