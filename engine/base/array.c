#include "array.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int weir_array_reserve(struct weir_array *array, size_t count)
{
	size_t capacity = array->capacity ? array->capacity : 8;
	void *items;

	if (count <= array->capacity)
		return 0;
	while (capacity < count) {
		if (capacity > SIZE_MAX / 2)
			return -ENOMEM;
		capacity *= 2;
	}
	if (capacity > SIZE_MAX / array->item_size)
		return -ENOMEM;
	items = weir_allocate(array->allocator, capacity * array->item_size);
	if (!items)
		return -ENOMEM;
	if (array->count)
		memcpy(items, array->items, array->count * array->item_size);
	weir_release(array->allocator, array->items);
	array->items = items;
	array->capacity = capacity;
	return 0;
}

int weir_array_resize(struct weir_array *array, size_t count)
{
	int status = weir_array_reserve(array, count);

	if (status)
		return status;
	if (count > array->count)
		memset((char *)array->items + array->count * array->item_size, 0,
		       (count - array->count) * array->item_size);
	array->count = count;
	return 0;
}

void *weir_array_push(struct weir_array *array)
{
	void *item;

	if (array->count == array->capacity && weir_array_reserve(array, array->count + 1))
		return NULL;
	item = (char *)array->items + array->count++ * array->item_size;
	return memset(item, 0, array->item_size);
}

void weir_array_finish(struct weir_array *array)
{
	weir_release(array->allocator, array->items);
	array->items = NULL;
	array->count = array->capacity = 0;
}
