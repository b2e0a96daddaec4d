/*
 * numbers.h - uint32_t in order, the lower before the higher.
 */
#ifndef WEIR_BASE_NUMBERS_H
#define WEIR_BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With a count of 0 numbers may be NULL, here and below. */
void weir_sort_numbers(uint32_t *numbers, size_t count);

/* Whether a number is among those that were sorted. */
bool weir_have_number(const uint32_t *sorted, size_t count, uint32_t number);

#endif
