#include <config.h>

#include "report/dmarctargets.h"

#include "unit/store/sample.h"

#include <inttypes.h>

#define POLICY "_dmarc.d.example"
#define GRANT "d.example._report._dmarc.other.example"
#define RUA "v=DMARC1; p=none; rua="

/* Names and the records there; "!" is SERVFAIL. */
struct zone {
	const char *name, *text, *second;
};

static const struct {
	struct zone zone[3];
	const char *want;		/* "later", or the addresses */
	const char *why;		/* something of it */
} cases[] = {
	{ { { POLICY, RUA "mailto:a@d.example!10k", NULL } },
	  "a@d.example 10240 ", "" },
	{ { { POLICY, RUA "mailto:a@mail.d.example", NULL } },
	  "a@mail.d.example 0 ", "" },
	{ { { POLICY, RUA "mailto:a@d.example, mailto:a@d.example", NULL } },
	  "a@d.example 0 ", "" },
	{ { { POLICY, "v=DMARC1; p=none", NULL } }, "", "no reports any more" },
	{ { { POLICY, NULL, NULL } }, "", "no policy any more" },
	{ { { POLICY, RUA "mailto:a@d.example", "v=DMARC1; p=none" } }, "",
	  "several policies" },
	{ { { POLICY, "something else", RUA "mailto:a@d.example" } },
	  "a@d.example 0 ", "" },
	{ { { POLICY, "!", NULL } }, "later", "SERVFAIL" },
	{ { { POLICY, RUA "mailto:a@other.example", NULL } }, "",
	  "a@other.example: it wants no reports of others" },
	{ { { POLICY, RUA "mailto:a@other.example", NULL },
	    { GRANT, "v=DMARC1", NULL } }, "a@other.example 0 ", "" },
	{ { { POLICY, RUA "mailto:a@other.example", NULL },
	    { GRANT, "v=DMARC1;", "whatever" } }, "a@other.example 0 ", "" },
	{ { { POLICY, RUA "mailto:a@other.example", NULL },
	    { GRANT, "v=spf1", NULL } }, "", "no reports of others" },
	{ { { POLICY, RUA "mailto:a@other.example,mailto:b@d.example", NULL },
	    { GRANT, "!", NULL } }, "later", "SERVFAIL" },
	{ { { POLICY, RUA "mailto:a@other.example!1k", NULL },
	    { GRANT, "v=DMARC1; rua=mailto:b@other.example!2k", NULL } },
	  "b@other.example 2048 ", "" },
	{ { { POLICY, RUA "mailto:a@other.example", NULL },
	    { GRANT, "v=DMARC1; rua=mailto:b@d.example", NULL } }, "",
	  "elsewhere" },
	{ { { POLICY, RUA "mailto:1@d.example,mailto:2@d.example,"
	      "mailto:3@d.example", NULL } },
	  "1@d.example 0 2@d.example 0 ", "3@d.example: past" },
	{ { { POLICY, RUA "https://d.example/,mailto:1@d.example", NULL } },
	  "1@d.example 0 ", "of no use" },
};

struct asker {
	const struct zone *zone;
	GPtrArray *given;
};

static const struct dnsanswer *ask(void *context, const char *name)
{
	struct asker *asker = context;
	const char *texts[2] = { NULL, NULL };
	struct span records[2];
	struct dnsanswer *answer;
	size_t count = 0;

	for (size_t i = 0; i < 3 && asker->zone[i].name; i++)
		if (strcmp(asker->zone[i].name, name) == 0) {
			texts[0] = asker->zone[i].text;
			texts[1] = asker->zone[i].second;
		}
	if (texts[0] && strcmp(texts[0], "!") == 0)
		return dnsanswer_of(DNS_SERVFAIL);
	for (; count < 2 && texts[count]; count++) {
		char *wire = g_strdup_printf("%c%s", (char)strlen(
			texts[count]), texts[count]);

		g_ptr_array_add(asker->given, wire);
		records[count] = span_text(wire);
	}
	if (!count)
		return dnsanswer_of(DNS_NXDOMAIN);
	answer = dnsanswer_new(DNS_FOUND, 60, records, count);
	g_ptr_array_add(asker->given, answer);
	return answer;
}

static void look_at(const struct settings *settings, size_t i)
{
	struct asker asker = {
		cases[i].zone, g_ptr_array_new_with_free_func(g_free),
	};
	GString *got = g_string_new(NULL);
	struct dmarctargets targets;
	struct arena arena;

	arena_init(&arena);
	targets = dmarctargets_find(settings, "d.example", ask, &asker,
				    &arena);
	for (guint n = 0; n < targets.found->len; n++) {
		const struct dmarctarget *one = &g_array_index(
			targets.found, struct dmarctarget, n);

		g_string_append_printf(got, "%s %" PRIu64 " ", one->address,
				       one->most_bytes);
	}
	if (!targets.is_settled)
		g_string_assign(got, "later");
	if (strcmp(got->str, cases[i].want) != 0 ||
	    !strstr(targets.why->str, cases[i].why))
		fail_msg("%zu: %s (%s), not %s (%s)", i, got->str,
			 targets.why->str, cases[i].want, cases[i].why);
	dmarctargets_release(&targets);
	g_string_free(got, TRUE);
	g_ptr_array_unref(asker.given);
	arena_release(&arena);
}

static void asks_who_wants_them(void **unused)
{
	struct sample sample;

	(void)unused;
	sample_begin(&sample, "dmarc_reports { destinations = 2 }");
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		look_at(sample.settings, i);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(asks_who_wants_them),
};

TAP_MAIN(tests)
