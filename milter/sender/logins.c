#include <config.h>

#include "sender/logins.h"

#include <string.h>

#define FILE_MAX ((gsize)256 << 20)
#define ANYONE "*"

struct logins {
	GHashTable *accounts;	/* account -> GHashTable * of senders */
};

static GQuark logins_error(void)
{
	return g_quark_from_static_string("logins");
}

struct logins *logins_new(void)
{
	struct logins *logins = g_new0(struct logins, 1);

	logins->accounts = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free,
		(GDestroyNotify)g_hash_table_unref);
	return logins;
}

void logins_free(struct logins *logins)
{
	if (!logins)
		return;
	g_hash_table_unref(logins->accounts);
	g_free(logins);
}

bool logins_is_empty(const struct logins *logins)
{
	return g_hash_table_size(logins->accounts) == 0;
}

/* "*", "@example.org", "@.example.org", or an address with its domain in its
 * one form; NULL when it is none of these. Local parts are compared without
 * case: two accounts that differ in case alone are nobody's wish. */
static char *sender_form(struct span text, struct arena *arena)
{
	if (span_is(text, ANYONE))
		return g_strdup(ANYONE);
	if (text.len && text.ptr[0] == '@') {
		bool is_below = text.len > 1 && text.ptr[1] == '.';
		const char *domain = mailaddr_domain_ascii(
			span_from(text, is_below ? 2 : 1), arena);

		return domain ? g_strdup_printf("@%s%s", is_below ? "." : "",
						domain) : NULL;
	}
	struct mailaddr addr = mailaddr_parse(text, arena);

	if (addr.is_null || !*addr.domain_ascii)
		return NULL;
	const char *whole = mailaddr_format(&addr, arena);

	return g_utf8_validate(whole, -1, NULL) ? g_utf8_strdown(whole, -1) :
						  g_ascii_strdown(whole, -1);
}

static bool add_senders(GHashTable *senders, struct span list, GError **error)
{
	struct arena arena;
	bool is_good = true;

	arena_init(&arena);
	while (list.len && is_good) {
		ptrdiff_t comma = span_find(list, ',');
		struct span one = comma < 0 ? list :
				  span_first(list, (size_t)comma);
		char *form;

		list = span_from(list, one.len + 1);
		one = span_trim(one);
		if (!one.len)
			continue;
		form = sender_form(one, &arena);
		is_good = form != NULL;
		if (form)
			g_hash_table_add(senders, form);
		else
			g_set_error(error, logins_error(), 0,
				    "\"%.*s\" is no address, @domain or *",
				    (int)MIN(one.len, 80), one.ptr);
	}
	arena_release(&arena);
	return is_good;
}

bool logins_add(struct logins *logins, struct span line, GError **error)
{
	ptrdiff_t colon = span_find(line, ':');
	struct span account = span_trim(span_first(line, colon < 0 ? 0 :
						   (size_t)colon));
	g_autofree char *name = g_strndup(account.ptr, account.len);
	GHashTable *senders;

	if (!account.len) {
		g_set_error(error, logins_error(), 0,
			    "\"%.*s\" is not \"account: sender, sender\"",
			    (int)MIN(line.len, 80), line.ptr);
		return false;
	}
	senders = g_hash_table_lookup(logins->accounts, name);
	if (!senders) {
		senders = g_hash_table_new_full(g_str_hash, g_str_equal,
						g_free, NULL);
		g_hash_table_insert(logins->accounts, g_steal_pointer(&name),
				    senders);
	}
	return add_senders(senders, span_from(line, (size_t)colon + 1), error);
}

bool logins_add_file(struct logins *logins, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	struct span rest;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, error))
		return false;
	if (len > FILE_MAX) {
		g_set_error(error, logins_error(), 0,
			    "%s: more than %zu bytes", path, FILE_MAX);
		return false;
	}
	rest = span_of(text, len);
	for (unsigned number = 1; rest.len; number++) {
		ptrdiff_t end = span_find(rest, '\n');
		struct span line = end < 0 ? rest :
				   span_first(rest, (size_t)end);
		ptrdiff_t hash = span_find(line, '#');

		rest = span_from(rest, line.len + 1);
		line = span_trim(hash < 0 ? line :
				 span_first(line, (size_t)hash));
		if (line.len && !logins_add(logins, line, error)) {
			g_prefix_error(error, "%s:%u: ", path, number);
			return false;
		}
	}
	return true;
}

static bool has_sender(const GHashTable *table, const char *address,
		       const char *domain)
{
	/* GLib's look-ups do not take const, but change nothing. */
	GHashTable *senders = (GHashTable *)table;
	g_autofree char *whole = g_strconcat("@", domain, NULL);

	if (g_hash_table_contains(senders, ANYONE) ||
	    g_hash_table_contains(senders, address) ||
	    g_hash_table_contains(senders, whole))
		return true;
	for (const char *dot = strchr(domain, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		g_autofree char *below = g_strconcat("@", dot, NULL);

		if (g_hash_table_contains(senders, below))
			return true;
	}
	return false;
}

bool logins_may_send(const struct logins *logins, const char *account,
		     const struct mailaddr *sender)
{
	const GHashTable *senders = g_hash_table_lookup(logins->accounts,
							account);
	struct arena arena;
	g_autofree char *address = NULL, *self = NULL;
	bool may;

	if (!senders)
		senders = g_hash_table_lookup(logins->accounts, ANYONE);
	arena_init(&arena);
	address = sender_form(span_text(mailaddr_format(sender, &arena)),
			      &arena);
	self = sender_form(span_text(account), &arena);
	may = (address && self && g_str_equal(address, self)) ||
	      (senders && address &&
	       has_sender(senders, address, sender->domain_ascii));
	arena_release(&arena);
	return may;
}
