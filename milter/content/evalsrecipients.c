/* Functions about recipients, and about what bulk mailers leave in a header. */
#include <config.h>

#include "content/evals.h"

#include "message/headervalue.h"
#include "message/mailbox.h"
#include "message/orgdomain.h"

#include <stdlib.h>
#include <string.h>

#define COMPARED_MAX 256	/* recipients */
#define SIMILAR_MIN 5
#define SORTED_MIN 7
#define SIMILAR_BYTES 2		/* of their beginnings */

/* Addresses as they are written, but for one that stands behind itself. */
static void add_field(const struct eval_source *source, const char *name,
		      GPtrArray *out)
{
	const GArray *headers = source->header->tx->headers;
	struct arena *arena = source->header->arena;

	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);
		struct mailbox_list list = { 0 };

		if (span_is_word(header->name, name))
			list = headertext_boxes(source->header, header);
		for (size_t k = 0; k < list.count &&
		     out->len < COMPARED_MAX; k++) {
			const char *addr = mailaddr_format(&list.boxes[k].addr,
							   arena);
			const char *last = out->len ? g_ptr_array_index(
				out, out->len - 1) : "";

			if (g_ascii_strcasecmp(addr, last) != 0)
				g_ptr_array_add(out, (gpointer)addr);
		}
	}
}

static GPtrArray *recipients_of(const struct eval_source *source)
{
	GPtrArray *out = g_ptr_array_new();

	add_field(source, "To", out);
	add_field(source, "Cc", out);
	if (out->len < SIMILAR_MIN)
		add_field(source, "Bcc", out);
	return out;
}

static bool sorted_recipients(const struct eval_source *source,
			      char *const *arguments)
{
	g_autoptr(GPtrArray) all = recipients_of(source);

	(void)arguments;
	for (guint i = 1; i < all->len; i++)
		if (strcmp(g_ptr_array_index(all, i - 1),
			   g_ptr_array_index(all, i)) > 0)
			return false;
	return all->len >= SORTED_MIN;
}

static const char *host_of(const char *addr)
{
	const char *at = strchr(addr, '@');

	return at ? at + 1 : "";
}

/* The share of pairs that begin alike, by name and by host. */
static double likeness_of(const GPtrArray *all)
{
	unsigned hits = 0, pairs = 0;

	for (guint i = 0; i < all->len; i++) {
		const char *a = g_ptr_array_index(all, i);

		for (guint k = i + 1; k < all->len; k++) {
			const char *b = g_ptr_array_index(all, k);

			pairs++;
			hits += strncmp(a, b, SIMILAR_BYTES) == 0;
			hits += strncmp(host_of(a), host_of(b),
					SIMILAR_BYTES) == 0 &&
				strcmp(host_of(a), host_of(b)) != 0;
		}
	}
	return pairs ? (double)hits / pairs : 0;
}

static bool similar_recipients(const struct eval_source *source,
			       char *const *arguments)
{
	g_autoptr(GPtrArray) all = recipients_of(source);
	double likeness = all->len >= SIMILAR_MIN ? likeness_of(all) : 0;

	return (strcmp(arguments[0], "undef") == 0 ||
		likeness >= g_ascii_strtod(arguments[0], NULL)) &&
	       (strcmp(arguments[1], "undef") == 0 ||
		likeness < g_ascii_strtod(arguments[1], NULL));
}

/* "Bob, ...", "Re: bob", and the like for bob@example.org. */
static bool is_greeting(const char *subject, const char *user)
{
	g_autofree char *name = g_regex_escape_string(user, -1);
	g_autofree char *expression = g_strdup_printf(
		"^(?:(?:re|fw):\\s*(?:\\w+\\s+)?%s|(?-i:%s)\\s*[,:;!?-]"
		"(?:\\s.*)?|%s|,\\s*%s[,:;!?-])$", name, name, name, name);

	return g_regex_match_simple(expression, subject, G_REGEX_CASELESS |
				    G_REGEX_DOTALL | G_REGEX_RAW, 0);
}

static bool to_in_subject(const struct eval_source *source,
			  char *const *arguments)
{
	bool is_user = strcmp(arguments[0], "user") == 0;
	const char *to = evalsheader_field(source, "To", true);
	g_autofree char *part = is_user ? g_strndup(to, strcspn(to, "@")) :
					  g_strdup(to);
	g_autofree char *subject = g_strchomp(g_strdup(evalsheader_field(
		source, "Subject", false)));

	/* Most have it nowhere, and to compile takes long. */
	if (!*to || !strcasestr(subject, part))
		return false;
	if (is_user)
		return is_greeting(subject, part);
	g_autofree char *whole = g_regex_escape_string(part, -1);
	g_autofree char *expression = g_strdup_printf("\\b%s\\b", whole);

	return g_regex_match_simple(expression, subject, G_REGEX_CASELESS |
				    G_REGEX_RAW, 0);
}

/* Fields of a name with different values. */
static bool header_count_range(const struct eval_source *source,
			       char *const *arguments)
{
	const GArray *headers = source->header->tx->headers;
	g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash,
							g_str_equal);
	guint count;

	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, arguments[0]))
			g_hash_table_add(values, (gpointer)headervalue_decode(
				header, source->header->arena));
	}
	count = g_hash_table_size(values);
	return count >= (guint)atoi(arguments[1]) &&
	       count <= (guint)atoi(arguments[2]);
}

/* "%FIRST_NAME", which a bulk mailer should have filled in. */
static bool has_template(const char *text)
{
	for (; (text = strchr(text, '%')); text++)
		if (g_ascii_isupper(text[1]) &&
		    (g_ascii_isupper(text[2]) || text[2] == '_' ||
		     text[2] == '-'))
			return true;
	return false;
}

static bool unresolved_template(const struct eval_source *source,
				char *const *arguments)
{
	/* Where an encoding or a person may have written it. */
	static const char *const free_text[] = {
		"X-VMS-To", "X-UIDL", "X-Face", "To", "Cc", "From", "Subject",
		"References", "In-Reply-To", "Message-Id", "X-Message-Id",
		"Resent-Message-Id", "X-Original-Message-Id",
	};
	const GArray *headers = source->header->tx->headers;

	(void)arguments;
	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);
		bool is_free = false;

		for (size_t k = 0; k < COUNT_OF(free_text); k++)
			is_free |= span_is_word(header->name, free_text[k]);
		if (!is_free && has_template(headervalue_decode(
				header, source->header->arena)))
			return true;
	}
	return false;
}

/* "<ABCDEFGHIJKLMNOPQRSTUVWXYZAB.bob@example.org>" and From:
 * "Bob" <bob@...>. */
static bool ratware_name_id(const struct eval_source *source,
			    char *const *arguments)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *id = evalsheader_field(source, "MESSAGEID", false);
	const char *from = evalsheader_field(source, "From", false);

	(void)arguments;
	while ((id = strchr(id, '<'))) {
		size_t len = strspn(++id, letters);
		size_t tail = strcspn(id, ">");
		const char *quote = strchr(from, '"');

		if (len != 28 || id[len] != '.' || !id[tail] || !quote)
			continue;
		g_autofree char *addr = g_strndup(id + len, tail - len + 1);

		*addr = '<';
		for (quote = strchr(quote + 1, '"'); quote;
		     quote = strchr(quote + 1, '"'))
			if (g_str_has_prefix(quote + 1 + strspn(quote + 1,
								" \t"), addr))
				return true;
	}
	return false;
}

/* From <...example.org-bob@...> to <bob@example.org>: one of a list, each with
 * an address of its own to bounce to. */
static bool ratware_envelope_from(const struct eval_source *source,
				  char *const *arguments)
{
	const struct settings *settings = source->header->tx->settings;
	g_autofree char *to = g_ascii_strdown(
		evalsheader_field(source, "To", true), -1);
	g_autofree char *from = g_ascii_strdown(
		evalsheader_field(source, "EnvelopeFrom", true), -1);
	char *at = strchr(to, '@');
	const char *domain, *place, *dot;
	size_t len;

	(void)arguments;
	if (!at || at == to || !*from || g_str_has_prefix(from, "srs0") ||
	    g_str_has_prefix(from, "srs1"))
		return false;
	*at = '\0';
	domain = orgdomain_of(settings, at + 1);
	dot = domain ? strrchr(domain, '.') : NULL;
	if (!dot || !orgdomain_is_known(settings, dot + 1))
		return false;
	g_autofree char *tail = g_strconcat(to, "@", NULL);

	len = strlen(domain);
	for (place = from; (place = strstr(place, domain)); place++)
		if ((place == from || !g_ascii_isalnum(place[-1])) &&
		    place[len] && g_str_has_prefix(place + len + 1, tail))
			return true;
	return false;
}

const struct eval_row evalsrecipients_rows[] = {
	{ "sorted_recipients", sorted_recipients, 0, 0, NULL },
	{ "similar_recipients", similar_recipients, 2, 2, NULL },
	{ "check_for_to_in_subject", to_in_subject, 1, 1,
	  (const char *const[]){ "user", "address", NULL } },
	{ "check_header_count_range", header_count_range, 3, 3, NULL },
	{ "check_unresolved_template", unresolved_template, 0, 0, NULL },
	{ "check_ratware_name_id", ratware_name_id, 0, 0, NULL },
	{ "check_ratware_envelope_from", ratware_envelope_from, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
