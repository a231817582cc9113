/* SPDX-License-Identifier: MIT */
/* Bodies that are not sent in one piece. */
#ifndef EXCHANGE_STREAM_H
#define EXCHANGE_STREAM_H

#include <microhttpd.h>

struct request;
struct truth;

/* The answer of a fault that needs a stream; takes the body. NULL: no such fault has hit. */
struct MHD_Response *stream_fault(struct request *r);
/* Takes the truth. */
struct MHD_Response *stream_truth(struct truth *truth);

#endif
