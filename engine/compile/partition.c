#include "partition.h"

#include <errno.h>

int partition_init(struct partition *partition, struct weir_arena *arena, uint32_t element_count)
{
	*partition = (struct partition){
		.element_count = element_count,
		.class_count = element_count ? 1 : 0,
		.class_of = weir_arena_array(arena, element_count, uint32_t),
		.elements = weir_arena_array(arena, element_count, uint32_t),
		.place = weir_arena_array(arena, element_count, uint32_t),
		.first = weir_arena_array(arena, element_count, uint32_t),
		.size = weir_arena_array(arena, element_count, uint32_t),
		.marked = weir_arena_array(arena, element_count, uint32_t),
		.touched = weir_arena_array(arena, element_count, uint32_t),
	};
	if (!partition->class_of || !partition->elements || !partition->place ||
	    !partition->first || !partition->size || !partition->marked || !partition->touched)
		return -ENOMEM;
	for (uint32_t i = 0; i < element_count; i++)
		partition->elements[i] = partition->place[i] = i;
	if (element_count)
		partition->size[0] = element_count;
	return 0;
}

void partition_mark(struct partition *partition, uint32_t element)
{
	uint32_t class = partition->class_of[element];
	uint32_t front = partition->first[class] + partition->marked[class];
	uint32_t place = partition->place[element];
	uint32_t other = partition->elements[front];

	if (place < front)
		return;
	if (!partition->marked[class]++)
		partition->touched[partition->touched_count++] = class;
	partition->elements[place] = other;
	partition->place[other] = place;
	partition->elements[front] = element;
	partition->place[element] = front;
}

static void split_class(struct partition *partition, uint32_t class)
{
	uint32_t front = partition->marked[class];
	uint32_t born = partition->class_count;

	partition->marked[class] = 0;
	if (front == partition->size[class])
		return;
	partition->class_count++;
	partition->first[born] = partition->first[class];
	partition->size[born] = front;
	partition->first[class] += front;
	partition->size[class] -= front;
	for (uint32_t i = 0; i < front; i++)
		partition->class_of[partition->elements[partition->first[born] + i]] = born;
}

void partition_split(struct partition *partition)
{
	for (uint32_t i = 0; i < partition->touched_count; i++)
		split_class(partition, partition->touched[i]);
	partition->touched_count = 0;
}

/* A counting sort of the elements by their key; key 0 needs no split of its own. */
int partition_by_key(struct partition *partition, struct weir_arena *arena, const uint32_t *keys,
		     uint32_t key_count)
{
	uint32_t *first = weir_arena_array(arena, (size_t)key_count + 1, uint32_t);
	uint32_t *sorted = weir_arena_array(arena, partition->element_count, uint32_t);

	if (!first || !sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < partition->element_count; i++)
		first[keys[i] + 1]++;
	for (uint32_t key = 0; key < key_count; key++)
		first[key + 1] += first[key];
	for (uint32_t i = 0; i < partition->element_count; i++)
		sorted[first[keys[i]]++] = i;
	/* Each key's run now ends where first points. */
	for (uint32_t key = 1; key < key_count; key++) {
		for (uint32_t i = first[key - 1]; i < first[key]; i++)
			partition_mark(partition, sorted[i]);
		partition_split(partition);
	}
	return 0;
}
