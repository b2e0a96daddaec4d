#include "numbers.h"

#include <stdlib.h>

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

void weir_sort_numbers(uint32_t *numbers, size_t count)
{
	if (count > 1)
		qsort(numbers, count, sizeof(*numbers), compare_numbers);
}

bool weir_have_number(const uint32_t *sorted, size_t count, uint32_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle] == number)
			return true;
		if (sorted[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
