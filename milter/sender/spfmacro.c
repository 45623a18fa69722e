#include <config.h>

#include "sender/spfmacro.h"

#include "resolver/dnsname.h"
#include "sender/spfrecord.h"

#include <string.h>

/* No name is so long: a record of 64 KiB of macros must not
 * become megabytes. */
#define EXPANDED_MAX 16384

/* One %{...}, taken apart. */
struct macro {
	char letter;
	unsigned keep;			/* right parts; 0: all */
	bool is_reversed, is_escaped;
	struct span delimiters;
	size_t len;
};

static struct macro macro_read(struct span text)
{
	struct macro macro = { .letter = g_ascii_tolower(text.ptr[2]) };
	size_t at = 3, from;

	macro.is_escaped = g_ascii_isupper(text.ptr[2]);
	for (; g_ascii_isdigit(text.ptr[at]); at++)
		macro.keep = MIN(macro.keep * 10 +
				 (unsigned)(text.ptr[at] - '0'), 1000);
	if (text.ptr[at] == 'r' || text.ptr[at] == 'R') {
		macro.is_reversed = true;
		at++;
	}
	for (from = at; text.ptr[at] != '}'; at++)
		;
	macro.delimiters = span_of(text.ptr + from, at - from);
	macro.len = at + 1;
	return macro;
}

/* Dotted; IPv6 by nibbles (7.3). */
static const char *dotted_client(const struct netaddr *addr,
				 struct arena *arena)
{
	char text[80], *at = text;

	if (addr->family == NETADDR_IP4)
		return arena_printf(arena, "%u.%u.%u.%u", addr->bytes[12],
				    addr->bytes[13], addr->bytes[14],
				    addr->bytes[15]);
	for (int i = 0; i < 16; i++) {
		*at++ = "0123456789ABCDEF"[addr->bytes[i] >> 4];
		*at++ = '.';
		*at++ = "0123456789ABCDEF"[addr->bytes[i] & 15];
		*at++ = '.';
	}
	at[-1] = '\0';
	return arena_text(arena, text);
}

static const char *value_of(char letter, const struct spf_macros *macros,
			    struct arena *arena)
{
	char text[NETADDR_TEXT_MAX];

	switch (letter) {
	case 's':
		return arena_printf(arena, "%.*s@%s", (int)macros->local.len,
				    macros->local.ptr, macros->sender_domain);
	case 'l':
		return arena_span_text(arena, macros->local);
	case 'o':
		return macros->sender_domain;
	case 'd':
		return macros->domain;
	case 'i':
		return dotted_client(&macros->client, arena);
	case 'p':
		return macros->validated_name ? macros->validated_name :
						"unknown";
	case 'v':
		return macros->client.family == NETADDR_IP4 ? "in-addr" :
							      "ip6";
	case 'h':
		return macros->helo;
	case 'c':
		return arena_text(arena, netaddr_format(&macros->client,
							text));
	case 'r':
		return macros->receiver;
	default:
		return arena_printf(arena, "%" G_GINT64_FORMAT,
				    macros->now_s);
	}
}

/* Splits at the delimiters, turns round, keeps the right ones,
 * joins by dots. */
static char *transform(const char *value, const struct macro *macro)
{
	g_autofree char *set = macro->delimiters.len ?
		g_strndup(macro->delimiters.ptr, macro->delimiters.len) :
		g_strdup(".");
	g_auto(GStrv) parts = g_strsplit_set(value, set, -1);
	guint count = g_strv_length(parts);

	if (macro->is_reversed)
		for (guint i = 0; i < count / 2; i++) {
			char *other = parts[count - 1 - i];

			parts[count - 1 - i] = parts[i];
			parts[i] = other;
		}
	return g_strjoinv(".", macro->keep && macro->keep < count ?
			  parts + (count - macro->keep) : parts);
}

static void append(GString *out, const struct macro *macro,
		   const struct spf_macros *macros, struct arena *arena)
{
	g_autofree char *value = transform(
		value_of(macro->letter, macros, arena), macro);

	if (macro->is_escaped) {
		g_autofree char *escaped = g_uri_escape_string(value, NULL,
							       FALSE);
		g_string_append(out, escaped);
	} else {
		g_string_append(out, value);
	}
}

static GString *expand(struct span text, const struct spf_macros *macros,
		       struct arena *arena)
{
	GString *out = g_string_new(NULL);

	while (text.len && out->len < EXPANDED_MAX) {
		size_t step = 1;

		if (text.ptr[0] != '%') {
			g_string_append_c(out, text.ptr[0]);
		} else if (text.ptr[1] == '{') {
			struct macro macro = macro_read(text);

			append(out, &macro, macros, arena);
			step = macro.len;
		} else {
			g_string_append(out, text.ptr[1] == '%' ? "%" :
					text.ptr[1] == '_' ? " " : "%20");
			step = 2;
		}
		text = span_from(text, step);
	}
	return out;
}

bool spfmacro_needs_name(struct span text)
{
	for (size_t i = 0; i + 2 < text.len; i++)
		if (text.ptr[i] == '%' && text.ptr[i + 1] == '{' &&
		    g_ascii_tolower(text.ptr[i + 2]) == 'p')
			return true;
	return false;
}

const char *spfmacro_domain(struct span text, const struct spf_macros *macros,
			    struct arena *arena)
{
	g_autoptr(GString) out = expand(text, macros, arena);
	const char *name = out->str, *dot;

	if (out->len && out->str[out->len - 1] == '.')
		g_string_truncate(out, out->len - 1);
	while (strlen(name) > DNSNAME_MAX && (dot = strchr(name, '.')))
		name = dot + 1;
	return arena_text(arena, name);
}

const char *spfmacro_explanation(struct span text,
				 const struct spf_macros *macros,
				 struct arena *arena)
{
	if (!spfrecord_is_macro_string(text))
		return NULL;
	g_autoptr(GString) out = expand(text, macros, arena);

	return arena_text(arena, out->str);
}
