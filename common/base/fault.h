/* SPDX-License-Identifier: MIT */
/* Fault points for tests. In a build without GAPLESS_FAULTS they are nothing.
 * GAPLESS_FAULT=name:n in the environment kills the process (SIGKILL to itself) at the n-th pass of
 * FAULT("name"). */
#ifndef GAPLESS_FAULT_H
#define GAPLESS_FAULT_H

#ifdef GAPLESS_FAULTS
void fault_point(const char *name);
#define FAULT(name) fault_point(name)
#else
#define FAULT(name) ((void)0)
#endif

#endif
