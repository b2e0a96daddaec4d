/*
 * stat_reading.h - the numbers of a fast path that runs, as it gives them at one time.
 */
#ifndef WEIR_CLI_STAT_READING_H
#define WEIR_CLI_STAT_READING_H

#include <stdint.h>

#include "weir/error.h"

#include "stat_socket.h"

enum stat_port_number {
	STAT_RECEIVED,
	STAT_RECEIVED_BYTES,
	STAT_SENT,
	STAT_SENT_BYTES,
	STAT_UNSENT,
	STAT_MISSED,
	STAT_ERRORS,
	STAT_PORT_NUMBERS,
};
extern const char *const stat_port_number_names[STAT_PORT_NUMBERS];

enum stat_outcome {
	STAT_PACKETS, /* the sum of the others */
	STAT_ALLOWED,
	STAT_DENIED,
	STAT_NOT_IP,
	STAT_OPAQUE,
	STAT_MALFORMED,
	STAT_OUTCOMES,
};
extern const char *const stat_outcome_names[STAT_OUTCOMES];

/* A port, with where its packets go and numbers; or a name with one value. */
struct stat_entry {
	struct report_text name;
	struct report_text to;
	uint64_t value;
	uint64_t numbers[STAT_PORT_NUMBERS];
};

struct stat_list {
	struct stat_entry *entries;
	size_t count;
};

struct stat_reading {
	uint64_t outcome[STAT_OUTCOMES];
	struct stat_list ports;
	struct stat_list live; /* reasons, flows, cores */
	struct stat_list rules;
};

/* -EPIPE: it has hung up. -EINVAL: what it answers is told in error. Other errnos are those of the
 * socket, or -ENOMEM. To be finished whatever came out. */
int stat_reading_take(struct stat_reading *reading, struct stat_socket *socket,
		      struct weir_error *error);
void stat_reading_finish(struct stat_reading *reading);

/* What the policy files came to when they were read again: "new", "same" or "refused". As above. */
int stat_reload(struct stat_socket *socket, struct report_text *outcome, struct weir_error *error);

/* The entry of that name, or NULL. */
const struct stat_entry *stat_list_find(const struct stat_list *list, const char *name);

#endif
