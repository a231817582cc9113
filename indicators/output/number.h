/* SPDX-License-Identifier: MIT */
/* Doubles as text. Pure. */
#ifndef GAPLESS_INDICATORS_NUMBER_H
#define GAPLESS_INDICATORS_NUMBER_H

enum { NUMBER_BYTES = 32 };

/* The shortest text that reads back to the same double, as printf's %g writes it. Returns out. */
char *number_text(double v, char out[NUMBER_BYTES]);

#endif
