/* The builders themselves, against frames whose bytes are written out. */
#include "test.h"

#include <string.h>

#include "frames.h"

static void an_ethernet_tcp_frame_has_the_bytes_of_one(void **state)
{
	static const uint8_t expected[] = {
		2,    0,    0, 0,  0, 0, 2, 0, 0,  0, 0, 1, 0x08, 0x00, /* link */
		0x45, 0,    0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2,
		0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0,  0, 0, 0, 0x50, 2,    0, 0, 0,  0, 0, 0,
	};
	struct frame_builder b;

	(void)state;
	frame_tcp_packet(&b, "10.0.0.1", 40000, "10.0.0.2", 80, WEIR_TCP_SYN);
	assert_int_equal(b.length, sizeof(expected));
	assert_memory_equal(b.bytes, expected, sizeof(expected));
}

static void headers_name_what_follows_them(void **state)
{
	struct frame_builder b;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_vlan(&b, 0x88a8, 5);
	frame_vlan(&b, 0x8100, 6);
	frame_ip(&b, "fd00::1", "fd00::2");
	frame_extension(&b, FRAME_HOP_BY_HOP, 16);
	frame_ipv6_fragment(&b, 7, 3, true);
	frame_udp(&b, 1, 2);
	frame_end(&b);
	assert_memory_equal(b.bytes + 12, "\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd", 10);
	assert_int_equal(b.ip, 22);
	assert_memory_equal(b.bytes + 26, "\x00\x20\x00", 3); /* 16 + 8 + 8, hop-by-hop */
	assert_memory_equal(b.bytes + 62, "\x2c\x01", 2);
	assert_memory_equal(b.bytes + 78, "\x11\x00\x00\x19\x00\x00\x00\x07", 8);
	assert_int_equal(b.transport, 86);
	assert_memory_equal(b.bytes + 86, "\x00\x01\x00\x02\x00\x08", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ethernet_tcp_frame_has_the_bytes_of_one),
		cmocka_unit_test(headers_name_what_follows_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
