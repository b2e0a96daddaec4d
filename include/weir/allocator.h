/*
 * weir/allocator.h - where memory comes from.
 *
 * Whatever creates an object takes an allocator; NULL means the C library's. The object keeps
 * the pointer and frees through it, so the allocator must outlive the object. One object calls
 * its allocator from one thread at a time: that of the call which creates, uses or destroys it. So
 * an allocator that serves objects of several threads has to be safe to call from them. Two objects
 * call it from threads that may not be expected: a policy, freed by whoever lets go of it last, and
 * a trace that has a team.
 */
#ifndef WEIR_ALLOCATOR_H
#define WEIR_ALLOCATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_allocator {
	/* Returns size bytes aligned for any type, or NULL. */
	void *(*allocate)(void *context, size_t size);
	/* Frees what allocate returned; memory may be NULL. */
	void (*release)(void *context, void *memory);
	void *context;
};

#ifdef __cplusplus
}
#endif
#endif
