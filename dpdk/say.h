/*
 * say.h - a line on standard error for whoever runs the program.
 */
#ifndef WEIR_DPDK_SAY_H
#define WEIR_DPDK_SAY_H

#include "command.h"

#define say(...) complain(&run_command, __VA_ARGS__)

#endif
