#include "piece.h"

#include <errno.h>
#include <stdatomic.h>

enum {
	PIECES = 64, /* more than threads, so that none waits long for the last */
};

struct result {
	int status;
	struct weir_proof proof;
};

struct work {
	struct proving *proving;
	size_t count;
	unsigned pieces;
	int (*look)(struct piece *piece, size_t index);
	atomic_uint first_to_stop; /* pieces behind it are of no interest any more */
	struct result results[PIECES];
};

static void firsts_init(struct firsts *firsts, const struct weir_allocator *allocator)
{
	weir_arena_init(&firsts->arena, allocator);
	weir_map_init(&firsts->map, allocator);
}

static void firsts_finish(struct firsts *firsts)
{
	weir_map_finish(&firsts->map);
	weir_arena_finish(&firsts->arena);
}

void firsts_forget(struct firsts *firsts)
{
	weir_map_finish(&firsts->map);
	weir_arena_reset(&firsts->arena);
}

int firsts_add(struct firsts *firsts, const void *bytes, size_t length, bool *is_new)
{
	uint64_t hash = weir_hash_bytes(bytes, length, 0);
	struct weir_map_slot *slot = weir_map_slot(&firsts->map, bytes, length, hash);
	char *copy;

	if (!slot)
		return -ENOMEM;
	*is_new = !slot->key;
	if (slot->key)
		return 0;
	copy = weir_arena_copy(&firsts->arena, bytes, length);
	if (!copy)
		return -ENOMEM;
	weir_map_fill(&firsts->map, slot, copy, length, hash, 0);
	return 0;
}

static int piece_init(struct piece *piece, const struct proving *proving, struct weir_proof *proof)
{
	int status;

	*piece = (struct piece){ .proving = proving };
	firsts_init(&piece->seen, proving->allocator);
	piece->bytes = weir_array_of(proving->allocator, char);
	piece->allowed =
		weir_allocate_zeroed(proving->allocator, proving->masks.words, sizeof(uint64_t));
	status = row_init(&piece->row, &proving->cells, proving->allocator);
	if (!status)
		status = mask_tools_init(&piece->masks, &proving->masks);
	if (!status)
		status = trial_init(&piece->trial, proving->policy, &proving->facts,
				    &proving->naming, proof);
	return status || piece->allowed ? status : -ENOMEM;
}

static void piece_finish(struct piece *piece)
{
	trial_finish(&piece->trial);
	mask_tools_finish(&piece->masks);
	row_finish(&piece->row);
	weir_release(piece->proving->allocator, piece->allowed);
	weir_array_finish(&piece->bytes);
	firsts_finish(&piece->seen);
}

int piece_append(struct piece *piece, const void *bytes, size_t length)
{
	size_t count = piece->bytes.count;

	if (weir_array_resize(&piece->bytes, count + length))
		return -ENOMEM;
	memcpy((char *)piece->bytes.items + count, bytes, length);
	return 0;
}

static bool is_of_interest(struct work *work, unsigned index)
{
	return index <= atomic_load_explicit(&work->first_to_stop, memory_order_relaxed);
}

static void stop_behind(struct work *work, unsigned index)
{
	unsigned first = atomic_load_explicit(&work->first_to_stop, memory_order_relaxed);

	while (index < first &&
	       !atomic_compare_exchange_weak_explicit(&work->first_to_stop, &first, index,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

static int look_at_all(struct work *work, unsigned index, struct piece *piece)
{
	size_t end = work->count * (index + 1) / work->pieces;
	int status = 0;

	for (size_t i = work->count * index / work->pieces;
	     i < end && !status && is_of_interest(work, index); i++)
		status = work->look(piece, i);
	return status ? status : trial_flush(&piece->trial);
}

static void run_piece(void *argument, unsigned index)
{
	struct work *work = argument;
	const struct proving *proving = work->proving;
	struct result *result = &work->results[index];
	struct piece *piece;

	if (!is_of_interest(work, index))
		return;
	piece = weir_allocate(proving->allocator, sizeof(*piece));
	result->status = piece ? piece_init(piece, proving, &result->proof) : -ENOMEM;
	if (!result->status)
		result->status = look_at_all(work, index, piece);
	if (result->status)
		stop_behind(work, index);
	if (piece)
		piece_finish(piece);
	weir_release(proving->allocator, piece);
}

/* The counts of all pieces up to the first that found something, and what that found. */
static int take_results(struct weir_proof *proof, const struct work *work)
{
	int status = 0;

	for (unsigned i = 0; i < work->pieces && !status; i++) {
		const struct weir_proof *found = &work->results[i].proof;

		status = work->results[i].status;
		proof->judged += found->judged;
		if (status != FOUND)
			continue;
		proof->flaw = found->flaw;
		proof->key = found->key;
		proof->kernel = found->kernel;
		proof->verdict = found->verdict;
		proof->explanation = found->explanation;
		proof->specified = found->specified;
		proof->egress = found->egress;
		proof->ingress = found->ingress;
	}
	return status;
}

int pieces_run(struct proving *proving, size_t count,
	       int (*look)(struct piece *piece, size_t index))
{
	struct work *work = weir_allocate_zeroed(proving->allocator, 1, sizeof(*work));
	int status;

	if (!work)
		return -ENOMEM;
	work->proving = proving;
	work->count = count;
	work->pieces = count < PIECES ? (unsigned)count : PIECES;
	work->look = look;
	atomic_init(&work->first_to_stop, PIECES);
	if (proving->team && work->pieces > 1)
		proving->team->run(proving->team->context, run_piece, work, work->pieces);
	else
		for (unsigned i = 0; i < work->pieces; i++)
			run_piece(work, i);
	status = take_results(proving->proof, work);
	weir_release(proving->allocator, work);
	return status;
}
