/*
 * room.c - which flows leave the table: those that expired, and from a full one whom it can do
 * without.
 *
 * Sweeping goes around, a few buckets for each burst; when it meets a home whose reach nothing
 * needs any more it draws that in by one.
 *
 * Room is made by a hand that goes around as well, each time from where it stopped. It stops behind
 * the first bucket in which a flow has expired, whose entry is free then; or where it has met eight
 * that may go, or has been through 16 buckets: then the oldest of those that it met goes. The same
 * is done along a new flow's sequence when all of that is full.
 */
#include "buckets.h"

enum {
	WINDOW = 16, /* buckets that are looked at to make room, at most */
	ENOUGH = 8,  /* evictable flows of which the oldest is old */
	SWEEP = 4,   /* buckets of each family swept at each advance */
};

/* Answered by nobody, not open yet, or over. */
static bool is_evictable(uint64_t meta)
{
	struct weir_flow_machine machine = unpack_machine(meta);
	uint8_t protocol = protocol_of(meta);

	if (!machine.seen[0] || !machine.seen[1])
		return true;
	switch (weir_flow_timeout_of(&machine, protocol)) {
	case WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED:
	case WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT:
	case WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED:
		return false;
	default:
		return weir_flow_has_handshake(protocol);
	}
}

static void expire(struct weir_flow_table *table, struct family *family, uint64_t *entry)
{
	release(family, entry);
	table->counters.expired++;
}

static void expire_bucket(struct weir_flow_table *table, struct family *family, uint32_t bucket)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *entry = slot_at(family, bucket, i);

		if (!is_free(entry[META]) && is_expired(table, entry[META]))
			expire(table, family, entry);
	}
	table->counters.steps++;
}

static bool holds_flow_of(const struct weir_flow_table *table, const struct family *family,
			  uint32_t bucket, uint32_t home)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		const uint64_t *entry = slot_at(family, bucket, i);

		if (!is_free(entry[META]) &&
		    bucket_of(table, entry, family == &table->families[1]) == home)
			return true;
	}
	return false;
}

/* By one, unless a flow in the last of the reach is why it is so far. */
static void draw_in(const struct weir_flow_table *table, struct family *family, uint32_t home)
{
	unsigned reach = reach_of(family, home);
	unsigned last = reach < REACH_FAR ? reach : REACH_FAR;
	struct walk walk = walk_from(family, home);

	if (!reach)
		return;
	while (walk.distance < reach) {
		walk_on(family, &walk);
		if (walk.distance >= last && holds_flow_of(table, family, walk.bucket, home))
			return;
	}
	set_reach(family, home, last - 1);
}

/* Of one bucket in each call the reach is looked at, which takes a line from elsewhere: of
 * another one of the call's at each time around. */
static void sweep(struct weir_flow_table *table, struct family *family)
{
	for (unsigned i = 0; i < SWEEP; i++) {
		expire_bucket(table, family, family->swept);
		if (i == family->drawn_in)
			draw_in(table, family, family->swept);
		if (++family->swept < family->buckets)
			continue;
		family->swept = 0;
		family->drawn_in = (family->drawn_in + 1) % SWEEP;
	}
	for (unsigned i = 0; i < SWEEP && family->swept + i < family->buckets; i++)
		__builtin_prefetch(slot_at(family, family->swept + i, 0));
}

/* Who was met on the way of making room. */
struct met {
	unsigned expired;
	unsigned evictable;
	uint64_t *oldest; /* of those */
};

static void meet_bucket(struct weir_flow_table *table, struct family *family, uint32_t bucket,
			struct met *met)
{
	table->counters.steps++;
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *entry = slot_at(family, bucket, i);

		if (is_free(entry[META]))
			continue;
		if (is_expired(table, entry[META])) {
			expire(table, family, entry);
			met->expired++;
			continue;
		}
		if (!is_evictable(entry[META]))
			continue;
		met->evictable++;
		if (!met->oldest || last_seen(entry[META]) < last_seen(met->oldest[META]))
			met->oldest = entry;
	}
}

/* Makes room in a walk's buckets and returns how many it went through; 0: it went through WINDOW,
 * and all flows in them are in use. */
static unsigned make_room(struct weir_flow_table *table, struct family *family, struct walk walk)
{
	struct met met = { 0 };
	unsigned count = 0;

	for (; count < WINDOW && !met.expired && met.evictable < ENOUGH; count++) {
		meet_bucket(table, family, walk.bucket, &met);
		walk_on(family, &walk);
	}
	if (met.expired)
		return count;
	if (!met.oldest)
		return 0;
	release(family, met.oldest);
	table->counters.evicted++;
	return count;
}

/* Moves the hand when there is none. Where it will be next is fetched: in a full table a bucket has
 * about one flow, and ENOUGH of them are what it goes through when all may go. */
static bool has_room(struct weir_flow_table *table, struct family *family)
{
	/* Behind the neighbour, which only a home has: from there on it goes by the step. */
	struct walk walk = { .bucket = family->hand, .step = 1, .distance = 2 };
	unsigned count;

	if (family->flows < family->max)
		return true;
	count = make_room(table, family, walk);
	family->hand =
		(uint32_t)(((uint64_t)family->hand + (count ? count : WINDOW)) % family->buckets);
	for (unsigned i = 0; i < ENOUGH && family->hand + i < family->buckets; i++)
		__builtin_prefetch(slot_at(family, family->hand + i, 0));
	return count;
}

/* The first free entry of the flow's sequence, which its home then reaches; or NULL. */
static uint64_t *take_place(struct weir_flow_table *table, const struct weir_flow_probe *probe)
{
	struct family *family = &table->families[probe->family];
	struct walk walk = walk_from(family, probe->bucket);
	unsigned free;

	for (; walk.distance < PROBES; walk_on(family, &walk)) {
		uint64_t *first = slot_at(family, walk.bucket, 0);

		table->counters.steps++;
		free = free_in_bucket(first, family->words);
		if (!free)
			continue;
		if (walk.distance > reach_of(family, probe->bucket))
			set_reach(family, probe->bucket, walk.distance);
		return first + (size_t)__builtin_ctz(free) * family->words;
	}
	return NULL;
}

uint64_t *weir_flow_make_place(struct weir_flow_table *table, const struct weir_flow_probe *probe)
{
	struct family *family = &table->families[probe->family];
	uint64_t *place = find_entry(table, probe);

	if (place) {
		if (is_expired(table, place[META]))
			table->counters.expired++;
		else
			table->counters.removed++;
		release(family, place);
		return place;
	}
	/* What was gone through in vain is near now, and the next need not go as far. */
	draw_in(table, family, probe->bucket);
	if (!has_room(table, family))
		return NULL;
	place = take_place(table, probe);
	if (!place && make_room(table, family, walk_from(family, probe->bucket)))
		place = take_place(table, probe);
	return place;
}

static void tell_time(struct weir_flow_table *table, uint64_t now)
{
	const uint64_t step = UINT64_C(1) << STEP_SHIFT;

	table->now = now;
	table->seen = (now + step - 1) >> STEP_SHIFT << SEEN_SHIFT;
	table->young = 0;
	if (now >= table->least_timeout)
		table->young = (((now - table->least_timeout) >> STEP_SHIFT) + 1) << SEEN_SHIFT;
}

void weir_flow_table_advance(struct weir_flow_table *table, uint64_t now)
{
	const uint64_t last = (LAST_SEEN << STEP_SHIFT) - 1;

	if (now > last)
		now = last;
	if (now > table->now)
		tell_time(table, now);
	for (unsigned i = 0; i < 2; i++) {
		if (table->families[i].flows)
			sweep(table, &table->families[i]);
	}
}
