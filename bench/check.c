/* Checks the answers of every case, each in a process of its own. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "cases.h"

/* A parameter is an index: each test is a process, and the table lies elsewhere there. */
ParameterizedTestParameters(bench, answers)
{
	static size_t indices[64];
	size_t count = 0;

	for (; bench_cases[count].name; count++)
		indices[count] = count;
	return cr_make_param_array(size_t, indices, count);
}

ParameterizedTest(size_t *index, bench, answers)
{
	const struct bench_case *one = &bench_cases[*index];
	void *work = one->make(one->shape);

	cr_assert(work, "%s: no memory", one->name);
	cr_assert(one->is_right(work), "%s: WRONG", one->name);
	one->destroy(work);
}
