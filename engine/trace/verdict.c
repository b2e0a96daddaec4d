/*
 * The verdict of a flow, found over the whole trace. Most flows are one key, judged in bursts.
 * The others stand for several keys, and are ambiguous where these do not agree: either side may
 * have opened, any of several backends may have answered, or a node may have put its address in
 * the client's place.
 */
#include "flows.h"

#include "weir/directory.h"
#include "weir/key.h"

enum { BURST = 64 };

struct burst {
	const struct weir_judge *judge;
	struct weir_key keys[BURST];
	struct weir_flow_record *records[BURST];
	uint32_t count;
};

static const struct weir_sighting *sighting_of(const struct weir_judge *judge,
					       const struct weir_flow_record *record)
{
	return weir_sighting_at(&judge->assigner->sightings, record->sighting);
}

/* What the packets of one direction would be judged by. */
static void key_from(const struct weir_judge *judge, const struct weir_sighting *sighting,
		     unsigned forward, struct weir_key *out)
{
	weir_flow_key_question(&sighting->key, forward, sighting->icmp_code, out);
	out->zone = 0; /* of a sighting it tells errors apart, not networks */
	out->flags = judge->flags;
}

/* The same of a flow, which may have gone through a service. */
static void key_of(const struct weir_judge *judge, const struct weir_flow_record *record,
		   unsigned forward, struct weir_key *out)
{
	key_from(judge, sighting_of(judge, record), forward, out);
	if (record->service != WEIR_NONE)
		out->flags |= WEIR_KEY_HAIRPIN;
}

static void record_verdict(struct weir_flow_record *record, const struct weir_verdict *verdict)
{
	record->verdict = verdict->action;
	record->why = verdict->action == WEIR_AMBIGUOUS ? verdict->why : WEIR_TRACE_WHY_NONE;
}

static void record_ambiguous(struct weir_flow_record *record, enum weir_trace_why why)
{
	record->verdict = WEIR_AMBIGUOUS;
	record->why = (uint8_t)why;
}

uint32_t weir_node_of(const struct weir_judge *judge, const struct weir_address *address)
{
	struct weir_owner owner;

	weir_policy_owner(judge->policy, address, &owner);
	return owner.kind == WEIR_OWNER_NODE ? owner.index : WEIR_NONE;
}

/* keys[0] is what a flow is judged by, unless a node put its address in the client's place. Then
 * each side has a key: the client's side is asked about the client, the pod's side about the node
 * that the pod saw. */
static bool is_masqueraded(const struct weir_judge *judge, const struct weir_outcome *outcomes,
			   const struct weir_flow_record *record, struct weir_key keys[2])
{
	unsigned forward = outcomes[record->sighting].forward;

	key_of(judge, record, forward, &keys[0]);
	if (record->translated == WEIR_NONE)
		return false;
	keys[1] = keys[0];
	weir_flow_source(judge, outcomes, record, &keys[0].source, &keys[0].source_port);
	if (weir_address_equal(&keys[0].source, &keys[1].source))
		return false;
	/* Who reached itself is not a stranger to itself. */
	if (weir_address_equal(&keys[0].source, &keys[0].destination))
		keys[1] = keys[0];
	keys[0].flags &= (uint8_t)~WEIR_KEY_INGRESS;
	keys[1].flags &= (uint8_t)~WEIR_KEY_EGRESS;
	return true;
}

static void judge_masqueraded(const struct weir_judge *judge, const struct weir_key keys[2],
			      struct weir_flow_record *record)
{
	struct weir_verdict verdicts[2];
	bool is_first;

	weir_policy_classify(judge->policy, keys, verdicts, 2);
	is_first = verdicts[0].action == WEIR_DENY ||
		   (verdicts[0].action == WEIR_AMBIGUOUS && verdicts[1].action != WEIR_DENY);
	record_verdict(record, &verdicts[!is_first]);
}

bool weir_is_exempt(const struct weir_judge *judge, const struct weir_sighting *sighting,
		    unsigned forward)
{
	struct weir_explanation explanation;
	struct weir_key key;

	key_from(judge, sighting, forward, &key);
	weir_policy_explain(judge->policy, &key, &explanation);
	return explanation.ingress.reason == WEIR_REASON_OWN_NODE;
}

bool weir_client_is_otherwise(const struct weir_judge *judge, const struct weir_sighting *sighting,
			      unsigned forward, const struct weir_address *client)
{
	struct weir_verdict verdict;
	struct weir_key key;

	key_from(judge, sighting, forward, &key);
	key.source = *client;
	key.flags |= WEIR_KEY_HAIRPIN;
	weir_policy_classify(judge->policy, &key, &verdict, 1);
	return verdict.action != WEIR_ALLOW;
}

static void judge_undecided(const struct weir_judge *judge, const struct weir_sighting *sighting,
			    unsigned forward, struct weir_flow_record *record)
{
	struct weir_key keys[2];
	struct weir_verdict verdicts[2];

	key_from(judge, sighting, forward, &keys[0]);
	key_from(judge, sighting, !forward, &keys[1]);
	weir_policy_classify(judge->policy, keys, verdicts, 2);
	if (verdicts[0].action == verdicts[1].action)
		record_verdict(record, &verdicts[0]);
	else
		record_ambiguous(record, WEIR_TRACE_WHY_UNDECIDED_OPENER);
}

/* The next backend at or after *at that can answer at an address of this family. */
static const struct weir_backend_view *next_backend(const struct weir_service_port_view *view,
						    const struct weir_address *address,
						    uint32_t *at)
{
	for (; *at < view->backend_count; (*at)++) {
		const struct weir_backend_view *backend = &view->backends[*at];

		if (weir_address_is_ipv4(&backend->address) == weir_address_is_ipv4(address))
			return backend;
	}
	return NULL;
}

/* The backend may be the client itself. */
static void aim_at(struct weir_key *key, const struct weir_backend_view *backend)
{
	key->destination = backend->address;
	key->destination_port = backend->port;
	key->flags |= WEIR_KEY_HAIRPIN;
}

/* The verdict when every backend has the same one: true, and *first is it. */
static bool backends_agree(const struct weir_judge *judge,
			   const struct weir_service_port_view *view, const struct weir_key *visit,
			   struct weir_verdict *first)
{
	const struct weir_backend_view *backend;
	bool is_first = true;

	for (uint32_t i = 0; (backend = next_backend(view, &visit->destination, &i)); i++) {
		struct weir_key key = *visit;
		struct weir_verdict verdict;

		aim_at(&key, backend);
		weir_policy_classify(judge->policy, &key, &verdict, 1);
		if (is_first)
			*first = verdict;
		else if (verdict.action != first->action)
			return false;
		is_first = false;
	}
	return true;
}

/* Whether the backends would judge a visit otherwise if it came from this address. */
static bool is_otherwise(const struct weir_judge *judge, const struct weir_service_port_view *view,
			 const struct weir_key *visit, const struct weir_address *source,
			 const struct weir_verdict *verdict)
{
	struct weir_key masqueraded = *visit;
	struct weir_verdict other = { 0 };

	masqueraded.source = *source;
	return !backends_agree(judge, view, &masqueraded, &other) ||
	       other.action != verdict->action;
}

/* A visit to a node's port may reach the pod with one of the node's addresses as its source
 * (T25). */
static bool may_be_masqueraded(const struct weir_judge *judge,
			       const struct weir_service_port_view *view,
			       const struct weir_key *visit, const struct weir_verdict *verdict)
{
	uint32_t number = weir_node_of(judge, &visit->destination);
	struct weir_endpoint_view node;

	if (number == WEIR_NONE)
		return false;
	weir_policy_endpoint(judge->policy, number, &node);
	for (uint32_t i = 0; i < node.address_count; i++) {
		if (weir_address_is_ipv4(&node.addresses[i]) ==
			    weir_address_is_ipv4(&visit->destination) &&
		    is_otherwise(judge, view, visit, &node.addresses[i], verdict))
			return true;
	}
	return false;
}

/* The backend when only one can have answered, else WEIR_NONE. */
static uint32_t only_backend(const struct weir_service_port_view *view,
			     const struct weir_address *address)
{
	uint32_t at = 0;
	const struct weir_backend_view *first = next_backend(view, address, &at);
	const struct weir_backend_view *other;
	uint32_t only = at;

	if (!first)
		return WEIR_NONE;
	for (at++; (other = next_backend(view, address, &at)); at++) {
		if (other->port != first->port ||
		    !weir_address_equal(&other->address, &first->address))
			return WEIR_NONE;
	}
	return only;
}

/* A connection of which only the virtual address was seen (T12, T25). When nothing is behind the
 * address, it is judged as it stands: an address outside. */
static void judge_visit(const struct weir_judge *judge, const struct weir_sighting *sighting,
			unsigned forward, struct weir_flow_record *record)
{
	struct weir_service_port_view view;
	struct weir_verdict verdict = { 0 };
	struct weir_key visit;
	uint32_t at = 0;

	weir_policy_service_port(judge->policy, record->service, record->service_port, &view);
	key_from(judge, sighting, forward, &visit);
	record->backend = only_backend(&view, &visit.destination);
	if (!next_backend(&view, &visit.destination, &at)) {
		weir_policy_classify(judge->policy, &visit, &verdict, 1);
		record_verdict(record, &verdict);
	} else if (!backends_agree(judge, &view, &visit, &verdict)) {
		record_ambiguous(record, WEIR_TRACE_WHY_UNKNOWN_BACKEND);
	} else if (may_be_masqueraded(judge, &view, &visit, &verdict)) {
		record_ambiguous(record, WEIR_TRACE_WHY_TRANSLATED_SOURCE);
	} else {
		record_verdict(record, &verdict);
	}
}

static void flush(struct burst *burst)
{
	struct weir_verdict verdicts[BURST];

	weir_policy_classify(burst->judge->policy, burst->keys, verdicts, burst->count);
	for (uint32_t i = 0; i < burst->count; i++)
		record_verdict(burst->records[i], &verdicts[i]);
	burst->count = 0;
}

static bool is_visit(const struct weir_flow_record *record)
{
	return record->translated == record->sighting;
}

void weir_judge_flows(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      struct weir_flow_record *records, uint32_t count)
{
	struct burst burst = { .judge = judge };

	for (uint32_t i = 0; i < count; i++) {
		struct weir_flow_record *record = &records[i];
		const struct weir_sighting *sighting = sighting_of(judge, record);
		const struct weir_outcome *outcome = &outcomes[record->sighting];
		struct weir_key keys[2]; /* of a masqueraded client */

		if (sighting->key.kind == WEIR_FLOW_FRAGMENTS) {
			record_ambiguous(record, WEIR_TRACE_WHY_ORPHAN_FRAGMENT);
		} else if (outcome->is_undecided) {
			judge_undecided(judge, sighting, outcome->forward, record);
		} else if (is_visit(record)) {
			judge_visit(judge, sighting, outcome->forward, record);
		} else if (outcome->is_suspect) {
			record_ambiguous(record, WEIR_TRACE_WHY_TRANSLATED_SOURCE);
		} else if (record->translated != WEIR_NONE &&
			   is_masqueraded(judge, outcomes, record, keys)) {
			judge_masqueraded(judge, keys, record);
		} else {
			key_of(judge, record, outcome->forward, &burst.keys[burst.count]);
			burst.records[burst.count++] = record;
		}
		if (burst.count == BURST)
			flush(&burst);
	}
	flush(&burst);
}

static void explain_masqueraded(const struct weir_judge *judge, const struct weir_key keys[2],
				const struct weir_flow_record *record, struct weir_explanation *out)
{
	struct weir_explanation pod;

	weir_policy_explain(judge->policy, &keys[0], out);
	weir_policy_explain(judge->policy, &keys[1], &pod);
	out->ingress = pod.ingress;
	out->verdict = (struct weir_verdict){ record->verdict, record->why };
}

void weir_explain_flow(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		       const struct weir_flow_record *record, struct weir_explanation *out)
{
	struct weir_service_port_view view;
	const struct weir_backend_view *backend;
	struct weir_key keys[2];
	uint32_t at = 0;

	if (is_masqueraded(judge, outcomes, record, keys)) {
		explain_masqueraded(judge, keys, record, out);
		return;
	}
	if (is_visit(record)) {
		weir_policy_service_port(judge->policy, record->service, record->service_port,
					 &view);
		backend = next_backend(&view, &keys[0].destination, &at);
		if (backend)
			aim_at(&keys[0], backend);
	}
	weir_policy_explain(judge->policy, &keys[0], out);
}

void weir_flow_source(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      const struct weir_flow_record *record, struct weir_address *address,
		      uint16_t *port)
{
	uint32_t number = record->translated == WEIR_NONE ? record->sighting : record->translated;
	const struct weir_flow_key *key =
		&weir_sighting_at(&judge->assigner->sightings, number)->key;
	unsigned side = outcomes[number].forward;

	*address = key->ends[side];
	*port = key->ports[side];
}

void weir_flow_target(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      const struct weir_flow_record *record, struct weir_address *address,
		      uint16_t *port)
{
	const struct weir_sighting *sighting = sighting_of(judge, record);
	unsigned side = !outcomes[record->sighting].forward;
	struct weir_service_port_view view;

	*address = sighting->key.ends[side];
	*port = sighting->key.ports[side];
	if (record->backend == WEIR_NONE)
		return;
	weir_policy_service_port(judge->policy, record->service, record->service_port, &view);
	*address = view.backends[record->backend].address;
	*port = view.backends[record->backend].port;
}
