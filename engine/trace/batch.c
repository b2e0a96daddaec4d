/*
 * Threads share a batch of frames in two steps, and every packet meets what it would have met
 * without them:
 *
 *	read     by parts of the batch   frame -> key -> which table, whatever came before
 *	assign   by tables               the packets of a table's keys, in the order of the frames
 *
 *	          part 0           part 1
 *	read      a B a c | C B    a c a B           (letters: keys; B is a key of table 1)
 *	listed    0: a a c C a c a    1: B B B       each table's list goes on from part to part
 *
 * A table is one thread's at a time, and connections of different tables do not know each other:
 * so their order among each other does not matter. What knows others' are fragments and the errors
 * that quote. These are few, and each is a fence: what comes before it is assigned first, then it
 * is by itself, then what comes behind. Where a batch has too many of them it goes frame by frame.
 */
#include "batch.h"

#include <errno.h>
#include <stdbool.h>

enum {
	PART = 1024,
	PARTS = WEIR_BATCH_SIZE / PART,
	TABLES = WEIR_SIGHTINGS_TABLES,
	FENCE = TABLES,     /* the list of fragments and errors */
	NOBODY = FENCE + 1, /* that of frames that belong to no flow */
	LISTS,
	FENCES_MAX = 256, /* in a batch */
	FEW = 512,        /* frames between fences that are not worth waking others for */
	LINE = 64,
};
static_assert(WEIR_BATCH_SIZE <= 1 << 16, "a frame is known by 16 bits");

struct weir_batch {
	const struct weir_allocator *allocator;
	struct weir_team team;
	struct weir_assigner *assigner;
	void *incoming_memory;
	struct weir_incoming *incoming; /* inside, each on a cache line */
	struct weir_assignment *assignments;
	uint16_t *lists;                   /* a part's frames, list by list */
	uint16_t starts[PARTS][LISTS + 1]; /* of each list, in the part's */
	uint64_t least[PARTS];             /* time of a part's frames */
	bool counts;                       /* the first pass */

	/* what is worked on */
	const struct weir_frame *frames;
	size_t n;
	size_t from, to; /* between fences */
	int statuses[TABLES];
};

void weir_batch_destroy(struct weir_batch *batch)
{
	if (!batch)
		return;
	weir_release(batch->allocator, batch->incoming_memory);
	weir_release(batch->allocator, batch->assignments);
	weir_release(batch->allocator, batch->lists);
	weir_release(batch->allocator, batch);
}

int weir_batch_create(const struct weir_allocator *allocator, const struct weir_team *team,
		      struct weir_assigner *assigner, struct weir_batch **out)
{
	struct weir_batch *batch = weir_allocate_zeroed(allocator, 1, sizeof(*batch));
	uintptr_t at;

	if (!batch)
		return -ENOMEM;
	batch->allocator = allocator;
	batch->team = *team;
	batch->assigner = assigner;
	batch->incoming_memory =
		weir_allocate(allocator, WEIR_BATCH_SIZE * sizeof(*batch->incoming) + LINE);
	batch->assignments =
		weir_allocate(allocator, WEIR_BATCH_SIZE * sizeof(*batch->assignments));
	batch->lists = weir_allocate(allocator, WEIR_BATCH_SIZE * sizeof(*batch->lists));
	if (!batch->incoming_memory || !batch->assignments || !batch->lists) {
		weir_batch_destroy(batch);
		return -ENOMEM;
	}
	at = (uintptr_t)batch->incoming_memory;
	batch->incoming = (void *)((char *)batch->incoming_memory + (LINE - at % LINE) % LINE);
	*out = batch;
	return 0;
}

const struct weir_incoming *weir_batch_incoming(const struct weir_batch *batch)
{
	return batch->incoming;
}

const struct weir_assignment *weir_batch_assignments(const struct weir_batch *batch)
{
	return batch->assignments;
}

static unsigned list_of(const struct weir_batch *batch, const struct weir_incoming *incoming)
{
	if (incoming->has_key && !incoming->is_fragment)
		return weir_sightings_choose(&batch->assigner->sightings, incoming->tag);
	return incoming->kind == WEIR_PACKET_OK ? FENCE : NOBODY;
}

/* Reads one part's frames, and sorts them into its lists. */
static void read_part(void *argument, unsigned part)
{
	struct weir_batch *batch = argument;
	size_t first = (size_t)part * PART;
	size_t size = batch->n - first < PART ? batch->n - first : PART;
	uint16_t *starts = batch->starts[part];
	uint16_t next[LISTS + 1] = { 0 };
	uint8_t list[PART];
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < size; i++) {
		struct weir_incoming *incoming = &batch->incoming[first + i];
		uint64_t time = batch->frames[first + i].time;

		weir_assigner_read(batch->assigner, &batch->frames[first + i], incoming);
		list[i] = (uint8_t)list_of(batch, incoming);
		next[list[i] + 1]++;
		least = time < least ? time : least;
	}
	batch->least[part] = least;
	for (unsigned i = 0; i < LISTS; i++) {
		next[i + 1] = (uint16_t)(next[i + 1] + next[i]);
		starts[i] = next[i];
	}
	starts[LISTS] = next[LISTS];
	for (size_t i = 0; i < size; i++)
		batch->lists[first + next[list[i]]++] = (uint16_t)(first + i);
}

/* Cuts the frames that lie outside the fences off a list. */
static size_t cut(const struct weir_batch *batch, const uint16_t **list, size_t count)
{
	while (count && (*list)[0] < batch->from) {
		(*list)++;
		count--;
	}
	while (count && (*list)[count - 1] >= batch->to)
		count--;
	return count;
}

static int assign_list(const struct weir_batch *batch, const uint16_t *list, size_t count)
{
	if (batch->counts)
		return weir_assigner_count_listed(batch->assigner, batch->frames, batch->incoming,
						  list, count);
	return weir_assigner_assign_listed(batch->assigner, batch->frames, batch->incoming, list,
					   count, batch->assignments);
}

/* A table's list in a part. */
static const uint16_t *list_in(const struct weir_batch *batch, size_t part, unsigned table,
			       size_t *count)
{
	const uint16_t *starts = batch->starts[part];

	*count = (size_t)(starts[table + 1] - starts[table]);
	return &batch->lists[part * PART + starts[table]];
}

static void fetch_list(const struct weir_batch *batch, size_t part, unsigned table)
{
	const uint16_t *list;
	size_t count;

	if (part * PART >= batch->to)
		return;
	list = list_in(batch, part, table, &count);
	weir_assigner_fetch_listed(batch->frames, batch->incoming, list, count);
}

static void assign_table(void *argument, unsigned table)
{
	struct weir_batch *batch = argument;
	int status = 0;

	for (size_t part = batch->from / PART; part * PART < batch->to && !status; part++) {
		size_t count;
		const uint16_t *list = list_in(batch, part, table, &count);

		fetch_list(batch, part + 1, table);
		count = cut(batch, &list, count);
		status = assign_list(batch, list, count);
	}
	batch->statuses[table] = status;
}

/* Frame by frame, whatever they are. */
static int assign_in_turn(struct weir_batch *batch, size_t from, size_t to)
{
	int status = 0;

	if (batch->counts)
		return weir_assigner_count(batch->assigner, &batch->frames[from],
					   &batch->incoming[from], to - from);
	for (size_t i = from; i < to && !status; i++) {
		if (batch->incoming[i].kind == WEIR_PACKET_OK)
			status = weir_assign(batch->assigner, &batch->frames[i],
					     &batch->incoming[i], &batch->assignments[i]);
	}
	return status;
}

/* Between two fences. */
static int assign_between(struct weir_batch *batch, size_t from, size_t to)
{
	if (to - from < FEW)
		return assign_in_turn(batch, from, to);
	batch->from = from;
	batch->to = to;
	batch->team.run(batch->team.context, assign_table, batch, TABLES);
	for (unsigned i = 0; i < TABLES; i++) {
		if (batch->statuses[i])
			return batch->statuses[i];
	}
	return 0;
}

static size_t part_count(const struct weir_batch *batch)
{
	return (batch->n + PART - 1) / PART;
}

static size_t listed_count(const struct weir_batch *batch, unsigned list)
{
	size_t count = 0;

	for (size_t part = 0; part < part_count(batch); part++)
		count += (size_t)(batch->starts[part][list + 1] - batch->starts[part][list]);
	return count;
}

uint64_t weir_batch_start(const struct weir_batch *batch)
{
	uint64_t least = UINT64_MAX;

	for (size_t part = 0; part < part_count(batch); part++)
		least = batch->least[part] < least ? batch->least[part] : least;
	return least;
}

bool weir_batch_has_others(const struct weir_batch *batch)
{
	return listed_count(batch, NOBODY) > 0;
}

static int assign_all(struct weir_batch *batch)
{
	size_t from = 0;
	int status = 0;

	if (listed_count(batch, FENCE) > FENCES_MAX)
		return assign_in_turn(batch, 0, batch->n);
	for (size_t part = 0; part < part_count(batch); part++) {
		for (size_t i = batch->starts[part][FENCE];
		     i < batch->starts[part][FENCE + 1] && !status; i++) {
			size_t fence = batch->lists[part * PART + i];

			status = assign_between(batch, from, fence);
			if (!status)
				status = assign_in_turn(batch, fence, fence + 1);
			from = fence + 1;
		}
	}
	return status ? status : assign_between(batch, from, batch->n);
}

static int work(struct weir_batch *batch, const struct weir_frame *frames, size_t n)
{
	batch->frames = frames;
	batch->n = n;
	batch->team.run(batch->team.context, read_part, batch, (unsigned)part_count(batch));
	return assign_all(batch);
}

int weir_batch_count(struct weir_batch *batch, const struct weir_frame *frames, size_t n)
{
	batch->counts = true;
	return work(batch, frames, n);
}

int weir_batch_assign(struct weir_batch *batch, const struct weir_frame *frames, size_t n)
{
	batch->counts = false;
	return work(batch, frames, n);
}
