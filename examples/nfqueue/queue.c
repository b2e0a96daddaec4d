#include "queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

enum {
	RAW_IP = 101,           /* LINKTYPE_RAW: a packet begins with its IP header */
	MESSAGE = 2048,         /* a packet's copy and what the kernel says of it */
	ANSWER = 64,            /* an answer takes half of it */
	KERNEL_BUFFER = 1 << 23 /* for copies that are not read yet */
};

struct queue {
	struct mnl_socket *socket;
	uint16_t number;
	bool is_ours; /* the kernel has said so */
	unsigned count;
	uint32_t ids[QUEUE_BURST];
	struct mmsghdr headers[QUEUE_BURST];
	struct iovec places[QUEUE_BURST];
	_Alignas(8) uint8_t messages[QUEUE_BURST][MESSAGE];
};

static uint64_t now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Receiving. */

static void take_packet(struct queue *queue, const struct nlmsghdr *message, uint64_t time,
			struct weir_frame *frame)
{
	struct nlattr *attributes[NFQA_MAX + 1] = { NULL };
	const struct nfqnl_msg_packet_hdr *header;
	const struct nlattr *payload;

	if (nfq_nlmsg_parse(message, attributes) < 0 || !attributes[NFQA_PACKET_HDR])
		return;
	header = mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]);
	payload = attributes[NFQA_PAYLOAD];
	*frame = (struct weir_frame){ .link_type = RAW_IP, .time = time };
	if (payload) {
		frame->bytes = mnl_attr_get_payload(payload);
		frame->captured = mnl_attr_get_payload_len(payload);
		frame->wire = frame->captured;
	}
	if (attributes[NFQA_CAP_LEN])
		frame->wire = ntohl(mnl_attr_get_u32(attributes[NFQA_CAP_LEN]));
	queue->ids[queue->count++] = ntohl(header->packet_id);
}

/* The first is the answer to the configuration. A later one is about an answer that came too late:
 * the packet's interface is gone, and the packet with it. */
static int take_error(struct queue *queue, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (queue->is_ours)
		return 0;
	queue->is_ours = error->error == 0;
	return error->error;
}

static int take(struct queue *queue, const void *bytes, unsigned length, uint64_t time,
		struct weir_frame *frames)
{
	const struct nlmsghdr *message = bytes;

	if (!mnl_nlmsg_ok(message, (int)length))
		return 0;
	if (message->nlmsg_type == NLMSG_ERROR)
		return take_error(queue, message);
	take_packet(queue, message, time, &frames[queue->count]);
	return 0;
}

int queue_receive(struct queue *queue, struct weir_frame *frames)
{
	int n = recvmmsg(mnl_socket_get_fd(queue->socket), queue->headers, QUEUE_BURST,
			 MSG_WAITFORONE, NULL);
	uint64_t time = now();
	int status = 0;

	queue->count = 0;
	/* ENOBUFS: some were lost, which the kernel has counted. */
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
	for (int i = 0; i < n && status == 0; i++)
		status = take(queue, queue->messages[i], queue->headers[i].msg_len, time, frames);
	return status ? status : (int)queue->count;
}

/* Answering. */

static size_t put_answer(const struct queue *queue, char *buffer, uint32_t last_id, bool may_pass)
{
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT_BATCH, queue->number);

	nfq_nlmsg_verdict_put(message, (int)last_id, may_pass ? NF_ACCEPT : NF_DROP);
	return MNL_ALIGN(message->nlmsg_len);
}

int queue_answer(struct queue *queue, const bool *may_pass)
{
	_Alignas(8) char buffer[QUEUE_BURST * ANSWER];
	size_t length = 0;

	for (unsigned i = 0; i < queue->count; i++)
		if (i + 1 == queue->count || may_pass[i] != may_pass[i + 1])
			length += put_answer(queue, buffer + length, queue->ids[i], may_pass[i]);
	queue->count = 0;
	if (length && mnl_socket_sendto(queue->socket, buffer, length) < 0)
		return -errno;
	return 0;
}

/* Opening. */

static void prepare_buffers(struct queue *queue)
{
	for (unsigned i = 0; i < QUEUE_BURST; i++) {
		queue->places[i] = (struct iovec){ queue->messages[i], MESSAGE };
		queue->headers[i].msg_hdr =
			(struct msghdr){ .msg_iov = &queue->places[i], .msg_iovlen = 1 };
	}
}

static int open_socket(struct queue *queue, uint32_t wait_ms)
{
	const struct timeval wait = { .tv_sec = wait_ms / 1000,
				      .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000 };
	const int size = KERNEL_BUFFER;
	int fd;

	queue->socket = mnl_socket_open(NETLINK_NETFILTER);
	if (!queue->socket || mnl_socket_bind(queue->socket, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	fd = mnl_socket_get_fd(queue->socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		return -errno;
	return 0;
}

/* All in one message, so that the queue is never there with half of its options. Packets come
 * whole, as the network stack has them: what it will segment on sending is one packet here. */
static int configure(struct queue *queue, const struct queue_options *options)
{
	uint32_t flags = NFQA_CFG_F_GSO | (options->fail_open ? NFQA_CFG_F_FAIL_OPEN : 0u);
	_Alignas(8) char buffer[256] = { 0 };
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);

	nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, QUEUE_COPY);
	nfq_nlmsg_cfg_put_qmaxlen(message, options->length);
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(flags));
	message->nlmsg_flags |= NLM_F_ACK;
	return mnl_socket_sendto(queue->socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* Packets that come before the kernel has answered are dropped: they may come without bytes. */
static int await_answer(struct queue *queue)
{
	static const bool none[QUEUE_BURST] = { false };
	struct weir_frame frames[QUEUE_BURST];
	int status = 0;

	while (!queue->is_ours && status >= 0) {
		status = queue_receive(queue, frames);
		if (status > 0)
			status = queue_answer(queue, none);
	}
	return status < 0 ? status : queue_answer(queue, none);
}

int queue_open(const struct queue_options *options, struct queue **out)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int status;

	if (!queue)
		return -ENOMEM;
	queue->number = options->number;
	prepare_buffers(queue);
	status = open_socket(queue, options->wait_ms);
	if (!status)
		status = configure(queue, options);
	if (!status)
		status = await_answer(queue);
	if (status) {
		queue_close(queue);
		return status;
	}
	*out = queue;
	return 0;
}

void queue_close(struct queue *queue)
{
	if (!queue)
		return;
	if (queue->socket)
		mnl_socket_close(queue->socket);
	free(queue);
}

/* A line of the kernel's table: number, port, waiting, mode, range, then both kinds of lost. */
uint64_t queue_lost(const struct queue *queue)
{
	FILE *file = fopen("/proc/thread-self/net/netfilter/nfnetlink_queue", "re");
	uint64_t in_queue, on_the_way, lost = 0;
	unsigned number;

	if (!file)
		return 0;
	while (fscanf(file, "%u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %*[^\n]", &number,
		      &in_queue, &on_the_way) == 3)
		if (number == queue->number)
			lost = in_queue + on_the_way;
	fclose(file);
	return lost;
}
