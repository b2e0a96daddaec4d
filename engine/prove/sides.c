#include "steps.h"

#include <errno.h>

#include "pair.h"
#include "seen.h"

/* How the near end's rules see the far end, on both sides: as bytes. */

static int append_specified(struct piece *piece, enum weir_direction direction,
			    const struct candidate *near, const struct candidate *far)
{
	const struct side_facts *side = &piece->proving->facts.sides[direction];
	const struct near_view *view =
		(const struct near_view *)side->nears.items + near->near[direction];
	const struct far_view *seen =
		(const struct far_view *)side->fars.items + far->far[direction];
	uint32_t head[4] = { far->as.kind, far->named,
			     far->far[direction] != far->far_named && direction == WEIR_EGRESS,
			     far->far_named };
	int status;

	if (!head[2])
		head[3] = 0;
	status = piece_append(piece, head, sizeof(head));
	for (uint32_t i = 0; i < view->count && !status; i++) {
		const struct policy *policy = &facts_policies(side)[view->policies[i].policy];
		const struct rule *rule = &facts_rules(side)[policy->first_rule];

		for (uint32_t j = 0; j < policy->rule_count && !status; j++)
			status = piece_append(piece, seen->peers + rule[j].first_peer,
					      rule[j].peer_count);
	}
	return status;
}

/* Whether this is the first far end that the near end's rules see so. */
static int is_first_seen(struct piece *piece, enum weir_direction direction,
			 const struct example *near, const struct example *far, bool *is_first)
{
	const struct proving *proving = piece->proving;
	const struct candidate *a = facts_candidates(&proving->facts, pair_end(proving, near));
	const struct candidate *b = facts_candidates(&proving->facts, pair_end(proving, far));
	int status;

	piece->bytes.count = 0;
	status = append_specified(piece, direction, a, b);
	if (!status)
		status = seen_append(&proving->policy->lookup, direction, &near->address,
				     &far->address, &piece->bytes);
	return status ? status
		      : firsts_add(&piece->seen, piece->bytes.items, piece->bytes.count, is_first);
}

/* Two ends that stand for themselves and are not related. */
struct plain {
	struct pair *pair;
	const struct example *near;
	const struct example *far;
	enum weir_direction direction;
};

/* What the specification composes for all ports; UNCERTAIN where domain names may decide. */
static int allowed_ports(struct piece *piece, const struct plain *plain)
{
	const struct proving *proving = piece->proving;
	const struct candidate *near =
		facts_candidates(&proving->facts, pair_end(proving, plain->near));
	const struct candidate *far =
		facts_candidates(&proving->facts, pair_end(proving, plain->far));

	if (plain->direction == WEIR_EGRESS && far->as.kind == K8S_END_EXTERNAL &&
	    far->far_named != far->far[WEIR_EGRESS])
		return UNCERTAIN;
	return masks_side(&piece->masks, plain->direction, near, far, piece->allowed);
}

/* Asks the kernels about the ports that tell. */
static int ask_ports(struct piece *piece, const struct plain *plain, const struct row_cell *cell)
{
	const struct pair *pair = plain->pair;
	const uint32_t *ports = (const uint32_t *)piece->row.ports.items + cell->first_port;
	struct connection connection = { .flags = pair->flags };
	int status = 0;

	piece->trial.proof->judged += piece->proving->facts.ports.count;
	for (uint32_t i = 0; i < cell->port_count && !status; i++) {
		struct weir_verdict expected = { .action = WEIR_DENY, .why = WEIR_WHY_NONE };

		if (masks_has(piece->allowed, ports[i]))
			expected.action = WEIR_ALLOW;
		connection.port = ports[i];
		status = trial_ask(&piece->trial, &connection, &pair->source->address,
				   &pair->destination->address, expected);
	}
	return status;
}

static uint32_t cell_number(const struct proving *proving, enum weir_direction direction,
			    const struct example *near, const struct example *far)
{
	const uint32_t *leaves = proving->classes.leaves;

	return cells_of(&proving->cells, proving->classes.lookup, direction, leaves[near->end],
			leaves[far->end]);
}

/* Where the compiled bytes hold what is composed, and the kernels were asked about all of that port
 * set's ports with another far end, they are asked about those that tell it from the others of the
 * row. Everything is asked where anything differs. */
static int judge_plain(struct piece *piece, const struct plain *plain)
{
	const struct proving *proving = piece->proving;
	uint32_t number = cell_number(proving, plain->direction, plain->near, plain->far);
	struct row_cell *cell = row_cell(&piece->row, number);
	const uint64_t *mask = cells_mask(&proving->cells, number);
	int status = is_first_seen(piece, plain->direction, plain->near, plain->far,
				   &plain->pair->explains);

	if (!status)
		status = allowed_ports(piece, plain);
	if (status && status != UNCERTAIN)
		return status;
	if (!status && cell->was_asked && !plain->pair->explains &&
	    memcmp(mask, piece->allowed, proving->masks.words * sizeof(*mask)) == 0)
		return ask_ports(piece, plain, cell);
	cell->was_asked |= !status;
	return pair_judge_ports(piece, plain->pair);
}

static int judge_sides(struct piece *piece, enum weir_direction direction, const struct class *near,
		       const struct class *far)
{
	const struct proving *proving = piece->proving;
	bool egress = direction == WEIR_EGRESS;
	struct pair pair = { .flags = egress ? WEIR_KEY_EGRESS : WEIR_KEY_INGRESS,
			     .explains = true };
	struct plain plain = { .pair = &pair, .direction = direction };
	int status;

	pair_choose(proving, near, far, &plain.near, &plain.far);
	pair.source = egress ? plain.near : plain.far;
	pair.destination = egress ? plain.far : plain.near;
	if (!near->is_special && !far->is_special &&
	    !pair_is_related(proving, plain.near, plain.far))
		return judge_plain(piece, &plain);
	status = pair_judge_ports(piece, &pair);
	if (!status && (near->is_unknown || far->is_unknown)) {
		pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
		status = pair_judge_ports(piece, &pair);
	}
	return status;
}

/* What stands in the near end's row for any far end. */
static int read_row(struct piece *piece, enum weir_direction direction, const struct class *near)
{
	const struct proving *proving = piece->proving;
	const struct class *fars = proving->classes.far[direction].items;
	int status = 0;

	row_begin(&piece->row);
	for (size_t i = 0; i < proving->classes.far[direction].count && !status; i++) {
		if (!near->is_special && !fars[i].is_special)
			status = row_add(&piece->row,
					 cell_number(proving, direction, &near->examples[0],
						     &fars[i].examples[0]));
	}
	return status ? status : row_tell_apart(&piece->row);
}

static int judge_near(struct piece *piece, enum weir_direction direction, size_t index)
{
	const struct classes *classes = &piece->proving->classes;
	const struct class *nears = classes->near[direction].items;
	const struct class *fars = classes->far[direction].items;
	int status = read_row(piece, direction, &nears[index]);

	firsts_forget(&piece->seen);
	for (size_t i = 0; i < classes->far[direction].count && !status; i++)
		status = judge_sides(piece, direction, &nears[index], &fars[i]);
	return status;
}

static int judge_sender(struct piece *piece, size_t index)
{
	return judge_near(piece, WEIR_EGRESS, index);
}

static int judge_receiver(struct piece *piece, size_t index)
{
	return judge_near(piece, WEIR_INGRESS, index);
}

int prove_sides(struct proving *proving)
{
	int status = pieces_run(proving, proving->classes.near[WEIR_EGRESS].count, judge_sender);

	return status ? status
		      : pieces_run(proving, proving->classes.near[WEIR_INGRESS].count,
				   judge_receiver);
}
