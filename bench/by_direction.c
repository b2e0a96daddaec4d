#include "by_direction.h"

#include <errno.h>
#include <stdlib.h>

int bench_build_by_direction(const struct bench_engine *engine, const struct bench_policy *policy,
			     const struct bench_limits *limits, void **out,
			     struct weir_error *error)
{
	const struct bench_by_direction *form = engine->form;
	int status = bench_require_plain(policy, error);
	void *built;

	if (status)
		return status;
	built = calloc(1, form->size);
	if (!built)
		return bench_decline(error, -ENOMEM, "no memory");
	for (unsigned d = 0; d < 2 && !status; d++)
		status = form->build(policy, limits, (enum weir_direction)d, built, error);
	if (status) {
		engine->destroy(built);
		return status;
	}
	*out = built;
	return 0;
}
