#include "datagrams.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "key.h"
#include "machine.h"
#include "memory.h"
#include "weir/key.h"

enum {
	LINE = 64,
	WAYS = 4,
	NOBODY = UINT16_MAX, /* no ticket */
	MAX_TICKETS = NOBODY,
	LOOKED_AT = 4,       /* entries whose age one call of expire looks at */
	TCP_FLAGS_BYTE = 14, /* a first fragment shorter than this hides TCP's flags */
	SECOND_PIECE = 8,    /* and one of this offset writes over them (RFC 3128) */
	IPV4_SECONDS = 30,   /* as Linux keeps them */
	IPV6_SECONDS = 60,
};

enum state {
	FREE,
	WAITING, /* for the first fragment */
	JUDGING, /* the first was admitted and has no answer yet */
	DECIDED,
	CONDEMNED, /* overlap */
};

/* Bytes first..last of the datagram. */
struct range {
	uint16_t first;
	uint16_t last;
};

struct weir_datagram {
	alignas(LINE) struct weir_datagram_key key;
	uint64_t time;                      /* of the fragment that made the entry */
	struct weir_packet_verdict verdict; /* of DECIDED */
	uint16_t waiting;                   /* the first ticket, or NOBODY */
	uint8_t state;                      /* enum state */
	uint8_t range_count;
	struct range ranges[WEIR_DATAGRAM_RANGES]; /* ascending, with gaps between */
	uint32_t end; /* bytes of the datagram, 0 until its last fragment came */
};
static_assert(sizeof(struct weir_datagram) == 2ul * LINE, "two cache lines");

int weir_datagrams_init(struct weir_datagrams *datagrams, uint32_t entries, uint32_t tickets,
			uint32_t least_fragment, const uint64_t random[2],
			const struct weir_allocator *allocator)
{
	uint32_t buckets = 1;

	while (buckets < UINT32_MAX / WAYS / 2 && buckets * WAYS < entries)
		buckets *= 2;
	if (tickets > MAX_TICKETS)
		tickets = MAX_TICKETS;
	*datagrams = (struct weir_datagrams){
		.allocator = weir_allocator_or_default(allocator),
		.bucket_mask = buckets - 1,
		.ticket_count = tickets,
		.least_fragment = least_fragment,
	};
	weir_flow_secret_make(random, &datagrams->secret);
	allocator = datagrams->allocator;
	datagrams->memory = weir_allocate_zeroed(allocator, (size_t)buckets * WAYS + 1,
						 sizeof(struct weir_datagram));
	datagrams->tickets = weir_allocate(allocator, (tickets + (size_t)1) * sizeof(uint16_t));
	datagrams->released =
		weir_allocate(allocator, (tickets + (size_t)1) * sizeof(*datagrams->released));
	if (!datagrams->memory || !datagrams->tickets || !datagrams->released)
		return -ENOMEM;
	datagrams->entries = (void *)((char *)datagrams->memory +
				      (LINE - (uintptr_t)datagrams->memory % LINE) % LINE);
	for (uint32_t i = 0; i < tickets; i++)
		datagrams->tickets[i] = i + 1 < tickets ? (uint16_t)(i + 1) : NOBODY;
	datagrams->free_ticket = tickets ? 0 : NOBODY;
	return 0;
}

void weir_datagrams_finish(struct weir_datagrams *datagrams)
{
	weir_release(datagrams->allocator, datagrams->memory);
	weir_release(datagrams->allocator, datagrams->tickets);
	weir_release(datagrams->allocator, datagrams->released);
}

void weir_datagram_key_of(const struct weir_packet *packet, uint32_t zone,
			  struct weir_datagram_key *out)
{
	*out = (struct weir_datagram_key){
		.source = packet->tuple.source,
		.destination = packet->tuple.destination,
		.id = packet->fragment_id,
		.zone = zone,
		.protocol = packet->fragment_protocol,
	};
}

/* Tickets. */

/* Gives every waiting packet its answer; their tickets stay taken until the caller has heard. */
static void release_waiting(struct weir_datagrams *datagrams, struct weir_datagram *entry,
			    const struct weir_packet_verdict *verdict)
{
	while (entry->waiting != NOBODY) {
		uint16_t ticket = entry->waiting;

		entry->waiting = datagrams->tickets[ticket];
		datagrams->released[datagrams->released_count++] =
			(struct weir_release){ ticket, *verdict };
	}
}

uint32_t weir_datagrams_take_released(struct weir_datagrams *datagrams, struct weir_release *out,
				      uint32_t size)
{
	uint32_t count = 0;

	while (count < size && datagrams->released_count) {
		struct weir_release *note = &datagrams->released[--datagrams->released_count];

		out[count++] = *note;
		datagrams->tickets[note->ticket] = datagrams->free_ticket;
		datagrams->free_ticket = (uint16_t)note->ticket;
	}
	return count;
}

static struct weir_packet_verdict denied(enum weir_packet_why why)
{
	return (struct weir_packet_verdict){ .action = WEIR_PACKET_DENY, .why = (uint8_t)why };
}

/* Entries. */

static bool equal(const struct weir_datagram_key *a, const struct weir_datagram_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint64_t lifetime(const struct weir_datagram_key *key)
{
	return (key->protocol ? IPV4_SECONDS : IPV6_SECONDS) * WEIR_FLOW_SECOND;
}

static bool is_old(const struct weir_datagram *entry, uint64_t now)
{
	return now > entry->time && now - entry->time > lifetime(&entry->key);
}

static void drop(struct weir_datagrams *datagrams, struct weir_datagram *entry)
{
	struct weir_packet_verdict orphan = denied(WEIR_PACKET_ORPHAN);

	if (entry->state != FREE)
		release_waiting(datagrams, entry, &orphan);
	entry->state = FREE;
}

static struct weir_datagram *bucket_of(const struct weir_datagrams *datagrams,
				       const struct weir_datagram_key *key)
{
	uint64_t hash = weir_flow_hash_bytes(key, &datagrams->secret);

	return &datagrams->entries[(hash & datagrams->bucket_mask) * WAYS];
}

static struct weir_datagram *find(struct weir_datagrams *datagrams,
				  const struct weir_datagram_key *key, uint64_t now)
{
	struct weir_datagram *bucket = bucket_of(datagrams, key);

	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].state == FREE || !equal(&bucket[i].key, key))
			continue;
		if (!is_old(&bucket[i], now))
			return &bucket[i];
		drop(datagrams, &bucket[i]);
	}
	return NULL;
}

/* A new entry: a free one of the bucket, or its oldest. */
static struct weir_datagram *begin(struct weir_datagrams *datagrams,
				   const struct weir_datagram_key *key, uint64_t now)
{
	struct weir_datagram *bucket = bucket_of(datagrams, key);
	struct weir_datagram *chosen = bucket;

	for (unsigned i = 0; i < WAYS && chosen->state != FREE; i++) {
		if (bucket[i].state == FREE || bucket[i].time < chosen->time)
			chosen = &bucket[i];
	}
	drop(datagrams, chosen);
	*chosen = (struct weir_datagram){
		.key = *key, .time = now, .waiting = NOBODY, .state = WAITING
	};
	return chosen;
}

/* Whoever puts it together has done so: what comes under its identification begins another. */
static bool is_complete(const struct weir_datagram *entry)
{
	return entry->state == DECIDED && entry->range_count == 1 && !entry->ranges[0].first &&
	       entry->ranges[0].last + 1u == entry->end;
}

static struct weir_datagram *find_or_begin(struct weir_datagrams *datagrams,
					   const struct weir_datagram_key *key, uint64_t now)
{
	struct weir_datagram *entry = find(datagrams, key, now);

	if (entry && is_complete(entry)) {
		drop(datagrams, entry);
		entry = NULL;
	}
	return entry ? entry : begin(datagrams, key, now);
}

void weir_datagrams_expire(struct weir_datagrams *datagrams, uint64_t now)
{
	uint32_t count = (datagrams->bucket_mask + 1) * WAYS;

	for (unsigned i = 0; i < LOOKED_AT; i++) {
		struct weir_datagram *entry = &datagrams->entries[datagrams->hand];

		if (entry->state != FREE && is_old(entry, now))
			drop(datagrams, entry);
		datagrams->hand = (datagrams->hand + 1) % count;
	}
}

/* Ranges. */

enum covers {
	COVERS_NEW,
	COVERS_AGAIN,    /* bytes that all were there */
	COVERS_CONFLICT, /* partly, or beyond the end, or in too many pieces */
};

static void remove_range(struct weir_datagram *entry, unsigned at)
{
	entry->range_count--;
	for (unsigned i = at; i < entry->range_count; i++)
		entry->ranges[i] = entry->ranges[i + 1];
}

static enum covers insert_range(struct weir_datagram *entry, unsigned at, struct range new)
{
	if (entry->range_count == WEIR_DATAGRAM_RANGES)
		return COVERS_CONFLICT;
	for (unsigned i = entry->range_count; i > at; i--)
		entry->ranges[i] = entry->ranges[i - 1];
	entry->ranges[at] = new;
	entry->range_count++;
	return COVERS_NEW;
}

/* Adds bytes between the ranges before and behind, which grow where they touch. */
static enum covers join_range(struct weir_datagram *entry, unsigned at, struct range new)
{
	struct range *ranges = entry->ranges;
	bool touches_before = at > 0 && ranges[at - 1].last + 1u == new.first;
	bool touches_behind = at < entry->range_count && new.last + 1u == ranges[at].first;

	if (touches_before)
		ranges[at - 1].last = touches_behind ? ranges[at].last : new.last;
	else if (touches_behind)
		ranges[at].first = new.first;
	else
		return insert_range(entry, at, new);
	if (touches_before && touches_behind)
		remove_range(entry, at);
	return COVERS_NEW;
}

static enum covers cover(struct weir_datagram *entry, struct range new)
{
	unsigned at = 0;

	while (at < entry->range_count && entry->ranges[at].last < new.first)
		at++;
	if (at == entry->range_count || entry->ranges[at].first > new.last)
		return join_range(entry, at, new);
	return entry->ranges[at].first <= new.first &&new.last <= entry->ranges[at].last
		       ? COVERS_AGAIN
		       : COVERS_CONFLICT;
}

/* Whether a fragment's last byte agrees with the end that another one named, and the end that it
 * names itself with what is there. */
static bool fits_end(const struct weir_datagram *entry, const struct weir_packet *packet,
		     uint32_t end)
{
	if (entry->end && (packet->has_more_fragments ? end > entry->end : end != entry->end))
		return false;
	return packet->has_more_fragments || !entry->range_count ||
	       entry->ranges[entry->range_count - 1].last < end;
}

static enum covers add_fragment(struct weir_datagram *entry, const struct weir_packet *packet)
{
	uint32_t end = (uint32_t)packet->fragment_offset + packet->fragment_length;
	enum covers covers;

	if (end > UINT16_MAX + 1u || !fits_end(entry, packet, end))
		return COVERS_CONFLICT;
	covers = cover(entry, (struct range){ packet->fragment_offset, (uint16_t)(end - 1) });
	if (covers == COVERS_NEW && !packet->has_more_fragments)
		entry->end = end;
	return covers;
}

static void condemn(struct weir_datagrams *datagrams, struct weir_datagram *entry)
{
	struct weir_packet_verdict verdict = denied(WEIR_PACKET_OVERLAP);

	entry->state = CONDEMNED;
	release_waiting(datagrams, entry, &verdict);
}

/* Too small for who has more to say, or made to hide or overwrite the flags of TCP. */
static bool is_tiny(const struct weir_datagrams *datagrams, const struct weir_packet *packet)
{
	bool is_tcp = packet->tuple.protocol == WEIR_PROTOCOL_TCP;

	if (!packet->fragment_length)
		return true;
	if (is_tcp && !packet->is_later_fragment && packet->fragment_length < TCP_FLAGS_BYTE)
		return true;
	if (is_tcp && packet->fragment_offset == SECOND_PIECE)
		return true;
	return packet->has_more_fragments && (packet->fragment_length < datagrams->least_fragment ||
					      packet->fragment_length % SECOND_PIECE);
}

/* Whether a fragment may be part of its datagram; says why not in *out. */
static bool admit(struct weir_datagrams *datagrams, struct weir_datagram *entry,
		  const struct weir_packet *packet, struct weir_packet_verdict *out)
{
	enum covers covers = COVERS_CONFLICT;

	if (entry->state != CONDEMNED)
		covers = add_fragment(entry, packet);
	if (covers == COVERS_NEW)
		return true;
	if (covers == COVERS_CONFLICT)
		condemn(datagrams, entry);
	*out = denied(WEIR_PACKET_OVERLAP);
	return false;
}

bool weir_datagrams_admit_first(struct weir_datagrams *datagrams,
				const struct weir_datagram_key *key,
				const struct weir_packet *packet, uint64_t now,
				struct weir_packet_verdict *out)
{
	struct weir_datagram *entry;

	if (is_tiny(datagrams, packet)) {
		*out = denied(WEIR_PACKET_TINY);
		return false;
	}
	entry = find_or_begin(datagrams, key, now);
	if (!admit(datagrams, entry, packet, out))
		return false;
	entry->state = JUDGING;
	return true;
}

void weir_datagrams_decide(struct weir_datagrams *datagrams, const struct weir_datagram_key *key,
			   const struct weir_packet_verdict *verdict)
{
	struct weir_datagram *bucket = bucket_of(datagrams, key);

	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].state != JUDGING || !equal(&bucket[i].key, key))
			continue;
		bucket[i].verdict = *verdict;
		bucket[i].verdict.why = WEIR_PACKET_FRAGMENT;
		bucket[i].state = DECIDED;
		release_waiting(datagrams, &bucket[i], &bucket[i].verdict);
	}
}

static void wait(struct weir_datagrams *datagrams, struct weir_datagram *entry,
		 struct weir_packet_verdict *out)
{
	uint16_t ticket = datagrams->free_ticket;

	if (ticket == NOBODY) {
		*out = denied(WEIR_PACKET_ORPHAN);
		return;
	}
	datagrams->free_ticket = datagrams->tickets[ticket];
	datagrams->tickets[ticket] = entry->waiting;
	entry->waiting = ticket;
	*out = (struct weir_packet_verdict){ .action = WEIR_PACKET_WAIT,
					     .why = WEIR_PACKET_FRAGMENT,
					     .ticket = ticket };
}

void weir_datagrams_follow(struct weir_datagrams *datagrams, const struct weir_datagram_key *key,
			   const struct weir_packet *packet, uint64_t now,
			   struct weir_packet_verdict *out)
{
	struct weir_datagram *entry;

	if (is_tiny(datagrams, packet)) {
		*out = denied(WEIR_PACKET_TINY);
		return;
	}
	entry = find_or_begin(datagrams, key, now);
	if (!admit(datagrams, entry, packet, out))
		return;
	if (entry->state == DECIDED)
		*out = entry->verdict;
	else
		wait(datagrams, entry, out);
}
