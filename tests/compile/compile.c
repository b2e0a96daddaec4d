/* What the compiler refuses, bounds, and survives. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "handle.h"
#include "scene.h"

static void an_empty_policy_allows_everything(void **state)
{
	const struct weir_resolved empty = { 0 };
	struct weir_policy *policy;
	struct weir_key key = { .flags = WEIR_KEY_BOTH, .protocol = WEIR_PROTOCOL_TCP };
	struct weir_verdict verdict = { 0 };
	struct weir_policy_sizes sizes;

	(void)state;
	assert_int_equal(weir_compile(&empty, NULL, &policy, NULL), 0);
	key.destination.bytes[0] = 1;
	weir_policy_classify(policy, &key, &verdict, 1);
	assert_int_equal(verdict.action, WEIR_ALLOW);
	weir_policy_measure(policy, &sizes);
	assert_int_equal(sizes.rules, 0);
	weir_policy_unref(policy);
}

/* Each contradiction is one change to the scene; all fail with a text and leave out alone. */

struct copy {
	struct weir_resolved resolved;
	struct weir_endpoint endpoints[16];
	struct weir_set sets[8];
	struct weir_block blocks[4];
	struct weir_origin origins[4];
	struct weir_rule rules[32];
	struct weir_prefix ranges[2];
	struct weir_workload workloads[2];
	struct weir_service services[1];
	struct weir_service_port service_ports[1];
	struct weir_backend backends[1];
	struct weir_peer peers[1];
	struct weir_port ports[1];
	struct weir_prefix holes[1];
	uint32_t members[2];
};

#define COPY_ITEMS(copy, field, count)                                                             \
	(memcpy((copy)->field, scene.field, scene.count * sizeof(*scene.field)),                   \
	 (copy)->resolved.field = (copy)->field)

static void copy_scene(struct copy *copy)
{
	memset(copy, 0, sizeof(*copy));
	copy->resolved = scene;
	assert_true(scene.endpoint_count <= 16 && scene.rule_count <= 32);
	COPY_ITEMS(copy, endpoints, endpoint_count);
	COPY_ITEMS(copy, sets, set_count);
	COPY_ITEMS(copy, blocks, block_count);
	COPY_ITEMS(copy, origins, origin_count);
	COPY_ITEMS(copy, rules, rule_count);
	memcpy(copy->ranges, scene.pod_ranges, sizeof(copy->ranges));
	copy->resolved.pod_ranges = copy->ranges;
	copy->workloads[0] = (struct weir_workload){ "Deployment", "ns", "a", WEIR_NONE };
	copy->workloads[1] = (struct weir_workload){ "ReplicaSet", "ns", "b", 0 };
	copy->resolved.workloads = copy->workloads;
	copy->resolved.workload_count = 2;
	copy->backends[0] = (struct weir_backend){ .endpoint = 3 };
	copy->service_ports[0] =
		(struct weir_service_port){ .backends = copy->backends, .backend_count = 1 };
	copy->services[0] = (struct weir_service){
		.namespace_name = "ns", .name = "s", .ports = copy->service_ports, .port_count = 1
	};
	copy->resolved.services = copy->services;
	copy->resolved.service_count = 1;
	copy->peers[0] = (struct weir_peer){ WEIR_PEER_SET, 0 };
	copy->rules[0].peers = copy->peers;
	copy->rules[0].peer_count = 1;
	copy->ports[0] = (struct weir_port){ "x", 1, 2, WEIR_PROTOCOL_TCP, WEIR_PORT_RANGE };
	copy->rules[0].ports = copy->ports;
	copy->rules[0].port_count = 1;
	copy->holes[0] = scene.blocks[0].holes[0];
	copy->blocks[0].holes = copy->holes;
	copy->members[0] = 3;
	copy->members[1] = 4;
	copy->sets[0].endpoints = copy->members;
	copy->sets[0].endpoint_count = 2;
}

enum change {
	NOTHING,
	ENDPOINT_KIND,
	ENDPOINT_RANK,
	ENDPOINT_NAME,
	ENDPOINT_NAMESPACE,
	ENDPOINT_NODE,
	ENDPOINT_NODE_IS_POD,
	ENDPOINT_WORKLOAD,
	ENDPOINT_ADDRESSES,
	ENDPOINT_PORTS,
	WORKLOAD_KIND,
	WORKLOAD_PARENT,
	WORKLOAD_CYCLE,
	SERVICE_NAME,
	SERVICE_PORTS,
	SERVICE_BACKENDS,
	BACKEND_ENDPOINT,
	SET_ORDER,
	SET_TWICE,
	SET_MEMBER,
	SET_MEMBERS,
	SET_CERTAINTY,
	BLOCK_LENGTH,
	BLOCK_HOST_BITS,
	HOLE_OUTSIDE,
	HOLE_EQUAL,
	HOLES_MISSING,
	ORIGIN_NAME,
	RULE_TIER,
	RULE_DIRECTION,
	RULE_ACTION,
	RULE_SUBJECTS,
	RULE_ORIGIN,
	RULE_PEERS,
	RULE_PORTS,
	PEER_KIND,
	PEER_JOINED,
	PEER_DOMAINS_OF_INGRESS,
	PEER_DOMAINS_DENIED,
	PEER_SET_INDEX,
	PEER_BLOCK_INDEX,
	PORT_KIND,
	PORT_ORDER,
	PORT_NAME,
	RANGE_LENGTH,
	RANGE_HOST_BITS,
	SEMANTICS,
	ITEMS_MISSING,
	CHANGES,
};

static void change(struct copy *copy, enum change what)
{
	struct weir_endpoint *pod = &copy->endpoints[4];

	switch (what) {
	case ENDPOINT_KIND:
		pod->kind = 2;
		break;
	case ENDPOINT_RANK:
		pod->rank = 3;
		break;
	case ENDPOINT_NAME:
		pod->name = NULL;
		break;
	case ENDPOINT_NAMESPACE:
		pod->namespace_name = NULL;
		break;
	case ENDPOINT_NODE:
		pod->node = scene.endpoint_count;
		break;
	case ENDPOINT_NODE_IS_POD:
		pod->node = 3;
		break;
	case ENDPOINT_WORKLOAD:
		pod->workload = 2;
		break;
	case ENDPOINT_ADDRESSES:
		pod->addresses = NULL;
		break;
	case ENDPOINT_PORTS:
		pod->ports = NULL;
		break;
	case WORKLOAD_KIND:
		copy->workloads[0].kind = NULL;
		break;
	case WORKLOAD_PARENT:
		copy->workloads[0].parent = 2;
		break;
	case WORKLOAD_CYCLE:
		copy->workloads[0].parent = 1;
		break;
	case SERVICE_NAME:
		copy->services[0].name = NULL;
		break;
	case SERVICE_PORTS:
		copy->services[0].ports = NULL;
		break;
	case SERVICE_BACKENDS:
		copy->service_ports[0].backends = NULL;
		break;
	case BACKEND_ENDPOINT:
		copy->backends[0].endpoint = scene.endpoint_count;
		break;
	case SET_ORDER:
		copy->members[0] = 5;
		break;
	case SET_TWICE:
		copy->members[0] = 4;
		break;
	case SET_MEMBER:
		copy->members[1] = scene.endpoint_count;
		break;
	case SET_MEMBERS:
		copy->sets[0].endpoints = NULL;
		break;
	case SET_CERTAINTY:
		copy->sets[0].unknown_pods = 3;
		break;
	case BLOCK_LENGTH:
		copy->blocks[0].prefix.length = 129;
		break;
	case BLOCK_HOST_BITS:
		copy->blocks[0].prefix.address.bytes[15] = 1;
		break;
	case HOLE_OUTSIDE:
		copy->holes[0].address.bytes[12] = 199;
		break;
	case HOLE_EQUAL:
		copy->holes[0] = copy->blocks[0].prefix;
		break;
	case HOLES_MISSING:
		copy->blocks[0].holes = NULL;
		break;
	case ORIGIN_NAME:
		copy->origins[0].name = NULL;
		break;
	case RULE_TIER:
		copy->rules[0].tier = WEIR_TIERS;
		break;
	case RULE_DIRECTION:
		copy->rules[0].direction = 2;
		break;
	case RULE_ACTION:
		copy->rules[0].action = 3;
		break;
	case RULE_SUBJECTS:
		copy->rules[0].subjects = scene.set_count;
		break;
	case RULE_ORIGIN:
		copy->rules[0].origin = scene.origin_count;
		break;
	case RULE_PEERS:
		copy->rules[0].peers = NULL;
		break;
	case RULE_PORTS:
		copy->rules[0].ports = NULL;
		break;
	case PEER_KIND:
		copy->peers[0].kind = 3;
		break;
	case PEER_JOINED:
		copy->peers[0].joined = true;
		break;
	case PEER_DOMAINS_OF_INGRESS:
		copy->peers[0].kind = WEIR_PEER_DOMAINS;
		copy->rules[0].direction = WEIR_INGRESS;
		copy->rules[0].action = WEIR_RULE_ALLOW;
		break;
	case PEER_DOMAINS_DENIED:
		copy->peers[0].kind = WEIR_PEER_DOMAINS;
		copy->rules[0].direction = WEIR_EGRESS;
		copy->rules[0].action = WEIR_RULE_DENY;
		break;
	case PEER_SET_INDEX:
		copy->peers[0].index = scene.set_count;
		break;
	case PEER_BLOCK_INDEX:
		copy->peers[0] = (struct weir_peer){ WEIR_PEER_BLOCK, scene.block_count };
		break;
	case PORT_KIND:
		copy->ports[0].kind = 3;
		break;
	case PORT_ORDER:
		copy->ports[0].first = 3;
		break;
	case PORT_NAME:
		copy->ports[0].kind = WEIR_PORT_NAMED;
		copy->ports[0].name = NULL;
		break;
	case RANGE_LENGTH:
		copy->ranges[0].length = 200;
		break;
	case RANGE_HOST_BITS:
		copy->ranges[0].address.bytes[15] = 1;
		break;
	case SEMANTICS:
		copy->resolved.semantics.other_protocols = 3;
		break;
	case ITEMS_MISSING:
		copy->resolved.sets = NULL;
		break;
	default:
		break;
	}
}

static void contradictions_are_refused_with_a_text(void **state)
{
	static struct copy copy;

	(void)state;
	for (unsigned i = 0; i < CHANGES; i++) {
		struct weir_policy *policy = NULL;
		struct weir_error error = { "" };
		int status;

		copy_scene(&copy);
		change(&copy, (enum change)i);
		status = weir_compile(&copy.resolved, NULL, &policy, &error);
		if (i == NOTHING) {
			assert_int_equal(status, 0);
			weir_policy_unref(policy);
			continue;
		}
		if (status != -EINVAL || policy || !error.text[0])
			fail_msg("change %u: status %d, text \"%s\"", i, status, error.text);
		assert_int_equal(weir_compile(&copy.resolved, NULL, &policy, NULL), -EINVAL);
	}
}

static void the_bound_is_kept(void **state)
{
	struct weir_compile_options options = { 0 };
	struct weir_policy_sizes sizes;
	struct weir_policy *policy = NULL;
	struct weir_error error = { "" };

	(void)state;
	assert_int_equal(weir_compile(&scene, &options, &policy, NULL), 0);
	weir_policy_measure(policy, &sizes);
	weir_policy_unref(policy);
	policy = NULL;
	options.max_bytes = sizes.total_bytes;
	assert_int_equal(weir_compile(&scene, &options, &policy, NULL), 0);
	weir_policy_unref(policy);
	policy = NULL;
	for (options.max_bytes = 1; options.max_bytes < sizes.total_bytes; options.max_bytes *= 3) {
		error.text[0] = '\0';
		assert_int_equal(weir_compile(&scene, &options, &policy, &error), -ERANGE);
		assert_null(policy);
		assert_true(error.text[0]);
	}
	options.max_bytes = sizes.total_bytes - 1;
	assert_int_equal(weir_compile(&scene, &options, &policy, &error), -ERANGE);
}

/* An allocator that counts, and fails at the n-th allocation. */
struct counting {
	struct weir_allocator allocator;
	size_t calls;
	size_t fails_at; /* 0: never */
	size_t live;
	size_t peak;
	size_t bytes;
};

static void *counting_allocate(void *context, size_t size)
{
	struct counting *counting = context;
	size_t *memory;

	if (++counting->calls == counting->fails_at)
		return NULL;
	memory = malloc(size + 16);
	assert_non_null(memory);
	memory[0] = size;
	counting->live++;
	counting->bytes += size;
	if (counting->bytes > counting->peak)
		counting->peak = counting->bytes;
	return memory + 2;
}

static void counting_release(void *context, void *memory)
{
	struct counting *counting = context;
	size_t *start = (size_t *)memory - 2;

	counting->live--;
	counting->bytes -= start[0];
	free(start);
}

static void every_allocation_may_fail(void **state)
{
	static const struct generator_shape shape = { 12, 3, 6, 4, 14, true, true };
	struct counting counting = { .allocator = { counting_allocate, counting_release,
						    &counting } };
	struct weir_compile_options options = { .allocator = &counting.allocator };
	struct generator generator;
	const struct weir_resolved *resolved;
	size_t calls;
	struct weir_policy *policy = NULL;

	(void)state;
	generator_init(&generator, 99);
	resolved = generate(&generator, &shape);
	assert_int_equal(weir_compile(resolved, &options, &policy, NULL), 0);
	weir_policy_unref(policy);
	assert_int_equal(counting.live, 0);
	calls = counting.calls;
	for (size_t n = 1; n <= calls; n++) {
		struct weir_error error = { "" };

		policy = NULL;
		counting.calls = 0;
		counting.fails_at = n;
		assert_int_equal(weir_compile(resolved, &options, &policy, &error), -ENOMEM);
		assert_null(policy);
		assert_true(error.text[0]);
		assert_int_equal(counting.live, 0);
	}
	generator_finish(&generator);
}

/* Every pod has its own peers and its own port: rows, classes and port sets all multiply. */
static void memory_on_the_way_is_bounded(void **state)
{
	enum { PODS = 2000, MAX_BYTES = 1 << 20 };
	static struct weir_endpoint endpoints[PODS];
	static struct weir_address addresses[PODS];
	static uint32_t members[PODS];
	static struct weir_set sets[PODS];
	static struct weir_peer peers[PODS];
	static struct weir_port ports[PODS];
	static struct weir_rule rules[PODS];
	struct counting counting = { .allocator = { counting_allocate, counting_release,
						    &counting } };
	struct weir_compile_options options = { .allocator = &counting.allocator,
						.max_bytes = MAX_BYTES };
	const struct weir_origin origin = { "NetworkPolicy", "ns", "p", NULL, 0 };
	struct weir_resolved resolved = { .endpoints = endpoints,
					  .endpoint_count = PODS,
					  .sets = sets,
					  .set_count = PODS,
					  .origins = &origin,
					  .origin_count = 1,
					  .rules = rules,
					  .rule_count = PODS };
	struct weir_policy *policy = NULL;
	struct weir_error error = { "" };

	(void)state;
	for (uint32_t i = 0; i < PODS; i++) {
		addresses[i] = weir_address_from_ipv4(
			(uint8_t[4]){ 10, 0, (uint8_t)(i >> 8), (uint8_t)i });
		endpoints[i] = (struct weir_endpoint){ .namespace_name = "ns",
						       .name = "pod",
						       .addresses = &addresses[i],
						       .address_count = 1,
						       .node = WEIR_NONE,
						       .workload = WEIR_NONE,
						       .rank = WEIR_RANK_RUNNING };
		members[i] = i;
		sets[i] = (struct weir_set){ members, i + 1, WEIR_NEVER };
		peers[i] = (struct weir_peer){ WEIR_PEER_SET, i };
		ports[i] = (struct weir_port){ NULL, (uint16_t)i, (uint16_t)i, WEIR_PROTOCOL_TCP,
					       WEIR_PORT_RANGE };
		rules[i] = (struct weir_rule){ .peers = &peers[i],
					       .ports = &ports[i],
					       .peer_count = 1,
					       .port_count = 1,
					       .subjects = (i * 7) % PODS,
					       .tier = WEIR_TIER_NETWORK_POLICY,
					       .direction = WEIR_INGRESS,
					       .action = WEIR_RULE_DENY };
	}
	assert_int_equal(weir_compile(&resolved, &options, &policy, &error), -ERANGE);
	assert_null(policy);
	assert_true(error.text[0]);
	assert_int_equal(counting.live, 0);
	assert_true(counting.peak < 256u * 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_policy_allows_everything),
		cmocka_unit_test(contradictions_are_refused_with_a_text),
		cmocka_unit_test(the_bound_is_kept),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(memory_on_the_way_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
