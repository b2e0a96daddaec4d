/*
 * make_trace - a trace as text on standard input, the same as a pcap file on standard output.
 *
 * A line is a packet; empty lines and lines that begin with # are skipped:
 *
 *	TIME tcp A a B b FLAGS [BYTES]    letters of SFRA, or - for none
 *	TIME udp A a B b [BYTES]
 *	TIME sctp A a B b CHUNK
 *	TIME echo A B ID                  and "answer A B ID"
 *	TIME ip A B PROTOCOL
 *	TIME quote A B C c D d            an ICMP error from A to B about a UDP packet
 *	TIME first A a B b ID             the first fragment of a UDP datagram
 *	TIME later A B ID                 another one
 *	TIME bad A a B b                  TCP whose header claims to be 4 bytes long
 *	TIME cut A a B b                  TCP that was captured up to its addresses only
 *	TIME arp
 *
 * Times are in seconds since 2024-05-01T12:00:00Z.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

static const uint64_t epoch = 1714564800;

static void put32(uint32_t value)
{
	fwrite(&value, sizeof(value), 1, stdout);
}

static void put_header(void)
{
	static const uint16_t version[] = { 2, 4 };

	put32(0xa1b23c4d); /* nanoseconds */
	fwrite(version, sizeof(version), 1, stdout);
	put32(0);
	put32(0);
	put32(65535);
	put32(FRAME_ETHERNET);
}

static void put_frame(double time, const struct weir_frame *frame)
{
	uint64_t nanoseconds = (uint64_t)(time * 1e6 + 0.5) * 1000;

	put32((uint32_t)(epoch + nanoseconds / 1000000000));
	put32((uint32_t)(nanoseconds % 1000000000));
	put32(frame->captured);
	put32(frame->wire);
	fwrite(frame->bytes, 1, frame->captured, stdout);
}

struct words {
	char *words[12];
	unsigned count;
};

static void split(char *line, struct words *out)
{
	out->count = 0;
	for (char *word = strtok(line, " \t\n"); word && out->count < 12;
	     word = strtok(NULL, " \t\n"))
		out->words[out->count++] = word;
}

static const char *word(const struct words *words, unsigned index)
{
	return index < words->count ? words->words[index] : "";
}

static uint16_t number(const struct words *words, unsigned index)
{
	return (uint16_t)atoi(word(words, index));
}

static uint8_t flags(const char *letters)
{
	return (uint8_t)((strchr(letters, 'S') ? WEIR_TCP_SYN : 0) |
			 (strchr(letters, 'F') ? WEIR_TCP_FIN : 0) |
			 (strchr(letters, 'R') ? WEIR_TCP_RST : 0) |
			 (strchr(letters, 'A') ? WEIR_TCP_ACK : 0));
}

static void between(struct frame_builder *b, const struct words *words, unsigned source,
		    unsigned destination)
{
	frame_ip(b, word(words, source), word(words, destination));
}

/* False for a kind that is none. */
static bool build(struct frame_builder *b, const struct words *words)
{
	const char *kind = word(words, 1);

	frame_begin(b, FRAME_ETHERNET);
	if (strcmp(kind, "arp") == 0) {
		frame_ethertype(b, 0x0806);
		frame_payload(b, 28);
	} else if (strcmp(kind, "tcp") == 0 || strcmp(kind, "bad") == 0 ||
		   strcmp(kind, "cut") == 0) {
		between(b, words, 2, 4);
		frame_tcp(b, number(words, 3), number(words, 5), flags(word(words, 6)));
		frame_payload(b, number(words, 7));
	} else if (strcmp(kind, "udp") == 0) {
		between(b, words, 2, 4);
		frame_udp(b, number(words, 3), number(words, 5));
		frame_payload(b, number(words, 6));
	} else if (strcmp(kind, "sctp") == 0) {
		between(b, words, 2, 4);
		frame_sctp(b, number(words, 3), number(words, 5), (uint8_t)number(words, 6));
	} else if (strcmp(kind, "echo") == 0 || strcmp(kind, "answer") == 0) {
		between(b, words, 2, 3);
		frame_echo(b, kind[0] == 'a', number(words, 4), 1);
	} else if (strcmp(kind, "ip") == 0) {
		between(b, words, 2, 3);
		frame_other(b, (uint8_t)number(words, 4));
		frame_payload(b, 20);
	} else if (strcmp(kind, "quote") == 0) {
		between(b, words, 2, 3);
		frame_icmp(b, 3, 3, 0);
		between(b, words, 4, 6);
		frame_udp(b, number(words, 5), number(words, 7));
	} else if (strcmp(kind, "first") == 0) {
		between(b, words, 2, 4);
		frame_ipv4_fragment(b, number(words, 6), 0, true);
		frame_udp(b, number(words, 3), number(words, 5));
		frame_payload(b, 64);
	} else if (strcmp(kind, "later") == 0) {
		between(b, words, 2, 3);
		frame_other(b, 17);
		frame_ipv4_fragment(b, number(words, 4), 9, false);
		frame_payload(b, 64);
	} else {
		return false;
	}
	frame_end(b);
	if (strcmp(kind, "bad") == 0)
		frame_poke8(b, b->transport + 12, 1 << 4);
	return true;
}

int main(void)
{
	static struct frame_builder builder;
	char line[256];

	put_header();
	while (fgets(line, sizeof(line), stdin)) {
		struct weir_frame frame;
		struct words words;

		split(line, &words);
		if (!words.count || words.words[0][0] == '#')
			continue;
		if (!build(&builder, &words)) {
			fprintf(stderr, "make_trace: unknown kind %s\n", word(&words, 1));
			return 1;
		}
		frame = strcmp(word(&words, 1), "cut") == 0 ? frame_cut(&builder, 34)
							    : frame_whole(&builder);
		put_frame(atof(words.words[0]), &frame);
	}
	return 0;
}
