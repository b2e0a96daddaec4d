#include "wire.h"

#include <errno.h>
#include <linux/if_link.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <xdp/xsk.h>

enum {
	ETHERNET = 1, /* LINKTYPE_ETHERNET */
	FRAME = 2048,
	RING = 2048,
	TRIES = 100,
	FRAMES = 4 * RING, /* as many as the rings of both sides hold: they do not run out */
};

struct side {
	struct xsk_socket *socket;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion;
	struct xsk_ring_cons receive;
	struct xsk_ring_prod transmit;
	uint32_t unfinished; /* in the transmit ring, or sent and not returned yet */
	struct wire_counters counters;
	unsigned count; /* of the burst received last */
	struct xdp_desc burst[WIRE_BURST];
};

struct wire {
	uint8_t *memory;
	struct xsk_umem *umem;
	struct side sides[2];
	uint32_t free_count;
	uint64_t free[FRAMES];
};

static uint64_t now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Frames between uses. */

static void give_back(struct wire *wire, uint64_t address)
{
	wire->free[wire->free_count++] = address & ~(uint64_t)(FRAME - 1);
}

static void refill(struct wire *wire, struct side *side)
{
	uint32_t room = xsk_prod_nb_free(&side->fill, wire->free_count);
	uint32_t n = room < wire->free_count ? room : wire->free_count;
	uint32_t at;

	if (!xsk_ring_prod__reserve(&side->fill, n, &at))
		return;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&side->fill, at + i) = wire->free[--wire->free_count];
	xsk_ring_prod__submit(&side->fill, n);
}

static void take_back(struct wire *wire, struct side *side)
{
	uint32_t at;
	uint32_t n = xsk_ring_cons__peek(&side->completion, RING, &at);

	for (uint32_t i = 0; i < n; i++)
		give_back(wire, *xsk_ring_cons__comp_addr(&side->completion, at + i));
	xsk_ring_cons__release(&side->completion, n);
	side->unfinished -= n;
}

/* Sending. The kernel sends when it is told to, some at a time. */
static void transmit(struct wire *wire, struct side *side)
{
	if (side->unfinished && xsk_ring_prod__needs_wakeup(&side->transmit))
		sendto(xsk_socket__fd(side->socket), NULL, 0, MSG_DONTWAIT, NULL, 0);
	take_back(wire, side);
}

static bool put(struct side *side, const struct xdp_desc *frame)
{
	uint32_t at;

	if (!xsk_ring_prod__reserve(&side->transmit, 1, &at))
		return false;
	*xsk_ring_prod__tx_desc(&side->transmit, at) =
		(struct xdp_desc){ .addr = frame->addr, .len = frame->len };
	return true;
}

void wire_settle(struct wire *wire, unsigned side, const bool *may_pass)
{
	struct side *from = &wire->sides[side];
	struct side *to = &wire->sides[!side];
	uint32_t sent = 0;

	for (unsigned i = 0; i < from->count; i++) {
		if (may_pass[i] && put(to, &from->burst[i])) {
			sent++;
			continue;
		}
		to->counters.unsent += may_pass[i];
		give_back(wire, from->burst[i].addr);
	}
	xsk_ring_prod__submit(&to->transmit, sent);
	to->unfinished += sent;
	to->counters.sent += sent;
	from->count = 0;
	transmit(wire, to);
	refill(wire, from);
}

/* Receiving. */

unsigned wire_receive(struct wire *wire, unsigned side, struct weir_frame *frames)
{
	struct side *from = &wire->sides[side];
	uint64_t time = now();
	uint32_t at;

	from->count = xsk_ring_cons__peek(&from->receive, WIRE_BURST, &at);
	for (unsigned i = 0; i < from->count; i++) {
		from->burst[i] = *xsk_ring_cons__rx_desc(&from->receive, at + i);
		frames[i] = (struct weir_frame){
			.bytes = wire->memory + from->burst[i].addr,
			.captured = from->burst[i].len,
			.wire = from->burst[i].len,
			.link_type = ETHERNET,
			.time = time,
		};
	}
	xsk_ring_cons__release(&from->receive, from->count);
	from->counters.received += from->count;
	return from->count;
}

void wire_wait(const struct wire *wire, int milliseconds)
{
	struct pollfd both[2];

	for (unsigned i = 0; i < 2; i++)
		both[i] = (struct pollfd){ xsk_socket__fd(wire->sides[i].socket), POLLIN, 0 };
	poll(both, 2, milliseconds);
}

void wire_count(const struct wire *wire, unsigned side, struct wire_counters *out)
{
	const struct side *from = &wire->sides[side];
	struct xdp_statistics kernel = { 0 };
	socklen_t size = sizeof(kernel);

	*out = from->counters;
	if (getsockopt(xsk_socket__fd(from->socket), SOL_XDP, XDP_STATISTICS, &kernel, &size) == 0)
		out->lost = kernel.rx_dropped + kernel.rx_ring_full;
}

/* Opening. */

static int open_memory(struct wire *wire)
{
	const struct xsk_umem_config config = { .fill_size = RING,
						.comp_size = RING,
						.frame_size = FRAME };
	size_t size = (size_t)FRAMES * FRAME;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	wire->memory = memory;
	for (uint32_t i = 0; i < FRAMES; i++)
		give_back(wire, (uint64_t)i * FRAME);
	/* The rings of the first side. */
	return xsk_umem__create(&wire->umem, memory, size, &wire->sides[0].fill,
				&wire->sides[0].completion, &config);
}

static int open_side(struct wire *wire, unsigned side, const char *interface, bool is_generic)
{
	const struct xsk_socket_config config = {
		.rx_size = RING,
		.tx_size = RING,
		.xdp_flags = is_generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE,
		.bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP,
	};
	struct side *s = &wire->sides[side];
	int status = xsk_socket__create_shared(&s->socket, interface, 0, wire->umem, &s->receive,
					       &s->transmit, &s->fill, &s->completion, &config);

	if (!status)
		refill(wire, s);
	return status;
}

static int open_once(const char *const interfaces[2], bool is_generic, struct wire **out)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int status;

	if (!wire)
		return -ENOMEM;
	status = open_memory(wire);
	for (unsigned i = 0; i < 2 && !status; i++)
		status = open_side(wire, i, interfaces[i], is_generic);
	if (status) {
		wire_close(wire);
		return status;
	}
	*out = wire;
	return 0;
}

/* The kernel lets go of a queue a moment after its last user has ended. */
int wire_open(const char *const interfaces[2], bool is_generic, struct wire **out)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int status = open_once(interfaces, is_generic, out);

	for (unsigned i = 0; i < TRIES && status == -EBUSY; i++) {
		nanosleep(&moment, NULL);
		status = open_once(interfaces, is_generic, out);
	}
	return status;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	for (unsigned i = 0; i < 2; i++)
		xsk_socket__delete(wire->sides[i].socket);
	xsk_umem__delete(wire->umem);
	if (wire->memory)
		munmap(wire->memory, (size_t)FRAMES * FRAME);
	free(wire);
}
