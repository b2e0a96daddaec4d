/* What other machines can choose from. */
#include "kernel.h"

static bool always(void)
{
	return true;
}

static const struct weir_kernel kernels[] = {
	{ "scalar", always, weir_kernel_scalar, weir_locate_scalar, 0 },
	{ "staged", always, weir_kernel_staged, weir_locate_staged, KERNEL_STAGED_FROM },
};

const struct weir_kernel *weir_kernels(size_t *count)
{
	*count = sizeof(kernels) / sizeof(kernels[0]);
	return kernels;
}
