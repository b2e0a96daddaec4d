#include "tally.h"

int weir_tally_meet(struct weir_tally *tally, const struct weir_frame *frame,
		    struct weir_interface_sets *sets)
{
	int status = weir_interface_sets_with(sets, tally->interfaces, frame->interface,
					      &tally->interfaces);

	if (status)
		return status;
	tally->interface = frame->interface;
	if (weir_tally_is_empty(tally)) {
		tally->first_number = frame->number;
		tally->first = frame->time;
		tally->last = frame->time;
	}
	return 0;
}

int weir_tally_move(struct weir_tally *tally, struct weir_tally *from, unsigned side,
		    struct weir_interface_sets *sets)
{
	bool was_empty = weir_tally_is_empty(tally);
	int status;

	if (weir_tally_is_empty(from))
		return 0;
	status = weir_interface_sets_union(sets, tally->interfaces, from->interfaces,
					   &tally->interfaces);
	if (status)
		return status;
	if (was_empty)
		tally->interface = from->interface;
	if (was_empty || from->first_number < tally->first_number)
		tally->first_number = from->first_number;
	if (was_empty || from->first < tally->first)
		tally->first = from->first;
	if (was_empty || from->last > tally->last)
		tally->last = from->last;
	for (unsigned i = 0; i < 2; i++) {
		tally->packets[i ^ side] += from->packets[i];
		tally->bytes[i ^ side] += from->bytes[i];
	}
	*from = (struct weir_tally){ 0 };
	return 0;
}
