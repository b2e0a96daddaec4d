/*
 * burst.h - a worker from inside: the burst at hand, and its stages, each in a file of its own.
 *
 * Most packets are of a connection that is known and goes on. Of those nothing is written down but
 * what the last two stages need: the key as the table has it, the side, what it signals. A whole
 * weir_packet is only made of frames that are not plain (plain.h), and a question out of the key.
 */
#ifndef WEIR_WORKER_BURST_H
#define WEIR_WORKER_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datagrams.h"
#include "decisions.h"
#include "memos.h"
#include "table.h"
#include "weir/worker.h"

enum { BURST = WEIR_DECISIONS_AT_ONCE };

/* What a packet is to the flow table. */
enum manner {
	MANNER_PLAIN,   /* its fate needs no flow: verdict is set */
	MANNER_LATER,   /* a later fragment */
	MANNER_ERROR,   /* an ICMP error that quotes a connection */
	MANNER_OPENS,   /* may begin a connection */
	MANNER_GOES_ON, /* belongs to one, of a protocol that has openings, and opens none */
	MANNER_ALONE,   /* begins none: judged by itself where no flow is known, unless strict */
	MANNER_LINK,    /* what IPv6 neighbours say to each other: always judged by itself */
};

struct passenger {
	uint8_t manner; /* enum manner */
	uint8_t side; /* that sends, in its flow's key; of an error, the side that sent the quote */
	uint8_t signals;
	uint8_t icmp_code;
	uint8_t question; /* of the burst's; NO_QUESTION */
	uint8_t asked;    /* in it: enum asked */
	bool is_fragment;
	bool is_further; /* it neither opens a connection nor is it anything special */
	struct weir_packet_verdict verdict;
};

/* Kinds of plain packets (plain.h): TCP by its flags, and the rest. */
enum {
	PLAIN_TCP_FLAGS = WEIR_TCP_FIN | WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK,
	PLAIN_UDP = PLAIN_TCP_FLAGS + 1,
	PLAIN_ECHO,
	PLAIN_ECHO_REPLY,
	PLAIN_KINDS,
};

enum {
	NO_QUESTION = UINT8_MAX,
	QUESTIONS = BURST + 1, /* those that are put ahead, and one that is put by itself */
};

/* What may be asked about a packet. */
enum asked {
	ASKED_SIDE_0, /* its connection, as opened by this side of its flow's key */
	ASKED_SIDE_1,
	ASKED_ERROR, /* an error about nothing known, a message of its own */
};

struct burst {
	const struct weir_origin_of_frames *origin;
	bool is_handed; /* by another worker: nothing is elsewhere */
	bool is_mixed;  /* any packet may be elsewhere, not only fragments and errors */
	size_t size;
	struct passenger passengers[BURST];
	struct weir_packet packets[BURST]; /* of frames that are not plain */
	struct weir_flow_probe probes[BURST];
	struct weir_flow_entry *known[BURST]; /* as they were found all together */
	bool has_moved;                       /* a flow came or went since */
	struct weir_key questions[QUESTIONS];
	struct weir_decision_place places[QUESTIONS];
	size_t question_count;
};

struct weir_worker {
	struct weir_worker_options options;
	const struct weir_allocator *allocator;
	uint32_t reader;
	const struct weir_policy *policy; /* between enter and rest */
	struct memos memos;
	struct weir_flow_table *flows;
	struct weir_datagrams datagrams;
	struct weir_decisions decisions;
	struct weir_worker_counters counters;
	uint64_t now;
	uint64_t present;                    /* as flows have it */
	struct passenger plain[PLAIN_KINDS]; /* what they are, but for the side */
	struct burst burst;
};

/* The side that opened as far as this packet shows: whose opening it answers, else who sends. */
static inline unsigned shown_opener(const struct passenger *passenger)
{
	return passenger->signals & WEIR_FLOW_ACCEPTS && passenger->manner == MANNER_GOES_ON
		       ? !passenger->side
		       : passenger->side;
}

static inline struct weir_packet_verdict plain_verdict(enum weir_packet_action action,
						       enum weir_packet_why why)
{
	return (struct weir_packet_verdict){ .action = (uint8_t)action, .why = (uint8_t)why };
}

/* passengers.c. Once, for all bursts: */
void burst_prepare(struct weir_worker *worker);
/* Makes passengers and probes of the burst's frames. */
void burst_decode(struct weir_worker *worker, const struct weir_frame *frames);

/* owner.c: false when the packet is another worker's, with the verdict that says whose. */
bool burst_is_ours(const struct weir_worker *worker, const struct weir_tuple *tuple,
		   struct weir_packet_verdict *verdict);

/* questions.c: puts the questions that the packets from the first on will most likely raise. */
void burst_ask_ahead(struct weir_worker *worker, size_t first);
/* Judges a packet, counts, and says in its verdict why. */
bool burst_is_allowed(struct weir_worker *worker, size_t i, enum asked asked);
/* Whether the policy allows it and leaves nothing open; nothing is counted. */
bool burst_would_be_allowed(struct weir_worker *worker, size_t i, enum asked asked);

/* answers.c: answers the packets up to the first that is more than one of a connection that goes
 * on: nothing before that can change what was found. Returns how many they are. */
size_t burst_go_on(struct weir_worker *worker, const struct weir_frame *frames,
		   struct weir_packet_verdict *verdicts);
/* Answers those from the first on, of which was asked ahead. */
void burst_answer(struct weir_worker *worker, size_t first, const struct weir_frame *frames,
		  struct weir_packet_verdict *verdicts);

#endif
