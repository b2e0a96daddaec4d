/*
 * interfaces.h - the names of where frames were captured. Equal names are one interface: a ring
 * of capture files shows one, not one a file. What comes behind the first 65,535 names is called
 * "(others)", so that nobody's trace takes more memory than that.
 */
#ifndef WEIR_PCAP_INTERFACES_H
#define WEIR_PCAP_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEIR_INTERFACE_NAMES_MAX = 65536, /* with "(others)" */
};

struct weir_interfaces {
	void *by_name; /* a tsearch(3) tree of struct interface */
	char **names;
	uint32_t count;
	uint32_t capacity;
	bool has_others;
};

/* 0, or -ENOMEM. What is no UTF-8, and what a terminal takes for orders (control characters, those
 * that turn the direction of text, separators of lines), becomes '?'. */
int weir_interfaces_index(struct weir_interfaces *interfaces, const char *name, size_t length,
			  uint32_t *out);
void weir_interfaces_finish(struct weir_interfaces *interfaces);

#endif
