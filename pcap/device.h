/*
 * device.h - frames of a network interface, through libpcap.
 */
#ifndef WEIR_PCAP_DEVICE_H
#define WEIR_PCAP_DEVICE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interfaces.h"
#include "weir/error.h"
#include "weir/packet.h"

struct weir_device {
	pcap_t *pcap;
	uint32_t link_type;
	uint32_t index;    /* of the interface */
	uint64_t fraction; /* nanoseconds in a unit of the time's second half */

	/* of the interface "any": the index of each of the kernel's numbers, plus one; 0: not asked
	 */
	struct weir_interfaces *names;
	uint32_t *indexes;
	size_t index_count;

	/* of the frames that are filled now */
	struct weir_frame *frames;
	int count;
	uint8_t *bytes; /* all of them in a row */
	size_t used;
	size_t capacity;
	bool is_short; /* memory ran out */
};

/* As weir_tap_listen. What is worth knowing besides is told to the sink. */
int weir_device_open(struct weir_device *device, const char *name, const char *filter,
		     struct weir_interfaces *names, const struct weir_sink *sink, bool *bad_filter,
		     struct weir_error *error);
void weir_device_close(struct weir_device *device);

/* At most size frames, valid until the next call; 0: none at the moment; -ENOMEM; -EIO: the
 * interface failed, and why. */
int weir_device_next(struct weir_device *device, struct weir_frame *frames, int size,
		     struct weir_error *error);
void weir_device_wait(const struct weir_device *device, int milliseconds);

/* Packets that were lost since the beginning. */
uint64_t weir_device_lost(const struct weir_device *device);

#endif
