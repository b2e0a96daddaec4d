#include "test.h"

#include "by_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	assert_non_null(memory);
	return memory;
}

static const char *intern(struct by_hand *hand, const char *text, size_t length)
{
	const char *interned = weir_intern_text(hand->cluster.strings, text, length);

	assert_non_null(interned);
	return interned;
}

const char *by_hand_text(struct by_hand *hand, const char *text)
{
	return text ? intern(hand, text, strlen(text)) : NULL;
}

static size_t count_of(const char *text, char separator)
{
	size_t count = text && *text ? 1 : 0;

	for (; text && *text; text++)
		count += *text == separator;
	return count;
}

/* The next word up to the separator; text moves behind it. */
static const char *next_word(const char **text, char separator, size_t *length)
{
	const char *word = *text;
	const char stop[2] = { separator, '\0' };

	*length = strcspn(word, stop);
	*text = word + *length + (word[*length] != '\0');
	return word;
}

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct k8s_label *)a)->key, ((const struct k8s_label *)b)->key);
}

struct k8s_labels by_hand_labels(struct by_hand *hand, const char *text)
{
	size_t count = count_of(text, ',');
	struct k8s_label *items =
		must(weir_arena_array(&hand->cluster.arena, count, struct k8s_label));

	for (size_t i = 0; i < count; i++) {
		size_t length;
		const char *word = next_word(&text, ',', &length);
		size_t key = strcspn(word, "=");

		items[i].key = intern(hand, word, key);
		items[i].value = intern(hand, word + key + 1, length - key - 1);
	}
	qsort(items, count, sizeof(*items), compare_labels);
	return (struct k8s_labels){ items, (uint32_t)count };
}

static void read_values(struct by_hand *hand, const char *text, size_t length,
			struct k8s_requirement *out)
{
	char copy[256];
	const char *at = copy;
	const char **values;

	assert_true(length < sizeof(copy));
	memcpy(copy, text, length);
	copy[length] = '\0';
	out->value_count = (uint32_t)count_of(copy, '|');
	values = must(weir_arena_array(&hand->cluster.arena, out->value_count, const char *));
	for (uint32_t i = 0; i < out->value_count; i++) {
		size_t word_length;
		const char *word = next_word(&at, '|', &word_length);

		values[i] = intern(hand, word, word_length);
	}
	out->values = values;
}

static void read_requirement(struct by_hand *hand, const char *word, size_t length,
			     struct k8s_requirement *out)
{
	size_t key = 0;

	while (key < length && word[key] != '=' && (word[key] != '!' || !key))
		key++;
	if (key == length) {
		bool negated = *word == '!';

		out->op = negated ? K8S_DOES_NOT_EXIST : K8S_EXISTS;
		out->key = intern(hand, word + negated, length - negated);
		return;
	}
	out->op = word[key] == '!' ? K8S_NOT_IN : K8S_IN;
	out->key = intern(hand, word, key);
	key += word[key] == '!' ? 2 : 1;
	read_values(hand, word + key, length - key, out);
}

struct k8s_selector by_hand_selector(struct by_hand *hand, const char *text)
{
	size_t count = count_of(text, ',');
	struct k8s_requirement *items =
		must(weir_arena_array(&hand->cluster.arena, count, struct k8s_requirement));

	for (size_t i = 0; i < count; i++) {
		size_t length;
		const char *word = next_word(&text, ',', &length);

		read_requirement(hand, word, length, &items[i]);
	}
	return (struct k8s_selector){ .requirements = items, .count = (uint32_t)count };
}

struct k8s_owner by_hand_owner(struct by_hand *hand, const char *kind, const char *name)
{
	return (struct k8s_owner){ by_hand_text(hand, kind), by_hand_text(hand, name) };
}

const struct weir_address *by_hand_addresses(struct by_hand *hand, const char *text,
					     uint32_t *count)
{
	struct weir_address *items;

	*count = (uint32_t)count_of(text, ',');
	items = must(weir_arena_array(&hand->cluster.arena, *count, struct weir_address));
	for (uint32_t i = 0; i < *count; i++) {
		size_t length;
		const char *word = next_word(&text, ',', &length);

		assert_int_equal(weir_address_parse(word, length, &items[i]), 0);
	}
	return items;
}

struct weir_prefix by_hand_prefix(const char *text)
{
	struct weir_prefix prefix;

	assert_int_equal(weir_prefix_parse(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static struct k8s_meta meta_of(struct by_hand *hand, const char *name, const char *labels)
{
	const char *slash = strchr(name, '/');

	return (struct k8s_meta){
		.namespace_name =
			slash ? intern(hand, name, (size_t)(slash - name)) : by_hand_text(hand, ""),
		.name = by_hand_text(hand, slash ? slash + 1 : name),
		.labels = by_hand_labels(hand, labels),
	};
}

struct k8s_namespace *by_hand_namespace(struct by_hand *hand, const char *name, const char *labels)
{
	struct k8s_namespace *added = must(weir_array_push(&hand->cluster.namespaces));
	char all[512];

	assert_true(snprintf(all, sizeof(all), "kubernetes.io/metadata.name=%s%s%s", name,
			     labels ? "," : "", labels ? labels : "") < (int)sizeof(all));
	added->meta = meta_of(hand, name, all);
	return added;
}

struct k8s_pod *by_hand_pod(struct by_hand *hand, const char *name, const char *labels,
			    const char *addresses)
{
	struct k8s_pod *added = must(weir_array_push(&hand->cluster.pods));

	added->meta = meta_of(hand, name, labels);
	added->addresses = by_hand_addresses(hand, addresses, &added->address_count);
	return added;
}

struct k8s_node *by_hand_node(struct by_hand *hand, const char *name, const char *addresses)
{
	struct k8s_node *added = must(weir_array_push(&hand->cluster.nodes));

	added->meta = meta_of(hand, name, NULL);
	added->addresses = by_hand_addresses(hand, addresses, &added->address_count);
	return added;
}

struct k8s_service *by_hand_service(struct by_hand *hand, const char *name, const char *selector,
				    const char *addresses)
{
	struct k8s_service *added = must(weir_array_push(&hand->cluster.services));

	added->meta = meta_of(hand, name, NULL);
	added->addresses = by_hand_addresses(hand, addresses, &added->address_count);
	added->has_selector = selector != NULL;
	added->selector = by_hand_selector(hand, selector);
	return added;
}

struct k8s_slice *by_hand_slice(struct by_hand *hand, const char *name, const char *service)
{
	struct k8s_slice *added = must(weir_array_push(&hand->cluster.slices));

	added->meta = meta_of(hand, name, NULL);
	added->service = by_hand_text(hand, service);
	return added;
}

struct k8s_workload *by_hand_workload(struct by_hand *hand, const char *kind, const char *name,
				      const char *selector)
{
	struct k8s_workload *added = must(weir_array_push(&hand->cluster.workloads));

	added->meta = meta_of(hand, name, NULL);
	added->kind = by_hand_text(hand, kind);
	added->has_selector = selector != NULL;
	added->selector = by_hand_selector(hand, selector);
	added->replicas = 1;
	return added;
}

struct k8s_network_policy *by_hand_policy(struct by_hand *hand, const char *name,
					  const char *selector)
{
	struct k8s_network_policy *added = must(weir_array_push(&hand->cluster.network_policies));

	added->meta = meta_of(hand, name, NULL);
	added->pod_selector = by_hand_selector(hand, selector);
	return added;
}

struct k8s_pods_scope by_hand_scope(struct by_hand *hand, const char *namespaces, const char *pods)
{
	return (struct k8s_pods_scope){ .namespaces = by_hand_selector(hand, namespaces),
					.pods = by_hand_selector(hand, pods),
					.has_pods = pods != NULL };
}

struct k8s_cluster_policy *by_hand_cluster_policy(struct by_hand *hand, const char *kind,
						  const char *name, const char *namespaces,
						  const char *pods)
{
	struct k8s_cluster_policy *added = must(weir_array_push(&hand->cluster.cluster_policies));

	added->meta = meta_of(hand, name, NULL);
	added->kind = by_hand_text(hand, kind);
	added->subject = by_hand_scope(hand, namespaces, pods);
	return added;
}

/* Every object but workloads begins with its meta. */
static int compare_meta(const void *a, const void *b)
{
	const struct k8s_meta *left = a, *right = b;
	int order = strcmp(left->namespace_name, right->namespace_name);

	return order ? order : strcmp(left->name, right->name);
}

static int compare_workloads(const void *a, const void *b)
{
	const struct k8s_workload *left = a, *right = b;
	int order = strcmp(left->meta.namespace_name, right->meta.namespace_name);

	if (!order)
		order = strcmp(left->kind, right->kind);
	return order ? order : strcmp(left->meta.name, right->meta.name);
}

static int compare_cluster_policies(const void *a, const void *b)
{
	const struct k8s_cluster_policy *left = a, *right = b;
	int order = (left->tier > right->tier) - (left->tier < right->tier);

	if (!order)
		order = (left->priority > right->priority) - (left->priority < right->priority);
	if (!order)
		order = strcmp(left->meta.name, right->meta.name);
	return order ? order : strcmp(left->kind, right->kind);
}

static void sort(struct weir_array *array)
{
	if (array->count)
		qsort(array->items, array->count, array->item_size, compare_meta);
}

static bool is_named(const struct by_hand *hand, const char *name)
{
	const struct k8s_namespace *items = hand->cluster.namespaces.items;

	for (size_t i = 0; i < hand->cluster.namespaces.count; i++) {
		if (items[i].meta.name == name)
			return true;
	}
	return false;
}

static void imply_namespaces(struct by_hand *hand, const struct weir_array *array)
{
	for (size_t i = 0; i < array->count; i++) {
		const struct k8s_meta *meta =
			(const void *)((const char *)array->items + i * array->item_size);

		if (!is_named(hand, meta->namespace_name))
			by_hand_namespace(hand, meta->namespace_name, NULL)->implied = true;
	}
}

void by_hand_finish(struct by_hand *hand)
{
	struct weir_cluster *cluster = &hand->cluster;

	imply_namespaces(hand, &cluster->pods);
	imply_namespaces(hand, &cluster->network_policies);
	sort(&cluster->namespaces);
	sort(&cluster->pods);
	sort(&cluster->nodes);
	sort(&cluster->services);
	sort(&cluster->slices);
	sort(&cluster->network_policies);
	if (cluster->cluster_policies.count)
		qsort(cluster->cluster_policies.items, cluster->cluster_policies.count,
		      sizeof(struct k8s_cluster_policy), compare_cluster_policies);
	if (cluster->workloads.count)
		qsort(cluster->workloads.items, cluster->workloads.count,
		      sizeof(struct k8s_workload), compare_workloads);
}

void by_hand_open(struct by_hand *hand, const struct weir_allocator *allocator)
{
	struct weir_cluster *cluster = &hand->cluster;

	memset(hand, 0, sizeof(*hand));
	cluster->allocator = weir_allocator_or_default(allocator);
	weir_arena_init(&cluster->arena, cluster->allocator);
	weir_intern_init(&cluster->own_strings, cluster->allocator);
	cluster->strings = &cluster->own_strings;
	cluster->namespaces = weir_array_of(cluster->allocator, struct k8s_namespace);
	cluster->pods = weir_array_of(cluster->allocator, struct k8s_pod);
	cluster->nodes = weir_array_of(cluster->allocator, struct k8s_node);
	cluster->services = weir_array_of(cluster->allocator, struct k8s_service);
	cluster->slices = weir_array_of(cluster->allocator, struct k8s_slice);
	cluster->workloads = weir_array_of(cluster->allocator, struct k8s_workload);
	cluster->network_policies = weir_array_of(cluster->allocator, struct k8s_network_policy);
	cluster->cluster_policies = weir_array_of(cluster->allocator, struct k8s_cluster_policy);
}

void by_hand_close(struct by_hand *hand)
{
	struct weir_cluster *cluster = &hand->cluster;

	weir_array_finish(&cluster->cluster_policies);
	weir_array_finish(&cluster->network_policies);
	weir_array_finish(&cluster->workloads);
	weir_array_finish(&cluster->slices);
	weir_array_finish(&cluster->services);
	weir_array_finish(&cluster->nodes);
	weir_array_finish(&cluster->pods);
	weir_array_finish(&cluster->namespaces);
	weir_intern_finish(&cluster->own_strings);
	weir_arena_finish(&cluster->arena);
}
