/* What is sent: flows that are drawn, or those of a trace. */
#include <errno.h>
#include <string.h>

#include "measure.h"
#include "trace_input.h"

enum {
	CONNECTIONS_LEAST = 1024,
	CONNECTIONS_MOST = 16384,
	FLOWS_A_CONNECTION = 16,
};

static uint32_t connections_of(uint32_t flows)
{
	uint32_t connections = flows / FLOWS_A_CONNECTION;

	if (connections < CONNECTIONS_LEAST)
		return flows < CONNECTIONS_LEAST ? flows : CONNECTIONS_LEAST;
	return connections < CONNECTIONS_MOST ? connections : CONNECTIONS_MOST;
}

/* Connections whose packets fit into every frame. */
static uint16_t least_frame(const struct measure_settings *settings)
{
	uint16_t least = FRAME_MOST;

	for (size_t i = 0; i < settings->frame_count; i++)
		for (uint32_t j = 0; j < settings->frames[i].mix.count; j++)
			if (settings->frames[i].mix.sizes[j].bytes < least)
				least = settings->frames[i].mix.sizes[j].bytes;
	return least;
}

static enum exit_code tell(const struct measure_settings *settings, int status,
			   const struct weir_error *error)
{
	if (!status)
		return EXIT_CLEAN;
	complain(settings->invocation->command, "%s",
		 error->text[0] ? error->text : strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code draw(const struct measure_settings *settings, const struct measure_work *work,
			   uint32_t flows, struct traffic **out)
{
	const struct traffic_options options = {
		.seed = settings->seed,
		.flows = flows,
		.connections = connections_of(flows),
		.allowed = (uint16_t)(GEN_ALL - settings->denied),
		.sctp = settings->sctp,
		.echoes = settings->echoes,
		.least_frame = least_frame(settings),
	};
	struct weir_error error = { "" };

	return tell(settings,
		    traffic_draw(work->input.cluster, work->resolved, &options, out, &error),
		    &error);
}

static enum exit_code read_trace(const struct measure_settings *settings,
				 const struct measure_work *work, struct traffic **out)
{
	const struct traffic_options options = { .least_frame = 0 };
	struct trace_input input = { .capture = NULL };
	struct weir_error error = { "" };
	struct invocation invocation = *settings->invocation;
	enum exit_code code;
	int status;

	/* "ports", and what is EAL's, are no filter. */
	invocation.operand_count = 0;
	code = trace_input_open(&input, &invocation);
	if (code == EXIT_CLEAN) {
		status = traffic_read(input.capture, work->input.cluster, work->resolved,
				      work->input.policy, &options, out, &error);
		code = tell(settings, status, &error);
		/* Part of a trace is another trace. */
		if (!status && weir_capture_damaged(input.capture)) {
			traffic_destroy(*out);
			code = EXIT_DAMAGED;
		}
	}
	trace_input_finish(&input);
	return code;
}

enum exit_code measure_traffic_make(const struct measure_settings *settings,
				    const struct measure_work *work, uint32_t flows,
				    struct traffic **out)
{
	return settings->has_trace ? read_trace(settings, work, out)
				   : draw(settings, work, flows, out);
}
