/*
 * Who opened a connection (T4, T5). The packets' own signals go first; where they show nothing,
 * the side that offers a service did not open, and else the higher port did.
 */
#include "flows.h"

#include "weir/directory.h"
#include "weir/key.h"

static bool is_declared(const struct weir_policy *policy, const struct weir_address *address,
			uint8_t protocol, uint16_t port)
{
	struct weir_owner owner;
	uint32_t service;
	uint32_t service_port;

	weir_policy_owner(policy, address, &owner);
	if (owner.kind == WEIR_OWNER_POD) {
		for (uint32_t i = 0; i < owner.endpoint_count; i++) {
			if (weir_policy_endpoint_declares(policy, owner.endpoints[i], protocol,
							  port))
				return true;
		}
		return false;
	}
	return weir_policy_translates(policy, address, protocol, port, &service, &service_port);
}

static bool offers(const struct weir_judge *judge, const struct weir_sighting *sighting,
		   unsigned side)
{
	return is_declared(judge->policy, &sighting->key.ends[side], sighting->key.protocol,
			   sighting->key.ports[side]);
}

/* T4 for a connection whose opening was not seen. */
static void decide_midstream(const struct weir_judge *judge, const struct weir_sighting *sighting,
			     struct weir_outcome *out)
{
	const uint16_t *ports = sighting->key.ports;
	unsigned shown = weir_flow_shown_opener(&sighting->machine);
	bool offered;

	out->is_midstream = true;
	if (shown != WEIR_FLOW_SIDE_UNKNOWN) {
		out->forward = (uint8_t)shown;
		return;
	}
	offered = offers(judge, sighting, 0);
	if (offered != offers(judge, sighting, 1))
		out->forward = offered;
	else if (ports[0] != ports[1])
		out->forward = ports[1] > ports[0];
	else
		out->is_undecided = true;
}

/* T5: soon after the trace began, what comes from a declared port to an undeclared one is an
 * answer to a question before it. */
static void decide_udp(const struct weir_judge *judge, const struct weir_sighting *sighting,
		       struct weir_outcome *out)
{
	unsigned first = weir_flow_first_side(&sighting->machine);

	if (sighting->tally.first - judge->start >= WEIR_FLOW_IDLE)
		return;
	if (offers(judge, sighting, first) && !offers(judge, sighting, !first)) {
		out->forward = !first;
		out->is_midstream = true;
	}
}

void weir_decide_opener(const struct weir_judge *judge, const struct weir_sighting *sighting,
			struct weir_outcome *out)
{
	uint8_t kind = sighting->key.kind;

	out->forward = 0;
	if (kind == WEIR_FLOW_QUERY)
		out->is_midstream = weir_flow_is_midstream(&sighting->machine);
	if (kind != WEIR_FLOW_SYMMETRIC)
		return;
	out->forward = (uint8_t)weir_flow_first_side(&sighting->machine);
	if (sighting->key.protocol == WEIR_PROTOCOL_UDP)
		decide_udp(judge, sighting, out);
	else if (weir_flow_has_handshake(sighting->key.protocol) &&
		 weir_flow_is_midstream(&sighting->machine))
		decide_midstream(judge, sighting, out);
}

bool weir_sighting_translates(const struct weir_judge *judge, const struct weir_sighting *sighting,
			      unsigned forward, uint32_t *service, uint32_t *service_port)
{
	const struct weir_flow_key *key = &sighting->key;

	if (key->kind == WEIR_FLOW_FRAGMENTS || !weir_flow_has_ports(key->protocol))
		return false;
	return weir_policy_translates(judge->policy, &key->ends[!forward], key->protocol,
				      key->ports[!forward], service, service_port);
}
