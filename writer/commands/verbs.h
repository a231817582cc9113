/* SPDX-License-Identifier: MIT */
/* The commands, each in the file of its name: they do what struct options says, print to stdout
 * what became of each series, and return the exit code. */
#ifndef GAPLESS_VERBS_H
#define GAPLESS_VERBS_H

#include "common/settings/settings.h"

/* The program's settings and commands, which is its dispatch and its help; they fill a struct
 * options (options.h). */
extern const struct settings_spec commands_spec;

/* gapless-writer without a command, and its replay: the same loop, each with its own feed and
 * cursor (run.c). Wait for the database, then run until a signal, until all is replayed, or until
 * it needs a person. Of a replay 1 if it stopped before its end. */
int run_live(const void *options);
int run_replay(const void *options);

/* Makes or updates the tables, and adopts those of an older collector (adopt.h); logs what it does.
 */
int migrate_run(const void *options);

enum { EXIT_GAPS = 1, EXIT_NOTHING_WANTED = 5 };
/* Prints what is wanted, due and not covered. 0 if there is no gap, whatever is unobtainable or
 * unconfirmed, EXIT_GAPS if there are, EXIT_NOTHING_WANTED if no producer has ever said what is
 * wanted, 2 if that could not be found out. */
int gaps_run(const void *options);
/* How complete each series is, at a glance, again and again with --watch; exit codes as those of
 * gaps. */
int status_run(const void *options);

/* Takes the coverage of a span back, in one transaction, so that the producer fetches it again. The
 * rows stay. */
int forget_run(const void *options);
/* Says of a span that it is not available, so that it is no gap any more; forget takes it back. */
int settle_run(const void *options);
/* Removes rows that no final read has confirmed. */
int discard_run(const void *options);
/* Gives up what is older than it is to be kept, in small transactions, until all of it is gone. */
int retain_run(const void *options);
/* Ends what is wanted of markets that nobody collects any more; with --purge removes rows and
 * coverage as well. */
int end_run(const void *options);
/* Puts one message that halts its partition into the dead letters, so that writers and replays pass
 * it. */
int skip_run(const void *options);

#endif
