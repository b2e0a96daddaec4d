#include "fragments.h"

#include <string.h>

#include "machine.h"
#include "weir/policy.h"

void weir_fragments_init(struct weir_fragments *fragments, const struct weir_allocator *allocator,
			 const struct weir_flow_secret *secret)
{
	*fragments = (struct weir_fragments){
		.allocator = weir_allocator_or_default(allocator),
		.secret = *secret,
	};
}

void weir_fragments_finish(struct weir_fragments *fragments)
{
	weir_release(fragments->allocator, fragments->entries);
	weir_release(fragments->allocator, fragments->heads);
}

static void clear_heads(struct weir_fragments *fragments)
{
	for (uint32_t i = 0; i < WEIR_FRAGMENT_WINDOW; i++)
		fragments->heads[i] = WEIR_NONE;
}

void weir_fragments_rewind(struct weir_fragments *fragments)
{
	if (fragments->heads)
		clear_heads(fragments);
	fragments->begun = 0;
	fragments->serial = 0;
}

struct weir_fragment_key weir_fragment_key_of(const struct weir_packet *packet)
{
	struct weir_fragment_key key = {
		.source = packet->tuple.source,
		.destination = packet->tuple.destination,
		.id = packet->fragment_id,
	};

	if (weir_address_is_ipv4(&key.source))
		key.protocol = packet->tuple.protocol;
	return key;
}

static bool key_equal(const struct weir_fragment_key *a, const struct weir_fragment_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint32_t *head_of(const struct weir_fragments *fragments,
			 const struct weir_fragment_key *key)
{
	uint64_t hash = weir_flow_hash_bytes(key, &fragments->secret);

	return &fragments->heads[hash % WEIR_FRAGMENT_WINDOW];
}

static struct weir_fragment *first_of_key(const struct weir_fragments *fragments, uint32_t at,
					  const struct weir_fragment_key *key)
{
	while (at != WEIR_NONE && !key_equal(&fragments->entries[at].key, key))
		at = fragments->entries[at].older;
	return at == WEIR_NONE ? NULL : &fragments->entries[at];
}

struct weir_fragment *weir_fragments_newest(const struct weir_fragments *fragments,
					    const struct weir_fragment_key *key)
{
	if (!fragments->heads)
		return NULL;
	return first_of_key(fragments, *head_of(fragments, key), key);
}

struct weir_fragment *weir_fragments_older(const struct weir_fragments *fragments,
					   const struct weir_fragment *entry)
{
	return first_of_key(fragments, entry->older, &entry->key);
}

struct weir_fragment *weir_fragments_first(const struct weir_fragments *fragments,
					   const struct weir_fragment_key *key)
{
	const struct weir_fragment *newest = weir_fragments_newest(fragments, key);

	if (!newest || !newest->first || fragments->begun >= newest->first + WEIR_FRAGMENT_WINDOW)
		return NULL;
	return &fragments->entries[(newest->first - 1) % WEIR_FRAGMENT_WINDOW];
}

struct weir_fragment *weir_fragments_leaving(const struct weir_fragments *fragments)
{
	if (fragments->begun < WEIR_FRAGMENT_WINDOW)
		return NULL;
	return &fragments->entries[fragments->begun % WEIR_FRAGMENT_WINDOW];
}

static bool allocate_window(struct weir_fragments *fragments)
{
	size_t size = WEIR_FRAGMENT_WINDOW;

	if (!fragments->entries)
		fragments->entries =
			weir_allocate(fragments->allocator, size * sizeof(*fragments->entries));
	if (!fragments->heads) {
		fragments->heads =
			weir_allocate(fragments->allocator, size * sizeof(*fragments->heads));
		if (fragments->heads)
			clear_heads(fragments);
	}
	return fragments->entries && fragments->heads;
}

/* Cuts the oldest entry off the end of its chain. */
static void unlink_oldest(struct weir_fragments *fragments, const struct weir_fragment *oldest)
{
	if (oldest->newer == WEIR_NONE)
		*head_of(fragments, &oldest->key) = WEIR_NONE;
	else
		fragments->entries[oldest->newer].older = WEIR_NONE;
}

struct weir_fragment *weir_fragments_begin(struct weir_fragments *fragments,
					   const struct weir_fragment_key *key,
					   enum weir_fragment_kind kind)
{
	uint32_t number = (uint32_t)(fragments->begun % WEIR_FRAGMENT_WINDOW);
	const struct weir_fragment *newest;
	struct weir_fragment *entry;
	uint32_t *head;

	if ((!fragments->entries || !fragments->heads) && !allocate_window(fragments))
		return NULL;
	entry = weir_fragments_leaving(fragments);
	if (entry)
		unlink_oldest(fragments, entry);
	newest = weir_fragments_newest(fragments, key);
	head = head_of(fragments, key);
	if (*head != WEIR_NONE)
		fragments->entries[*head].newer = number;
	entry = &fragments->entries[number];
	*entry = (struct weir_fragment){ .key = *key,
					 .kind = (uint8_t)kind,
					 .older = *head,
					 .newer = WEIR_NONE,
					 .first = newest ? newest->first : 0 };
	if (kind == WEIR_FRAGMENT_FIRST)
		entry->first = fragments->begun + 1;
	if (kind == WEIR_FRAGMENT_WAITING)
		entry->serial = fragments->serial++;
	*head = number;
	fragments->begun++;
	return entry;
}

bool weir_fragments_are_near(uint64_t a, uint64_t b)
{
	uint64_t distance = a > b ? a - b : b - a;

	return distance <= WEIR_FRAGMENT_SECONDS * WEIR_FLOW_SECOND;
}
