/* between.h - packets by the text of their ends. */
#ifndef WEIR_TESTS_FLOW_BETWEEN_H
#define WEIR_TESTS_FLOW_BETWEEN_H

#include <string.h>

#include "test.h"
#include "weir/packet.h"

static inline struct weir_packet between(const char *source, uint16_t port, const char *destination,
					 uint16_t other, uint8_t protocol)
{
	struct weir_packet packet = { .tuple.source_port = port,
				      .tuple.destination_port = other,
				      .tuple.protocol = protocol };

	assert_int_equal(weir_address_parse(source, strlen(source), &packet.tuple.source), 0);
	assert_int_equal(
		weir_address_parse(destination, strlen(destination), &packet.tuple.destination), 0);
	return packet;
}

#endif
