#include "proof.h"

#include "weir/directory.h"

#include "names.h"

static const char *why_name(uint8_t why)
{
	static const char *const names[] = { "", " (unknown-pod)", " (shared-address)",
					     " (domain-name)" };

	return why < 4 ? names[why] : " (?)";
}

static void print_entry(FILE *out, const char *list, uint32_t entry)
{
	if (entry != WEIR_NONE)
		fprintf(out, " %s[%u]", list, entry);
}

static void print_specified(FILE *out, const char *direction,
			    const struct weir_specified_half *half, const char *peers)
{
	fprintf(out, "    %-7s  %s, %s", direction, action_name(half->action),
		weir_reason_name((enum weir_reason)half->reason));
	if (half->reason == WEIR_REASON_RULE) {
		fprintf(out, " %s %s%s%s %s[%u]", half->kind,
			half->namespace_name ? half->namespace_name : "",
			half->namespace_name ? "/" : "", half->name, direction, half->rule);
		print_entry(out, peers, half->peer);
		print_entry(out, "ports", half->port);
	}
	fputc('\n', out);
}

static void print_compiled(FILE *out, const struct weir_policy *policy, const char *direction,
			   const struct weir_half *half)
{
	char text[512];

	weir_policy_format_rule(policy, half, text, sizeof(text));
	fprintf(out, "    %-7s  %s, %s%s%s\n", direction, action_name(half->action),
		weir_reason_name((enum weir_reason)half->reason), *text ? " " : "", text);
}

static void print_header(FILE *out, const struct weir_key *key)
{
	char source[WEIR_ADDRESS_TEXT];
	char destination[WEIR_ADDRESS_TEXT];
	char protocol[PROTOCOL_TEXT];

	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	protocol_format(key->protocol, protocol);
	fprintf(out, "  %s -> %s %s", source, destination, protocol);
	if (key->protocol == WEIR_PROTOCOL_ICMPV6)
		fprintf(out, " type %u", key->icmp_type);
	else
		fprintf(out, " port %u", key->destination_port);
	if ((key->flags & WEIR_KEY_BOTH) != WEIR_KEY_BOTH)
		fprintf(out, ", %s side", key->flags & WEIR_KEY_EGRESS ? "egress" : "ingress");
	if (key->flags & WEIR_KEY_HAIRPIN)
		fputs(", through a service", out);
	if (key->flags & WEIR_KEY_UNKNOWN_EXTERNAL)
		fputs(", unknown pods taken as outside", out);
	fputc('\n', out);
}

void proof_print_flaw(FILE *out, const struct weir_policy *policy, const struct weir_proof *proof)
{
	if (proof->flaw == WEIR_FLAW_BLOCK) {
		fprintf(out, "  %s\n", proof->error.text);
		return;
	}
	print_header(out, &proof->key);
	fprintf(out, "  by the objects: %s%s\n", action_name(proof->specified.action),
		why_name(proof->specified.why));
	if (proof->specified.action != WEIR_AMBIGUOUS) {
		print_specified(out, "egress", &proof->egress, "to");
		print_specified(out, "ingress", &proof->ingress, "from");
	}
	if (proof->kernel)
		fprintf(out, "  by the compiled policy, kernel %s: %s%s; and explained: %s%s\n",
			proof->kernel, action_name(proof->verdict.action),
			why_name(proof->verdict.why),
			action_name(proof->explanation.verdict.action),
			why_name(proof->explanation.verdict.why));
	else
		fprintf(out, "  by the compiled policy, explained: %s%s\n",
			action_name(proof->verdict.action), why_name(proof->verdict.why));
	print_compiled(out, policy, "egress", &proof->explanation.egress);
	print_compiled(out, policy, "ingress", &proof->explanation.ingress);
	if (proof->flaw == WEIR_FLAW_PROOF)
		fputs("  The kernel is right: this is an error in the proof itself.\n", out);
}
