#include "policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_owners(const void *a, const void *b, void *context)
{
	const struct weir_resolved *resolved = context;
	const struct bench_owner *left = a;
	const struct bench_owner *right = b;
	int order = memcmp(left->address.bytes, right->address.bytes, sizeof(left->address.bytes));

	if (!order)
		order = (int)resolved->endpoints[left->endpoint].kind -
			(int)resolved->endpoints[right->endpoint].kind;
	return order;
}

static bool list_owners(struct bench_policy *policy)
{
	const struct weir_resolved *resolved = policy->resolved;
	size_t count = 0;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		count += resolved->endpoints[i].address_count;
	policy->owners = calloc(count + 1, sizeof(*policy->owners));
	if (!policy->owners)
		return false;
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		if (!bench_is_pod(endpoint) && endpoint->kind != WEIR_ENDPOINT_NODE)
			continue;
		for (uint32_t j = 0; j < endpoint->address_count; j++)
			policy->owners[policy->owner_count++] =
				(struct bench_owner){ endpoint->addresses[j], i };
	}
	qsort_r(policy->owners, policy->owner_count, sizeof(*policy->owners), compare_owners,
		(void *)(uintptr_t)resolved);
	return true;
}

/* Keeps one owner an address; false when the objects do not say which. */
static bool settle_owners(struct bench_policy *policy)
{
	const struct weir_endpoint *endpoints = policy->resolved->endpoints;
	uint32_t kept = 0;
	bool is_clear = true;

	for (uint32_t i = 0; i < policy->owner_count; i++) {
		const struct bench_owner *owner = &policy->owners[i];
		const struct bench_owner *last = kept ? &policy->owners[kept - 1] : NULL;

		if (!last || !weir_address_equal(&last->address, &owner->address))
			policy->owners[kept++] = *owner;
		else if (endpoints[last->endpoint].kind == endpoints[owner->endpoint].kind)
			is_clear = false;
	}
	policy->owner_count = kept;
	return is_clear;
}

static int compare_rules(const void *a, const void *b, void *context)
{
	const struct weir_resolved *resolved = context;
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;
	const struct weir_rule *x = &resolved->rules[left];
	const struct weir_rule *y = &resolved->rules[right];

	if (x->tier != y->tier)
		return x->tier < y->tier ? -1 : 1;
	if (x->precedence != y->precedence)
		return x->precedence < y->precedence ? -1 : 1;
	return (left > right) - (left < right);
}

static bool order_rules(struct bench_policy *policy)
{
	const struct weir_resolved *resolved = policy->resolved;

	policy->order = calloc((size_t)resolved->rule_count + 1, sizeof(*policy->order));
	for (uint32_t i = 0; policy->order && i < resolved->rule_count; i++)
		policy->order[i] = i;
	if (policy->order)
		qsort_r(policy->order, resolved->rule_count, sizeof(*policy->order), compare_rules,
			(void *)(uintptr_t)resolved);
	return policy->order;
}

static const char *why_not_plain(const struct weir_resolved *resolved)
{
	const struct weir_semantics *semantics = &resolved->semantics;

	if (semantics->ipblock_pods != WEIR_IPBLOCK_PODS_MATCH ||
	    semantics->own_node != WEIR_OWN_NODE_ALLOW ||
	    semantics->other_protocols != WEIR_OTHER_PROTOCOLS_NO_PORTS)
		return "semantics that are not the default";
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[i];

		if (rule->action == WEIR_RULE_PASS)
			return "rules that pass to the next tier";
		for (uint32_t j = 0; j < rule->peer_count; j++)
			if (rule->peers[j].kind == WEIR_PEER_DOMAINS)
				return "rules of domain names";
	}
	return NULL;
}

int bench_policy_init(struct bench_policy *policy, const struct weir_resolved *resolved)
{
	*policy = (struct bench_policy){ .resolved = resolved };
	if (!list_owners(policy) || !order_rules(policy)) {
		bench_policy_finish(policy);
		return -ENOMEM;
	}
	policy->not_plain = why_not_plain(resolved);
	if (!settle_owners(policy) && !policy->not_plain)
		policy->not_plain = "addresses that several endpoints share";
	return 0;
}

void bench_policy_finish(struct bench_policy *policy)
{
	free(policy->owners);
	free(policy->order);
	*policy = (struct bench_policy){ 0 };
}

uint32_t bench_policy_owner(const struct bench_policy *policy, const struct weir_address *address)
{
	uint32_t low = 0;
	uint32_t high = policy->owner_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct bench_owner *owner = &policy->owners[middle];
		int order = memcmp(address->bytes, owner->address.bytes, sizeof(address->bytes));

		if (!order)
			return owner->endpoint;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return WEIR_NONE;
}

bool bench_policy_is_unknown(const struct bench_policy *policy, const struct weir_address *address)
{
	const struct weir_resolved *resolved = policy->resolved;

	for (uint32_t i = 0; i < resolved->pod_range_count; i++)
		if (weir_prefix_contains(&resolved->pod_ranges[i], address))
			return bench_policy_owner(policy, address) == WEIR_NONE;
	return false;
}

int bench_decline(struct weir_error *error, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return status;
}

int bench_require_plain(const struct bench_policy *policy, struct weir_error *error)
{
	if (!policy->not_plain)
		return 0;
	return bench_decline(error, -ENOTSUP, "it cannot express %s", policy->not_plain);
}
