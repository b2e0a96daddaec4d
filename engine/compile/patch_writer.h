/*
 * patch_writer.h - the one who adds to a patch (patch.h) while versions of it are read.
 *
 * What is added holds from the next version on. Until that is kept there is a way back: whatever
 * was changed is noted first.
 */
#ifndef WEIR_COMPILE_PATCH_WRITER_H
#define WEIR_COMPILE_PATCH_WRITER_H

#include "array.h"
#include "memory.h"
#include "patch.h"

struct patch_writer {
	struct weir_arena arena; /* endpoints and entries */
	struct patch patch;
	uint64_t stamp; /* of the version in force */
	uint32_t added_count;
	uint32_t added_room;
	uint32_t added_before; /* in the version in force */
	struct weir_array undos;
};

/* Beside a block of so many endpoints. Finished too when it is -ENOMEM. */
int patch_writer_init(struct patch_writer *writer, const struct weir_allocator *allocator,
		      uint32_t block_endpoints);
void patch_writer_finish(struct patch_writer *writer);

/* All of these: -ENOMEM. Somebody (WEIR_NONE: nobody) has an address, or a name that stays as long
 * as the patch; an endpoint is no more. */
int patch_put_address(struct patch_writer *writer, const struct weir_address *address,
		      uint32_t endpoint);
int patch_put_name(struct patch_writer *writer, const char *namespace_name, const char *name,
		   uint32_t endpoint);
int patch_put_ended(struct patch_writer *writer, uint32_t endpoint);
/* A number of the writer's own. */
int patch_put_number(struct patch_writer *writer, uint32_t *at, uint32_t number);

/* The number of the next endpoint, or WEIR_NONE: there is no room. */
uint32_t patch_next_endpoint(const struct patch_writer *writer);
void patch_add_endpoint(struct patch_writer *writer, const struct patch_endpoint *endpoint);

void patch_keep(struct patch_writer *writer);
void patch_go_back(struct patch_writer *writer);

#endif
