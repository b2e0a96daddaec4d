/*
 * Blocks outside the cluster: the whole internet less what is private, networks of offices and
 * partners, anything; at times pods of a few nodes. Excepts lie in different quarters of their
 * block.
 */
#include "policies.h"

#include <string.h>

enum {
	IPV4 = 96,
	EXCEPTS_MAX = 3,
	EXCEPT_BITS = 8, /* an except is smaller than its quarter by fewer */
};

struct site {
	const char *text;
	uint8_t longest; /* of the blocks in it */
};

static const struct site sites[] = {
	{ "203.0.113.0/24", IPV4 + 28 }, { "198.51.100.0/24", IPV4 + 28 },
	{ "192.0.2.0/24", IPV4 + 28 },   { "198.18.0.0/15", IPV4 + 28 },
	{ "100.64.0.0/10", IPV4 + 24 },  { "172.28.0.0/14", IPV4 + 24 },
};
static const struct site sites_ipv6[] = {
	{ "2001:db8::/32", 64 },
	{ "2001:db8:100::/40", 56 },
	{ "fd77::/16", 64 },
};

static const char *const private_ranges[EXCEPTS_MAX] = { "10.0.0.0/8", "172.16.0.0/12",
							 "192.168.0.0/16" };
static const char *const private_ranges_ipv6[EXCEPTS_MAX] = { "fc00::/7", "fe80::/10",
							      "fec0::/10" };

static struct weir_prefix prefix_from(const char *text)
{
	struct weir_prefix prefix = { { { 0 } }, 0 };

	weir_prefix_parse(text, strlen(text), &prefix, NULL);
	return prefix;
}

static void set_bit(struct weir_address *address, uint32_t bit)
{
	address->bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
}

/* A prefix of this length inside another. */
static struct weir_prefix draw_within(struct dice *dice, const struct weir_prefix *outer,
				      uint32_t length)
{
	struct weir_prefix prefix = *outer;

	for (uint32_t bit = outer->length; bit < length; bit++)
		if (dice_one_in(dice, 2))
			set_bit(&prefix.address, bit);
	prefix.length = (uint8_t)length;
	return prefix;
}

static bool draw_six(struct gen_writer *writer)
{
	enum gen_family family = writer->plan->options->family;

	return family == GEN_IPV6 || (family == GEN_DUAL_STACK && dice_one_in(&writer->dice, 3));
}

static struct weir_prefix internet(bool six)
{
	return prefix_from(six ? "::/0" : "0.0.0.0/0");
}

static struct weir_prefix draw_site_block(struct dice *dice, bool six)
{
	struct site site = six ? DICE_PICK(dice, sites_ipv6) : DICE_PICK(dice, sites);
	struct weir_prefix outer = prefix_from(site.text);

	return draw_within(dice, &outer, dice_between(dice, outer.length, site.longest));
}

/* /8 to /24 of 0.0.0.0/1, or /20 to /48 of 2000::/3. */
static struct weir_prefix draw_any_block(struct dice *dice, bool six)
{
	struct weir_prefix outer = prefix_from(six ? "2000::/3" : "0.0.0.0/1");
	struct weir_prefix block = draw_within(
		dice, &outer, six ? dice_between(dice, 20, 48) : IPV4 + dice_between(dice, 8, 24));

	if (!six && block.address.bytes[12] == 0)
		block.address.bytes[12] = 1;
	return block;
}

static struct weir_prefix draw_pod_block(struct gen_writer *writer, bool six)
{
	struct weir_prefix block =
		gen_pod_range(six, dice_below(&writer->dice, writer->plan->options->nodes));
	uint32_t shorter = dice_below(&writer->dice, 5);

	for (uint32_t bit = block.length - shorter; bit < block.length; bit++)
		block.address.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	block.length = (uint8_t)(block.length - shorter);
	return block;
}

static struct weir_prefix draw_block(struct gen_writer *writer, bool six)
{
	uint32_t fallen;

	if (gen_falls(&writer->dice, writer->plan->options, GEN_POD_BLOCKS))
		return draw_pod_block(writer, six);
	fallen = dice_below(&writer->dice, 10);
	if (fallen == 0)
		return internet(six);
	return fallen < 6 ? draw_site_block(&writer->dice, six)
			  : draw_any_block(&writer->dice, six);
}

struct weir_prefix gen_draw_block(struct gen_writer *writer)
{
	return draw_block(writer, draw_six(writer));
}

/* The nth except: of the internet a private range, else some of the nth quarter. */
static struct weir_prefix draw_except(struct dice *dice, const struct weir_prefix *block, bool six,
				      uint32_t nth)
{
	struct weir_prefix quarter = *block;
	uint32_t longer;

	if (block->length == internet(six).length)
		return prefix_from(six ? private_ranges_ipv6[nth] : private_ranges[nth]);
	if (nth & 2)
		set_bit(&quarter.address, quarter.length);
	if (nth & 1)
		set_bit(&quarter.address, quarter.length + 1u);
	quarter.length = (uint8_t)(quarter.length + 2);
	longer = 128u - quarter.length;
	return draw_within(
		dice, &quarter,
		quarter.length + dice_below(dice, longer < EXCEPT_BITS ? longer + 1 : EXCEPT_BITS));
}

void gen_put_block(struct gen_writer *writer)
{
	bool six = draw_six(writer);
	struct weir_prefix block = draw_block(writer, six);
	uint32_t count = 0;

	gen_put(writer->out, "{cidr: ");
	gen_put_prefix(writer->out, &block);
	if (block.length <= 126 && gen_falls(&writer->dice, writer->plan->options, GEN_EXCEPTS))
		count = dice_between(&writer->dice, 1, EXCEPTS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		struct weir_prefix except = draw_except(&writer->dice, &block, six, i);

		gen_put(writer->out, "%s", i ? ", " : ", except: [");
		gen_put_prefix(writer->out, &except);
	}
	gen_put(writer->out, "%s", count ? "]}" : "}");
}
