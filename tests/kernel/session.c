#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ranges of IPv4's identification. Those whose fragments do not come together stay with the
 * kernel for a while: nobody else has theirs. */
static const struct {
	uint32_t first, count;
} tags[4] = {
	{ 0x0001, 0x5fff }, { 0x6000, 0x6000 }, { 0xc000, 0x4000 }, { 0, 1 << 20 }, /* IPv6 */
};

enum { MINIMUM = 64 };

/* Makes room for one more of size bytes; false when there is none. */
static bool reserve(void **items, size_t *room, size_t count, size_t more, size_t size)
{
	size_t wanted = *room ? *room : MINIMUM;
	void *grown;

	while (wanted < count + more)
		wanted *= 2;
	if (wanted == *room)
		return true;
	grown = realloc(*items, wanted * size);
	if (!grown)
		return false;
	*items = grown;
	*room = wanted;
	return true;
}

static bool is_full(struct session *session)
{
	struct traffic *traffic = session->traffic;
	void *datagrams = traffic->datagrams, *bytes = traffic->bytes;

	if (!reserve(&datagrams, &traffic->datagram_room, traffic->datagram_count, 1,
		     sizeof(*traffic->datagrams)))
		session->is_out_of_memory = true;
	traffic->datagrams = datagrams;
	if (!reserve(&bytes, &traffic->bytes_room, traffic->size, WIRE_MAX, 1))
		session->is_out_of_memory = true;
	traffic->bytes = bytes;
	return session->is_out_of_memory || session->count == SCRIPT_MAX;
}

static uint32_t next_tag(struct traffic *traffic, unsigned range)
{
	return tags[range].first + traffic->tags[range]++ % tags[range].count;
}

static unsigned range_of(const struct session *session, const struct cut *cut)
{
	if (session->is_ipv6)
		return 3;
	return cut ? 2 - cut->is_whole : 0;
}

static struct datagram *add_datagram(struct session *session, uint8_t protocol,
				     const struct cut *cut)
{
	struct traffic *traffic = session->traffic;
	struct datagram *datagram = &traffic->datagrams[traffic->datagram_count++];
	bool is_again = cut && cut->is_again;

	*datagram = (struct datagram){ .session = session->number,
				       .is_ipv6 = session->is_ipv6,
				       .is_again = is_again,
				       .is_whole = !cut || cut->is_whole,
				       .protocol = protocol,
				       .kind = (uint8_t)session->kind };
	datagram->tag = is_again ? datagram[-1].tag : next_tag(traffic, range_of(session, cut));
	return datagram;
}

static void add_packet(struct session *session, const struct wire_ends *ends,
		       const struct wire_payload *payload, const struct wire_fragment *fragment)
{
	struct traffic *traffic = session->traffic;
	const struct datagram *datagram = &traffic->datagrams[traffic->datagram_count - 1];
	const struct wire_shell shell = { .tag = datagram->tag,
					  .is_again = datagram->is_again,
					  .extras = session->extras,
					  .has_options = session->has_options,
					  .fragment = fragment };
	struct packet *packet = &session->script[session->count++];

	*packet = (struct packet){ .at = traffic->size,
				   .datagram = (uint32_t)(traffic->datagram_count - 1),
				   .leg = (uint8_t)ends->from->leg,
				   .is_fragment = fragment != NULL };
	packet->length =
		(uint16_t)wire_frame(traffic->bytes + traffic->size, ends, payload, &shell);
	traffic->size += packet->length;
}

void session_send_from(struct session *session, const struct wire_ends *ends,
		       const struct wire_payload *payload)
{
	if (is_full(session))
		return;
	add_datagram(session, payload->protocol, NULL);
	add_packet(session, ends, payload, NULL);
}

void session_send(struct session *session, unsigned side, const struct wire_payload *payload)
{
	session_send_from(session, &session->ends[side], payload);
}

void session_begin_datagram(struct session *session, uint8_t protocol, const struct cut *cut)
{
	if (!is_full(session))
		add_datagram(session, protocol, cut);
}

void session_fragment(struct session *session, unsigned side, const struct wire_payload *payload,
		      const struct wire_fragment *fragment)
{
	if (!is_full(session))
		add_packet(session, &session->ends[side], payload, fragment);
}

void session_cut(struct session *session, unsigned side, const struct wire_payload *payload,
		 const struct cut *cut)
{
	size_t size = (payload->length / cut->pieces + 7) / 8 * 8;

	session_begin_datagram(session, payload->protocol, cut);
	for (size_t first = 0; first < payload->length; first += size) {
		struct wire_fragment fragment = { .id = cut->id, .first = first, .length = size };

		fragment.more = first + size < payload->length;
		if (!fragment.more)
			fragment.length = payload->length - first;
		session_fragment(session, side, payload, &fragment);
	}
}

void session_repeat(struct session *session, unsigned i)
{
	struct traffic *traffic = session->traffic;
	struct packet *packet = &session->script[session->count];
	const struct datagram *before;
	struct datagram *datagram;

	if (i >= session->count || is_full(session))
		return;
	*packet = session->script[i];
	memcpy(traffic->bytes + traffic->size, traffic->bytes + packet->at, packet->length);
	before = &traffic->datagrams[packet->datagram];
	datagram = add_datagram(session, before->protocol, NULL);
	datagram->has_bad_checksum = before->has_bad_checksum;
	wire_retag(traffic->bytes + traffic->size, datagram->tag);
	packet->at = traffic->size;
	packet->datagram = (uint32_t)(traffic->datagram_count - 1);
	traffic->size += packet->length;
	session->count++;
}

void session_swap(struct session *session, unsigned i, unsigned j)
{
	struct packet packet = session->script[i];

	session->script[i] = session->script[j];
	session->script[j] = packet;
}

void session_shuffle(struct session *session, unsigned first, unsigned end)
{
	for (unsigned i = first; i + 1 < end; i++)
		session_swap(session, i, i + dice_roll(session->dice, end - i));
}

void session_renew(struct session *session)
{
	uint16_t client = (uint16_t)(20000 + session->traffic->ports++ % 40000);
	uint16_t server = cluster_port(session->dice);

	session->ports[CLIENT][0] = session->ports[SERVER][1] = client;
	session->ports[CLIENT][1] = session->ports[SERVER][0] = server;
	for (unsigned i = 0; i < 2; i++)
		session->sequence[i] = (uint32_t)dice_bits(session->dice) | 1;
}

static const struct party *pick(const struct session *session, enum leg leg)
{
	const struct party *party;

	do
		party = &session->traffic->cluster->parties[dice_roll(session->dice, PARTIES)];
	while (party->leg != leg);
	return party;
}

void session_begin(struct session *session, struct traffic *traffic, enum kind kind)
{
	const struct party *parties[2];
	enum leg leg;

	memset(session, 0, offsetof(struct session, script));
	session->traffic = traffic;
	session->dice = &traffic->dice;
	session->kind = kind;
	session->number = traffic->sessions++;
	session->is_ipv6 = dice_chance(session->dice, 40);
	leg = dice_chance(session->dice, 50) ? LEFT : RIGHT;
	parties[CLIENT] = pick(session, leg);
	parties[SERVER] = pick(session, leg == LEFT ? RIGHT : LEFT);
	for (unsigned side = 0; side < 2; side++)
		session->ends[side] =
			(struct wire_ends){ parties[side], parties[!side], session->is_ipv6 };
	if (session->is_ipv6 && dice_chance(session->dice, 15))
		session->extras = (enum wire_extras)dice_roll(session->dice, EXTRAS_KINDS);
	session->has_options = !session->is_ipv6 && dice_chance(session->dice, 5);
	session_renew(session);
}
