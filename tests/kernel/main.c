/*
 * Packets of generated sessions through a router with nftables rules, and through weir, with the
 * same policies: what each of the two makes of every packet is compared.
 *
 *	against-kernel WEIR [--packets N] [--clusters N] [--seed N] [--all] [--keep FOLDER]
 *	against-kernel WEIR --self-test
 *
 * N packets for each cluster and manner. With --all every kind of packet must have been passed
 * and stopped, and every known difference have been met. Exit status 0, 1, or 77 where the kernel
 * gives no namespaces.
 *
 * The self-test changes rules for one of the two, and verdicts, and wants it noticed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "compare.h"
#include "router.h"

enum {
	SKIPPED = 77,
	SELF_TEST_FLIPS = 400,
	SELF_TEST_POLICIES = 4,
	PATH_SIZE = 512,
};

struct options {
	const char *weir;
	const char *keep;
	size_t packets;
	unsigned clusters;
	uint64_t seed;
	bool wants_all, is_self_test;
};

/* A file for programs to read: in memory, so that nothing is left behind, or in a folder. */
struct paper {
	FILE *file;
	char path[PATH_SIZE];
};

/* One cluster, and packets in it. */
struct round {
	const struct options *options;
	struct cluster cluster;
	struct traffic traffic;
	struct answer *answers;
	struct paper manifests, rules, trace;
};

static const char *const manner_names[MANNERS] = {
	[MANNER_LENIENT] = "lenient", [MANNER_STRICT] = "strict"
};

static int paper_open(struct paper *paper, const char *folder, const char *name)
{
	if (folder) {
		snprintf(paper->path, sizeof(paper->path), "%s/%s", folder, name);
		paper->file = fopen(paper->path, "we");
	} else {
		int fd = memfd_create(name, 0);

		paper->file = fd < 0 ? NULL : fdopen(fd, "w");
		snprintf(paper->path, sizeof(paper->path), "/proc/self/fd/%d", fd);
	}
	if (!paper->file)
		perror(name);
	return paper->file ? 0 : 1;
}

/* It stays open, for who reads it through the descriptor. */
static int paper_done(const struct paper *paper)
{
	return fflush(paper->file) || ferror(paper->file) ? 1 : 0;
}

static void paper_close(struct paper *paper)
{
	if (paper->file)
		fclose(paper->file);
	paper->file = NULL;
}

static int write_rules(struct round *round, const struct cluster *cluster, enum manner manner)
{
	paper_close(&round->rules);
	if (paper_open(&round->rules, round->options->keep, "rules.nft"))
		return 1;
	rules_write(cluster, manner, round->rules.file);
	return paper_done(&round->rules);
}

static int round_begin(struct round *round, const struct options *options, uint64_t seed)
{
	struct dice dice = { seed };

	memset(round, 0, sizeof(*round));
	round->options = options;
	cluster_make(&round->cluster, &dice);
	if (traffic_make(&round->traffic, &round->cluster, dice, options->packets))
		return 1;
	round->answers = calloc(round->traffic.count, sizeof(*round->answers));
	if (!round->answers || paper_open(&round->manifests, options->keep, "cluster.yaml") ||
	    paper_open(&round->trace, options->keep, "trace.pcap"))
		return 1;
	cluster_write(&round->cluster, round->manifests.file);
	return paper_done(&round->manifests) || compare_save(&round->traffic, round->trace.file);
}

static void round_finish(struct round *round)
{
	traffic_finish(&round->traffic);
	free(round->answers);
	paper_close(&round->manifests);
	paper_close(&round->rules);
	paper_close(&round->trace);
}

/* Fills the fates. 0, 1 or SKIPPED. */
static int ask_kernel(struct round *round, const struct cluster *cluster, enum manner manner)
{
	struct router router;
	int status;

	if (write_rules(round, cluster, manner))
		return 1;
	for (size_t i = 0; i < round->traffic.datagram_count; i++)
		round->traffic.datagrams[i].fate = FATE_STOPPED;
	status = router_open(&router, &round->cluster, manner, round->rules.path);
	if (!status)
		status = router_pass(&router, &round->traffic);
	router_close(&router);
	if (status == ROUTER_REFUSED)
		printf("SKIPPED: %s\n", router.refused);
	return status == ROUTER_REFUSED ? SKIPPED : status;
}

static int ask_weir(struct round *round, enum manner manner)
{
	char command[2 * PATH_SIZE + 256];

	snprintf(command, sizeof(command),
		 "'%s' replay -f %s -r %s --live %s --max-flows 1000000 --packets -o csv "
		 "2>/dev/null",
		 round->options->weir, round->manifests.path, round->trace.path,
		 manner == MANNER_STRICT ? "--strict" : "");
	return compare_read(&round->traffic, command, round->answers);
}

static int play(struct round *round, enum manner manner, struct tally *tally)
{
	int status = ask_kernel(round, &round->cluster, manner);

	if (!status)
		status = ask_weir(round, manner);
	if (!status)
		status = compare_count(&round->traffic, manner, round->answers, tally, stdout);
	return status;
}

static int compare_all(const struct options *options)
{
	static struct round round;
	static struct tally tally;
	int status = 0;

	for (unsigned i = 0; !status && i < options->clusters; i++) {
		uint64_t seed = options->seed + i;

		status = round_begin(&round, options, seed);
		for (unsigned manner = 0; !status && manner < MANNERS; manner++) {
			uint64_t before = tally.unexpected;

			status = play(&round, (enum manner)manner, &tally);
			if (tally.unexpected > before)
				printf("%" PRIu64 " unexpected differences: cluster %" PRIu64
				       ", %s\n",
				       tally.unexpected - before, seed, manner_names[manner]);
		}
		round_finish(&round);
	}
	if (status)
		return status;
	tally_print(&tally, stdout);
	if (options->wants_all && tally_print_missing(&tally, stdout))
		return 1;
	return tally.unexpected ? 1 : 0;
}

/* The self-test. */

/* The rules of a policy are gone from the kernel's; not every policy decides anything. */
static int test_rules(struct round *round, enum manner manner)
{
	unsigned noticed = 0;

	for (unsigned i = 0; i < SELF_TEST_POLICIES; i++) {
		struct cluster changed = round->cluster;
		struct tally tally = { .unexpected = 0 };

		memset(changed.policies[i].rule_count, 0, sizeof(changed.policies[i].rule_count));
		if (ask_kernel(round, &changed, manner) ||
		    compare_count(&round->traffic, manner, round->answers, &tally, NULL))
			return 1;
		noticed += tally.unexpected > 0;
	}
	printf("%s: %u of %d policies that lost their rules were noticed\n", manner_names[manner],
	       noticed, SELF_TEST_POLICIES);
	return noticed < SELF_TEST_POLICIES / 2;
}

/* A packet about which no known difference speaks. */
static bool is_plain(const struct round *round, const struct packet *packet)
{
	const struct datagram *datagram = &round->traffic.datagrams[packet->datagram];

	return datagram->is_whole && !packet->is_repeated && datagram->fate != FATE_INVALID;
}

/* One verdict of weir's is another. */
static int count_turned_round(struct round *round, enum manner manner, size_t i,
			      struct tally *tally)
{
	bool *is_allowed = &round->answers[i].is_allowed;
	int status;

	*tally = (struct tally){ .unexpected = 0 };
	*is_allowed = !*is_allowed;
	status = compare_count(&round->traffic, manner, round->answers, tally, NULL);
	*is_allowed = !*is_allowed;
	return status;
}

/* A difference turned round is none, and some look like what is known, or follow it. */
static int test_verdicts(struct round *round, enum manner manner, const struct tally *before)
{
	struct dice dice = { 1 };
	unsigned noticed = 0, flips = 0;

	while (flips < SELF_TEST_FLIPS) {
		size_t i = dice_roll(&dice, (unsigned)round->traffic.count);
		struct tally tally;

		if (!is_plain(round, &round->traffic.packets[i]))
			continue;
		if (count_turned_round(round, manner, i, &tally))
			return 1;
		if (tally_sum(&tally).differing < tally_sum(before).differing)
			continue;
		flips++;
		noticed += tally.unexpected == 1;
	}
	printf("%s: %u of %u verdicts that were turned round were noticed; the others look like"
	       " known differences\n",
	       manner_names[manner], noticed, flips);
	return noticed < flips * 9 / 10;
}

static int self_test(const struct options *options)
{
	static struct round round;
	int status = round_begin(&round, options, options->seed);

	for (unsigned manner = 0; !status && manner < MANNERS; manner++) {
		struct tally tally = { .unexpected = 0 };

		status = play(&round, (enum manner)manner, &tally);
		if (!status && tally.unexpected)
			status = 1;
		if (!status)
			status = test_verdicts(&round, (enum manner)manner, &tally);
		if (!status)
			status = test_rules(&round, (enum manner)manner);
	}
	round_finish(&round);
	return status;
}

static int usage(void)
{
	fputs("usage: against-kernel WEIR [--packets N] [--clusters N] [--seed N] [--all]"
	      " [--keep FOLDER]\n       against-kernel WEIR --self-test\n",
	      stderr);
	return 2;
}

static bool read_options(int argc, char **argv, struct options *out)
{
	*out = (struct options){ .packets = 20000, .clusters = 1, .seed = 1 };
	if (argc < 2)
		return false;
	out->weir = argv[1];
	for (int i = 2; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		out->wants_all |= !strcmp(argv[i], "--all");
		out->is_self_test |= !strcmp(argv[i], "--self-test");
		if (!strcmp(argv[i], "--all") || !strcmp(argv[i], "--self-test"))
			continue;
		i++;
		if (!strcmp(argv[i - 1], "--packets"))
			out->packets = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i - 1], "--clusters"))
			out->clusters = (unsigned)strtoul(value, NULL, 10);
		else if (!strcmp(argv[i - 1], "--seed"))
			out->seed = strtoull(value, NULL, 10);
		else if (!strcmp(argv[i - 1], "--keep"))
			out->keep = value;
		else
			return false;
	}
	return out->packets && out->clusters;
}

/* Where nft is, for root's shells without a login too. */
static void add_to_path(void)
{
	const char *path = getenv("PATH");
	char more[4096];

	snprintf(more, sizeof(more), "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	setenv("PATH", more, 1);
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	if (!read_options(argc, argv, &options))
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	add_to_path();
	status = options.is_self_test ? self_test(&options) : compare_all(&options);
	if (status && status != SKIPPED)
		puts("FAILED");
	return status;
}
