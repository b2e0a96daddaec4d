/* machine.h - what a figure is worth only together with: machine and compiler. */
#ifndef WEIR_BENCH_MACHINE_H
#define WEIR_BENCH_MACHINE_H

struct bench_machine {
	char processor[128];
	char system[256];
	long cores;  /* of the machine; one is used */
	long level2; /* bytes of cache; 0: not known */
	long level3;
};

void bench_look_at_machine(struct bench_machine *out);

#endif
