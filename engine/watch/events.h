/*
 * events.h - documents of objects, and of events about them, taken into a store's batch.
 */
#ifndef WEIR_WATCH_EVENTS_H
#define WEIR_WATCH_EVENTS_H

#include "store.h"

/* All documents of a text, or none: -EINVAL when errors were reported. -ENOMEM. */
int store_read(struct store *store, const char *name, const char *text, size_t length);

#endif
