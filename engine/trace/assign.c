#include "assign.h"

#include <errno.h>
#include <stdlib.h>

#include "plain.h"
#include "weir/policy.h"

enum {
	LISTED_BURST = 32, /* packets whose memory is fetched before the first is assigned */
};

static void finish_table_sets(struct weir_assigner *assigner)
{
	if (!assigner->table_sets)
		return;
	for (unsigned i = 0; i < WEIR_SIGHTINGS_TABLES; i++)
		weir_interface_sets_finish(&assigner->table_sets[i]);
	weir_release(assigner->sightings.allocator, assigner->table_sets);
	assigner->table_sets = NULL;
}

static int make_table_sets(struct weir_assigner *assigner, const struct weir_allocator *allocator,
			   uint64_t secret)
{
	int status = 0;

	assigner->table_sets = weir_allocate(assigner->sightings.allocator,
					     WEIR_SIGHTINGS_TABLES * sizeof(*assigner->table_sets));
	if (!assigner->table_sets)
		return -ENOMEM;
	for (unsigned i = 0; i < WEIR_SIGHTINGS_TABLES; i++)
		status |= weir_interface_sets_init(&assigner->table_sets[i], allocator, secret);
	return status ? -ENOMEM : 0;
}

int weir_assigner_init(struct weir_assigner *assigner, const struct weir_allocator *allocator,
		       const uint64_t random[2], const struct weir_tunnels *tunnels,
		       bool is_stateless, unsigned table_bits)
{
	struct weir_flow_secret secret;
	int status;

	*assigner = (struct weir_assigner){
		.arrivals = weir_array_of(allocator, struct weir_arrival),
		.tunnels = *tunnels,
		.is_stateless = is_stateless,
	};
	weir_flow_secret_make(random, &secret);
	weir_fragments_init(&assigner->fragments, allocator, &secret);
	status = weir_sightings_init(&assigner->sightings, allocator, &secret, table_bits);
	if (!status)
		status = weir_interface_sets_init(&assigner->sets, allocator, random[0]);
	return status || !table_bits ? status : make_table_sets(assigner, allocator, random[0]);
}

void weir_assigner_finish(struct weir_assigner *assigner)
{
	finish_table_sets(assigner);
	weir_sightings_finish(&assigner->sightings);
	weir_fragments_finish(&assigner->fragments);
	weir_interface_sets_finish(&assigner->sets);
	weir_array_finish(&assigner->arrivals);
}

/* Whether a packet begins a new connection where one of its key is known (T15). */
static inline bool is_over(const struct weir_sighting *sighting, uint8_t signals, uint64_t time)
{
	if (sighting->key.kind == WEIR_FLOW_FRAGMENTS)
		return false;
	if (sighting->key.kind != WEIR_FLOW_QUOTED &&
	    weir_flow_has_handshake(sighting->key.protocol))
		return signals & WEIR_FLOW_OPENS &&
		       weir_flow_is_succeeded(&sighting->machine, signals);
	return time > sighting->time && time - sighting->time >= WEIR_FLOW_IDLE;
}

static inline void touch(struct weir_sighting *sighting, uint64_t time)
{
	if (time > sighting->time)
		sighting->time = time;
}

/* What an arrival is known by: who meets it is the same sighting's, or begins one. */
struct arriving {
	const struct weir_flow_key *key;
	uint64_t time;
	uint64_t birth; /* of a sighting that it begins */
	uint32_t tag;
	unsigned side;
	uint8_t signals;
	uint8_t icmp_code;
};

/* What a frame begins comes in order of the frames; a second sighting of one is the later. */
static inline uint64_t birth_of(const struct weir_frame *frame, bool is_second)
{
	return frame->number << 1 | is_second;
}

static inline struct weir_sighting *begin(struct weir_sightings *sightings,
					  struct weir_sighting_slot *slot,
					  const struct arriving *arriving)
{
	struct weir_sighting *sighting =
		weir_sightings_add(sightings, slot, arriving->key, arriving->tag, arriving->birth);

	if (!sighting)
		return NULL;
	weir_flow_begin(&sighting->machine, arriving->side, arriving->signals);
	sighting->time = arriving->time;
	if (!arriving->side)
		sighting->icmp_code = arriving->icmp_code;
	return sighting;
}

/* The sighting that a packet belongs to, begun when there is none: *number. */
static inline struct weir_sighting *meet(struct weir_sightings *sightings,
					 const struct arriving *arriving, uint32_t *number)
{
	unsigned at = weir_sightings_choose(sightings, arriving->tag);
	const struct weir_sighting_table *table = &sightings->tables[at];
	struct weir_sighting_slot *slot = weir_sightings_slot(table, arriving->key, arriving->tag);
	struct weir_sighting *sighting;

	if (slot->number) {
		sighting = weir_sighting_in(table, slot->number - 1);
		if (!is_over(sighting, arriving->signals, arriving->time)) {
			*number = weir_sightings_number(sightings, at, slot->number - 1);
			if (weir_flow_is_news(&sighting->machine, arriving->side,
					      arriving->signals))
				weir_flow_advance(&sighting->machine, arriving->side,
						  arriving->signals);
			touch(sighting, arriving->time);
			return sighting;
		}
	}
	*number = weir_sightings_number(sightings, at, table->count);
	return begin(sightings, slot, arriving);
}

/* The sets that a sighting's counts speak of. */
static inline struct weir_interface_sets *sets_of(struct weir_assigner *assigner, uint32_t number)
{
	return assigner->table_sets ? &assigner->table_sets[weir_sightings_table_of(
					      &assigner->sightings, number)]
				    : &assigner->sets;
}

static inline void place(struct weir_assigner *assigner, struct weir_assignment *out,
			 uint32_t number, struct weir_sighting *sighting, unsigned side)
{
	out->place = (struct weir_place){ .sighting = number, .side = (uint8_t)side };
	out->tally = &sighting->tally;
	out->sets = sets_of(assigner, number);
}

/* What is told by a packet that has its ports. */
static void find_key(const struct weir_assigner *assigner, const struct weir_packet *packet,
		     struct weir_incoming *incoming)
{
	incoming->side = 0;
	if (assigner->is_stateless)
		weir_flow_key_one_way(packet, &incoming->key);
	else
		incoming->side = (uint8_t)weir_flow_key_of(packet, &incoming->key);
	incoming->signals = weir_flow_signals(packet);
	incoming->icmp_code = packet->icmp_code;
}

static inline int assign_whole(struct weir_assigner *assigner, const struct weir_incoming *incoming,
			       const struct weir_frame *frame, struct weir_assignment *out)
{
	const struct arriving arriving = {
		.key = &incoming->key,
		.time = frame->time,
		.birth = birth_of(frame, false),
		.tag = incoming->tag,
		.side = incoming->side,
		.signals = incoming->signals,
		.icmp_code = incoming->icmp_code,
	};
	uint32_t number;
	struct weir_sighting *sighting = meet(&assigner->sightings, &arriving, &number);

	if (!sighting)
		return -ENOMEM;
	place(assigner, out, number, sighting, incoming->side);
	return 0;
}

/* A sighting of packets that only talk. */
static struct weir_sighting *meet_talk(struct weir_sightings *sightings,
				       const struct weir_flow_key *key, unsigned side,
				       uint64_t time, uint64_t birth, uint32_t *number)
{
	const struct arriving arriving = {
		.key = key,
		.time = time,
		.birth = birth,
		.tag = weir_sightings_tag(sightings, key),
		.side = side,
		.signals = WEIR_FLOW_TALKS,
	};

	return meet(sightings, &arriving, number);
}

/* The latest sighting of what an error quotes, with the key as it was found. A quoted echo may
 * be the question or the answer. */
static uint32_t find_quoted(const struct weir_sightings *sightings, struct weir_flow_key *key,
			    unsigned *side)
{
	uint32_t number = weir_sightings_find(sightings, key);

	if (number != WEIR_NONE || key->kind != WEIR_FLOW_QUERY)
		return number;
	weir_flow_key_swap_addresses(key);
	number = weir_sightings_find(sightings, key);
	if (number == WEIR_NONE)
		weir_flow_key_swap_addresses(key);
	else
		*side = !*side;
	return number;
}

/* The side that an error is counted for: it comes from where the quoted packet went, unless it
 * travels on with it. */
static unsigned side_of_error(const struct weir_packet *packet, unsigned quoted_side)
{
	const struct weir_address *to = &packet->tuple.destination;

	if (!weir_address_equal(to, &packet->quote.source) &&
	    weir_address_equal(to, &packet->quote.destination))
		return quoted_side;
	return !quoted_side;
}

/* An error whose connection was not seen yet is counted apart, by the error's own sighting and
 * by what it quotes, until the end tells whether that came. */
static int assign_unknown_error(struct weir_assigner *assigner, const struct weir_packet *packet,
				const struct weir_frame *frame, struct weir_flow_key *quoted,
				unsigned side, struct weir_assignment *out)
{
	struct weir_incoming itself;
	struct weir_sighting *sighting;
	uint32_t number;
	int status;

	find_key(assigner, packet, &itself);
	itself.tag = weir_sightings_tag(&assigner->sightings, &itself.key);
	status = assign_whole(assigner, &itself, frame, out);
	if (status)
		return status;
	quoted->kind = WEIR_FLOW_QUOTED;
	quoted->zone = out->place.sighting;
	sighting = meet_talk(&assigner->sightings, quoted, side, frame->time, birth_of(frame, true),
			     &number);
	if (!sighting)
		return -ENOMEM;
	place(assigner, out, number, sighting, side);
	return 0;
}

static int assign_error(struct weir_assigner *assigner, const struct weir_packet *packet,
			const struct weir_frame *frame, struct weir_assignment *out)
{
	struct weir_flow_key key;
	unsigned quoted_side = weir_flow_key_of_quote(packet, &key);
	uint32_t number = find_quoted(&assigner->sightings, &key, &quoted_side);
	unsigned side = side_of_error(packet, quoted_side);
	struct weir_sighting *sighting;

	if (number == WEIR_NONE)
		return assign_unknown_error(assigner, packet, frame, &key, side, out);
	sighting = weir_sighting_at(&assigner->sightings, number);
	touch(sighting, frame->time);
	place(assigner, out, number, sighting, side);
	out->place.is_related = true;
	return 0;
}

/* Ends the waiting of fragments: their first came, or never will. */
static int settle(struct weir_assigner *assigner, struct weir_fragment *entry,
		  const struct weir_place *where)
{
	struct weir_sighting *sighting = weir_sighting_at(&assigner->sightings, where->sighting);

	struct weir_interface_sets *sets = sets_of(assigner, where->sighting);
	int status = weir_interface_sets_import(sets, &assigner->sets, entry->tally.interfaces,
						&entry->tally.interfaces);

	entry->kind = WEIR_FRAGMENT_SETTLED;
	touch(sighting, entry->latest);
	return status ? status
		      : weir_tally_move(&sighting->tally, &entry->tally, where->side, sets);
}

static int arrive(struct weir_assigner *assigner, struct weir_fragment *entry,
		  const struct weir_place *where)
{
	if (!assigner->is_second_pass && !assigner->is_endless) {
		struct weir_arrival *arrival = weir_array_push(&assigner->arrivals);

		if (!arrival)
			return -ENOMEM;
		*arrival = (struct weir_arrival){ entry->serial, *where };
	}
	return settle(assigner, entry, where);
}

/* Makes room for one more entry, then makes it. */
static int begin_fragment(struct weir_assigner *assigner, const struct weir_fragment_key *key,
			  enum weir_fragment_kind kind, struct weir_fragment **out)
{
	struct weir_fragment *leaving = weir_fragments_leaving(&assigner->fragments);

	if (leaving && leaving->kind == WEIR_FRAGMENT_WAITING) {
		struct weir_place orphans = leaving->place;
		int status = settle(assigner, leaving, &orphans);

		if (status)
			return status;
	}
	*out = weir_fragments_begin(&assigner->fragments, key, kind);
	return *out ? 0 : -ENOMEM;
}

/* Behind the newest first fragment nothing waits: it has settled what did. */
static int note_first_fragment(struct weir_assigner *assigner, const struct weir_packet *packet,
			       uint64_t time, const struct weir_place *where)
{
	struct weir_fragment_key key = weir_fragment_key_of(packet);
	struct weir_fragment *entry = weir_fragments_newest(&assigner->fragments, &key);
	int status;

	for (; entry && entry->kind == WEIR_FRAGMENT_WAITING;
	     entry = weir_fragments_older(&assigner->fragments, entry)) {
		struct weir_place orphans = entry->place;

		if (weir_fragments_are_near(entry->time, time))
			status = arrive(assigner, entry, where);
		else
			status = settle(assigner, entry, &orphans);
		if (status)
			return status;
	}
	status = begin_fragment(assigner, &key, WEIR_FRAGMENT_FIRST, &entry);
	if (status)
		return status;
	entry->time = time;
	entry->place = *where;
	return 0;
}

static int compare_arrivals(const void *a, const void *b)
{
	uint64_t left = ((const struct weir_arrival *)a)->serial;
	uint64_t right = ((const struct weir_arrival *)b)->serial;

	return left < right ? -1 : left > right;
}

/* Where fragments went that waited under a serial, in the second pass. */
static struct weir_place settled_place(const struct weir_assigner *assigner,
				       const struct weir_fragment *entry)
{
	const struct weir_arrival wanted = { .serial = entry->serial };
	const struct weir_arrival *arrival = NULL;

	if (assigner->arrivals.count)
		arrival = bsearch(&wanted, assigner->arrivals.items, assigner->arrivals.count,
				  sizeof(wanted), compare_arrivals);
	return arrival ? arrival->place : entry->place;
}

/* The fragments that wait for the same first as this one: of one datagram, as far as one can
 * tell. They are taken to be as old as the first of them. */
static int find_waiting(struct weir_assigner *assigner, const struct weir_packet *packet,
			const struct weir_frame *frame, struct weir_fragment **out)
{
	uint64_t time = frame->time;
	struct weir_fragment_key key = weir_fragment_key_of(packet);
	struct weir_fragment *entry = weir_fragments_newest(&assigner->fragments, &key);
	struct weir_flow_key orphan;
	uint32_t number;
	int status;

	if (entry && entry->kind == WEIR_FRAGMENT_WAITING &&
	    entry->protocol == packet->tuple.protocol &&
	    (time > entry->time ? time - entry->time : entry->time - time) <= WEIR_FLOW_SECOND) {
		*out = entry;
		return 0;
	}
	weir_flow_key_fragments(packet, &orphan);
	if (!meet_talk(&assigner->sightings, &orphan, 0, time, birth_of(frame, false), &number))
		return -ENOMEM;
	status = begin_fragment(assigner, &key, WEIR_FRAGMENT_WAITING, &entry);
	if (status)
		return status;
	entry->time = time;
	entry->protocol = packet->tuple.protocol;
	entry->place = (struct weir_place){ .sighting = number };
	*out = entry;
	return 0;
}

static struct weir_fragment *find_first(const struct weir_assigner *assigner,
					const struct weir_packet *packet, uint64_t time)
{
	struct weir_fragment_key key = weir_fragment_key_of(packet);
	struct weir_fragment *entry = weir_fragments_first(&assigner->fragments, &key);

	return entry && entry->place.sighting != WEIR_NONE &&
			       weir_fragments_are_near(entry->time, time)
		       ? entry
		       : NULL;
}

static int assign_later_fragment(struct weir_assigner *assigner, const struct weir_packet *packet,
				 const struct weir_frame *frame, struct weir_assignment *out)
{
	uint64_t time = frame->time;
	struct weir_fragment *first = find_first(assigner, packet, time);
	struct weir_fragment *entry;
	int status;

	out->is_later_fragment = true;
	if (first) {
		struct weir_sighting *sighting =
			weir_sighting_at(&assigner->sightings, first->place.sighting);

		touch(sighting, time);
		out->place = first->place;
		out->tally = &sighting->tally;
		out->sets = sets_of(assigner, first->place.sighting);
		return 0;
	}
	status = find_waiting(assigner, packet, frame, &entry);
	if (status)
		return status;
	out->place = assigner->is_second_pass ? settled_place(assigner, entry)
					      : (struct weir_place){ .side = 0 };
	if (time > entry->latest)
		entry->latest = time;
	out->tally = &entry->tally;
	out->sets = &assigner->sets;
	return 0;
}

/* Plain frames are most of them, and their keys are made of a few loads. */
static bool read_plain(const struct weir_frame *frame, struct weir_incoming *out)
{
	struct weir_plain plain;

	if (!weir_plain_read(frame, &plain))
		return false;
	if (plain.protocol == WEIR_PLAIN_TCP)
		out->signals = weir_flow_tcp_signals(plain.tcp_flags);
	else if (weir_plain_may_be_tunnel(&plain))
		return false;
	else
		out->signals = WEIR_FLOW_TALKS;
	out->side = (uint8_t)(plain.ends.is_ipv6
				      ? weir_flow_side_ipv6(plain.ends.addresses, plain.ports)
				      : weir_flow_side_ipv4(weir_load64(plain.ends.addresses),
							    plain.ports));
	weir_flow_key_between(weir_plain_address(&plain.ends, 0),
			      weir_plain_address(&plain.ends, 1), plain.ports, plain.protocol,
			      out->side, &out->key);
	out->icmp_code = 0;
	out->is_fragment = false;
	out->kind = WEIR_PACKET_OK;
	out->malformed = WEIR_MALFORMED_NONE;
	out->has_key = true;
	return true;
}

static void read_any(const struct weir_assigner *assigner, const struct weir_frame *frame,
		     struct weir_incoming *out)
{
	struct weir_packet packet;

	weir_tunnels_decode(&assigner->tunnels, frame, &packet);
	out->is_fragment = packet.is_fragment;
	out->kind = packet.kind;
	out->malformed = packet.malformed;
	out->has_key = packet.kind == WEIR_PACKET_OK && !packet.is_later_fragment &&
		       (!packet.has_quote || assigner->is_stateless);
	if (out->has_key)
		find_key(assigner, &packet, out);
}

static inline void read_frame(const struct weir_assigner *assigner, const struct weir_frame *frame,
			      struct weir_incoming *out)
{
	if (assigner->is_stateless || !read_plain(frame, out))
		read_any(assigner, frame, out);
}

void weir_assigner_read(const struct weir_assigner *assigner, const struct weir_frame *frame,
			struct weir_incoming *out)
{
	read_frame(assigner, frame, out);
	if (out->has_key)
		out->tag = weir_sightings_tag(&assigner->sightings, &out->key);
}

void weir_assigner_expect(const struct weir_assigner *assigner, const struct weir_frame *frames,
			  size_t n, struct weir_incoming *out)
{
	const struct weir_sightings *sightings = &assigner->sightings;

	for (size_t i = 0; i < n; i++)
		read_frame(assigner, &frames[i], &out[i]);
	for (size_t i = 0; i < n; i++) {
		if (!out[i].has_key)
			continue;
		out[i].tag = weir_sightings_tag(sightings, &out[i].key);
		weir_sightings_fetch_slot(sightings, out[i].tag);
	}
	for (size_t i = 0; i < n; i++) {
		if (out[i].has_key)
			weir_sightings_fetch_record(sightings, out[i].tag);
	}
}

/* A packet whose place the packets before it tell, or that tells the place of others. It is rare
 * enough to be read twice. */
static int assign_fragment_or_error(struct weir_assigner *assigner, const struct weir_frame *frame,
				    const struct weir_incoming *incoming,
				    struct weir_assignment *out)
{
	struct weir_packet packet;
	int status;

	weir_tunnels_decode(&assigner->tunnels, frame, &packet);
	if (packet.is_later_fragment)
		return assign_later_fragment(assigner, &packet, frame, out);
	status = incoming->has_key ? assign_whole(assigner, incoming, frame, out)
				   : assign_error(assigner, &packet, frame, out);
	if (!status && packet.is_fragment)
		status = note_first_fragment(assigner, &packet, frame->time, &out->place);
	return status;
}

static inline int assign(struct weir_assigner *assigner, const struct weir_frame *frame,
			 const struct weir_incoming *incoming, struct weir_assignment *out)
{
	*out = (struct weir_assignment){ 0 };
	if (incoming->has_key && !incoming->is_fragment)
		return assign_whole(assigner, incoming, frame, out);
	return assign_fragment_or_error(assigner, frame, incoming, out);
}

int weir_assign(struct weir_assigner *assigner, const struct weir_frame *frame,
		const struct weir_incoming *incoming, struct weir_assignment *out)
{
	return assign(assigner, frame, incoming, out);
}

int weir_assigner_count(struct weir_assigner *assigner, const struct weir_frame *frames,
			const struct weir_incoming *incoming, size_t n)
{
	struct weir_assignment assignment;

	for (size_t i = 0; i < n; i++) {
		int status;

		if (incoming[i].kind != WEIR_PACKET_OK)
			continue;
		status = assign(assigner, &frames[i], &incoming[i], &assignment);
		if (!status)
			status = weir_tally_frame(assignment.tally, assignment.place.side,
						  &frames[i], assignment.sets);
		if (status)
			return status;
	}
	return 0;
}

void weir_assigner_fetch_listed(const struct weir_frame *frames,
				const struct weir_incoming *incoming, const uint16_t *list,
				size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(&incoming[list[i]]);
		__builtin_prefetch(&frames[list[i]]);
	}
}

static void fetch_listed(const struct weir_assigner *assigner, const struct weir_incoming *incoming,
			 const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		weir_sightings_fetch_slot(&assigner->sightings, incoming[list[i]].tag);
	for (size_t i = 0; i < n; i++)
		weir_sightings_fetch_record(&assigner->sightings, incoming[list[i]].tag);
}

int weir_assigner_count_listed(struct weir_assigner *assigner, const struct weir_frame *frames,
			       const struct weir_incoming *incoming, const uint16_t *list, size_t n)
{
	struct weir_assignment assignment;

	for (size_t i = 0; i < n; i++) {
		int status;

		if (i % LISTED_BURST == 0)
			fetch_listed(assigner, incoming, &list[i],
				     n - i < LISTED_BURST ? n - i : LISTED_BURST);
		status = assign_whole(assigner, &incoming[list[i]], &frames[list[i]], &assignment);
		if (!status)
			status = weir_tally_frame(assignment.tally, assignment.place.side,
						  &frames[list[i]], assignment.sets);
		if (status)
			return status;
	}
	return 0;
}

int weir_assigner_assign_listed(struct weir_assigner *assigner, const struct weir_frame *frames,
				const struct weir_incoming *incoming, const uint16_t *list,
				size_t n, struct weir_assignment *out)
{
	for (size_t i = 0; i < n; i++) {
		int status;

		if (i % LISTED_BURST == 0)
			fetch_listed(assigner, incoming, &list[i],
				     n - i < LISTED_BURST ? n - i : LISTED_BURST);
		out[list[i]] = (struct weir_assignment){ 0 };
		status =
			assign_whole(assigner, &incoming[list[i]], &frames[list[i]], &out[list[i]]);
		if (status)
			return status;
	}
	return 0;
}

static uint64_t entry_count(const struct weir_fragments *fragments)
{
	return fragments->begun < WEIR_FRAGMENT_WINDOW ? fragments->begun : WEIR_FRAGMENT_WINDOW;
}

static bool waited_in_vain(const struct weir_fragment *entry, uint64_t now)
{
	return now == WEIR_TRACE_END ||
	       (now > entry->time && !weir_fragments_are_near(entry->time, now));
}

int weir_assigner_end_waiting(struct weir_assigner *assigner, uint64_t now)
{
	uint64_t count = entry_count(&assigner->fragments);

	for (uint64_t i = 0; i < count; i++) {
		struct weir_fragment *entry = &assigner->fragments.entries[i];
		struct weir_place orphans = entry->place;
		int status = 0;

		if (entry->kind == WEIR_FRAGMENT_WAITING && waited_in_vain(entry, now))
			status = settle(assigner, entry, &orphans);
		if (status)
			return status;
	}
	return 0;
}

void weir_assigner_move_fragments(struct weir_assigner *assigner, const uint32_t *moved)
{
	uint64_t count = entry_count(&assigner->fragments);

	for (uint64_t i = 0; i < count; i++) {
		struct weir_fragment *entry = &assigner->fragments.entries[i];

		if (entry->kind != WEIR_FRAGMENT_SETTLED && entry->place.sighting != WEIR_NONE)
			entry->place.sighting = moved[entry->place.sighting];
	}
}

/* From a table's sets to those of all. */
static int unify_sets(struct weir_assigner *assigner, unsigned at)
{
	const struct weir_sighting_table *table = &assigner->sightings.tables[at];
	const struct weir_interface_sets *own = &assigner->table_sets[at];
	uint32_t *numbers =
		weir_allocate(assigner->sightings.allocator, own->sets.count * sizeof(*numbers));
	int status = numbers ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < own->sets.count && !status; i++)
		status = weir_interface_sets_import(&assigner->sets, own, i, &numbers[i]);
	for (uint32_t i = 0; i < table->count && !status; i++) {
		struct weir_tally *tally = &weir_sighting_in(table, i)->tally;

		tally->interfaces = numbers[tally->interfaces];
	}
	weir_release(assigner->sightings.allocator, numbers);
	return status;
}

static int unify_all_sets(struct weir_assigner *assigner)
{
	int status = 0;

	for (unsigned i = 0; assigner->table_sets && i < WEIR_SIGHTINGS_TABLES && !status; i++)
		status = unify_sets(assigner, i);
	finish_table_sets(assigner);
	return status;
}

int weir_assigner_end(struct weir_assigner *assigner)
{
	int status = weir_assigner_end_waiting(assigner, WEIR_TRACE_END);

	if (!status)
		status = unify_all_sets(assigner);
	if (!status)
		status = weir_sightings_seal(&assigner->sightings);
	if (!status && assigner->arrivals.count)
		qsort(assigner->arrivals.items, assigner->arrivals.count,
		      sizeof(struct weir_arrival), compare_arrivals);
	return status;
}

void weir_assigner_rewind(struct weir_assigner *assigner)
{
	weir_sightings_rewind(&assigner->sightings);
	weir_fragments_rewind(&assigner->fragments);
	assigner->is_second_pass = true;
}
