#include "interfaces.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct interface {
	uint32_t index;
	char name[];
};

static int compare(const void *a, const void *b)
{
	const struct interface *left = a;
	const struct interface *right = b;

	return strcmp(left->name, right->name);
}

static struct interface *interface_of(const char *name, size_t length)
{
	struct interface *interface = malloc(sizeof(*interface) + length + 1);

	if (!interface)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];

		interface->name[i] = c < 0x20 || c == 0x7f ? '?' : name[i];
	}
	interface->name[length] = '\0';
	return interface;
}

static int reserve(struct weir_interfaces *interfaces)
{
	uint32_t capacity = interfaces->capacity ? interfaces->capacity * 2 : 8;
	char **names;

	if (interfaces->count < interfaces->capacity)
		return 0;
	names = realloc(interfaces->names, capacity * sizeof(*names));
	if (!names)
		return -ENOMEM;
	interfaces->names = names;
	interfaces->capacity = capacity;
	return 0;
}

/* The name itself, or the one that all share for which there is no place. */
static struct interface *admit(struct weir_interfaces *interfaces, const char *name, size_t length)
{
	static const char others[] = "(others)";
	struct interface *interface = interface_of(name, length);

	if (!interface || interfaces->count < WEIR_INTERFACE_NAMES_MAX - 1 ||
	    tfind(interface, &interfaces->by_name, compare))
		return interface;
	interfaces->has_others = true;
	free(interface);
	return interface_of(others, sizeof(others) - 1);
}

int weir_interfaces_index(struct weir_interfaces *interfaces, const char *name, size_t length,
			  uint32_t *out)
{
	struct interface *interface = admit(interfaces, name, length);
	struct interface **known;

	if (!interface)
		return -ENOMEM;
	/* Who reads the names while a trace is read again finds them where they were. */
	known = tfind(interface, &interfaces->by_name, compare);
	if (known) {
		*out = (*known)->index;
		free(interface);
		return 0;
	}
	interface->index = interfaces->count;
	if (reserve(interfaces) || !tsearch(interface, &interfaces->by_name, compare)) {
		free(interface);
		return -ENOMEM;
	}
	*out = interface->index;
	interfaces->names[interfaces->count++] = interface->name;
	return 0;
}

void weir_interfaces_finish(struct weir_interfaces *interfaces)
{
	tdestroy(interfaces->by_name, free);
	free(interfaces->names);
	*interfaces = (struct weir_interfaces){ 0 };
}
