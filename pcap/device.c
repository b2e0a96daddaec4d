#include "device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tell.h"

enum {
	SNAPLEN = 256 * 1024,
	RING = 32 * 1024 * 1024, /* what waits while others run: a tenth of a second at 2.5 Gb/s */
	LINGER = 100,            /* milliseconds that a packet waits for others */
	LINKTYPE_RAW = 101,
	LINKTYPE_LINUX_SLL2 = 276,
	SLL2_NUMBER = 4, /* where its header has the interface's number */
	NUMBERS_MAX = 65536,
};

static int errno_of(int status)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	default:
		return -EIO;
	}
}

/* libpcap has more to say in its buffer for some of its codes. */
static void explain(pcap_t *pcap, int status, const char *name, char *out, size_t size)
{
	const char *more = pcap_geterr(pcap);
	const char *what = pcap_statustostr(status);

	if (status == PCAP_ERROR || status == PCAP_WARNING)
		snprintf(out, size, "%s: %s", name, more);
	else if (*more)
		snprintf(out, size, "%s: %s (%s)", name, what, more);
	else
		snprintf(out, size, "%s: %s", name, what);
}

/* The pseudo-interface of all has no promiscuous mode, and tells with each packet where it was. */
static bool is_any(const char *name)
{
	return strcmp(name, "any") == 0;
}

static int set_up(struct weir_device *device, const char *name)
{
	pcap_t *pcap = device->pcap;
	int status = pcap_set_snaplen(pcap, SNAPLEN);

	if (!status)
		status = pcap_set_promisc(pcap, !is_any(name));
	if (!status)
		status = pcap_set_timeout(pcap, LINGER);
	if (!status)
		status = pcap_set_buffer_size(pcap, RING);
	device->fraction = 1000;
	if (!status && pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0)
		device->fraction = 1;
	return status ? status : pcap_activate(pcap);
}

static int set_filter(struct weir_device *device, const char *filter, bool *bad_filter,
		      struct weir_error *error)
{
	struct bpf_program program;
	int status;

	if (pcap_compile(device->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN)) {
		*bad_filter = true;
		snprintf(error->text, sizeof(error->text), "filter '%.200s': %s", filter,
			 pcap_geterr(device->pcap));
		return -EINVAL;
	}
	status = pcap_setfilter(device->pcap, &program);
	pcap_freecode(&program);
	if (!status)
		return 0;
	snprintf(error->text, sizeof(error->text), "%s", pcap_geterr(device->pcap));
	return -EIO;
}

int weir_device_open(struct weir_device *device, const char *name, const char *filter,
		     struct weir_interfaces *names, const struct weir_sink *sink, bool *bad_filter,
		     struct weir_error *error)
{
	char problem[PCAP_ERRBUF_SIZE];
	int status;

	*device = (struct weir_device){ .pcap = pcap_create(name, problem), .names = names };
	if (!device->pcap) {
		snprintf(error->text, sizeof(error->text), "%s: %s", name, problem);
		return -EIO;
	}
	status = set_up(device, name);
	if (status < 0) {
		explain(device->pcap, status, name, error->text, sizeof(error->text));
		return errno_of(status);
	}
	if (status > 0) {
		explain(device->pcap, status, name, problem, sizeof(problem));
		weir_tell(sink, WEIR_SEVERITY_WARNING, NULL, "%s", problem);
	}
	if (weir_interfaces_index(names, name, strlen(name), &device->index))
		return -ENOMEM;
	if (is_any(name))
		(void)pcap_set_datalink(device->pcap, DLT_LINUX_SLL2);
	/* The only number that differs between what libpcap uses inside and in files. */
	device->link_type = (uint32_t)pcap_datalink(device->pcap);
	if (device->link_type == DLT_RAW)
		device->link_type = LINKTYPE_RAW;
	if (pcap_setnonblock(device->pcap, 1, problem)) {
		snprintf(error->text, sizeof(error->text), "%s: %s", name, problem);
		return -EIO;
	}
	return filter ? set_filter(device, filter, bad_filter, error) : 0;
}

void weir_device_close(struct weir_device *device)
{
	if (device->pcap)
		pcap_close(device->pcap);
	free(device->bytes);
	free(device->indexes);
	*device = (struct weir_device){ 0 };
}

static bool make_room(struct weir_device *device, size_t size)
{
	size_t capacity = (device->used + size) * 2;
	uint8_t *grown;

	if (device->used + size <= device->capacity)
		return true;
	grown = realloc(device->bytes, capacity);
	if (!grown)
		return false;
	device->bytes = grown;
	device->capacity = capacity;
	return true;
}

/* The slot of one of the kernel's numbers; NULL: no memory, or too many. */
static uint32_t *slot_of(struct weir_device *device, uint32_t number)
{
	size_t count = number + 64ul;
	uint32_t *grown;

	if (number < device->index_count)
		return &device->indexes[number];
	grown = number < NUMBERS_MAX ? realloc(device->indexes, count * sizeof(*grown)) : NULL;
	if (!grown)
		return NULL;
	memset(grown + device->index_count, 0, (count - device->index_count) * sizeof(*grown));
	device->indexes = grown;
	device->index_count = count;
	return &grown[number];
}

/* Where a packet was: who has gone since, or cannot be noted, is the interface that was asked for.
 */
static uint32_t interface_of(struct weir_device *device, const uint8_t *bytes, uint32_t length)
{
	char name[IF_NAMESIZE];
	uint32_t number;
	uint32_t index;
	uint32_t *slot;

	if (device->link_type != LINKTYPE_LINUX_SLL2 || length < SLL2_NUMBER + sizeof(number))
		return device->index;
	memcpy(&number, bytes + SLL2_NUMBER, sizeof(number));
	number = ntohl(number);
	slot = slot_of(device, number);
	if (slot && !*slot && if_indextoname(number, name) &&
	    !weir_interfaces_index(device->names, name, strlen(name), &index))
		*slot = index + 1;
	return slot && *slot ? *slot - 1 : device->index;
}

static void keep(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct weir_device *device = (struct weir_device *)context;

	if (!make_room(device, header->caplen + 1ul)) {
		device->is_short = true;
		pcap_breakloop(device->pcap);
		return;
	}
	memcpy(device->bytes + device->used, bytes, header->caplen);
	device->used += header->caplen;
	device->frames[device->count++] = (struct weir_frame){
		.captured = header->caplen,
		.wire = header->len,
		.link_type = device->link_type,
		.interface = interface_of(device, bytes, header->caplen),
		.time = (uint64_t)header->ts.tv_sec * UINT64_C(1000000000) +
			(uint64_t)header->ts.tv_usec * device->fraction,
	};
}

int weir_device_next(struct weir_device *device, struct weir_frame *frames, int size,
		     struct weir_error *error)
{
	size_t at = 0;
	int status;

	device->frames = frames;
	device->count = 0;
	device->used = 0;
	status = pcap_dispatch(device->pcap, size, keep, (u_char *)device);
	if (device->is_short)
		return -ENOMEM;
	if (status < 0 && !device->count) {
		snprintf(error->text, sizeof(error->text), "%s", pcap_geterr(device->pcap));
		return -EIO;
	}
	/* Now the bytes stay where they are. */
	for (int i = 0; i < device->count; i++) {
		frames[i].bytes = device->bytes + at;
		at += frames[i].captured;
	}
	return device->count;
}

void weir_device_wait(const struct weir_device *device, int milliseconds)
{
	struct pollfd ready = { .fd = pcap_get_selectable_fd(device->pcap), .events = POLLIN };

	poll(&ready, 1, milliseconds < LINGER ? milliseconds : LINGER);
}

uint64_t weir_device_lost(const struct weir_device *device)
{
	struct pcap_stat stat;

	if (pcap_stats(device->pcap, &stat))
		return 0;
	return (uint64_t)stat.ps_drop + stat.ps_ifdrop;
}
