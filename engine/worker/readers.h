/*
 * readers.h - what a reader of a slot may do beside asking the policy.
 */
#ifndef WEIR_WORKER_READERS_H
#define WEIR_WORKER_READERS_H

#include <stdint.h>

#include "weir/slot.h"

/* Counts a connection that a rule of the policy entered last decided. */
void weir_slot_note_rule(struct weir_slot *slot, uint32_t reader, uint32_t rule);

#endif
