/*
 * The plain reader against libfyaml: the same text, damaged at random, must come out alike from
 * yaml_read and from its twin that never reads plainly, positions and errors included.
 *
 *	yaml-mutation [SEED [COUNT]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_show.h"
#include "yaml_tree.h"

enum {
	TEXT_MAX = 16 * 1024,
	PER_CENT_PLAIN = 15, /* of the texts, at least, must be of the plain reader's making */
};

static const char *const seeds[] = {
	"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    annotations:\n"
	"      note: some long text that goes\n        on in a second line\n\n        and a third\n"
	"      quoted: 'it''s folded\n        here'\n      escaped: \"a\\tb \\\"c\\\" \\u00e9\"\n"
	"      joined: \"one \\\n        two\\n\n        three\"\n"
	"      last: |\n        {\"a\": 1}\n\n          deeper\n    labels:\n      app: web\n"
	"      tier: \"80\"\n      on: yes\n    name: web-0\n    ownerReferences:\n    - kind: X\n"
	"      name: y\n  spec:\n    containers:\n    - args: [\"-a\", b-c, 10, 'x y']\n"
	"      image: registry.example:5000/web:1.2.3\n      ports:\n      - containerPort: 8080\n"
	"        name: http\n    securityContext: {}\n    tolerations: []\n  status:\n"
	"    conditions:\n    - lastProbeTime: null\n      status: \"True\"\n    podIP: 10.0.0.1\n"
	"    podIPs:\n    - ip: 10.0.0.1\n    - ip: fd00::1\n- kind: Pod\n  metadata:\n"
	"    name: b\n  spec: {}\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
	"---\n# a policy\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy # trailing\n"
	"metadata:\n  name: p\nspec:\n  podSelector: {matchLabels: {app: web}}\n  ingress:\n"
	"    - from:\n        - ipBlock:\n            cidr: 10.0.0.0/8\n            except:\n"
	"              - 10.1.0.0/16\n        - - 1\n        -\n          podSelector: {}\n      "
	"ports:\n"
	"      - port: 0x50\n        endPort: 1_00\n      - port: -5\n  egress:\n"
	"---\n\na: b\n...\n---\nb: >\n  folded\n  text\nc: &x [1]\nd: *x\n",
	"{\"apiVersion\": \"v1\", \"items\": [\n\t{\"kind\": \"Pod\", \"metadata\": {\"name\": "
	"\"a\\u0041\\ud83d\\ude00\", \"n\": -1.5e3}},\r\n {\"kind\": \"Pod\", \"b\": [true, null, "
	"[], {}]}\n ],\n \"kind\": \"List\"\n}\n",
	"apiVersion: v1\nitems:\n- metadata:\n    name: a\n- metadata:\n    name: b\n"
	"kind: PodList\n",
	"kind: List\nitems:\n  - kind: A\n    x: |-\n      text\n\n    y: |+\n      text\n\n\n"
	"    z: 1\n  - kind: BList\n    items:\n    - p: ~\n    - - q\n      - r: 1\n        s: 2\n"
	"    - last: x\n",
};

static const char *const snippets[] = {
	" ",
	"  ",
	"\n",
	":",
	": ",
	"- ",
	"-",
	"#",
	" #",
	"\"",
	"'",
	"{",
	"}",
	"[",
	"]",
	",",
	"|",
	"|-",
	">",
	"&a ",
	"*a",
	"!!str ",
	"\t",
	"\r\n",
	"---\n",
	"...\n",
	"\\",
	"\\n",
	"~",
	"<<: ",
	"yes",
	"0o17",
	"1e3",
	"null",
	"a",
	"é",
	"? ",
	"%",
	"@",
	"`",
	"\\x41",
	"a: b",
	"\n\n",
	"items:\n",
	"0",
	"_",
	".",
	"=",
	"\"\n",
	"\n ",
	"kind: List\n",
	"- kind: X\n",
	"\\\n",
	"\xe2\x80\xa8",
	"\xc2\x85",
	"\xef\xbb\xbf",
	"\xc2\xa0",
	"''",
	"{}",
	"[]",
	"|2\n",
};

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)(random_next(state) >> 20) % limit : 0;
}

static size_t replace(char *text, size_t length, size_t at, size_t cut, const char *put,
		      size_t put_length)
{
	if (length - cut + put_length > TEXT_MAX)
		return length;
	memmove(text + at + put_length, text + at + cut, length - at - cut);
	memcpy(text + at, put, put_length);
	return length - cut + put_length;
}

/* The start of the line that at is in. */
static size_t line_of(const char *text, size_t at)
{
	while (at && text[at - 1] != '\n')
		at--;
	return at;
}

static size_t mutate(char *text, size_t length, uint64_t *state)
{
	size_t at = below(state, length + 1);
	size_t cut = below(state, 4);
	const char *snippet = snippets[below(state, sizeof(snippets) / sizeof(snippets[0]))];
	char copy[64];
	size_t line;

	if (cut > length - at)
		cut = length - at;
	switch (below(state, 6)) {
	case 0:
		return replace(text, length, at, 0, snippet, strlen(snippet));
	case 1:
		return replace(text, length, at, cut, "", 0);
	case 2:
		return replace(text, length, at, cut, snippet, strlen(snippet));
	case 3: /* indent a line */
		line = line_of(text, at);
		return replace(text, length, line, 0, "    ", 1 + below(state, 4));
	case 4: /* unindent it */
		line = line_of(text, at);
		cut = 0;
		while (cut < 2 && line + cut < length && text[line + cut] == ' ')
			cut++;
		return replace(text, length, line, cut, "", 0);
	default: /* copy a piece */
		line = below(state, length + 1);
		cut = below(state, sizeof(copy));
		if (cut > length - line)
			cut = length - line;
		memcpy(copy, text + line, cut);
		return replace(text, length, at, 0, copy, cut);
	}
}

static int ignore_object(void *context, const struct yaml_node *object, const char *list_kind,
			 const char *list_version)
{
	(void)context;
	(void)object;
	(void)list_kind;
	(void)list_version;
	return 0;
}

static void ignore_error(void *context, uint32_t line, uint32_t column, const char *text)
{
	(void)context;
	(void)line;
	(void)column;
	(void)text;
}

/* Whether the first document is plain to its end. */
static bool is_plain(const char *text, size_t length)
{
	const struct yaml_handler handler = { ignore_object, ignore_error, NULL };
	struct yaml_document document;
	const char *problem = NULL;
	uint32_t lines;
	size_t used = yaml_document_length(text, length, &lines);
	int status;

	yaml_bad_byte(text, used, &problem);
	if (problem)
		return false;
	yaml_document_init(&document, NULL, &handler);
	yaml_document_begin(&document, text, used, 1);
	status = yaml_read_plain(&document, &used, &lines);
	yaml_document_finish(&document);
	return status == YAML_READ;
}

/* JSON texts in a row are read by the plain reader only. */
static bool is_json_row(const struct shown *twin)
{
	return strstr(twin->told, "text behind the end of the document") != NULL;
}

/* The first error must be the same. Behind it either reader may see more: JSON in a row is one. */
static bool same_first_error(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return length == strcspn(b, "\n") && memcmp(a, b, length) == 0;
}

/* After an error nobody uses the objects, and libfyaml may see it an object earlier. */
static bool are_alike(const struct shown *a, int a_status, const struct shown *b, int b_status)
{
	if (a_status != b_status || !same_first_error(a->told, b->told))
		return false;
	return a_status || (a->length == b->length && !memcmp(a->text, b->text, a->length));
}

static bool compare(const char *text, size_t length)
{
	struct shown plain;
	struct shown twin;
	int plain_status = show_with(yaml_read, text, length, true, &plain);
	int twin_status = show_with(yaml_read_twin, text, length, true, &twin);
	bool same = are_alike(&plain, plain_status, &twin, twin_status) || is_json_row(&twin);

	if (!same)
		printf("# text:\n%.*s\n# plain reader, %d:\n%s%s\n# libfyaml, %d:\n%s%s\n",
		       (int)length, text, plain_status, plain.text, plain.told, twin_status,
		       twin.text, twin.told);
	shown_finish(&plain);
	shown_finish(&twin);
	return same;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 20000;
	unsigned plain = 0;
	uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	static char text[TEXT_MAX + 64];

	for (unsigned i = 0; i < count; i++) {
		const char *from = seeds[i % (sizeof(seeds) / sizeof(seeds[0]))];
		size_t length = strlen(from);

		memcpy(text, from, length);
		for (size_t n = below(&state, 4); n; n--)
			length = mutate(text, length, &state);
		if (!compare(text, length)) {
			printf("the readers differ: seed %llu, text %u\n", (unsigned long long)seed,
			       i);
			return 1;
		}
		plain += is_plain(text, length);
	}
	printf("%u texts alike, %u of them plain (seed %llu)\n", count, plain,
	       (unsigned long long)seed);
	return (uint64_t)plain * 100 < (uint64_t)count * PER_CENT_PLAIN;
}
