/*
 * NetworkPolicies become rules.
 *
 * Every rule of a policy is one allow rule with an origin of its own; peers and ports keep their
 * places, since answers name them. Isolation is a deny of everything behind all allows, once for
 * every set of subjects and direction:
 *
 *	precedence 0  allow  subjects {app=db}  peers {app=web}  TCP 5432   db ingress[0]
 *	precedence 1  deny   subjects {app=db}  every peer and port         no origin
 *
 * Policies come by (namespace, name), their rules by (direction, index); so the first rule that
 * matches is the one that an answer should name.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

enum {
	PRECEDENCE_ALLOW,
	PRECEDENCE_ISOLATION,
};

/* A block's bytes for the map: its prefix, then its holes; and whether it always holds pods. */
static int block_key(struct weir_arena *arena, const struct weir_block *block, const char **key,
		     size_t *length)
{
	size_t holes = block->hole_count * sizeof(*block->holes);
	char *bytes;

	*length = sizeof(block->prefix) + holes + 1;
	bytes = weir_arena_allocate(arena, *length, 1);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, &block->prefix, sizeof(block->prefix));
	if (holes)
		memcpy(bytes + sizeof(block->prefix), block->holes, holes);
	bytes[*length - 1] = block->always_pods;
	*key = bytes;
	return 0;
}

int k8s_resolve_block(struct k8s_resolver *resolver, const struct weir_block *block, uint32_t *out)
{
	struct weir_array *blocks = &resolver->result->blocks;
	struct weir_block *added;
	const char *key;
	size_t length;
	uint32_t *known;
	int is_new;

	if (block_key(&resolver->scratch, block, &key, &length))
		return -ENOMEM;
	known = weir_map_insert(&resolver->block_of, key, length, (uint32_t)blocks->count, &is_new);
	if (!known)
		return -ENOMEM;
	*out = *known;
	if (!is_new)
		return 0;
	added = weir_array_push(blocks);
	if (!added)
		return -ENOMEM;
	*added = *block;
	return 0;
}

static int resolve_peer(struct k8s_resolver *resolver, const char *namespace_name,
			const struct k8s_peer *peer, struct weir_peer *out)
{
	if (peer->kind == K8S_PEER_BLOCK) {
		const struct weir_block block = { .prefix = peer->block.prefix,
						  .holes = peer->block.except,
						  .hole_count = peer->block.except_count };

		out->kind = WEIR_PEER_BLOCK;
		return k8s_resolve_block(resolver, &block, &out->index);
	}
	out->kind = WEIR_PEER_SET;
	return k8s_resolve_set(resolver, namespace_name,
			       peer->has_namespace_selector ? &peer->namespace_selector : NULL,
			       peer->has_pod_selector ? &peer->pod_selector : NULL, &out->index);
}

static int resolve_peers(struct k8s_resolver *resolver, const char *namespace_name,
			 const struct k8s_rule *rule, struct weir_rule *out)
{
	struct weir_peer *peers =
		weir_arena_array(resolver->arena, rule->peer_count, struct weir_peer);

	if (!peers)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (resolve_peer(resolver, namespace_name, &rule->peers[i], &peers[i]))
			return -ENOMEM;
	}
	out->peers = peers;
	out->peer_count = rule->peer_count;
	return 0;
}

static struct weir_port resolve_port(const struct k8s_port *port)
{
	struct weir_port out = { .protocol = port->protocol };

	switch ((enum k8s_port_kind)port->kind) {
	case K8S_PORT_ANY:
		out.kind = WEIR_PORT_ANY;
		break;
	case K8S_PORT_NUMBER:
		out.kind = WEIR_PORT_RANGE;
		out.first = port->first;
		out.last = port->last;
		break;
	case K8S_PORT_NAME:
		out.kind = WEIR_PORT_NAMED;
		out.name = port->name;
		break;
	}
	return out;
}

int k8s_resolve_ports(struct k8s_resolver *resolver, const struct k8s_port *ports, uint32_t count,
		      struct weir_rule *out)
{
	struct weir_port *resolved = weir_arena_array(resolver->arena, count, struct weir_port);

	if (!resolved)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		resolved[i] = resolve_port(&ports[i]);
	out->ports = resolved;
	out->port_count = count;
	return 0;
}

static int add_rule(struct k8s_resolver *resolver, const struct weir_rule *rule)
{
	struct weir_rule *added = weir_array_push(&resolver->result->rules);

	if (!added)
		return -ENOMEM;
	*added = *rule;
	return 0;
}

int k8s_add_rule(struct k8s_resolver *resolver, struct weir_rule *rule,
		 const struct weir_origin *origin)
{
	struct weir_origin *added = weir_array_push(&resolver->result->origins);

	if (!added)
		return -ENOMEM;
	*added = *origin;
	rule->origin = (uint32_t)(resolver->result->origins.count - 1);
	return add_rule(resolver, rule);
}

/* One direction of a policy. */
struct half {
	const struct k8s_meta *meta;
	const struct k8s_rule *rules;
	uint32_t rule_count;
	uint32_t subjects;
	enum weir_direction direction;
};

static int resolve_half(struct k8s_resolver *resolver, const struct half *half)
{
	for (uint32_t i = 0; i < half->rule_count; i++) {
		struct weir_rule rule = { .subjects = half->subjects,
					  .precedence = PRECEDENCE_ALLOW,
					  .tier = WEIR_TIER_NETWORK_POLICY,
					  .direction = (uint8_t)half->direction,
					  .action = WEIR_RULE_ALLOW };
		const struct weir_origin origin = { .kind = "NetworkPolicy",
						    .namespace_name = half->meta->namespace_name,
						    .name = half->meta->name,
						    .index = i };

		if (resolve_peers(resolver, half->meta->namespace_name, &half->rules[i], &rule) ||
		    k8s_resolve_ports(resolver, half->rules[i].ports, half->rules[i].port_count,
				      &rule) ||
		    k8s_add_rule(resolver, &rule, &origin))
			return -ENOMEM;
	}
	return 0;
}

/* Sets whose members a direction isolates, as they are met. */
struct isolation {
	struct weir_map seen; /* struct isolated's bytes */
	struct weir_array found;
};

struct isolated {
	uint32_t subjects;
	uint32_t direction;
};

static int isolate(struct k8s_resolver *resolver, struct isolation *isolation,
		   const struct half *half)
{
	struct isolated *key = weir_arena_new(&resolver->scratch, struct isolated);
	struct isolated *added;
	int is_new;

	if (!key)
		return -ENOMEM;
	*key = (struct isolated){ half->subjects, half->direction };
	if (!weir_map_insert(&isolation->seen, key, sizeof(*key), 0, &is_new))
		return -ENOMEM;
	if (!is_new)
		return 0;
	added = weir_array_push(&isolation->found);
	if (!added)
		return -ENOMEM;
	*added = *key;
	return 0;
}

static int resolve_policy(struct k8s_resolver *resolver, const struct k8s_network_policy *policy,
			  struct isolation *isolation)
{
	const struct half egress = { .meta = &policy->meta,
				     .rules = policy->egress,
				     .rule_count = policy->egress_count,
				     .direction = WEIR_EGRESS };
	const struct half ingress = { .meta = &policy->meta,
				      .rules = policy->ingress,
				      .rule_count = policy->ingress_count,
				      .direction = WEIR_INGRESS };
	struct half halves[2];
	uint32_t count = 0, subjects;

	if (policy->isolates_egress)
		halves[count++] = egress;
	if (policy->isolates_ingress)
		halves[count++] = ingress;
	if (k8s_resolve_set(resolver, policy->meta.namespace_name, NULL, &policy->pod_selector,
			    &subjects))
		return -ENOMEM;
	if (resolver->subjects) {
		const struct k8s_network_policy *first = resolver->cluster->network_policies.items;

		resolver->subjects[policy - first] = subjects;
	}
	for (uint32_t i = 0; i < count; i++) {
		halves[i].subjects = subjects;
		if (resolve_half(resolver, &halves[i]) || isolate(resolver, isolation, &halves[i]))
			return -ENOMEM;
	}
	return 0;
}

static int add_isolation(struct k8s_resolver *resolver, const struct isolation *isolation)
{
	const struct isolated *isolated = isolation->found.items;

	for (size_t i = 0; i < isolation->found.count; i++) {
		struct weir_rule rule = { .subjects = isolated[i].subjects,
					  .precedence = PRECEDENCE_ISOLATION,
					  .origin = WEIR_NONE,
					  .tier = WEIR_TIER_NETWORK_POLICY,
					  .direction = (uint8_t)isolated[i].direction,
					  .action = WEIR_RULE_DENY };

		if (add_rule(resolver, &rule))
			return -ENOMEM;
	}
	return 0;
}

int k8s_resolve_policies(struct k8s_resolver *resolver)
{
	const struct weir_array *policies = &resolver->cluster->network_policies;
	const struct k8s_network_policy *items = policies->items;
	struct isolation isolation = { .found = weir_array_of(resolver->scratch.allocator,
							      struct isolated) };
	int status = 0;

	weir_map_init(&isolation.seen, resolver->scratch.allocator);
	for (size_t i = 0; !status && i < policies->count; i++)
		status = resolve_policy(resolver, &items[i], &isolation);
	if (!status)
		status = add_isolation(resolver, &isolation);
	weir_array_finish(&isolation.found);
	weir_map_finish(&isolation.seen);
	return status;
}
