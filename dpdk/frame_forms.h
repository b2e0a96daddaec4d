/*
 * frame_forms.h - forms that a frame may have beside the plain one.
 *
 *	extended    IPv6 with headers for every hop and for the destination
 *	halved      two fragments: the first has the transport's header and its stamp,
 *	            the later one a stamp of its own behind 8 bytes of zeros
 *	malformed   IP says that there is more than came, or the transport's length
 *	            is impossible
 *
 * Each is made of a plain frame that frame_write wrote, and has the same stamp where
 * stamp_read looks for it. SCTP is not halved: its checksum is no sum of halves.
 * Checksums are right, but for the transport's of a malformed frame.
 */
#ifndef WEIR_DPDK_FRAME_FORMS_H
#define WEIR_DPDK_FRAME_FORMS_H

#include "frame.h"

enum frame_form {
	FRAME_PLAIN,
	FRAME_EXTENDED,
	FRAME_MALFORMED,
	FRAME_FIRST,
	FRAME_LATER,
	FRAME_FORMS,
};

enum {
	FRAME_EXTENSIONS = 16, /* bytes that extension headers add to a frame, */
	FRAME_FRAGMENT = 8,    /* and the fragment header of IPv6 */
	FRAME_LATER_LEAST = 22,
};

/* Makes IPv6 longer by FRAME_EXTENSIONS bytes. */
void frame_extend(const struct frame_template *from, uint8_t *bytes);

/* One of two ways, as the sequence in its stamp is even or odd. */
void frame_spoil(const struct frame_template *from, uint32_t sequence, uint8_t *bytes);

/* A datagram in two pieces: bytes of IP's payload in each. */
struct frame_halves {
	uint16_t first; /* a multiple of 8 */
	uint16_t later;
	uint16_t identification;
};
/* Of frames of about that size. */
struct frame_halves frame_halve(const struct frame_template *from, uint16_t size);
/* What is in front of these bytes. */
uint16_t frame_fragment_headers(const struct frame_template *from);

/* Each writes a fragment of the whole datagram that frame describes but for its length; later is
 * the stamp of the later one. */
void frame_write_first(const struct frame_template *from, const struct frame *frame,
		       const struct frame_halves *halves, const struct stamp *later, uint8_t *out);
void frame_write_later(const struct frame_template *from, const struct frame_halves *halves,
		       const struct stamp *later, uint8_t *out);

#endif
