/*
 * How halves come to a verdict hangs on nothing but the halves, so explain is asked once for all
 * ports that are judged alike. Both sides of two ends that stand for themselves are one after the
 * other, and the sides are proven; so each of them meets some others only, in turn, and each end
 * that stands for several meets all.
 */
#include "steps.h"

#include "pair.h"

enum {
	PARTNERS = 8, /* of an end with a leaf of its own */
};

static int judge_whole(struct piece *piece, const struct class *a, const struct class *b)
{
	struct pair pair = { .flags = WEIR_KEY_BOTH, .explains = true, .explains_new = true };
	int status;

	pair_choose(piece->proving, a, b, &pair.source, &pair.destination);
	status = pair_judge_ports(piece, &pair);
	if (!status && (a->is_unknown || b->is_unknown)) {
		pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
		status = pair_judge_ports(piece, &pair);
	}
	return status;
}

static int judge_partners(struct piece *piece, size_t index)
{
	const struct class *wholes = piece->proving->classes.whole.items;
	size_t count = piece->proving->classes.whole.count;
	int status = 0;

	for (size_t i = 0; i < count && !status; i++) {
		bool is_special = wholes[index].is_special || wholes[i].is_special;

		if (is_special || (i + count - index) % count < PARTNERS)
			status = judge_whole(piece, &wholes[index], &wholes[i]);
	}
	return status;
}

int prove_wholes(struct proving *proving)
{
	return pieces_run(proving, proving->classes.whole.count, judge_partners);
}
