/* SPDX-License-Identifier: MIT */
/* Tells the service manager how we are, as sd_notify(3) does: one datagram to $NOTIFY_SOCKET. That
 * protocol is two lines long and promised to stay (sd_notify(3), "Notes"), and libsystemd would
 * bring five more libraries into every image: so it is written here. */
#ifndef GAPLESS_NOTIFY_H
#define GAPLESS_NOTIFY_H

/* "READY=1", "STATUS=waiting for Kafka". Nothing happens if nobody listens. Any thread; never
 * waits. */
void notify_send(const char *state);

#endif
