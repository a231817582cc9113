/* SPDX-License-Identifier: MIT */
/* gapless-producer's work, from checked words to an exit code: for ever, or one fetch. `settings`
 * is a struct options as settings_load filled it. Stop handling is installed. */
#ifndef GAPLESS_PRODUCE_H
#define GAPLESS_PRODUCE_H

int produce(const void *settings);
int produce_fetch(const void *settings);

#endif
