/*
 * advance.h - a batch that concerns pods and namespaces alone, told without resolving anything.
 */
#ifndef WEIR_WATCH_ADVANCE_H
#define WEIR_WATCH_ADVANCE_H

#include "teller.h"
#include "ties.h"

/* Whether the batch of the store says anything that was not in force. */
bool advance_is_needed(const struct store *store);

/* Moves the ties to what is behind the batch; an enum tie_answer, or -ENOMEM. Unless they hold,
 * ties_go_back is due. */
int advance_ties(struct ties *ties, const struct store *store);

/* Tells the pods that the batch is about. Errors are those of the teller. */
int advance_tell(struct teller *teller, struct ties *ties, const struct store *store);

#endif
