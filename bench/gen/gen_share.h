/*
 * gen_share.h - shares as whole numbers, which are the same on every machine.
 */
#ifndef WEIR_GEN_SHARE_H
#define WEIR_GEN_SHARE_H

enum {
	GEN_ALL = 10000, /* the share of all; 1 is a hundredth of a percent */
};

#endif
