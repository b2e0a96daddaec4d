/*
 * link.c - from the link header to the IP header.
 *
 * Whatever the link header, it ends in an EtherType or in something that says as much. Behind an
 * EtherType may stand VLAN tags in any number, and behind an IEEE 802.3 length an LLC/SNAP header
 * that holds an EtherType again. MPLS labels end it: what they carry is known to who sent them
 * only, and is taken for IP by the half byte that IP begins with, as every router does.
 */
#include "decode.h"

enum {
	ETHERTYPE_LLC = 4, /* Linux's number for "an 802.2 header follows" */
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_SERVICE_VLAN = 0x88a8,
	ETHERTYPE_OLD_SERVICE_VLAN = 0x9100,
	LENGTH_MAX = 1500, /* up to here an EtherType is a length */
};

enum {
	ETHERNET_SIZE = 14,
	VLAN_SIZE = 4,
	LABEL_SIZE = 4,
	SNAP_SIZE = 8, /* with LLC */
	SLL_SIZE = 16,
	SLL2_SIZE = 20,
	LOOPBACK_SIZE = 4,
};

enum {
	ARPHRD_NETLINK = 824, /* the protocol field is a netlink family */
};

static uint16_t type_or_length(const uint8_t *bytes)
{
	uint16_t type = weir_load16(bytes);

	return type <= LENGTH_MAX ? (uint16_t)ETHERTYPE_LLC : type;
}

/* Where LLC is SNAP with the EtherTypes' own organisation code, *type is what it holds. */
static int read_snap(struct weir_slice *slice, uint16_t *type)
{
	static const uint8_t snap[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const uint8_t *bytes = slice->bytes;
	uint32_t seen = slice->captured < sizeof(snap) ? slice->captured : sizeof(snap);

	if (slice->wire < SNAP_SIZE || memcmp(bytes, snap, seen) != 0)
		return WEIR_FINDING_NOT_IP;
	if (slice->captured < SNAP_SIZE)
		return WEIR_FINDING_CUT;
	*type = weir_load16(bytes + sizeof(snap));
	weir_slice_advance(slice, SNAP_SIZE);
	return *type > LENGTH_MAX ? WEIR_FINDING_NONE : WEIR_FINDING_NOT_IP;
}

static int follow_labels(struct weir_slice *slice, unsigned *version)
{
	do {
		int finding = weir_slice_take(slice, LABEL_SIZE);

		if (finding)
			return finding;
	} while (!(slice->bytes[-2] & 1)); /* the bottom of the stack */
	if (slice->wire == 0)
		return WEIR_FINDING_NOT_IP;
	if (slice->captured == 0)
		return WEIR_FINDING_CUT;
	*version = slice->bytes[0] >> 4;
	return *version == 4 || *version == 6 ? WEIR_FINDING_NONE : WEIR_FINDING_NOT_IP;
}

int weir_link_follow(uint16_t type, struct weir_slice *slice, unsigned *version)
{
	for (;;) {
		int finding = WEIR_FINDING_NONE;

		switch (type) {
		case ETHERTYPE_IPV4:
			*version = 4;
			return WEIR_FINDING_NONE;
		case ETHERTYPE_IPV6:
			*version = 6;
			return WEIR_FINDING_NONE;
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_MULTICAST:
			return follow_labels(slice, version);
		case ETHERTYPE_VLAN:
		case ETHERTYPE_SERVICE_VLAN:
		case ETHERTYPE_OLD_SERVICE_VLAN:
			finding = weir_slice_take(slice, VLAN_SIZE);
			if (!finding)
				type = type_or_length(slice->bytes - 2);
			break;
		case ETHERTYPE_LLC:
			finding = read_snap(slice, &type);
			break;
		default:
			finding = WEIR_FINDING_NOT_IP;
		}
		if (finding)
			return finding;
	}
}

static int read_ethernet(struct weir_slice *slice, unsigned *version)
{
	int finding = weir_slice_take(slice, ETHERNET_SIZE);

	return finding ? finding
		       : weir_link_follow(type_or_length(slice->bytes - 2), slice, version);
}

static int read_cooked(struct weir_slice *slice, uint32_t size, uint32_t type_at,
		       uint32_t hardware_at, unsigned *version)
{
	const uint8_t *header = slice->bytes;
	int finding = weir_slice_take(slice, size);

	if (finding)
		return finding;
	if (weir_load16(header + hardware_at) == ARPHRD_NETLINK)
		return WEIR_FINDING_NOT_IP;
	return weir_link_follow(weir_load16(header + type_at), slice, version);
}

/* IPv6 has a number of its own on every system: NetBSD and OpenBSD, FreeBSD, Darwin, Linux. */
static int follow_family(uint32_t family, unsigned *version)
{
	switch (family) {
	case 2:
		*version = 4;
		return WEIR_FINDING_NONE;
	case 24:
	case 28:
	case 30:
	case 10:
		*version = 6;
		return WEIR_FINDING_NONE;
	default:
		return WEIR_FINDING_NOT_IP;
	}
}

static int read_loopback(struct weir_slice *slice, unsigned *version)
{
	int finding = weir_slice_take(slice, LOOPBACK_SIZE);

	return finding ? finding : follow_family(weir_load32(slice->bytes - 4), version);
}

/* The byte order is that of the machine that captured. Families are small numbers, so the half
 * that is not zero tells. */
static int read_null(struct weir_slice *slice, unsigned *version)
{
	int finding = weir_slice_take(slice, LOOPBACK_SIZE);
	uint32_t family;

	if (finding)
		return finding;
	family = weir_load32(slice->bytes - 4);
	return follow_family(family > 0xffff ? __builtin_bswap32(family) : family, version);
}

static int read_raw(unsigned expected, unsigned *version)
{
	*version = expected;
	return WEIR_FINDING_NONE;
}

int weir_link_read(uint32_t link_type, struct weir_slice *slice, unsigned *version)
{
	switch (link_type) {
	case LINKTYPE_ETHERNET:
		return read_ethernet(slice, version);
	case LINKTYPE_LINUX_SLL:
		return read_cooked(slice, SLL_SIZE, 14, 2, version);
	case LINKTYPE_LINUX_SLL2:
		return read_cooked(slice, SLL2_SIZE, 0, 8, version);
	case LINKTYPE_NULL:
		return read_null(slice, version);
	case LINKTYPE_LOOP:
		return read_loopback(slice, version);
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
		return read_raw(0, version);
	case LINKTYPE_IPV4:
		return read_raw(4, version);
	case LINKTYPE_IPV6:
		return read_raw(6, version);
	default:
		return WEIR_FINDING_CUT;
	}
}

bool weir_link_type_supported(uint32_t link_type)
{
	static const uint16_t supported[] = {
		LINKTYPE_NULL, LINKTYPE_ETHERNET,   LINKTYPE_RAW_BSD,   LINKTYPE_RAW_OPENBSD,
		LINKTYPE_RAW,  LINKTYPE_LOOP,       LINKTYPE_LINUX_SLL, LINKTYPE_IPV4,
		LINKTYPE_IPV6, LINKTYPE_LINUX_SLL2,
	};

	for (unsigned i = 0; i < sizeof(supported) / sizeof(supported[0]); i++) {
		if (supported[i] == link_type)
			return true;
	}
	return false;
}
