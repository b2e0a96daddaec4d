#include "program.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path of this program, as far as its folder. */
static bool find_own_folder(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (length < 0)
		return false;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return slash;
}

enum exit_code program_become(const struct invocation *invocation, const char *name,
			      const char *folder)
{
	struct report_text path = { 0 };
	char own[PATH_MAX];

	if (find_own_folder(own)) {
		report_text_format(&path, "%s/%s", own, name);
		execv(report_text_string(&path), invocation->arguments);
		report_text_clear(&path);
		report_text_format(&path, "%s/../%s/%s", own, folder, name);
		execv(report_text_string(&path), invocation->arguments);
	}
	report_text_finish(&path);
	execvp(name, invocation->arguments);
	complain(invocation->command, "it needs the program %s, which is not installed", name);
	return EXIT_USAGE;
}
