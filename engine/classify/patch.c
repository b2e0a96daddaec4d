#include "patch.h"

#include <string.h>

#include "handle.h"
#include "hash.h"
#include "owned.h"

uint32_t patch_hash_address(const struct weir_address *address)
{
	return (uint32_t)weir_hash_bytes(address->bytes, sizeof(address->bytes), 0);
}

uint32_t patch_hash_name(const char *namespace_name, const char *name)
{
	return (uint32_t)weir_hash_bytes(
		name, strlen(name), weir_hash_bytes(namespace_name, strlen(namespace_name), 0));
}

static const struct patch_entry *newest(const struct patch_entry *const *chains, uint32_t mask,
					uint32_t hash)
{
	return __atomic_load_n(&chains[hash & mask], __ATOMIC_ACQUIRE);
}

const struct patch_entry *patch_find_address(const struct patch *patch, uint64_t stamp,
					     const struct weir_address *address)
{
	uint32_t hash = patch_hash_address(address);
	const struct patch_entry *entry = newest(patch->addresses, patch->chain_mask, hash);

	while (entry && (entry->stamp > stamp || entry->hash != hash ||
			 !weir_address_equal(&entry->address, address)))
		entry = entry->older;
	return entry;
}

const struct patch_entry *patch_find_name(const struct patch *patch, uint64_t stamp,
					  const char *namespace_name, const char *name)
{
	uint32_t hash = patch_hash_name(namespace_name, name);
	const struct patch_entry *entry = newest(patch->names, patch->chain_mask, hash);

	while (entry &&
	       (entry->stamp > stamp || entry->hash != hash || strcmp(entry->name, name) != 0 ||
		strcmp(entry->namespace_name, namespace_name) != 0))
		entry = entry->older;
	return entry;
}

struct patch_owner patch_owner_of(const struct lookup *lookup, const struct weir_address *address)
{
	const struct patch_entry *entry =
		lookup->patch ? patch_find_address(lookup->patch, lookup->stamp, address) : NULL;
	struct patch_owner owner = { .node = WEIR_NONE };
	const struct layout_owned *owned;

	if (entry) {
		owner.owners = &entry->endpoint;
		owner.owner_count = entry->endpoint != WEIR_NONE;
		return owner;
	}
	owned = owned_find(lookup->names, address);
	if (!owned)
		return owner;
	owner.owner_count = owned->owner_count;
	if (owned->owner_count)
		owner.owners = LAYOUT_ITEMS(lookup->names, LAYOUT_OWNERS, uint32_t) + owned->owners;
	else
		owner.node = owned->owners;
	return owner;
}
