/*
 * interfaces.h - the names of where frames were captured. Equal names are one interface: a ring
 * of capture files shows one, not one a file.
 */
#ifndef WEIR_PCAP_INTERFACES_H
#define WEIR_PCAP_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

struct weir_interfaces {
	void *by_name; /* a tsearch(3) tree of struct interface */
	char **names;
	uint32_t count;
	uint32_t capacity;
};

/* 0, or -ENOMEM. Control characters become '?'. */
int weir_interfaces_index(struct weir_interfaces *interfaces, const char *name, size_t length,
			  uint32_t *out);
void weir_interfaces_finish(struct weir_interfaces *interfaces);

#endif
