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

/* The length of the character that the bytes begin with, and its number; 0 when it is none. */
static size_t decode(const unsigned char *bytes, size_t left, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	uint32_t number = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	if (length > left || (bytes[0] & 0xc0) == 0x80 || bytes[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		number = number << 6 | (bytes[i] & 0x3f);
	}
	if (number < least[length] || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
		return 0;
	*out = number;
	return length;
}

/* Whether a terminal prints it, and nothing more. */
static bool is_harmless(uint32_t number)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} orders[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f }, /* controls */
		{ 0x061c, 0x061c }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (number >= orders[i].first && number <= orders[i].last)
			return false;
	return true;
}

/* Copies a name; no longer than it was. */
static void copy_harmless(char *to, const char *from, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)from;
	size_t at = 0;

	while (at < length) {
		uint32_t number = 0;
		size_t size = decode(bytes + at, length - at, &number);

		if (size && is_harmless(number)) {
			memcpy(to, from + at, size);
			to += size;
		} else {
			*to++ = '?';
		}
		at += size ? size : 1;
	}
	*to = '\0';
}

static struct interface *interface_of(const char *name, size_t length)
{
	struct interface *interface = malloc(sizeof(*interface) + length + 1);

	if (!interface)
		return NULL;
	copy_harmless(interface->name, name, length);
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
