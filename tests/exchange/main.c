/* SPDX-License-Identifier: MIT */
/* The sandbox exchange: options, world, server, loop, exit code. */

#include "exchange.h"
#include "options.h"
#include "server.h"
#include "text.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* SIGTERM and SIGINT arrive as something to read. */
static int signals_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct options options;
	struct exchange exchange = {.log = NULL};
	struct server *server = NULL;
	struct text error = TEXT_EMPTY;
	int code = 2, stop_fd = signals_fd();
	enum options_result result = options_parse(&options, argc, argv, clock_real_ms(), &error);

	if (result != OPTIONS_RUN) {
		code = result == OPTIONS_DONE ? 0 : 2;
		goto out;
	}
	if (!exchange_init(&exchange, &options, &error))
		goto out;
	server = server_new(&exchange, options.bind, options.port, &error);
	if (server == NULL) {
		code = 1;
		goto out;
	}
	printf("gapless-exchange listening on http://%s:%u\n", options.bind, server_port(server));
	fflush(stdout);
	code = 0;
	if (!server_run(server, stop_fd)) {
		text_printf(&error,
			    "port %u was taken by something else while connections were refused",
			    server_port(server));
		code = 1;
	}
out:
	if (error.len > 0)
		fprintf(stderr, "gapless-exchange: %s\n", error.data);
	if (server != NULL)
		server_free(server);
	exchange_release(&exchange);
	options_release(&options);
	text_release(&error);
	if (stop_fd >= 0)
		close(stop_fd);
	return code;
}
