/* Objects become a resolved policy: endpoints, workloads, sets, rules, services. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "by_hand.h"
#include "failing.h"

static struct weir_resolved *resolve(struct by_hand *hand)
{
	struct weir_resolved *resolved;

	by_hand_finish(hand);
	assert_int_equal(weir_cluster_resolve(&hand->cluster, NULL, &resolved), 0);
	return resolved;
}

static void close_both(struct by_hand *hand, struct weir_resolved *resolved)
{
	weir_resolved_destroy(resolved);
	by_hand_close(hand);
}

/* "web-0 web-1": the names of a set's pods. */
static void names_of(const struct weir_resolved *resolved, const struct weir_set *set, char *text,
		     size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < set->endpoint_count; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " " : "",
					   resolved->endpoints[set->endpoints[i]].name);
}

static void make_selectable(struct by_hand *hand)
{
	by_hand_open(hand, NULL);
	by_hand_namespace(hand, "shop", "team=red");
	by_hand_namespace(hand, "bank", "team=blue,secure=yes");
	by_hand_namespace(hand, "bare", NULL);
	by_hand_pod(hand, "shop/web", "app=web,tier=front", "10.0.0.1");
	by_hand_pod(hand, "shop/db", "app=db,tier=back", "10.0.0.2");
	by_hand_pod(hand, "shop/plain", NULL, "10.0.0.3");
	by_hand_pod(hand, "shop/host", "app=web", "192.168.0.1")->host_network = true;
	by_hand_pod(hand, "shop/done", "app=web", "10.0.0.1")->phase = K8S_FINISHED;
	by_hand_pod(hand, "bank/teller", "app=web", "10.0.1.1");
	by_hand_pod(hand, "bank/vault", "app=db", "10.0.1.2")->phase = K8S_PENDING;
	by_hand_pod(hand, "bare/lone", "app=api", "10.0.2.1");
	by_hand_pod(hand, "other/implied", "app=web", "10.0.3.1");
}

/* A policy of namespace shop with one peer. */
static const struct {
	const char *name;
	const char *namespace_selector; /* NULL: absent */
	const char *pod_selector;       /* NULL: absent */
	const char *pods;
	enum weir_certainty unknown_pods;
} selections[] = {
	{ "S6: a pod selector means the policy's namespace", NULL, "app=web", "web", WEIR_MAYBE },
	{ "S6: an empty pod selector", NULL, "", "db plain web", WEIR_MAYBE },
	{ "S6: an empty namespace selector", "", NULL, "teller vault lone implied db plain web",
	  WEIR_ALWAYS },
	{ "S6: both empty", "", "", "teller vault lone implied db plain web", WEIR_ALWAYS },
	{ "S6: both are ANDed", "team=blue", "app=web", "teller", WEIR_MAYBE },
	{ "S6: every namespace, some pods", "", "app=web", "teller implied web", WEIR_MAYBE },
	{ "S6: some namespaces, every pod", "team=blue", NULL, "teller vault", WEIR_MAYBE },
	{ "S7: all requirements hold", NULL, "app=web|db,tier=back", "db", WEIR_MAYBE },
	{ "S7: In with several values", NULL, "app=web|db", "db web", WEIR_MAYBE },
	{ "S7: Exists", NULL, "app", "db web", WEIR_MAYBE },
	{ "S7: Exists and NotIn", NULL, "app,app!=db", "web", WEIR_MAYBE },
	{ "C23: NotIn matches a namespace without the key", "team!=red", NULL,
	  "teller vault lone implied", WEIR_MAYBE },
	{ "C24: DoesNotExist matches a pod without labels", NULL, "!app", "plain", WEIR_MAYBE },
	{ "S7: NotIn matches a pod without the key", NULL, "app!=web", "db plain", WEIR_MAYBE },
	{ "C19: nobody has the value", NULL, "app=nobody", "", WEIR_MAYBE },
	{ "C19: nobody has the key", NULL, "nokey", "", WEIR_MAYBE },
	{ "S19: by the namespace's name", "kubernetes.io/metadata.name=bank", NULL, "teller vault",
	  WEIR_MAYBE },
	{ "S19: an implied namespace has its name", "kubernetes.io/metadata.name=other", NULL,
	  "implied", WEIR_MAYBE },
	{ "S19: every namespace has a name", "kubernetes.io/metadata.name", "",
	  "teller vault lone implied db plain web", WEIR_ALWAYS },
	{ "S19: no namespace lacks a name", "!kubernetes.io/metadata.name", NULL, "", WEIR_NEVER },
	{ "S19: all but one by name", "kubernetes.io/metadata.name!=shop", NULL,
	  "teller vault lone implied", WEIR_MAYBE },
	{ "contradiction: In and NotIn", NULL, "app=web,app!=web", "", WEIR_NEVER },
	{ "contradiction: two Ins apart", NULL, "app=web,app=db", "", WEIR_NEVER },
	{ "contradiction: In and DoesNotExist", NULL, "!app,app=web", "", WEIR_NEVER },
	{ "contradiction: Exists and DoesNotExist", "", "app,!app", "", WEIR_NEVER },
	{ "contradiction in the namespace", "team=red,!team", "", "", WEIR_NEVER },
	{ "no contradiction: NotIn and DoesNotExist", NULL, "app!=web,!app", "plain", WEIR_MAYBE },
	{ "no contradiction: Ins overlap", NULL, "app=web|db,app=db|api", "db", WEIR_MAYBE },
	{ "no contradiction: NotIn leaves one of In", NULL, "app!=db,app=web|db", "web",
	  WEIR_MAYBE },
};

static struct k8s_peer selector_peer(struct by_hand *hand, const char *namespace_selector,
				     const char *pod_selector)
{
	return (struct k8s_peer){
		.kind = K8S_PEER_SELECTOR,
		.has_namespace_selector = namespace_selector != NULL,
		.has_pod_selector = pod_selector != NULL,
		.namespace_selector = by_hand_selector(hand, namespace_selector),
		.pod_selector = by_hand_selector(hand, pod_selector),
	};
}

/* Policy shop/p with one ingress rule that has all these peers. */
static void add_policy(struct by_hand *hand, struct k8s_rule *rule, const struct k8s_peer *peers,
		       uint32_t peer_count)
{
	struct k8s_network_policy *policy = by_hand_policy(hand, "shop/p", "");

	*rule = (struct k8s_rule){ .peers = peers, .peer_count = peer_count };
	policy->isolates_ingress = true;
	policy->ingress = rule;
	policy->ingress_count = 1;
}

static void selectors_select(void **state)
{
	struct k8s_peer peers[COUNT(selections)];
	struct weir_resolved *resolved;
	struct k8s_rule rule;
	struct by_hand hand;

	(void)state;
	make_selectable(&hand);
	for (size_t i = 0; i < COUNT(selections); i++)
		peers[i] = selector_peer(&hand, selections[i].namespace_selector,
					 selections[i].pod_selector);
	add_policy(&hand, &rule, peers, COUNT(peers));
	resolved = resolve(&hand);
	assert_int_equal(resolved->rules[0].peer_count, COUNT(selections));
	for (size_t i = 0; i < COUNT(selections); i++) {
		const struct weir_peer *peer = &resolved->rules[0].peers[i];
		const struct weir_set *set = &resolved->sets[peer->index];
		char names[256];

		names_of(resolved, set, names, sizeof(names));
		if (strcmp(names, selections[i].pods) != 0 ||
		    set->unknown_pods != selections[i].unknown_pods)
			fail_msg("%s: \"%s\", certainty %u", selections[i].name, names,
				 set->unknown_pods);
	}
	close_both(&hand, resolved);
}

static const struct {
	const char *name;
	const char *first[2]; /* namespace selector, pod selector */
	const char *second[2];
	bool same;
} sharings[] = {
	{ "the same words", { NULL, "app=web" }, { NULL, "app=web" }, true },
	{ "another order", { NULL, "a=1,b=2" }, { NULL, "b=2,a=1" }, true },
	{ "another order of values", { NULL, "a=1|2" }, { NULL, "a=2|1" }, true },
	{ "a value twice", { NULL, "a=1|1" }, { NULL, "a=1" }, true },
	{ "a requirement twice", { NULL, "a=1,a=1" }, { NULL, "a=1" }, true },
	{ "Exists beside In", { NULL, "a,a=1" }, { NULL, "a=1" }, true },
	{ "the own namespace by its name",
	  { NULL, "a=1" },
	  { "kubernetes.io/metadata.name=shop", "a=1" },
	  true },
	{ "no pod selector and an empty one", { "", NULL }, { "", "" }, true },
	{ "two contradictions", { NULL, "a=1,!a" }, { "b,!b", "" }, true },
	{ "another value", { NULL, "a=1" }, { NULL, "a=2" }, false },
	{ "another operator", { NULL, "a=1" }, { NULL, "a!=1" }, false },
	{ "another scope", { NULL, "a=1" }, { "", "a=1" }, false },
	{ "of the namespace and of the pod", { "a=1", NULL }, { "", "a=1" }, false },
	{ "NotIn with and without Exists", { NULL, "a!=1" }, { NULL, "a,a!=1" }, false },
};

static void equal_selectors_share_a_set(void **state)
{
	struct k8s_peer peers[2 * COUNT(sharings)];
	struct weir_resolved *resolved;
	struct k8s_rule rule;
	struct by_hand hand;

	(void)state;
	make_selectable(&hand);
	for (size_t i = 0; i < COUNT(sharings); i++) {
		peers[2 * i] = selector_peer(&hand, sharings[i].first[0], sharings[i].first[1]);
		peers[2 * i + 1] =
			selector_peer(&hand, sharings[i].second[0], sharings[i].second[1]);
	}
	add_policy(&hand, &rule, peers, COUNT(peers));
	resolved = resolve(&hand);
	for (size_t i = 0; i < COUNT(sharings); i++) {
		const struct weir_peer *peer = &resolved->rules[0].peers[2 * i];

		if ((peer[0].index == peer[1].index) != sharings[i].same)
			fail_msg("%s: %s", sharings[i].name,
				 sharings[i].same ? "two sets" : "one set");
	}
	close_both(&hand, resolved);
}

enum { RANDOM_PODS = 200, RANDOM_PEERS = 400, RANDOM_SEED = 20240607 };

/* Writes up to 3 random labels (sort KEY=VALUE, keys apart) or requirements. */
static void random_labels(char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int key = 'a'; key < 'd'; key++) {
		if (rand() % 2)
			length += (size_t)snprintf(text + length, size - length, "%s%c=%d",
						   length ? "," : "", key, rand() % 3);
	}
}

static void random_selector(char *text, size_t size)
{
	static const char *const forms[] = {
		"%c=%d", "%c=%d|%d", "%c!=%d", "%c!=%d|%d", "%c", "!%c"
	};
	size_t length = 0;
	int count = rand() % 4;

	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		char word[32];

		snprintf(word, sizeof(word), forms[rand() % 6], 'a' + rand() % 3, rand() % 3,
			 rand() % 3);
		length += (size_t)snprintf(text + length, size - length, "%s%s", length ? "," : "",
					   word);
	}
}

static bool selects(const struct by_hand *hand, const struct k8s_peer *peer,
		    const struct k8s_pod *pod)
{
	const struct k8s_namespace *home =
		k8s_find_namespace(&hand->cluster, pod->meta.namespace_name);

	if (!peer->has_namespace_selector && strcmp(home->meta.name, "shop") != 0)
		return false;
	return k8s_selector_matches(&peer->namespace_selector, &home->meta.labels) &&
	       k8s_selector_matches(&peer->pod_selector, &pod->meta.labels);
}

static void compare_set(const struct by_hand *hand, const struct k8s_peer *peer,
			const struct weir_set *set, size_t number)
{
	const struct k8s_pod *pods = hand->cluster.pods.items;
	uint32_t place = 0;

	for (uint32_t i = 0; i < RANDOM_PODS; i++) {
		bool in_set = place < set->endpoint_count && set->endpoints[place] == i;

		if (in_set != selects(hand, peer, &pods[i]))
			fail_msg("seed %d, peer %zu, pod %s", RANDOM_SEED, number,
				 pods[i].meta.name);
		place += in_set;
		if (in_set && set->unknown_pods == WEIR_NEVER)
			fail_msg("seed %d, peer %zu: a set of nobody has %s", RANDOM_SEED, number,
				 pods[i].meta.name);
	}
	assert_int_equal(place, set->endpoint_count);
}

static void the_index_selects_what_a_scan_selects(void **state)
{
	static const char *const homes[] = { "shop", "n1", "n2", "n3", "n4" };
	static struct k8s_peer peers[RANDOM_PEERS];
	struct weir_resolved *resolved;
	struct k8s_rule rule;
	struct by_hand hand;
	char text[128], name[64];

	(void)state;
	srand(RANDOM_SEED);
	by_hand_open(&hand, NULL);
	for (size_t i = 0; i < COUNT(homes); i++) {
		random_labels(text, sizeof(text));
		by_hand_namespace(&hand, homes[i], text[0] ? text : NULL);
	}
	for (int i = 0; i < RANDOM_PODS; i++) {
		random_labels(text, sizeof(text));
		snprintf(name, sizeof(name), "%s/pod-%03d", homes[rand() % 5], i);
		by_hand_pod(&hand, name, text, "10.0.0.1");
	}
	for (size_t i = 0; i < RANDOM_PEERS; i++) {
		random_selector(text, sizeof(text));
		random_selector(name, sizeof(name));
		peers[i] = selector_peer(&hand, rand() % 2 ? text : NULL, name);
	}
	add_policy(&hand, &rule, peers, RANDOM_PEERS);
	resolved = resolve(&hand);
	for (size_t i = 0; i < RANDOM_PEERS; i++)
		compare_set(&hand, &peers[i], &resolved->sets[resolved->rules[0].peers[i].index],
			    i);
	close_both(&hand, resolved);
}

/* Two policies that select the same pods, one of the other direction, and one of both. */
static void make_policies(struct by_hand *hand)
{
	static struct k8s_peer peers[3];
	static struct weir_prefix holes[1];
	static const struct k8s_port ports[] = {
		{ .protocol = WEIR_PROTOCOL_TCP, .kind = K8S_PORT_NUMBER, .first = 80, .last = 90 },
		{ .protocol = WEIR_PROTOCOL_UDP, .kind = K8S_PORT_ANY },
		{ .protocol = WEIR_PROTOCOL_TCP, .kind = K8S_PORT_NAME, .name = "http" },
	};
	static struct k8s_rule rules[2];
	struct k8s_network_policy *policy;

	make_selectable(hand);
	holes[0] = by_hand_prefix("10.1.0.0/16");
	peers[0] = (struct k8s_peer){ .kind = K8S_PEER_BLOCK,
				      .block = { .prefix = by_hand_prefix("10.0.0.0/8"),
						 .except = holes,
						 .except_count = 1 } };
	peers[1] = selector_peer(hand, NULL, "app=web");
	peers[2] = peers[0];
	rules[0] = (struct k8s_rule){ .peers = peers, .peer_count = 3 };
	rules[1] = (struct k8s_rule){ .ports = ports, .port_count = 3 };
	policy = by_hand_policy(hand, "shop/b", "app=db");
	policy->isolates_ingress = true;
	policy->ingress = rules;
	policy->ingress_count = 2;
	policy = by_hand_policy(hand, "shop/a", "app=db");
	policy->isolates_ingress = policy->isolates_egress = true;
	policy->egress = rules;
	policy->egress_count = 1;
	policy = by_hand_policy(hand, "bank/c", "");
	policy->isolates_egress = true;
	policy->ingress = rules; /* not isolating ingress: its rules say nothing */
	policy->ingress_count = 2;
}

static void rules_come_in_order_with_their_origins(void **state)
{
	static const struct {
		const char *policy; /* NULL: isolation */
		uint32_t index, peers, ports;
		enum weir_direction direction;
	} expected[] = {
		{ "a", 0, 3, 0, WEIR_EGRESS },  { "b", 0, 3, 0, WEIR_INGRESS },
		{ "b", 1, 0, 3, WEIR_INGRESS }, { NULL, 0, 0, 0, WEIR_EGRESS /* bank */ },
		{ NULL, 0, 0, 0, WEIR_EGRESS }, { NULL, 0, 0, 0, WEIR_INGRESS },
	};
	struct weir_resolved *resolved;
	struct by_hand hand;

	(void)state;
	make_policies(&hand);
	resolved = resolve(&hand);
	assert_int_equal(resolved->rule_count, COUNT(expected));
	assert_int_equal(resolved->origin_count, 3);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct weir_rule *rule = &resolved->rules[i];
		const struct weir_origin *origin;

		assert_int_equal(rule->direction, expected[i].direction);
		assert_int_equal(rule->peer_count, expected[i].peers);
		assert_int_equal(rule->port_count, expected[i].ports);
		assert_int_equal(rule->tier, WEIR_TIER_NETWORK_POLICY);
		assert_int_equal(rule->action,
				 expected[i].policy ? WEIR_RULE_ALLOW : WEIR_RULE_DENY);
		assert_int_equal(rule->precedence,
				 resolved->rules[0].precedence + (expected[i].policy ? 0 : 1));
		if (!expected[i].policy) {
			assert_int_equal(rule->origin, WEIR_NONE);
			continue;
		}
		origin = &resolved->origins[rule->origin];
		assert_string_equal(origin->kind, "NetworkPolicy");
		assert_string_equal(origin->namespace_name, "shop");
		assert_string_equal(origin->name, expected[i].policy);
		assert_int_equal(origin->index, expected[i].index);
	}
	close_both(&hand, resolved);
}

static void peers_and_ports_keep_their_places(void **state)
{
	struct weir_resolved *resolved;
	const struct weir_rule *rules;
	struct by_hand hand;

	(void)state;
	make_policies(&hand);
	resolved = resolve(&hand);
	rules = resolved->rules;
	assert_int_equal(rules[1].peers[0].kind, WEIR_PEER_BLOCK);
	assert_int_equal(rules[1].peers[1].kind, WEIR_PEER_SET);
	assert_int_equal(rules[1].peers[2].kind, WEIR_PEER_BLOCK);
	assert_int_equal(resolved->block_count, 1); /* three of the same content */
	assert_int_equal(resolved->blocks[0].prefix.length, 96 + 8);
	assert_int_equal(resolved->blocks[0].hole_count, 1);
	assert_int_equal(resolved->blocks[0].holes[0].length, 96 + 16);
	assert_int_equal(rules[2].ports[0].kind, WEIR_PORT_RANGE);
	assert_int_equal(rules[2].ports[0].first, 80);
	assert_int_equal(rules[2].ports[0].last, 90);
	assert_int_equal(rules[2].ports[1].kind, WEIR_PORT_ANY);
	assert_int_equal(rules[2].ports[1].protocol, WEIR_PROTOCOL_UDP);
	assert_int_equal(rules[2].ports[2].kind, WEIR_PORT_NAMED);
	assert_string_equal(rules[2].ports[2].name, "http");
	close_both(&hand, resolved);
}

/* One policy of each tier around NetworkPolicies that come from elsewhere. */
static void make_tiers(struct by_hand *hand)
{
	static const struct k8s_port ports[] = {
		{ .protocol = 0, .kind = K8S_PORT_NAME, .name = "http" },
		{ .protocol = WEIR_PROTOCOL_UDP, .kind = K8S_PORT_ANY },
	};
	static const char *const domains[] = { "example.com", "*.example.org" };
	static struct weir_prefix networks[2];
	static struct k8s_cluster_peer peers[4];
	static struct k8s_cluster_rule admin[3], baseline[1];
	struct k8s_cluster_policy *policy;
	struct k8s_node *node;

	make_policies(hand);
	node = by_hand_node(hand, "worker", "192.168.0.1");
	node->meta.labels = by_hand_labels(hand, "role=worker");
	by_hand_node(hand, "control", "192.168.0.2");
	networks[0] = by_hand_prefix("10.0.0.0/8");
	networks[1] = by_hand_prefix("192.0.2.0/24");
	peers[0] = (struct k8s_cluster_peer){ .kind = K8S_CLUSTER_PEER_NETWORKS,
					      .networks = networks,
					      .network_count = 2 };
	peers[1] = (struct k8s_cluster_peer){ .kind = K8S_CLUSTER_PEER_PODS,
					      .scope = by_hand_scope(hand, "team=blue", NULL) };
	peers[2] = (struct k8s_cluster_peer){ .kind = K8S_CLUSTER_PEER_NODES,
					      .nodes = by_hand_selector(hand, "role=worker") };
	peers[3] = (struct k8s_cluster_peer){ .kind = K8S_CLUSTER_PEER_DOMAINS,
					      .domains = domains,
					      .domain_count = 2 };
	admin[0] = (struct k8s_cluster_rule){ .action = "Accept",
					      .meaning = WEIR_RULE_ALLOW,
					      .peers = peers,
					      .peer_count = 4,
					      .ports = ports,
					      .port_count = 2 };
	admin[1] = (struct k8s_cluster_rule){
		.action = "Pass", .meaning = WEIR_RULE_PASS, .peers = peers + 2, .peer_count = 1
	};
	admin[2] = (struct k8s_cluster_rule){
		.action = "Deny", .meaning = WEIR_RULE_DENY, .peers = peers, .peer_count = 1
	};
	baseline[0] = admin[2];
	policy = by_hand_cluster_policy(hand, "ClusterNetworkPolicy", "late", "", "app=db");
	policy->tier = WEIR_TIER_ADMIN;
	policy->priority = 20;
	policy->egress = admin;
	policy->egress_count = 3;
	policy = by_hand_cluster_policy(hand, "BaselineAdminNetworkPolicy", "default", "", NULL);
	policy->tier = WEIR_TIER_BASELINE;
	policy->priority = K8S_PRIORITY_LAST;
	policy->ingress = baseline;
	policy->ingress_count = 1;
	policy = by_hand_cluster_policy(hand, "AdminNetworkPolicy", "early", "team=red", NULL);
	policy->tier = WEIR_TIER_ADMIN;
	policy->priority = 10;
	policy->ingress = baseline;
	policy->ingress_count = 1;
}

static const struct weir_rule *rule_of(const struct weir_resolved *resolved, const char *policy,
				       uint32_t index)
{
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[i];
		const struct weir_origin *origin = &resolved->origins[rule->origin];

		if (rule->origin != WEIR_NONE && strcmp(origin->name, policy) == 0 &&
		    origin->index == index)
			return rule;
	}
	fail_msg("no rule %s[%u]", policy, index);
	return NULL;
}

static void cluster_policies_come_in_the_order_of_their_tiers(void **state)
{
	static const struct {
		const char *policy;
		uint32_t index;
		const char *kind;
		const char *action;
		enum weir_rule_action meaning;
		enum weir_tier tier;
		enum weir_direction direction;
	} expected[] = {
		{ "early", 0, "AdminNetworkPolicy", "Deny", WEIR_RULE_DENY, WEIR_TIER_ADMIN,
		  WEIR_INGRESS },
		{ "late", 0, "ClusterNetworkPolicy", "Accept", WEIR_RULE_ALLOW, WEIR_TIER_ADMIN,
		  WEIR_EGRESS },
		{ "late", 1, "ClusterNetworkPolicy", "Pass", WEIR_RULE_PASS, WEIR_TIER_ADMIN,
		  WEIR_EGRESS },
		{ "late", 2, "ClusterNetworkPolicy", "Deny", WEIR_RULE_DENY, WEIR_TIER_ADMIN,
		  WEIR_EGRESS },
		{ "default", 0, "BaselineAdminNetworkPolicy", "Deny", WEIR_RULE_DENY,
		  WEIR_TIER_BASELINE, WEIR_INGRESS },
	};
	struct weir_resolved *resolved;
	struct by_hand hand;
	uint32_t precedence = 0;

	(void)state;
	make_tiers(&hand);
	resolved = resolve(&hand);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct weir_rule *rule =
			rule_of(resolved, expected[i].policy, expected[i].index);
		const struct weir_origin *origin = &resolved->origins[rule->origin];

		assert_string_equal(origin->kind, expected[i].kind);
		assert_string_equal(origin->action, expected[i].action);
		assert_null(origin->namespace_name);
		assert_int_equal(rule->action, expected[i].meaning);
		assert_int_equal(rule->tier, expected[i].tier);
		assert_int_equal(rule->direction, expected[i].direction);
		assert_true(rule->precedence >= precedence);
		precedence = rule->precedence;
	}
	close_both(&hand, resolved);
}

static void peers_of_cluster_policies_keep_their_entries(void **state)
{
	struct weir_resolved *resolved;
	const struct weir_rule *rule;
	const struct weir_peer *peers;
	struct by_hand hand;
	char names[256];

	(void)state;
	make_tiers(&hand);
	resolved = resolve(&hand);
	rule = rule_of(resolved, "late", 0);
	peers = rule->peers;
	names_of(resolved, &resolved->sets[rule->subjects], names, sizeof(names));
	assert_string_equal(names, "vault db");
	assert_int_equal(rule->peer_count, 5);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(peers[i].kind, WEIR_PEER_BLOCK);
		assert_int_equal(peers[i].joined, i);
		assert_true(resolved->blocks[peers[i].index].always_pods);
	}
	/* The same prefix without a hole in a NetworkPolicy would be a block of its own. */
	assert_false(resolved->blocks[0].always_pods);
	assert_int_equal(peers[2].kind, WEIR_PEER_SET);
	assert_false(peers[2].joined);
	names_of(resolved, &resolved->sets[peers[2].index], names, sizeof(names));
	assert_string_equal(names, "teller vault");
	assert_int_equal(resolved->sets[peers[2].index].unknown_pods, WEIR_MAYBE);
	names_of(resolved, &resolved->sets[peers[3].index], names, sizeof(names));
	assert_string_equal(names, "worker");
	assert_int_equal(resolved->sets[peers[3].index].unknown_pods, WEIR_NEVER);
	assert_int_equal(rule_of(resolved, "late", 1)->peers[0].index, peers[3].index);
	assert_int_equal(peers[4].kind, WEIR_PEER_DOMAINS);
	assert_int_equal(rule->ports[0].kind, WEIR_PORT_NAMED);
	assert_int_equal(rule->ports[0].protocol, 0);
	assert_int_equal(rule->ports[1].kind, WEIR_PORT_ANY);
	close_both(&hand, resolved);
}

static void a_network_of_a_cluster_policy_is_not_an_ip_block(void **state)
{
	static struct k8s_peer peer;
	static struct k8s_rule rule = { .peers = &peer, .peer_count = 1 };
	struct k8s_network_policy *policy;
	struct weir_resolved *resolved;
	const struct weir_peer *network;
	struct by_hand hand;

	(void)state;
	make_tiers(&hand);
	peer = (struct k8s_peer){ .kind = K8S_PEER_BLOCK,
				  .block = { .prefix = by_hand_prefix("10.0.0.0/8") } };
	policy = by_hand_policy(&hand, "shop/whole", "");
	policy->isolates_egress = true;
	policy->egress = &rule;
	policy->egress_count = 1;
	resolved = resolve(&hand);
	network = &rule_of(resolved, "late", 2)->peers[0];
	assert_true(resolved->blocks[network->index].always_pods);
	assert_false(resolved->blocks[rule_of(resolved, "whole", 0)->peers[0].index].always_pods);
	close_both(&hand, resolved);
}

static void endpoints_are_pods_then_nodes(void **state)
{
	struct weir_semantics semantics = { .own_node = WEIR_OWN_NODE_POLICY };
	struct weir_resolved *resolved;
	const struct weir_endpoint *endpoints;
	struct k8s_pod *pod;
	struct by_hand hand;

	(void)state;
	by_hand_open(&hand, NULL);
	by_hand_node(&hand, "n2", "192.168.0.2");
	by_hand_node(&hand, "n1", "192.168.0.1,fd00::1");
	pod = by_hand_pod(&hand, "b/one", NULL, "10.0.0.1");
	pod->node_name = by_hand_text(&hand, "n2");
	pod = by_hand_pod(&hand, "a/two", NULL, "192.168.0.1");
	pod->node_name = by_hand_text(&hand, "n1");
	pod->host_network = true;
	by_hand_pod(&hand, "a/three", NULL, "10.0.0.3")->phase = K8S_PENDING;
	by_hand_pod(&hand, "a/four", NULL, "10.0.0.4")->phase = K8S_FINISHED;
	by_hand_finish(&hand);
	assert_int_equal(weir_cluster_resolve(&hand.cluster, &semantics, &resolved), 0);
	endpoints = resolved->endpoints;
	assert_int_equal(resolved->endpoint_count, 6);
	assert_string_equal(endpoints[0].name, "four");
	assert_int_equal(endpoints[0].rank, WEIR_RANK_FINISHED);
	assert_int_equal(endpoints[0].node, WEIR_NONE);
	assert_int_equal(endpoints[1].rank, WEIR_RANK_PENDING);
	assert_true(endpoints[2].host_network);
	assert_int_equal(endpoints[2].node, 4);
	assert_string_equal(endpoints[3].namespace_name, "b");
	assert_int_equal(endpoints[3].rank, WEIR_RANK_RUNNING);
	assert_int_equal(endpoints[3].node, 5);
	assert_int_equal(endpoints[4].kind, WEIR_ENDPOINT_NODE);
	assert_string_equal(endpoints[4].name, "n1");
	assert_null(endpoints[4].namespace_name);
	assert_int_equal(endpoints[4].address_count, 2);
	assert_int_equal(resolved->semantics.own_node, WEIR_OWN_NODE_POLICY);
	close_both(&hand, resolved);
}

/* "ReplicaSet/web-1 < Deployment/web": the owners of a pod, upwards. */
static void owners_of(const struct weir_resolved *resolved, const char *pod, char *text,
		      size_t size)
{
	uint32_t at = WEIR_NONE;
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		if (strcmp(resolved->endpoints[i].name, pod) == 0)
			at = resolved->endpoints[i].workload;
	}
	for (; at != WEIR_NONE; at = resolved->workloads[at].parent)
		length += (size_t)snprintf(text + length, size - length, "%s%s/%s",
					   length ? " < " : "", resolved->workloads[at].kind,
					   resolved->workloads[at].name);
}

static const struct {
	const char *pod;
	const char *labels;
	const char *kind; /* of the owner reference; NULL: none */
	const char *name;
	const char *owners;
} owned[] = {
	{ "in-set", "app=web", "ReplicaSet", "web-aaa", "ReplicaSet/web-aaa < Deployment/web" },
	{ "set-missing", "app=web,pod-template-hash=bbb", "ReplicaSet", "web-bbb",
	  "ReplicaSet/web-bbb < Deployment/web" },
	{ "dashes", "app=my,pod-template-hash=ccc", "ReplicaSet", "my-web-app-ccc",
	  "ReplicaSet/my-web-app-ccc < Deployment/my-web-app" },
	{ "other-app", "app=api,pod-template-hash=ddd", "ReplicaSet", "web-ddd",
	  "ReplicaSet/web-ddd" }, /* the selector says no */
	{ "no-hash", "app=web", "ReplicaSet", "web-eee", "ReplicaSet/web-eee" },
	{ "no-deployment", "app=web,pod-template-hash=fff", "ReplicaSet", "gone-fff",
	  "ReplicaSet/gone-fff" },
	{ "web-bbb-x7k2p", "app=web,pod-template-hash=bbb", NULL, NULL, "Deployment/web" },
	{ "nightly-1", NULL, "Job", "nightly-28", "Job/nightly-28 < CronJob/nightly" },
	{ "rollout-1", NULL, "Rollout", "canary", "Rollout/canary" },
	{ "static-n1", NULL, "Node", "n1", "" },
	{ "alone", "app=web", NULL, NULL, "" },
};

static void pods_belong_to_their_owners(void **state)
{
	struct weir_resolved *resolved;
	struct by_hand hand;

	(void)state;
	by_hand_open(&hand, NULL);
	by_hand_workload(&hand, "Deployment", "shop/web", "app=web");
	by_hand_workload(&hand, "Deployment", "shop/my-web-app", "app=my");
	by_hand_workload(&hand, "Deployment", "elsewhere/gone", "app=web");
	by_hand_workload(&hand, "ReplicaSet", "shop/web-aaa", "app=web")->meta.owner =
		by_hand_owner(&hand, "Deployment", "web");
	by_hand_workload(&hand, "Job", "shop/nightly-28", NULL)->meta.owner =
		by_hand_owner(&hand, "CronJob", "nightly"); /* absent from the input */
	for (size_t i = 0; i < COUNT(owned); i++) {
		char name[64];

		snprintf(name, sizeof(name), "shop/%s", owned[i].pod);
		by_hand_pod(&hand, name, owned[i].labels, "10.0.0.1")->meta.owner =
			by_hand_owner(&hand, owned[i].kind, owned[i].name);
	}
	resolved = resolve(&hand);
	for (size_t i = 0; i < COUNT(owned); i++) {
		char text[256];

		owners_of(resolved, owned[i].pod, text, sizeof(text));
		if (strcmp(text, owned[i].owners) != 0)
			fail_msg("%s: \"%s\"", owned[i].pod, text);
	}
	close_both(&hand, resolved);
}

static void owners_in_a_circle_end(void **state)
{
	struct weir_resolved *resolved;
	struct by_hand hand;
	char text[128];

	(void)state;
	by_hand_open(&hand, NULL);
	by_hand_workload(&hand, "ReplicaSet", "a/x", NULL)->meta.owner =
		by_hand_owner(&hand, "Deployment", "y");
	by_hand_workload(&hand, "Deployment", "a/y", NULL)->meta.owner =
		by_hand_owner(&hand, "ReplicaSet", "x");
	by_hand_workload(&hand, "Job", "a/self", NULL)->meta.owner =
		by_hand_owner(&hand, "Job", "self");
	by_hand_pod(&hand, "a/p", NULL, "10.0.0.1")->meta.owner =
		by_hand_owner(&hand, "Deployment", "y");
	by_hand_pod(&hand, "a/q", NULL, "10.0.0.2")->meta.owner =
		by_hand_owner(&hand, "Job", "self");
	resolved = resolve(&hand);
	owners_of(resolved, "p", text, sizeof(text));
	assert_string_equal(text, "Deployment/y < ReplicaSet/x");
	owners_of(resolved, "q", text, sizeof(text));
	assert_string_equal(text, "Job/self");
	close_both(&hand, resolved);
}

/* "10.0.0.1:85 web-0, 10.0.0.9:85 -": the backends of a service's first port. */
static void backends_of(const struct weir_resolved *resolved, const char *service, char *text,
			size_t size)
{
	const struct weir_service *found = NULL;
	size_t length = 0;

	for (uint32_t i = 0; i < resolved->service_count; i++) {
		if (strcmp(resolved->services[i].name, service) == 0)
			found = &resolved->services[i];
	}
	assert_non_null(found);
	text[0] = '\0';
	for (uint32_t i = 0; found->port_count && i < found->ports[0].backend_count; i++) {
		const struct weir_backend *backend = &found->ports[0].backends[i];
		char address[WEIR_ADDRESS_TEXT];

		weir_address_format(&backend->address, address);
		length += (size_t)snprintf(text + length, size - length, "%s%s:%u %s",
					   i ? ", " : "", address, backend->port,
					   backend->endpoint == WEIR_NONE
						   ? "-"
						   : resolved->endpoints[backend->endpoint].name);
	}
}

static void make_backends(struct by_hand *hand)
{
	static const struct k8s_container_port named[] = {
		{ "http", 8080, WEIR_PROTOCOL_TCP },
		{ "dns", 53, WEIR_PROTOCOL_UDP },
	};
	static const struct k8s_container_port other[] = { { "http", 80, WEIR_PROTOCOL_TCP } };
	struct k8s_pod *pod;

	by_hand_open(hand, NULL);
	pod = by_hand_pod(hand, "shop/web-0", "app=web", "10.0.0.1,fd00::1");
	pod->ports = named;
	pod->port_count = 2;
	pod = by_hand_pod(hand, "shop/web-1", "app=web", "10.0.0.2");
	pod->ports = other;
	pod->port_count = 1;
	by_hand_pod(hand, "shop/web-2", "app=web", "10.0.0.3");
	by_hand_pod(hand, "shop/web-3", "app=web", "10.0.0.4")->phase = K8S_PENDING;
	by_hand_pod(hand, "shop/web-4", "app=web", "10.0.0.5")->phase = K8S_FINISHED;
	pod = by_hand_pod(hand, "shop/host", "app=host", "192.168.0.1");
	pod->host_network = true;
	by_hand_pod(hand, "bank/web", "app=web", "10.0.9.1");
}

static const struct {
	const char *name; /* also the service's */
	const char *selector;
	const char *addresses;
	struct k8s_service_port port;
	bool publish_not_ready;
	const char *backends;
} selecting[] = {
	{ "S15-running-pods",
	  "app=web",
	  "10.96.0.1",
	  { .port = 80, .target_port = 8000, .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "10.0.0.1:8000 web-0, 10.0.0.2:8000 web-1, 10.0.0.3:8000 web-2" },
	{ "C29-target-port",
	  "app=web",
	  "10.96.0.2",
	  { .port = 5432, .target_port = 85, .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "10.0.0.1:85 web-0, 10.0.0.2:85 web-1, 10.0.0.3:85 web-2" },
	{ "C30-named-target-port",
	  "app=web",
	  "10.96.0.3",
	  { .port = 80, .target_name = "http", .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "10.0.0.1:8080 web-0, 10.0.0.2:80 web-1" },
	{ "C30-name-of-another-protocol",
	  "app=web",
	  "10.96.0.4",
	  { .port = 80, .target_name = "dns", .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "" },
	{ "both-families",
	  "app=web",
	  "10.96.0.5,fd00:96::5",
	  { .port = 80, .target_name = "http", .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "10.0.0.1:8080 web-0, fd00::1:8080 web-0, 10.0.0.2:80 web-1" },
	{ "headless",
	  "app=web",
	  "",
	  { .port = 80, .target_name = "http", .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "10.0.0.1:8080 web-0, fd00::1:8080 web-0, 10.0.0.2:80 web-1" },
	{ "not-ready-published",
	  "app=web",
	  "10.96.0.6",
	  { .port = 80, .target_port = 80, .protocol = WEIR_PROTOCOL_TCP },
	  true,
	  "10.0.0.1:80 web-0, 10.0.0.2:80 web-1, 10.0.0.3:80 web-2, 10.0.0.4:80 web-3" },
	{ "host-network",
	  "app=host",
	  "10.96.0.7",
	  { .port = 80, .target_port = 80, .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "192.168.0.1:80 -" },
	{ "no-selector",
	  NULL,
	  "10.96.0.8",
	  { .port = 80, .target_port = 80, .protocol = WEIR_PROTOCOL_TCP },
	  false,
	  "" },
};

static void services_without_slices_have_their_selectors_pods(void **state)
{
	struct weir_resolved *resolved;
	struct by_hand hand;

	(void)state;
	make_backends(&hand);
	for (size_t i = 0; i < COUNT(selecting); i++) {
		struct k8s_service *service;
		char name[64];

		snprintf(name, sizeof(name), "shop/%s", selecting[i].name);
		service =
			by_hand_service(&hand, name, selecting[i].selector, selecting[i].addresses);
		service->ports = &selecting[i].port;
		service->port_count = 1;
		service->publish_not_ready = selecting[i].publish_not_ready;
	}
	resolved = resolve(&hand);
	for (size_t i = 0; i < COUNT(selecting); i++) {
		char text[512];

		backends_of(resolved, selecting[i].name, text, sizeof(text));
		if (strcmp(text, selecting[i].backends) != 0)
			fail_msg("%s: \"%s\"", selecting[i].name, text);
	}
	close_both(&hand, resolved);
}

static void an_external_name_forwards_nothing(void **state)
{
	static const struct k8s_service_port port = { .port = 80,
						      .target_port = 80,
						      .protocol = WEIR_PROTOCOL_TCP };
	struct weir_resolved *resolved;
	struct k8s_service *service;
	struct by_hand hand;

	(void)state;
	make_backends(&hand);
	service = by_hand_service(&hand, "shop/outside", "app=web", "");
	service->external_name = true;
	service->ports = &port;
	service->port_count = 1;
	resolved = resolve(&hand);
	assert_int_equal(resolved->service_count, 1);
	assert_int_equal(resolved->services[0].port_count, 0);
	assert_int_equal(resolved->services[0].address_count, 0);
	close_both(&hand, resolved);
}

static struct k8s_slice_endpoint slice_endpoint(struct by_hand *hand, const char *addresses,
						const char *pod, bool ready)
{
	struct k8s_slice_endpoint endpoint = { .ready = ready, .pod = by_hand_text(hand, pod) };

	endpoint.addresses = by_hand_addresses(hand, addresses, &endpoint.address_count);
	return endpoint;
}

static void slices_say_what_is_behind_a_service(void **state)
{
	static const struct k8s_service_port ports[] = {
		{ .name = "web",
		  .port = 80,
		  .target_port = 1,
		  .node_port = 30080,
		  .protocol = WEIR_PROTOCOL_TCP },
		{ .name = "dns", .port = 53, .target_port = 1, .protocol = WEIR_PROTOCOL_UDP },
	};
	static const struct k8s_slice_port offered[] = {
		{ .name = "web", .port = 8080, .protocol = WEIR_PROTOCOL_TCP },
		{ .name = "dns", .port = 53, .protocol = WEIR_PROTOCOL_TCP }, /* not UDP */
		{ .name = "web", .port = 0, .protocol = WEIR_PROTOCOL_TCP },  /* no number */
	};
	struct k8s_slice_endpoint endpoints[8];
	struct weir_resolved *resolved;
	struct k8s_service *service;
	struct by_hand hand;
	char text[512];

	(void)state;
	make_backends(&hand);
	endpoints[0] = slice_endpoint(&hand, "10.0.0.2", "web-1", true);
	endpoints[1] = slice_endpoint(&hand, "10.0.0.1", NULL, true); /* found by its address */
	endpoints[2] = slice_endpoint(&hand, "10.0.0.3", "web-2", false);
	endpoints[3] = slice_endpoint(&hand, "10.7.7.7", "yesterdays", true);
	endpoints[4] = slice_endpoint(&hand, "192.168.0.1", "host", true);
	endpoints[5] = slice_endpoint(&hand, "10.0.0.5", "web-4", true); /* finished */
	endpoints[6] = endpoints[0];                                     /* repeated */
	endpoints[7] = slice_endpoint(&hand, "fd00::1", "web-0", true);
	service = by_hand_service(&hand, "shop/web", "app=web", "10.96.0.1");
	service->ports = ports;
	service->port_count = 2;
	for (int i = 0; i < 2; i++) {
		struct k8s_slice *slice =
			by_hand_slice(&hand, i ? "shop/web-b" : "shop/web-a", "web");

		slice->endpoints = endpoints + 4 * i;
		slice->endpoint_count = 4;
		slice->ports = offered;
		slice->port_count = 3;
	}
	by_hand_slice(&hand, "bank/web-c", "web"); /* of another namespace's service */
	resolved = resolve(&hand);
	backends_of(resolved, "web", text, sizeof(text));
	assert_string_equal(text, "10.0.0.1:8080 web-0, fd00::1:8080 web-0, 10.0.0.2:8080 web-1, "
				  "10.0.0.5:8080 -, 10.7.7.7:8080 -, 192.168.0.1:8080 -");
	assert_int_equal(resolved->services[0].ports[1].backend_count, 0);
	assert_int_equal(resolved->services[0].ports[0].node_port, 30080);
	close_both(&hand, resolved);
}

static void a_slice_without_endpoints_means_no_backends(void **state)
{
	static const struct k8s_service_port port = { .port = 80,
						      .target_port = 80,
						      .protocol = WEIR_PROTOCOL_TCP };
	struct weir_resolved *resolved;
	struct k8s_service *service;
	struct by_hand hand;

	(void)state;
	make_backends(&hand);
	service = by_hand_service(&hand, "shop/web", "app=web", "10.96.0.1");
	service->ports = &port;
	service->port_count = 1;
	by_hand_slice(&hand, "shop/web-a", "web");
	resolved = resolve(&hand);
	assert_int_equal(resolved->services[0].ports[0].backend_count, 0);
	close_both(&hand, resolved);
}

static void an_empty_cluster_resolves(void **state)
{
	struct weir_resolved *resolved;
	struct by_hand hand;

	(void)state;
	by_hand_open(&hand, NULL);
	resolved = resolve(&hand);
	assert_int_equal(resolved->endpoint_count, 0);
	assert_int_equal(resolved->rule_count, 0);
	close_both(&hand, resolved);
	weir_resolved_destroy(NULL);
}

static void every_failing_allocation_is_told(void **state)
{
	static const struct k8s_service_port port = { .port = 80,
						      .target_name = "http",
						      .protocol = WEIR_PROTOCOL_TCP };
	struct failing failing = failing_never();
	struct weir_resolved *resolved = NULL;
	struct by_hand hand;
	unsigned failures = 0;
	int status;

	(void)state;
	make_tiers(&hand);
	by_hand_service(&hand, "shop/web", "app=web", "10.96.0.1")->ports = &port;
	((struct k8s_service *)hand.cluster.services.items)->port_count = 1;
	by_hand_finish(&hand);
	hand.cluster.allocator = &failing.allocator;
	do {
		failing_after(&failing, failures);
		status = weir_cluster_resolve(&hand.cluster, NULL, &resolved);
		assert_true(status == 0 || status == -ENOMEM);
		failures++;
	} while (status);
	assert_true(failures > 20);
	weir_resolved_destroy(resolved);
	assert_int_equal(failing.live, 0);
	by_hand_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_select),
		cmocka_unit_test(equal_selectors_share_a_set),
		cmocka_unit_test(the_index_selects_what_a_scan_selects),
		cmocka_unit_test(rules_come_in_order_with_their_origins),
		cmocka_unit_test(peers_and_ports_keep_their_places),
		cmocka_unit_test(cluster_policies_come_in_the_order_of_their_tiers),
		cmocka_unit_test(peers_of_cluster_policies_keep_their_entries),
		cmocka_unit_test(a_network_of_a_cluster_policy_is_not_an_ip_block),
		cmocka_unit_test(endpoints_are_pods_then_nodes),
		cmocka_unit_test(pods_belong_to_their_owners),
		cmocka_unit_test(owners_in_a_circle_end),
		cmocka_unit_test(services_without_slices_have_their_selectors_pods),
		cmocka_unit_test(an_external_name_forwards_nothing),
		cmocka_unit_test(slices_say_what_is_behind_a_service),
		cmocka_unit_test(a_slice_without_endpoints_means_no_backends),
		cmocka_unit_test(an_empty_cluster_resolves),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
