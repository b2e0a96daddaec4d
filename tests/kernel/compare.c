#include "compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	TOLD = 4, /* unexpected differences that are told of */
	/* When packets were sent, for weir. Neither of the two lets anything expire. */
	BEGINNING = 1767225600, /* seconds since 1970 */
	APART = 1000,           /* nanoseconds from one to the next */
};

static const char *const fates[FATES] = {
	[FATE_STOPPED] = "stopped",         [FATE_NEW] = "new",
	[FATE_ESTABLISHED] = "established", [FATE_RELATED] = "related",
	[FATE_INVALID] = "invalid",         [FATE_UNTRACKED] = "untracked",
	[FATE_TAKEN_UP] = "taken up",
};

int compare_save(const struct traffic *traffic, FILE *out)
{
	const uint32_t header[6] = { 0xa1b23c4d, 4 << 16 | 2, 0, 0, 65535, 1 };

	fwrite(header, sizeof(header), 1, out);
	for (size_t i = 0; i < traffic->count; i++) {
		const struct packet *packet = &traffic->packets[i];
		const uint64_t time = i * APART;
		const uint32_t record[4] = { BEGINNING + (uint32_t)(time / 1000000000),
					     (uint32_t)(time % 1000000000), packet->length,
					     packet->length };

		fwrite(record, sizeof(record), 1, out);
		fwrite(traffic->bytes + packet->at, packet->length, 1, out);
	}
	return fflush(out) || ferror(out) ? 1 : 0;
}

/* "1,2026-01-01T00:00:00.000000000Z,allowed,flow" */
static bool read_line(const char *line, uint64_t number, struct answer *out)
{
	char class[16], why[16];
	uint64_t read;

	if (sscanf(line, "%" SCNu64 ",%*[^,],%15[^,],%15s", &read, class, why) != 3 ||
	    read != number)
		return false;
	out->is_allowed = !strcmp(class, "allowed");
	for (out->why = 0; out->why < WEIR_PACKET_WHYS; out->why++) {
		if (!strcmp(why, weir_packet_why_name((enum weir_packet_why)out->why)))
			return true;
	}
	return false;
}

int compare_read(const struct traffic *traffic, const char *command, struct answer *answers)
{
	FILE *in = popen(command, "re");
	char line[256];
	size_t count = 0;
	bool is_right = in && fgets(line, sizeof(line), in);

	while (is_right && count < traffic->count && fgets(line, sizeof(line), in)) {
		is_right = read_line(line, count + 1, &answers[count]);
		count += is_right;
	}
	if (!is_right || count < traffic->count)
		fprintf(stderr, "packet %zu of %zu has no answer\n", count + 1, traffic->count);
	is_right &= count == traffic->count && !fgets(line, sizeof(line), in);
	return (in && pclose(in)) || !is_right;
}

static struct view view_of(const struct traffic *traffic, size_t i, enum manner manner,
			   const struct answer *answers)
{
	const struct packet *packet = &traffic->packets[i];
	struct view view = { .manner = manner,
			     .packet = packet,
			     .datagram = &traffic->datagrams[packet->datagram],
			     .answer = answers[i] };

	wire_parse(traffic->bytes + packet->at, packet->length, &view.header);
	return view;
}

/* All that was sent of a session, up to one packet. */
static void tell_session(const struct traffic *traffic, size_t last, const struct answer *answers,
			 FILE *out)
{
	uint32_t session = traffic->datagrams[traffic->packets[last].datagram].session;

	for (size_t i = 0; i <= last; i++) {
		const struct packet *packet = &traffic->packets[i];
		const struct datagram *datagram = &traffic->datagrams[packet->datagram];
		char text[WIRE_TEXT];

		if (datagram->session != session)
			continue;
		wire_describe(traffic->bytes + packet->at, packet->length, text);
		fprintf(out, "  %s %zu %s: kernel %s, weir %s (%s)\n", i == last ? "*" : " ", i + 1,
			text, packet->is_repeated ? "repeated" : fates[datagram->fate],
			answers[i].is_allowed ? "allows" : "denies",
			weir_packet_why_name((enum weir_packet_why)answers[i].why));
	}
}

/* Counts one packet; *cause is what was last remarkable in its session. */
static void count_packet(struct tally *tally, const struct view *view, uint8_t *cause)
{
	enum difference difference = difference_of(view);
	bool is_allowed = difference_kernel_allows(view);

	tally->kinds[view->datagram->kind].packets++;
	tally->kinds[view->datagram->kind].allowed += is_allowed;
	tally->ipv6 += view->datagram->is_ipv6;
	tally->fragments += view->packet->is_fragment;
	if (is_allowed != view->answer.is_allowed) {
		tally->kinds[view->datagram->kind].differing++;
		if (difference != DIFFERENCE_NONE)
			tally->classes[difference]++;
		else if (*cause != DIFFERENCE_NONE && difference_may_follow(view))
			tally->following[*cause]++;
		else
			tally->unexpected++;
	}
	if (difference_has_consequences(difference))
		*cause = (uint8_t)difference;
}

int compare_count(const struct traffic *traffic, enum manner manner, const struct answer *answers,
		  struct tally *tally, FILE *tell)
{
	uint8_t *causes =
		calloc(traffic->sessions + (size_t)1, 1); /* enum difference, by session */
	unsigned told = 0;

	if (!causes)
		return 1;
	for (size_t i = 0; i < traffic->count; i++) {
		struct view view = view_of(traffic, i, manner, answers);
		uint64_t before = tally->unexpected;

		count_packet(tally, &view, &causes[view.datagram->session]);
		if (tally->unexpected == before || !tell || told++ >= TOLD)
			continue;
		fprintf(tell, "unexpected, in \"%s\":\n",
			kind_name((enum kind)view.datagram->kind));
		tell_session(traffic, i, answers, tell);
	}
	free(causes);
	return 0;
}

struct tally_sum tally_sum(const struct tally *tally)
{
	struct tally_sum sum = { 0 };

	for (unsigned i = 0; i < KINDS; i++) {
		sum.packets += tally->kinds[i].packets;
		sum.allowed += tally->kinds[i].allowed;
		sum.differing += tally->kinds[i].differing;
	}
	return sum;
}

void tally_print(const struct tally *tally, FILE *out)
{
	const struct tally_sum sum = tally_sum(tally);

	fprintf(out, "%-40s %9s %9s %9s\n", "packets of", "compared", "passed", "differ");
	for (unsigned i = 0; i < KINDS; i++)
		fprintf(out, "%-40s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
			kind_name((enum kind)i), tally->kinds[i].packets, tally->kinds[i].allowed,
			tally->kinds[i].differing);
	fprintf(out, "\n%-40s %9s %9s\n", "known differences (docs/semantics.md)", "packets",
		"following");
	for (unsigned i = DIFFERENCE_NONE + 1; i < DIFFERENCES; i++)
		fprintf(out, "%-40s %9" PRIu64 " %9" PRIu64 "\n",
			difference_name((enum difference)i), tally->classes[i],
			tally->following[i]);
	fprintf(out,
		"\n%" PRIu64 " packets compared (IPv6 %" PRIu64 ", fragments %" PRIu64
		"): the kernel passed %" PRIu64 ", weir differs in %" PRIu64
		", of which unexpected %" PRIu64 "\n",
		sum.packets, tally->ipv6, tally->fragments, sum.allowed, sum.differing,
		tally->unexpected);
}

int tally_print_missing(const struct tally *tally, FILE *out)
{
	int status = 0;

	for (unsigned i = 0; i < KINDS; i++) {
		if (tally->kinds[i].packets)
			continue;
		fprintf(out, "no packets of: %s\n", kind_name((enum kind)i));
		status = 1;
	}
	for (unsigned i = DIFFERENCE_NONE + 1; i < DIFFERENCES; i++) {
		if (tally->classes[i] || tally->following[i])
			continue;
		fprintf(out, "nothing differs any more by: %s\n",
			difference_name((enum difference)i));
		status = 1;
	}
	return status;
}
