#include <stdlib.h>
#include <string.h>

#include "refuse.h"

#include "traffic.h"

static const struct traffic_mix imix = { { { 64, 7 }, { 594, 4 }, { 1518, 1 } }, 3 };

/* A whole number up to most, and what is behind it. */
static bool read_number(const char **text, unsigned long most, uint16_t *out)
{
	char *end;
	unsigned long number;

	if (**text < '0' || **text > '9')
		return false;
	number = strtoul(*text, &end, 10);
	if (number > most)
		return false;
	*text = end;
	*out = (uint16_t)number;
	return true;
}

static int read_size(const char **at, const char *text, struct traffic_size *out,
		     struct weir_error *error)
{
	out->weight = 1;
	if (!read_number(at, FRAME_MOST, &out->bytes) || out->bytes < FRAME_LEAST)
		return gen_refuse(error, "%s: a size is %u to %u bytes", text, FRAME_LEAST,
				  FRAME_MOST);
	if (**at != ':')
		return 0;
	++*at;
	if (!read_number(at, TRAFFIC_WEIGHT_MAX, &out->weight) || !out->weight)
		return gen_refuse(error, "%s: a weight is 1 to %u", text, TRAFFIC_WEIGHT_MAX);
	return 0;
}

static int check_weights(const struct traffic_mix *mix, const char *text, struct weir_error *error)
{
	uint32_t weight = 0;

	for (uint32_t i = 0; i < mix->count; i++)
		weight += mix->sizes[i].weight;
	if (weight > TRAFFIC_WEIGHT_MAX)
		return gen_refuse(error, "%s: weights come to more than %u", text,
				  TRAFFIC_WEIGHT_MAX);
	return 0;
}

int traffic_mix_parse(const char *text, struct traffic_mix *out, struct weir_error *error)
{
	struct traffic_mix mix = { .count = 0 };
	const char *at = text;
	int status;

	if (strcmp(text, "imix") == 0) {
		*out = imix;
		return 0;
	}
	for (;;) {
		if (mix.count == TRAFFIC_SIZES_MAX)
			return gen_refuse(error, "%s: more than %u sizes", text, TRAFFIC_SIZES_MAX);
		status = read_size(&at, text, &mix.sizes[mix.count++], error);
		if (status)
			return status;
		if (*at != ',')
			break;
		at++;
	}
	if (*at)
		return gen_refuse(error,
				  "%s: must be imix, or sizes and weights, as in 64:7,594:4,1518:1",
				  text);
	status = check_weights(&mix, text, error);
	if (!status)
		*out = mix;
	return status;
}

double traffic_mix_average(const struct traffic_mix *mix)
{
	double bytes = 0;
	double weight = 0;

	for (uint32_t i = 0; i < mix->count; i++) {
		bytes += (double)mix->sizes[i].bytes * mix->sizes[i].weight;
		weight += mix->sizes[i].weight;
	}
	return weight > 0 ? bytes / weight : 0;
}
