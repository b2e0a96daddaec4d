/*
 * stat_socket.h - the telemetry socket of a DPDK program that runs: a question, an answer.
 */
#ifndef WEIR_CLI_STAT_SOCKET_H
#define WEIR_CLI_STAT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum {
	STAT_ANSWER_MAX = 64 << 10,
};

struct stat_socket {
	int fd;
	char answer[STAT_ANSWER_MAX];
	size_t length; /* of the latest answer */
};

/* Where programs of that --file-prefix (of EAL's) listen. */
void stat_socket_path(const char *file_prefix, struct report_text *out);

/* 0 or a negative errno; -ENAMETOOLONG for the path of a socket. To be closed only after 0. */
int stat_socket_open(struct stat_socket *socket, const char *path);
void stat_socket_close(struct stat_socket *socket);

/* -EPIPE: it has hung up. -ETIMEDOUT: no answer within so many seconds. */
int stat_socket_ask(struct stat_socket *socket, const char *question, unsigned seconds);

#endif
