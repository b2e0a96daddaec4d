#include "filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SNAPLEN = 256 * 1024,
};

struct weir_filter_program {
	uint32_t link_type;
	bool compiled;
	struct bpf_program code;
	char problem[PCAP_ERRBUF_SIZE];
};

void weir_filter_init(struct weir_filter *filter, const char *expression)
{
	*filter = (struct weir_filter){ .expression = expression };
}

static void drop(void *program)
{
	struct weir_filter_program *dropped = program;

	if (dropped->compiled)
		pcap_freecode(&dropped->code);
	free(dropped);
}

void weir_filter_finish(struct weir_filter *filter)
{
	tdestroy(filter->programs, drop);
	*filter = (struct weir_filter){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct weir_filter_program *left = a;
	const struct weir_filter_program *right = b;

	return (left->link_type > right->link_type) - (left->link_type < right->link_type);
}

/* The number libpcap uses inside for a file's link type, where the two differ here. */
static int dlt_of(uint32_t link_type)
{
	switch (link_type) {
	case 14:
	case 101:
		return DLT_RAW;
	default:
		return (int)link_type;
	}
}

static int compile(struct weir_filter_program *program, const char *expression)
{
	pcap_t *pcap = pcap_open_dead(dlt_of(program->link_type), SNAPLEN);

	if (!pcap)
		return -ENOMEM;
	program->compiled =
		pcap_compile(pcap, &program->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!program->compiled)
		snprintf(program->problem, sizeof(program->problem), "%s", pcap_geterr(pcap));
	pcap_close(pcap);
	return 0;
}

/* NULL: no memory. */
static struct weir_filter_program *add(struct weir_filter *filter, uint32_t link_type)
{
	struct weir_filter_program *program = calloc(1, sizeof(*program));

	if (!program)
		return NULL;
	program->link_type = link_type;
	if (compile(program, filter->expression)) {
		free(program);
		return NULL;
	}
	if (!tsearch(program, &filter->programs, compare)) {
		drop(program);
		return NULL;
	}
	return program;
}

/* NULL: no memory. */
static struct weir_filter_program *program_for(struct weir_filter *filter, uint32_t link_type)
{
	const struct weir_filter_program wanted = { .link_type = link_type };
	struct weir_filter_program **known;

	if (filter->last && filter->last->link_type == link_type)
		return filter->last;
	known = tfind(&wanted, &filter->programs, compare);
	filter->last = known ? *known : add(filter, link_type);
	return filter->last;
}

int weir_filter_check(struct weir_filter *filter, uint32_t link_type, struct weir_error *error)
{
	struct weir_filter_program *program;

	if (!filter->expression)
		return 0;
	program = program_for(filter, link_type);
	if (!program)
		return -ENOMEM;
	if (program->compiled)
		return 0;
	if (error)
		snprintf(error->text, sizeof(error->text), "filter '%.200s': %s",
			 filter->expression, program->problem);
	return -EINVAL;
}

int weir_filter_passes(struct weir_filter *filter, const struct weir_frame *frame)
{
	struct weir_filter_program *program;
	struct pcap_pkthdr header = { .caplen = frame->captured, .len = frame->wire };

	if (!filter->expression)
		return 1;
	program = program_for(filter, frame->link_type);
	if (!program)
		return -ENOMEM;
	if (!program->compiled)
		return -EINVAL;
	return pcap_offline_filter(&program->code, &header, frame->bytes) != 0;
}
