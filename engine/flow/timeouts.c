/*
 * timeouts.c - how long a connection is remembered, from what its machine knows.
 *
 * nf_conntrack tells apart, by sequence numbers, whether a FIN was acknowledged (CLOSE_WAIT,
 * LAST_ACK); machines look at no windows, and stay with the longer FIN_WAIT and TIME_WAIT.
 */
#include "table.h"

#include "weir/key.h"

static const struct {
	const char *name;
	uint64_t seconds;
} timeouts[WEIR_FLOW_TIMEOUTS] = {
	[WEIR_FLOW_TIMEOUT_GENERIC] = { "generic_timeout", 600 },
	[WEIR_FLOW_TIMEOUT_ICMP] = { "icmp_timeout", 30 },
	[WEIR_FLOW_TIMEOUT_ICMPV6] = { "icmpv6_timeout", 30 },
	[WEIR_FLOW_TIMEOUT_UDP] = { "udp_timeout", 30 },
	[WEIR_FLOW_TIMEOUT_UDP_STREAM] = { "udp_timeout_stream", 120 },
	[WEIR_FLOW_TIMEOUT_TCP_SYN_SENT] = { "tcp_timeout_syn_sent", 120 },
	[WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED] = { "tcp_timeout_syn_recv", 60 },
	[WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED] = { "tcp_timeout_established", 432000 },
	[WEIR_FLOW_TIMEOUT_TCP_UNACKNOWLEDGED] = { "tcp_timeout_unacknowledged", 300 },
	[WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT] = { "tcp_timeout_fin_wait", 120 },
	[WEIR_FLOW_TIMEOUT_TCP_TIME_WAIT] = { "tcp_timeout_time_wait", 120 },
	[WEIR_FLOW_TIMEOUT_TCP_CLOSE] = { "tcp_timeout_close", 10 },
	[WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT] = { "sctp_timeout_cookie_wait", 3 },
	[WEIR_FLOW_TIMEOUT_SCTP_COOKIE_ECHOED] = { "sctp_timeout_cookie_echoed", 3 },
	[WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED] = { "sctp_timeout_established", 210 },
	[WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN] = { "sctp_timeout_shutdown_sent", 3 },
	[WEIR_FLOW_TIMEOUT_SCTP_CLOSED] = { "sctp_timeout_closed", 10 },
};

const char *weir_flow_timeout_name(enum weir_flow_timeout timeout)
{
	return timeouts[timeout].name;
}

uint64_t weir_flow_timeout_default(enum weir_flow_timeout timeout)
{
	return timeouts[timeout].seconds * WEIR_FLOW_SECOND;
}

static bool is_aborted(const struct weir_flow_machine *machine)
{
	return (machine->seen[0] | machine->seen[1]) & WEIR_FLOW_ABORTS;
}

/* Whether both sides spoke beyond the opening. */
static bool both_talk(const struct weir_flow_machine *machine)
{
	return machine->seen[0] & machine->seen[1] & WEIR_FLOW_TALKS;
}

/* After SYN and SYN-ACK it takes a word of the opener's to establish a connection. */
static enum weir_flow_timeout tcp_open(const struct weir_flow_machine *machine)
{
	unsigned opener = weir_flow_shown_opener(machine);

	if (opener != WEIR_FLOW_SIDE_UNKNOWN && !(machine->seen[opener] & WEIR_FLOW_TALKS))
		return WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED;
	if (!machine->seen[0] || !machine->seen[1])
		return WEIR_FLOW_TIMEOUT_TCP_UNACKNOWLEDGED;
	return WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED;
}

static enum weir_flow_timeout tcp_timeout(const struct weir_flow_machine *machine)
{
	switch (weir_flow_state(machine, WEIR_PROTOCOL_TCP, 0)) {
	case WEIR_FLOW_NEW:
		return WEIR_FLOW_TIMEOUT_TCP_SYN_SENT;
	case WEIR_FLOW_CLOSING:
		return WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT;
	case WEIR_FLOW_CLOSED:
		return is_aborted(machine) ? WEIR_FLOW_TIMEOUT_TCP_CLOSE
					   : WEIR_FLOW_TIMEOUT_TCP_TIME_WAIT;
	default:
		return tcp_open(machine);
	}
}

static enum weir_flow_timeout sctp_timeout(const struct weir_flow_machine *machine)
{
	switch (weir_flow_state(machine, WEIR_PROTOCOL_SCTP, 0)) {
	case WEIR_FLOW_NEW:
		return WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT;
	case WEIR_FLOW_CLOSING:
		return WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN;
	case WEIR_FLOW_CLOSED:
		return is_aborted(machine) ? WEIR_FLOW_TIMEOUT_SCTP_CLOSED
					   : WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN;
	default:
		break;
	}
	if (both_talk(machine))
		return WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED;
	return (machine->seen[0] | machine->seen[1]) & WEIR_FLOW_TALKS
		       ? WEIR_FLOW_TIMEOUT_SCTP_COOKIE_ECHOED
		       : WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT;
}

enum weir_flow_timeout weir_flow_timeout_of(const struct weir_flow_machine *machine,
					    uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return tcp_timeout(machine);
	case WEIR_PROTOCOL_SCTP:
		return sctp_timeout(machine);
	case WEIR_PROTOCOL_UDP:
		return machine->seen[0] && machine->seen[1] ? WEIR_FLOW_TIMEOUT_UDP_STREAM
							    : WEIR_FLOW_TIMEOUT_UDP;
	case WEIR_PROTOCOL_ICMP:
		return WEIR_FLOW_TIMEOUT_ICMP;
	case WEIR_PROTOCOL_ICMPV6:
		return WEIR_FLOW_TIMEOUT_ICMPV6;
	default:
		return WEIR_FLOW_TIMEOUT_GENERIC;
	}
}
