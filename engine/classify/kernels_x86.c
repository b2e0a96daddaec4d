/* What x86-64 can choose from. */
#include "kernel.h"

static bool always(void)
{
	return true;
}

static bool has_bits(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
}

static bool has_avx2(void)
{
	return has_bits() && __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return has_bits() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq");
}

static const struct weir_kernel kernels[] = {
	{ "scalar", always, weir_kernel_scalar, weir_locate_scalar, 0 },
	{ "bits", has_bits, weir_kernel_bits, weir_locate_bits, 0 },
	{ "staged", always, weir_kernel_staged, weir_locate_staged, KERNEL_STAGED_FROM },
	{ "staged-bits", has_bits, weir_kernel_staged_bits, weir_locate_staged_bits,
	  KERNEL_STAGED_FROM },
	{ "avx2", has_avx2, weir_kernel_avx2, weir_locate_staged_bits, KERNEL_AVX2_FROM },
	{ "avx512", has_avx512, weir_kernel_avx512, weir_locate_staged_bits, KERNEL_AVX512_FROM },
};

const struct weir_kernel *weir_kernels(size_t *count)
{
	*count = sizeof(kernels) / sizeof(kernels[0]);
	return kernels;
}
