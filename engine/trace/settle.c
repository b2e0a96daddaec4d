#include "settle.h"

#include <errno.h>

enum {
	/* What comes so long after the end is of nobody's connection any more: the last packets are
	 * sent again, and other interfaces' clocks differ. */
	LINGER_SECONDS = 3,
	ESTABLISHED_SECONDS = 5 * 24 * 60 * 60, /* nf_conntrack's patience */
};

struct saved {
	struct weir_tally tally;
	struct weir_flow_machine machine;
	bool is_kept;
};

struct told {
	uint64_t number;
	uint64_t patience; /* nanoseconds without a packet that end its sightings */
	uint32_t numbered; /* the sighting that has the number, or WEIR_NONE */
	uint8_t news;      /* enum weir_trace_news */
};

void weir_settler_init(struct weir_settler *settler, const struct weir_allocator *allocator)
{
	*settler = (struct weir_settler){
		.carried = weir_array_of(allocator, struct weir_carried),
		.saved = weir_array_of(allocator, struct saved),
		.told = weir_array_of(allocator, struct told),
	};
}

void weir_settler_finish(struct weir_settler *settler)
{
	weir_array_finish(&settler->carried);
	weir_array_finish(&settler->saved);
	weir_array_finish(&settler->told);
}

static struct weir_carried *carried_at(const struct weir_settler *settler, uint32_t sighting)
{
	return (struct weir_carried *)settler->carried.items + sighting;
}

static struct saved *saved_at(const struct weir_settler *settler, uint32_t sighting)
{
	return (struct saved *)settler->saved.items + sighting;
}

static struct told *told_at(const struct weir_settler *settler, uint32_t flow)
{
	return (struct told *)settler->told.items + flow;
}

bool weir_settler_suspects(const struct weir_settler *settler, uint32_t sighting)
{
	return sighting < settler->carried.count && carried_at(settler, sighting)->is_suspect;
}

int weir_settler_save(struct weir_settler *settler, const struct weir_assigner *assigner)
{
	uint32_t count = weir_sightings_count(&assigner->sightings);
	size_t known = settler->carried.count;

	if (weir_array_resize(&settler->carried, count) ||
	    weir_array_resize(&settler->saved, count))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct weir_sighting *sighting = weir_sighting_at(&assigner->sightings, i);

		if (i >= known)
			*carried_at(settler, i) = (struct weir_carried){ 0 };
		*saved_at(settler, i) =
			(struct saved){ .tally = sighting->tally, .machine = sighting->machine };
	}
	return 0;
}

/* How long a flow of this kind and state may be silent. */
static uint64_t patience_with(const struct weir_sighting *sighting)
{
	if (sighting->key.kind == WEIR_FLOW_FRAGMENTS || sighting->key.kind == WEIR_FLOW_QUOTED ||
	    !weir_flow_has_handshake(sighting->key.protocol))
		return WEIR_FLOW_IDLE;
	switch (weir_flow_state(&sighting->machine, sighting->key.protocol, 0)) {
	case WEIR_FLOW_CLOSED:
		return LINGER_SECONDS * WEIR_FLOW_SECOND;
	case WEIR_FLOW_ESTABLISHED:
		return ESTABLISHED_SECONDS * WEIR_FLOW_SECOND;
	default:
		return WEIR_FLOW_IDLE;
	}
}

static bool is_silent(const struct weir_sighting *sighting, uint64_t patience, uint64_t now)
{
	return now == WEIR_TRACE_END || (now > sighting->time && now - sighting->time >= patience);
}

/* Whether a sighting ended. Errors before what they quote have their own patience, whatever came
 * of them, and so has what has no packets. */
static bool is_over(const struct weir_settler *settler, const struct weir_sighting *sighting,
		    uint32_t flow, uint64_t now)
{
	bool is_own = flow == WEIR_NONE || sighting->key.kind == WEIR_FLOW_QUOTED;

	return is_silent(sighting,
			 is_own ? patience_with(sighting) : told_at(settler, flow)->patience, now);
}

/* What a line about the flow depends on, but for its counts and times. */
static uint32_t digest_of(const struct weir_flows *flows, const struct weir_flow_record *record)
{
	const struct weir_outcome *outcome = &flows->outcomes[record->sighting];
	const uint32_t words[] = { record->verdict,
				   record->why,
				   record->state,
				   record->service,
				   record->service_port,
				   record->backend,
				   record->translated != WEIR_NONE,
				   outcome->forward,
				   outcome->is_midstream };

	return (uint32_t)weir_hash_bytes(words, sizeof(words), 0) | 1;
}

/* A flow that was told under several numbers, because its sightings were not joined then, keeps
 * the least. */
static void find_numbers(struct weir_settler *settler, const struct weir_flows *flows)
{
	for (uint32_t i = 0; i < flows->outcome_count; i++) {
		const struct weir_carried *carried = carried_at(settler, i);
		struct told *told;

		if (flows->outcomes[i].flow == WEIR_NONE || !carried->number)
			continue;
		told = told_at(settler, flows->outcomes[i].flow);
		if (told->numbered == WEIR_NONE || carried->number < told->number) {
			told->number = carried->number;
			told->numbered = i;
		}
	}
}

/* The number goes over to the sighting that counts, so that each is had once. */
static void number_flow(struct weir_settler *settler, const struct weir_flows *flows, uint32_t flow)
{
	const struct weir_flow_record *record = &flows->records[flow];
	struct told *told = told_at(settler, flow);
	struct weir_carried *holder = carried_at(settler, record->sighting);
	uint32_t digest = digest_of(flows, record);

	if (told->numbered == WEIR_NONE)
		told->number = ++settler->last_number;
	else if (carried_at(settler, told->numbered)->told == digest)
		told->news = WEIR_TRACE_SAME;
	if (told->numbered != WEIR_NONE)
		carried_at(settler, told->numbered)->number = 0;
	holder->number = told->number;
	holder->told = digest;
}

static void find_what_lives(struct weir_settler *settler, const struct weir_assigner *assigner,
			    const struct weir_flows *flows, uint64_t now)
{
	for (uint32_t i = 0; i < flows->outcome_count; i++) {
		uint32_t flow = flows->outcomes[i].flow;

		if (is_over(settler, weir_sighting_at(&assigner->sightings, i), flow, now))
			continue;
		if (flow == WEIR_NONE)
			saved_at(settler, i)->is_kept = true;
		else if (told_at(settler, flow)->news == WEIR_TRACE_OVER)
			told_at(settler, flow)->news = WEIR_TRACE_CHANGED;
	}
}

int weir_settler_tell(struct weir_settler *settler, const struct weir_assigner *assigner,
		      const struct weir_flows *flows, uint64_t now)
{
	if (weir_array_resize(&settler->told, flows->record_count))
		return -ENOMEM;
	for (uint32_t i = 0; i < flows->record_count; i++) {
		const struct weir_sighting *sighting =
			weir_sighting_at(&assigner->sightings, flows->records[i].sighting);

		*told_at(settler, i) = (struct told){ .patience = patience_with(sighting),
						      .numbered = WEIR_NONE,
						      .news = WEIR_TRACE_OVER };
	}
	find_what_lives(settler, assigner, flows, now);
	find_numbers(settler, flows);
	for (uint32_t i = 0; i < flows->record_count; i++) {
		bool is_last = told_at(settler, i)->news == WEIR_TRACE_OVER;

		number_flow(settler, flows, i);
		if (is_last)
			told_at(settler, i)->news = WEIR_TRACE_OVER;
	}
	settler->is_settled = true;
	return 0;
}

uint64_t weir_settler_number(const struct weir_settler *settler, uint32_t flow)
{
	return told_at(settler, flow)->number;
}

enum weir_trace_news weir_settler_news(const struct weir_settler *settler, uint32_t flow)
{
	return (enum weir_trace_news)told_at(settler, flow)->news;
}

static bool is_told(const struct weir_settler *settler, const struct weir_flows *flows,
		    uint32_t sighting)
{
	uint32_t flow = flows->outcomes[sighting].flow;

	return flow != WEIR_NONE && told_at(settler, flow)->news == WEIR_TRACE_OVER;
}

/* Early errors need the sighting that they are by themselves. It came before them; if its flow
 * was told, it begins again with nothing. */
static void keep_for_errors(struct weir_settler *settler, const struct weir_assigner *assigner,
			    const struct weir_flows *flows)
{
	for (uint32_t i = 0; i < flows->outcome_count; i++) {
		const struct weir_flow_key *key = &weir_sighting_at(&assigner->sightings, i)->key;

		if (key->kind != WEIR_FLOW_QUOTED || !saved_at(settler, i)->is_kept)
			continue;
		saved_at(settler, key->zone)->is_kept = true;
		if (!is_told(settler, flows, key->zone))
			continue;
		saved_at(settler, key->zone)->tally = (struct weir_tally){ 0 };
		*carried_at(settler, key->zone) = (struct weir_carried){ 0 };
	}
}

/* Whether a visit is left behind that nothing answered: it may have been the reason for what is
 * suspect. */
static bool leaves_visit(const struct weir_settler *settler, const struct weir_flows *flows)
{
	for (uint32_t i = 0; i < flows->record_count; i++) {
		if (flows->records[i].translated == flows->records[i].sighting &&
		    told_at(settler, i)->news == WEIR_TRACE_OVER)
			return true;
	}
	return false;
}

static void choose(struct weir_settler *settler, const struct weir_assigner *assigner,
		   const struct weir_flows *flows)
{
	bool is_reason_left = leaves_visit(settler, flows);

	for (uint32_t i = 0; i < flows->outcome_count; i++) {
		if (flows->outcomes[i].flow != WEIR_NONE)
			saved_at(settler, i)->is_kept = !is_told(settler, flows, i);
		carried_at(settler, i)->is_suspect |=
			is_reason_left && flows->outcomes[i].is_suspect;
	}
	keep_for_errors(settler, assigner, flows);
}

/* Copies what is kept; moved[i] is where sighting i went, or WEIR_NONE. */
static int copy_kept(struct weir_settler *settler, const struct weir_sightings *old,
		     struct weir_sightings *kept, uint32_t *moved)
{
	uint32_t count = weir_sightings_count(old);

	for (uint32_t i = 0; i < count; i++) {
		const struct weir_sighting *from = weir_sighting_at(old, i);
		const struct saved *saved = saved_at(settler, i);
		struct weir_flow_key key = from->key;
		struct weir_sighting_slot *slot;
		struct weir_sighting *to;
		uint32_t tag;

		moved[i] = WEIR_NONE;
		if (!saved->is_kept)
			continue;
		if (key.kind == WEIR_FLOW_QUOTED)
			key.zone = moved[key.zone];
		tag = weir_sightings_tag(kept, &key);
		slot = weir_sightings_slot(&kept->tables[0], &key, tag);
		to = weir_sightings_add(kept, slot, &key, tag, 0);
		if (!to)
			return -ENOMEM;
		to->time = from->time;
		to->machine = saved->machine;
		to->icmp_code = from->icmp_code;
		to->tally = saved->tally;
		moved[i] = weir_sightings_count(kept) - 1;
		*carried_at(settler, moved[i]) = *carried_at(settler, i);
	}
	return 0;
}

int weir_settler_forget(struct weir_settler *settler, struct weir_assigner *assigner,
			const struct weir_flows *flows)
{
	struct weir_sightings *old = &assigner->sightings;
	struct weir_sightings kept;
	uint32_t *moved;
	int status;

	if (!settler->is_settled)
		return 0;
	moved = weir_allocate(old->allocator, (weir_sightings_count(old) + 1ul) * sizeof(*moved));
	if (!moved)
		return -ENOMEM;
	status = weir_sightings_init(&kept, old->allocator, &old->secret, 0);
	if (!status) {
		choose(settler, assigner, flows);
		status = copy_kept(settler, old, &kept, moved);
	}
	if (status) {
		weir_sightings_finish(&kept);
	} else {
		weir_assigner_move_fragments(assigner, moved);
		weir_sightings_finish(old);
		*old = kept;
		settler->carried.count = weir_sightings_count(&kept);
		settler->is_settled = false;
	}
	weir_release(old->allocator, moved);
	return status;
}
