/* SPDX-License-Identifier: MIT */
/* Which version this is: "0.1.0", or "0.1.0+git.12.abc1234" between releases (compose/version.sh).
 * The Makefile writes its source, so that a new version compiles one file again. */
#ifndef GAPLESS_VERSION_H
#define GAPLESS_VERSION_H

extern const char gapless_version[];

#endif
