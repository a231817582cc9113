/* SPDX-License-Identifier: MIT */
/* gapless-producer's work, from checked words to an exit code. */
#ifndef GAPLESS_PRODUCE_H
#define GAPLESS_PRODUCE_H

/* `settings` is a struct options as settings_load filled it. once: the command fetch. Stop handling
 * is installed. */
int produce(const void *settings, int once);

#endif
