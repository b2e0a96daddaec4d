/*
 * tell.h - what a reader has to say about a file.
 */
#ifndef WEIR_PCAP_TELL_H
#define WEIR_PCAP_TELL_H

#include "weir/error.h"

/* Reports to the sink, where it is one. */
__attribute__((format(printf, 4, 5))) void weir_tell(const struct weir_sink *sink,
						     enum weir_severity severity, const char *file,
						     const char *format, ...);

#endif
