#include <config.h>

#include "store/listkey.h"

#include "message/mailaddr.h"
#include "store/storeerror.h"

#include <string.h>

struct span listkey_span(const struct listkey *key)
{
	return span_of((const char *)key->bytes, key->len);
}

struct listkey listkey_begin(unsigned which, unsigned kind)
{
	struct listkey key = { .len = 2 };

	key.bytes[0] = (uint8_t)which;
	key.bytes[1] = (uint8_t)kind;
	return key;
}

static void key_add(struct listkey *key, const void *bytes, size_t len)
{
	BUG_IF(len > sizeof key->bytes - key->len);
	memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

struct listkey listkey_of_text(enum list_which which, enum list_kind kind,
			       struct span value)
{
	struct listkey key = listkey_begin(which, kind);

	for (size_t i = 0; i < MIN(value.len, LIST_VALUE_MAX); i++)
		key.bytes[key.len++] = (uint8_t)g_ascii_tolower(value.ptr[i]);
	return key;
}

struct listkey listkey_of_address(enum list_which which,
				  const struct netaddr *addr)
{
	struct listkey key = listkey_begin(which, LIST_ADDRESS);

	key_add(&key, addr->bytes, sizeof addr->bytes);
	return key;
}

struct listkey listkey_of_network(enum list_which which,
				  const struct network *net)
{
	struct listkey key = listkey_begin(which, LIST_NETWORK);

	/* Longest first: what is found first is the closest. */
	key.bytes[key.len++] = (uint8_t)(128 - net->bits);
	key_add(&key, net->base.bytes, sizeof net->base.bytes);
	return key;
}

static bool refuse(GError **error, struct span value, const char *what)
{
	store_error_set_text(error, STORE_ERROR_INVALID, "\"%.*s\" %s",
			     (int)MIN(value.len, 100), value.ptr, what);
	return false;
}

static bool make_address(enum list_which which, struct span value,
			 struct arena *arena, struct listkey *key_out,
			 const char **form_out, GError **error)
{
	struct netaddr addr;
	char text[NETADDR_TEXT_MAX];

	if (!netaddr_parse(value, &addr))
		return refuse(error, value, "is no IP address");
	*key_out = listkey_of_address(which, &addr);
	*form_out = arena_text(arena, netaddr_format(&addr, text));
	return true;
}

static bool make_network(enum list_which which, struct span value,
			 struct arena *arena, struct listkey *key_out,
			 const char **form_out, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct network net;
	char text[NETADDR_TEXT_MAX];

	if (!network_parse(value, &net, &why)) {
		store_error_set_text(error, STORE_ERROR_INVALID, "%s",
				     why->message);
		return false;
	}
	*key_out = listkey_of_network(which, &net);
	*form_out = arena_text(arena, network_format(&net, text));
	return true;
}

/* Of a domain, with the dot in front that means its subdomains. */
static const char *domain_form(struct span value, struct arena *arena)
{
	bool is_below = value.len && value.ptr[0] == '.';
	const char *ascii = mailaddr_domain_ascii(
		is_below ? span_from(value, 1) : value, arena);

	return ascii ? arena_printf(arena, "%s%s", is_below ? "." : "",
				    ascii) : NULL;
}

static bool make_text(enum list_which which, enum list_kind kind,
		      struct span value, struct arena *arena,
		      struct listkey *key_out, const char **form_out,
		      GError **error)
{
	const char *form = arena_span_text(arena, value);

	if (kind == LIST_DOMAIN) {
		form = domain_form(value, arena);
		if (!form)
			return refuse(error, value, "is no domain; write "
				      "example.org or .example.org");
	} else if (kind == LIST_SENDER) {
		struct mailaddr addr = mailaddr_parse(value, arena);

		if (addr.is_null || !*addr.domain_ascii ||
		    (addr.flaws & MAILADDR_FLAW_SYNTAX))
			return refuse(error, value, "is no address; write "
				      "user@example.org");
		form = mailaddr_format(&addr, arena);
	}
	if (!*form || strlen(form) > LIST_VALUE_MAX)
		return refuse(error, value, "is empty or too long");
	*key_out = listkey_of_text(which, kind, span_text(form));
	*form_out = form;
	return true;
}

bool listkey_make(enum list_which which, enum list_kind kind,
		  struct span value, struct arena *arena,
		  struct listkey *key_out, const char **form_out,
		  GError **error)
{
	if (kind == LIST_ADDRESS)
		return make_address(which, value, arena, key_out, form_out,
				    error);
	if (kind == LIST_NETWORK)
		return make_network(which, value, arena, key_out, form_out,
				    error);
	return make_text(which, kind, value, arena, key_out, form_out, error);
}
