#include <config.h>

#include "cases/xarfcheck.h"

#include "base/netaddr.h"

void xarfcheck_refuse(struct xarfcheck *on, const char *field,
		      const char *what)
{
	if (!on->why)
		on->why = arena_printf(on->arena, "%s: %s %s", on->version,
				       field, what);
}

void xarfcheck_need(struct xarfcheck *on, const json_t *object,
		    const char *names)
{
	g_auto(GStrv) all = g_strsplit(names, " ", -1);

	for (char **name = all; *name; name++)
		if (**name && !json_object_get(object, *name))
			xarfcheck_refuse(on, *name, "is missing");
}

const char *xarfcheck_text(struct xarfcheck *on, const json_t *object,
			   const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return arena_text(on->arena, text ? text : "");
}

bool xarfcheck_is_pattern(const char *pattern, const char *text)
{
	return g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

bool xarfcheck_is_mail(const char *text)
{
	return xarfcheck_is_pattern("^[^@\\s]+@[^@\\s]+$", text);
}

bool xarfcheck_is_host(const char *text)
{
	return xarfcheck_is_pattern(
		"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
		"(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$", text);
}

bool xarfcheck_is_address(const char *text)
{
	struct netaddr addr;

	return netaddr_parse(span_text(text), &addr);
}

bool xarfcheck_is_time(const char *text)
{
	return xarfcheck_is_pattern(
		"^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?"
		"([Zz]|[+-]\\d\\d:\\d\\d)$", text);
}

struct span xarfcheck_payload(struct xarfcheck *on, const char *text,
			      bool is_base64)
{
	g_autofree guchar *bytes = NULL;
	gsize len = 0;

	if (!is_base64)
		return arena_span(on->arena, span_text(text));
	bytes = g_base64_decode(text, &len);
	return arena_span(on->arena, span_of((char *)bytes, len));
}
