#include <config.h>

#include "cases/complaintkind.h"

#include <string.h>

/* A category of XARF alone stands for what of it is not listed before. */
static const struct { const char *type; enum case_kind kind; } types[] = {
	{ "abuse", CASE_KIND_SPAM },
	{ "auth-failure", CASE_KIND_NONE },
	{ "not-spam", CASE_KIND_NONE },
	{ "fraud", CASE_KIND_FORGED_SENDER },	/* "fraud or phishing" */
	{ "content/phishing", CASE_KIND_FORGED_SENDER },
	{ "content/fraud", CASE_KIND_FORGED_SENDER },
	{ "content/brand_infringement", CASE_KIND_FORGED_SENDER },
	{ "content/malware", CASE_KIND_VIRUS },
	{ "connection/infected_host", CASE_KIND_VIRUS },
	{ "content/csam", CASE_KIND_HARMFUL },
	{ "content/csem", CASE_KIND_HARMFUL },
	{ "content/remote_compromise", CASE_KIND_ATTACK },
	{ "connection", CASE_KIND_ATTACK },
	{ "infrastructure", CASE_KIND_ATTACK },
	{ "vulnerability", CASE_KIND_ATTACK },
};

static bool is_of(struct span type, const char *known)
{
	size_t len = strlen(known);

	return span_is_word(type, known) ||
	       (type.len > len && type.ptr[len] == '/' &&
		span_is_word(span_first(type, len), known));
}

enum case_kind complaintkind_of(const char *type)
{
	struct span text = span_text(type);
	enum case_kind ours = case_kind_parse(text);

	for (size_t i = 0; !ours && i < COUNT_OF(types); i++)
		if (is_of(text, types[i].type))
			return types[i].kind;
	return ours ? ours : CASE_KIND_SPAM;
}
