/*
 * Entries of ports. A pool of them is laid out rather than drawn: entry i of n stands for the
 * quantile (i + 1/2)/n of the kinds, so that even sixteen have the kinds in the shares asked for;
 * the protocols are laid out the same way in another order.
 */
#include "policies.h"

#include "weir/key.h"

static const uint16_t tcp_numbers[] = { 8080, 80,   443,  8443, 9090, 9102, 5432,
					6379, 5672, 3000, 9200, 8000, 15672 };
static const uint16_t udp_numbers[] = { 53, 5060, 514, 123 };
static const uint16_t sctp_numbers[] = { 3868, 38412 };

static const char *const tcp_names[] = { "http", "http",  "http", "metrics",  "metrics", "https",
					 "grpc", "redis", "amqp", "postgres", "dns-tcp" };
static const char *const udp_names[] = { "dns", "dns", "sip", "syslog" };

static uint8_t protocol_at(const struct gen_cluster_options *options, uint32_t quantile)
{
	uint32_t udp = options->shares[GEN_UDP];

	if (quantile < udp)
		return WEIR_PROTOCOL_UDP;
	return quantile < udp + options->shares[GEN_SCTP] ? WEIR_PROTOCOL_SCTP : WEIR_PROTOCOL_TCP;
}

static enum gen_port_kind kind_at(const struct gen_cluster_options *options, uint32_t quantile)
{
	uint32_t names = options->shares[GEN_NAMED_PORTS];
	uint32_t ranges = names + options->shares[GEN_PORT_RANGES];
	uint32_t protocols = ranges + options->shares[GEN_PROTOCOLS];

	if (quantile < names)
		return GEN_PORT_NAME;
	if (quantile < ranges)
		return GEN_PORT_RANGE;
	return quantile < protocols ? GEN_PORT_PROTOCOL : GEN_PORT_NUMBER;
}

static uint16_t draw_number(struct dice *dice, uint8_t protocol)
{
	if (protocol == WEIR_PROTOCOL_UDP)
		return DICE_PICK(dice, udp_numbers);
	if (protocol == WEIR_PROTOCOL_SCTP)
		return DICE_PICK(dice, sctp_numbers);
	return DICE_PICK(dice, tcp_numbers);
}

static const char *draw_name(struct dice *dice, uint8_t protocol)
{
	if (protocol == WEIR_PROTOCOL_SCTP)
		return "diameter";
	return protocol == WEIR_PROTOCOL_UDP ? DICE_PICK(dice, udp_names)
					     : DICE_PICK(dice, tcp_names);
}

/* Ranges are the ports around a number, or all that a node gives to clients. */
static struct gen_port_spec draw_details(struct dice *dice, enum gen_port_kind kind,
					 uint8_t protocol)
{
	struct gen_port_spec spec = { .kind = kind, .protocol = protocol };

	switch (kind) {
	case GEN_PORT_NAME:
		spec.name = draw_name(dice, protocol);
		break;
	case GEN_PORT_NUMBER:
		spec.first = spec.last = draw_number(dice, protocol);
		break;
	case GEN_PORT_RANGE:
		spec.first = dice_one_in(dice, 6) ? 30000 : draw_number(dice, protocol);
		spec.last = (uint16_t)(spec.first +
				       (spec.first == 30000 ? 2767 : dice_between(dice, 1, 100)));
		break;
	case GEN_PORT_PROTOCOL:
		break;
	}
	return spec;
}

struct gen_port_spec gen_draw_port(struct dice *dice, const struct gen_cluster_options *options)
{
	enum gen_port_kind kind = kind_at(options, dice_below(dice, GEN_ALL));

	return draw_details(dice, kind, protocol_at(options, dice_below(dice, GEN_ALL)));
}

static bool same_spec(const struct gen_port_spec *a, const struct gen_port_spec *b)
{
	return a->kind == b->kind && a->protocol == b->protocol && a->first == b->first &&
	       a->last == b->last && a->name == b->name;
}

static bool is_among(const struct gen_port_spec *specs, uint32_t count,
		     const struct gen_port_spec *spec)
{
	for (uint32_t i = 0; i < count; i++)
		if (same_spec(&specs[i], spec))
			return true;
	return false;
}

void gen_draw_port_specs(const struct gen_cluster_options *options, struct gen_port_spec *out)
{
	uint32_t count = options->port_specs;

	for (uint32_t i = 0; i < count; i++) {
		struct dice dice = dice_for(options->seed, GEN_USE_PORT_SPECS, i);
		uint32_t other = (uint32_t)((uint64_t)i * 10007 % count);

		/* Different ones, where that is easy. */
		for (uint32_t tries = 0; tries < 16; tries++) {
			out[i] = draw_details(
				&dice, kind_at(options, (2 * i + 1) * GEN_ALL / (2 * count)),
				protocol_at(options, (2 * other + 1) * GEN_ALL / (2 * count)));
			if (!is_among(out, i, &out[i]))
				break;
		}
	}
}
