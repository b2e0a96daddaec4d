#include "bench_ports.h"

#include <stdio.h>
#include <string.h>

#include "measure.h"

enum {
	MTU = 1500,
};

static void list_engines(void)
{
	printf("  %-16s %s\n", "weir", "decodes, follows connections, and judges by the policies");
	for (size_t i = 0; peers[i].name; i++)
		printf("  %-16s %s\n", peers[i].name, peers[i].summary);
}

static void print(const struct measurement *measurement, const struct invocation *invocation)
{
	switch (option_choice(invocation, OPTION_OUTPUT)) {
	case 1:
		measure_print_json(measurement, stdout);
		break;
	case 2:
		measure_print_csv(measurement, stdout);
		break;
	case 3:
		measure_print_html(measurement, stdout);
		break;
	default:
		measure_print_table(measurement, invocation->color_out, stdout);
	}
}

static enum exit_code measure_cluster(struct measurement *measurement, struct wire *wire,
				      const struct measure_cluster *cluster)
{
	struct measure_work work = { .resolved = NULL };
	enum exit_code code = measure_work_make(&work, measurement->settings, cluster);

	if (code == EXIT_CLEAN)
		code = measure(measurement, &work, wire);
	measure_work_finish(&work);
	return code;
}

static enum exit_code measure_clusters(struct measurement *measurement, struct wire *wire)
{
	const struct measure_settings *settings = measurement->settings;
	enum exit_code code = EXIT_CLEAN;

	for (size_t i = 0; i < settings->pods.count; i++)
		for (size_t j = 0; code == EXIT_CLEAN && j < settings->policies.count; j++) {
			const struct measure_cluster cluster = { settings->pods.values[i],
								 settings->policies.values[j] };

			code = measure_cluster(measurement, wire, &cluster);
		}
	return code;
}

static enum exit_code run(const struct measure_settings *settings, struct wire *wire)
{
	struct measurement measurement;
	int status = measure_begin(settings, wire, &measurement);
	enum exit_code code;

	if (status) {
		complain(settings->invocation->command, "%s", strerror(-status));
		return EXIT_USAGE;
	}
	code = measure_clusters(&measurement, wire);
	if (code == EXIT_CLEAN) {
		print(&measurement, settings->invocation);
		code = measure_judge(&measurement);
	}
	measure_finish(&measurement);
	return code;
}

enum exit_code bench_ports(const struct invocation *invocation)
{
	struct measure_settings settings;
	struct wire wire;
	enum exit_code code = EXIT_USAGE;

	if (option_given(invocation, OPTION_LIST)) {
		list_engines();
		return EXIT_CLEAN;
	}
	if (!measure_settings_read(invocation, &settings))
		return EXIT_USAGE;
	if (wire_start(&wire, invocation, (uint16_t)measure_most(&settings.workers), MTU) == 0)
		code = run(&settings, &wire);
	wire_finish(&wire);
	return code;
}
