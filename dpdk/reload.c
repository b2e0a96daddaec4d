#include "reload.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "weir/policy_file.h"

#include "folder.h"
#include "input.h"
#include "say.h"

/* What a look at the files saw, as one number. */

static void mix(uint64_t *look, uint64_t number)
{
	*look = (*look ^ number) * UINT64_C(0x9e3779b97f4a7c15);
	*look ^= *look >> 29;
}

static int look_at_file(void *context, const char *path)
{
	struct stat status;

	if (stat(path, &status)) {
		mix(context, 1);
		return 0;
	}
	mix(context, status.st_ino);
	mix(context, (uint64_t)status.st_size);
	mix(context, (uint64_t)status.st_mtim.tv_sec);
	mix(context, (uint64_t)status.st_mtim.tv_nsec);
	return 0;
}

static void look_at_path(uint64_t *look, const char *path)
{
	struct weir_error error = { "" };
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		folder_visit(path, look_at_file, look, &error);
	else
		look_at_file(look, path);
}

static uint64_t look_at_all(const struct invocation *invocation)
{
	uint64_t look = 0;
	const char *path;

	for (size_t i = 0; (path = option_nth(invocation, OPTION_FILE, i)); i++)
		look_at_path(&look, path);
	return look;
}

void reload_init(struct reload *reload, const struct invocation *invocation,
		 struct dataplane *dataplane)
{
	*reload = (struct reload){ .invocation = invocation, .dataplane = dataplane };
	reload->in_force = look_at_all(invocation);
	reload->latest = reload->in_force;
}

static bool says_the_same(const struct weir_policy *a, const struct weir_policy *b)
{
	uint8_t hashes[2][WEIR_POLICY_HASH];

	weir_policy_content_hash(a, hashes[0]);
	weir_policy_content_hash(b, hashes[1]);
	return memcmp(hashes[0], hashes[1], WEIR_POLICY_HASH) == 0;
}

static enum reload_outcome put_in_force(struct dataplane *dataplane, struct weir_policy *policy)
{
	int status;

	if (says_the_same(dataplane->policy, policy)) {
		say("the policy files say what they said: nothing changes");
		return RELOAD_SAME;
	}
	status = dataplane_replace(dataplane, policy);
	if (status)
		say("the old policy stays: %s", strerror(-status));
	else
		say("a new policy is in force");
	return status ? RELOAD_REFUSED : RELOAD_NEW;
}

enum reload_outcome reload_now(struct reload *reload)
{
	struct input input = { 0 };
	enum reload_outcome outcome = RELOAD_REFUSED;

	reload->latest = look_at_all(reload->invocation);
	reload->in_force = reload->latest;
	if (input_policy(&input, reload->invocation) == EXIT_CLEAN)
		outcome = put_in_force(reload->dataplane, input.policy);
	else
		say("the old policy stays");
	if (outcome == RELOAD_REFUSED)
		dataplane_refuse(reload->dataplane);
	input_finish(&input);
	return outcome;
}

void reload_watch(struct reload *reload)
{
	uint64_t look = look_at_all(reload->invocation);
	bool is_quiet = look == reload->latest;

	reload->latest = look;
	if (is_quiet && look != reload->in_force)
		reload_now(reload);
}
