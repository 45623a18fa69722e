#include <config.h>

#include "cases/xarffield.h"

#include <string.h>

static const char *const wrong[] = {
	[XARFFIELD_TEXT] = "is no text",
	[XARFFIELD_LONG_TEXT] = "is no text of three letters",
	[XARFFIELD_MAIL] = "is no mail address",
	[XARFFIELD_HOST] = "is no host's name",
	[XARFFIELD_URL] = "is no URL",
	[XARFFIELD_ADDRESS] = "is no IP address",
	[XARFFIELD_TIME] = "is no time of RFC 3339",
	[XARFFIELD_YES_NO] = "is neither true nor false",
	[XARFFIELD_NUMBER] = "is no whole number",
	[XARFFIELD_SIZE] = "is no size",
	[XARFFIELD_PORT] = "is no port",
	[XARFFIELD_PORTS] = "is neither a port nor a list of them",
	[XARFFIELD_AS_NUMBER] = "is no AS number",
	[XARFFIELD_CVE] = "is no CVE number",
	[XARFFIELD_WORD] = "is none of the words that it may be",
};

static bool is_between(const json_t *value, json_int_t least, json_int_t most)
{
	return json_is_integer(value) && json_integer_value(value) >= least &&
	       json_integer_value(value) <= most;
}

static bool is_port(const json_t *value)
{
	return is_between(value, 0, 65535);
}

static bool are_ports(const json_t *value)
{
	if (!json_is_array(value))
		return is_port(value);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!is_port(json_array_get(value, i)))
			return false;
	return true;
}

static bool is_word(const char *text, const char *words)
{
	g_autofree char *apart = g_strdup_printf(" %s ", text);

	return *text && !strchr(text, ' ') && strstr(words, apart);
}

static bool fits_text(const struct xarffield *field, const char *text)
{
	if (!text)
		return false;
	switch (field->form) {
	case XARFFIELD_LONG_TEXT:
		return g_utf8_strlen(text, -1) >= 3;
	case XARFFIELD_MAIL:
		return xarfcheck_is_mail(text);
	case XARFFIELD_HOST:
		return xarfcheck_is_host(text);
	case XARFFIELD_URL:
		return xarfcheck_is_pattern("^[A-Za-z][A-Za-z0-9+.-]*:\\S+$",
					    text);
	case XARFFIELD_ADDRESS:
		return xarfcheck_is_address(text);
	case XARFFIELD_TIME:
		return xarfcheck_is_time(text);
	case XARFFIELD_CVE:
		return xarfcheck_is_pattern("^CVE-\\d{4}-\\d{4,7}$", text);
	case XARFFIELD_WORD:
		return is_word(text, field->words);
	default:
		return true;
	}
}

static bool fits(const struct xarffield *field, const json_t *value)
{
	switch (field->form) {
	case XARFFIELD_YES_NO:
		return json_is_boolean(value);
	case XARFFIELD_NUMBER:
		return json_is_integer(value);
	case XARFFIELD_SIZE:
		return is_between(value, 0, INT64_MAX);
	case XARFFIELD_PORT:
		return is_port(value);
	case XARFFIELD_PORTS:
		return are_ports(value);
	case XARFFIELD_AS_NUMBER:
		return is_between(value, 1, 4199999999);
	default:
		return fits_text(field, json_string_value(value));
	}
}

void xarffield_check(struct xarfcheck *on, const json_t *object,
		     const struct xarffield *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, fields[i].name);

		if (value && !fits(&fields[i], value))
			xarfcheck_refuse(on, fields[i].name,
					 wrong[fields[i].form]);
	}
}
