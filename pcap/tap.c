#include "weir/tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "filter.h"
#include "growing.h"
#include "interfaces.h"
#include "tell.h"

enum {
	ETHERNET = 1,
};

struct weir_tap {
	struct weir_sink sink;
	char *name; /* of the file or the interface */
	char *expression;
	struct weir_filter filter;
	struct weir_interfaces interfaces;
	struct weir_growing growing;
	struct weir_device device; /* instead, when it has a pcap */
	struct weir_frame ahead;   /* the first frame, read for its link type */
	bool has_ahead;
	uint64_t number;
	bool is_over;
	bool damaged;
	bool link_type_told;
	bool filter_told;
};

static int create(const char *name, const struct weir_capture_options *options,
		  struct weir_tap **out)
{
	struct weir_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return -ENOMEM;
	*out = tap;
	tap->growing.fd = -1;
	tap->name = strdup(name);
	if (options)
		tap->sink = options->sink;
	if (options && options->filter) {
		tap->expression = strdup(options->filter);
		if (!tap->expression)
			return -ENOMEM;
	}
	weir_filter_init(&tap->filter, tap->expression);
	return tap->name ? 0 : -ENOMEM;
}

void weir_tap_close(struct weir_tap *tap)
{
	if (!tap)
		return;
	weir_device_close(&tap->device);
	weir_growing_close(&tap->growing);
	weir_filter_finish(&tap->filter);
	weir_interfaces_finish(&tap->interfaces);
	free(tap->expression);
	free(tap->name);
	free(tap);
}

/* The tap when it was opened, or why not. */
static int hand_over(struct weir_tap *tap, int status, const struct weir_error *why,
		     struct weir_tap **out, struct weir_error *error)
{
	if (!status) {
		*out = tap;
		return 0;
	}
	if (error)
		*error = why->text[0] || status != -ENOMEM ? *why
							   : (struct weir_error){ "out of memory" };
	weir_tap_close(tap);
	return status;
}

static void tell_damage(struct weir_tap *tap)
{
	tap->damaged = true;
	weir_tell(&tap->sink, WEIR_SEVERITY_ERROR, tap->name, "%" PRIu64 ": %s",
		  weir_growing_damage_at(&tap->growing), tap->growing.reader.damage);
}

/* Nothing is read behind damage, which is met once only. */
static int look_ahead(struct weir_tap *tap)
{
	int status = tap->growing.is_file ? weir_growing_next(&tap->growing, &tap->ahead) : 0;

	tap->has_ahead = status == 1;
	if (status == -EBADMSG) {
		tell_damage(tap);
		tap->is_over = true;
	}
	return status == -ENOMEM ? status : 0;
}

/* The first packet's link type, as far as it is there, is the one that the filter is for. */
static int check_filter(struct weir_tap *tap, bool *bad_filter, struct weir_error *error)
{
	int status = look_ahead(tap);

	if (status)
		return status;
	status = weir_filter_check(&tap->filter, tap->has_ahead ? tap->ahead.link_type : ETHERNET,
				   error);
	*bad_filter = status == -EINVAL;
	return status;
}

int weir_tap_follow(const char *path, const struct weir_capture_options *options,
		    struct weir_tap **out, bool *bad_filter, struct weir_error *error)
{
	struct weir_tap *tap = NULL;
	struct weir_error why = { "" };
	bool is_bad = false;
	int status = create(path, options, &tap);

	if (!status)
		status = weir_growing_open(&tap->growing, strcmp(path, "-") ? tap->name : path,
					   &tap->interfaces, &why);
	if (!status)
		status = check_filter(tap, &is_bad, &why);
	if (bad_filter)
		*bad_filter = is_bad;
	return hand_over(tap, status, &why, out, error);
}

int weir_tap_listen(const char *interface, const struct weir_capture_options *options,
		    struct weir_tap **out, bool *bad_filter, struct weir_error *error)
{
	struct weir_tap *tap = NULL;
	struct weir_error why = { "" };
	bool is_bad = false;
	int status = create(interface, options, &tap);

	if (!status)
		status = weir_device_open(&tap->device, interface, tap->expression,
					  &tap->interfaces, &tap->sink, &is_bad, &why);
	if (bad_filter)
		*bad_filter = is_bad;
	return hand_over(tap, status, &why, out, error);
}

static void check_link_type(struct weir_tap *tap, const struct weir_frame *frame)
{
	if (tap->link_type_told || weir_link_type_supported(frame->link_type))
		return;
	weir_tell(&tap->sink, WEIR_SEVERITY_WARNING, tap->name,
		  "link type %u is not supported: its packets count as opaque", frame->link_type);
	tap->link_type_told = true;
}

static void tell_event(struct weir_tap *tap, enum weir_growing_event event, bool was_inside)
{
	if (event == WEIR_GROWING_NOTHING)
		return;
	tap->has_ahead = false;
	if (was_inside) {
		tap->damaged = true;
		weir_tell(&tap->sink, WEIR_SEVERITY_ERROR, tap->name,
			  "ended inside of a packet or block, which is lost");
	}
	weir_tell(&tap->sink, WEIR_SEVERITY_WARNING, tap->name,
		  event == WEIR_GROWING_REPLACED
			  ? "another file has its name now: goes on with that one"
			  : "became shorter: goes on from its beginning");
}

/* Whether a frame passes the filter: 1, 0, or -ENOMEM. */
static int filter(struct weir_tap *tap, const struct weir_frame *frame)
{
	struct weir_error error;
	int status = weir_filter_passes(&tap->filter, frame);

	if (status != -EINVAL)
		return status;
	if (!tap->filter_told && weir_filter_check(&tap->filter, frame->link_type, &error))
		weir_tell(&tap->sink, WEIR_SEVERITY_WARNING, tap->name,
			  "packets of link type %u are left out: %s", frame->link_type, error.text);
	tap->filter_told = true;
	return 0;
}

/* The next frame of the file: 1, 0, -EBADMSG or -ENOMEM. */
static int take(struct weir_tap *tap, struct weir_frame *out)
{
	if (!tap->has_ahead)
		return weir_growing_next(&tap->growing, out);
	*out = tap->ahead;
	tap->has_ahead = false;
	return 1;
}

static int next_of_file(struct weir_tap *tap, struct weir_frame *frames, int size)
{
	int count = 0;

	while (count < size) {
		int status = take(tap, &frames[count]);

		if (status == -EBADMSG) {
			tell_damage(tap);
			tap->is_over = true;
		}
		if (status == 0 || status == -EBADMSG)
			break;
		if (status < 0)
			return status;
		check_link_type(tap, &frames[count]);
		frames[count].number = ++tap->number;
		status = filter(tap, &frames[count]);
		if (status < 0)
			return status;
		count += status;
	}
	return count || !tap->is_over ? count : -ENODATA;
}

/* A pipe has come to its end. */
static void tell_end(struct weir_tap *tap, bool was_inside)
{
	if (!tap->growing.is_started)
		weir_growing_refuse(&tap->growing);
	if (was_inside || !tap->growing.is_started)
		tell_damage(tap);
}

static int fill_and_next(struct weir_tap *tap, struct weir_frame *frames, int size)
{
	bool was_inside = weir_growing_is_inside(&tap->growing);
	enum weir_growing_event event;
	int status = tap->has_ahead ? 0 : weir_growing_fill(&tap->growing, &event);

	if (status == -ENODATA) {
		tap->is_over = true;
		tell_end(tap, was_inside);
		return status;
	}
	if (status)
		return status;
	if (!tap->has_ahead)
		tell_event(tap, event, was_inside);
	return next_of_file(tap, frames, size);
}

static int next_of_device(struct weir_tap *tap, struct weir_frame *frames, int size)
{
	struct weir_error error;
	int count = weir_device_next(&tap->device, frames, size, &error);

	if (count == -EIO) {
		weir_tell(&tap->sink, WEIR_SEVERITY_ERROR, tap->name, "%s", error.text);
		tap->damaged = true;
		tap->is_over = true;
		return -ENODATA;
	}
	for (int i = 0; i < count; i++) {
		check_link_type(tap, &frames[i]);
		frames[i].number = ++tap->number;
	}
	return count;
}

int weir_tap_next(struct weir_tap *tap, struct weir_frame *frames, int size)
{
	if (tap->is_over)
		return -ENODATA;
	return tap->device.pcap ? next_of_device(tap, frames, size)
				: fill_and_next(tap, frames, size);
}

void weir_tap_wait(struct weir_tap *tap, unsigned milliseconds)
{
	if (tap->device.pcap)
		weir_device_wait(&tap->device, (int)milliseconds);
	else
		weir_growing_wait(&tap->growing, (int)milliseconds);
}

void weir_tap_end(struct weir_tap *tap)
{
	if (!tap->is_over && !tap->device.pcap && !tap->has_ahead &&
	    weir_growing_is_inside(&tap->growing) && tap->growing.needs_more)
		weir_tell(&tap->sink, WEIR_SEVERITY_WARNING, tap->name,
			  "its last packet is not complete, and is left out");
	tap->is_over = true;
}

const char *weir_tap_interface(const struct weir_tap *tap, uint32_t index)
{
	return index < tap->interfaces.count ? tap->interfaces.names[index] : "unknown";
}

bool weir_tap_damaged(const struct weir_tap *tap)
{
	return tap->damaged;
}

bool weir_tap_lost(const struct weir_tap *tap, uint64_t *lost)
{
	if (!tap->device.pcap)
		return false;
	*lost = weir_device_lost(&tap->device);
	return true;
}
