#include <config.h>

#include "message/uritext.h"

#include <stdlib.h>
#include <string.h>

bool uritext_has_word(const char *at, const char *word)
{
	return g_ascii_strncasecmp(at, word, strlen(word)) == 0;
}

size_t uritext_web_scheme(const char *at)
{
	return uritext_has_word(at, "http:") ? 5 :
	       uritext_has_word(at, "https:") ? 6 : 0;
}

static int hex_value(const char *at)
{
	return g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1]) ?
	       g_ascii_xdigit_value(at[0]) * 16 + g_ascii_xdigit_value(at[1]) :
	       -1;
}

/* Escapes that need not be. */
static void undo_escapes(GString *uri)
{
	size_t to = 0;

	for (size_t i = 0; i < uri->len; i++) {
		int value = uri->str[i] == '%' ? hex_value(uri->str + i + 1) :
						 -1;
		bool is_plain = value > 0x20 && value < 0x7f;

		uri->str[to++] = is_plain ? (char)value : uri->str[i];
		i += is_plain ? 2 : 0;
	}
	g_string_truncate(uri, to);
}

/* &#46; and &#x2e; */
static void undo_entities(GString *uri)
{
	char *at = uri->str;

	while ((at = strstr(at, "&#"))) {
		bool is_hex = at[2] == 'x' || at[2] == 'X';
		char *end;
		unsigned long value = strtoul(at + 2 + is_hex, &end,
					      is_hex ? 16 : 10);
		gssize place = at - uri->str;

		if (*end == ';' && value > 0x20 && value < 0x7f) {
			uri->str[place] = (char)value;
			g_string_erase(uri, place + 1, end - at);
		}
		at = uri->str + place + 1;
	}
}

void uritext_straighten(GString *uri)
{
	size_t scheme, slashes = 0, host;

	for (size_t i = 0; i < uri->len; i++)
		if (uri->str[i] == '\\')
			uri->str[i] = '/';
	scheme = uritext_web_scheme(uri->str);
	if (scheme) {
		while (slashes < 2 && uri->str[scheme + slashes] == '/')
			slashes++;
		g_string_erase(uri, (gssize)scheme, (gssize)slashes);
		g_string_insert(uri, (gssize)scheme, "//");
	}
	undo_escapes(uri);
	undo_entities(uri);
	for (host = 0; g_ascii_isalnum(uri->str[host]) ||
	     uri->str[host] == '-' || uri->str[host] == '_';)
		host++;
	if (!host || uri->str[host] != ':')
		g_string_prepend(uri, g_str_has_prefix(uri->str, "ftp.") ?
				 "ftp://" : "http://");
	scheme = uritext_web_scheme(uri->str);
	if (scheme) {
		host = scheme + 2 + strcspn(uri->str + scheme + 2, "/?#");
		if (uri->str[host] == '?' || uri->str[host] == '#')
			g_string_insert_c(uri, (gssize)host, '/');
	}
}
