/* settings.h - the options of weir bench, as settings. */
#ifndef WEIR_BENCH_SETTINGS_H
#define WEIR_BENCH_SETTINGS_H

#include "command.h"
#include "run.h"

/* False after a usage error, which was told. */
bool bench_read_settings(const struct invocation *invocation, struct bench_settings *out);

/* Keeps the engines that --engine asks for, and returns how many: 0 after a usage error. */
size_t bench_choose_engines(const struct invocation *invocation, struct bench_engine *engines,
			    size_t count);

#endif
