/* machine.h - what a figure is worth only together with: machine and compiler. */
#ifndef REPORT_MACHINE_H
#define REPORT_MACHINE_H

struct report_machine {
	char processor[128];
	char system[256];
	long cores;  /* of the machine; one is used */
	long level2; /* bytes of cache; 0: not known */
	long level3;
};

void report_look_at_machine(struct report_machine *out);

#endif
