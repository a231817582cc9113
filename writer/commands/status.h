/* SPDX-License-Identifier: MIT */
/* gapless-writer status: how complete each series is, at a glance. */
#ifndef GAPLESS_STATUS_H
#define GAPLESS_STATUS_H

/* Prints to stdout, again and again with --watch; returns the exit code: 0 if there is no gap,
 * EXIT_GAPS if there is, EXIT_NOTHING_WANTED (gaps.h), 2 if that could not be found out. */
int status_run(const void *options);

#endif
