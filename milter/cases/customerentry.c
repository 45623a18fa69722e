#include <config.h>

#include "cases/customerentry.h"

#include "message/mailaddr.h"
#include "store/storeerror.h"

#include <string.h>

#define SHOWN_MAX 100			/* bytes of a value, in errors */

/* What is wrong with a value is told in *what_out. */
typedef const char *form_fn(const char *text, struct arena *arena,
			    const char **what_out);

static bool is_of(const char *text, const char *others)
{
	for (; *text; text++)
		if (!g_ascii_isalnum(*text) && !strchr(others, *text))
			return false;
	return true;
}

static const char *id_form(const char *text, struct arena *arena,
			   const char **what_out)
{
	*what_out = "is no id: letters, digits, \".\", \"_\" and \"-\", a "
		    "letter or digit in front";
	return g_ascii_isalnum(*text) && is_of(text, "._-") ?
	       arena_text(arena, text) : NULL;
}

static const char *language_form(const char *text, struct arena *arena,
				 const char **what_out)
{
	*what_out = "is no language; write en, zh or pt-BR";
	return !*text || (g_ascii_isalpha(*text) && strlen(text) > 1 &&
			  is_of(text, "-")) ? arena_text(arena, text) : NULL;
}

static bool has_controls(const char *text, const char *allowed)
{
	for (const char *at = text; *at; at = g_utf8_next_char(at))
		if (g_unichar_iscntrl(g_utf8_get_char(at)) &&
		    !strchr(allowed, *at))
			return true;
	return false;
}

static const char *plain_form(const char *text, struct arena *arena,
			      const char **what_out)
{
	*what_out = "is not UTF-8, or has control characters";
	return g_utf8_validate(text, -1, NULL) && !has_controls(text, "") ?
	       arena_text(arena, text) : NULL;
}

static const char *notes_form(const char *text, struct arena *arena,
			      const char **what_out)
{
	*what_out = "is not UTF-8, or has control characters";
	return g_utf8_validate(text, -1, NULL) &&
	       !has_controls(text, "\n\r\t") ? arena_text(arena, text) : NULL;
}

static const char *contact_form(const char *text, struct arena *arena,
				const char **what_out)
{
	struct mailaddr addr = mailaddr_parse(span_text(text), arena);

	*what_out = "is no mail address; write user@example.org";
	/* One that begins so could be taken for an option of sendmail(1). */
	if (*text == '-' || *text == '<' || addr.is_null ||
	    !*addr.domain_ascii || addr.is_literal ||
	    (addr.flaws & ~(unsigned)MAILADDR_FLAW_8BIT))
		return NULL;
	return mailaddr_format(&addr, arena);
}

static const char *network_form(const char *text, struct arena *arena,
				const char **what_out)
{
	g_autoptr(GError) why = NULL;
	char buffer[NETADDR_TEXT_MAX];
	struct network net;

	if (network_parse(span_text(text), &net, &why))
		return arena_text(arena, network_format(&net, buffer));
	*what_out = arena_printf(arena, "(%s)", why->message);
	return NULL;
}

static const char *account_form(const char *text, struct arena *arena,
				const char **what_out)
{
	*what_out = "is no account: UTF-8 without blanks or control "
		    "characters, @example.org for all that end so";
	if (g_str_equal(text, "@") || !g_utf8_validate(text, -1, NULL) ||
	    has_controls(text, "") || strpbrk(text, " ,;"))
		return NULL;
	return arena_text(arena, text);
}

static const char *domain_form(const char *text, struct arena *arena,
			       const char **what_out)
{
	bool is_below = *text == '.';
	const char *ascii = mailaddr_domain_ascii(span_text(text + is_below),
						  arena);

	*what_out = "is no domain; write example.org, or .example.org for all "
		    "below it";
	return ascii && *ascii ? arena_printf(arena, "%s%s",
					      is_below ? "." : "", ascii) :
				 NULL;
}

static const struct {
	const char *word;
	bool is_list;
	size_t at;
	size_t most;			/* bytes of a value */
	form_fn *form;
} fields[] = {
#define FIELD(member) offsetof(struct customer_entry, member)
	[CUSTOMER_FIELD_ID] = { "id", false, FIELD(id), CUSTOMER_ID_MAX,
				id_form },
	[CUSTOMER_FIELD_NAME] = { "name", false, FIELD(name), 300,
				  plain_form },
	[CUSTOMER_FIELD_CONTACTS] = { "contacts", true, FIELD(contacts), 254,
				      contact_form },
	[CUSTOMER_FIELD_LANGUAGE] = { "language", false, FIELD(language), 35,
				      language_form },
	[CUSTOMER_FIELD_NETWORKS] = { "networks", true, FIELD(networks), 60,
				      network_form },
	[CUSTOMER_FIELD_ACCOUNTS] = { "accounts", true, FIELD(accounts),
				      CUSTOMER_ACCOUNT_MAX, account_form },
	[CUSTOMER_FIELD_DOMAINS] = { "domains", true, FIELD(domains), 254,
				     domain_form },
	[CUSTOMER_FIELD_NOTES] = { "notes", false, FIELD(notes), 10000,
				   notes_form },
#undef FIELD
};

static const char *const nothing[] = { NULL };

void customerentry_init(struct customer_entry *entry)
{
	*entry = (struct customer_entry){
		.id = "", .name = "", .language = "", .notes = "",
		.contacts = nothing, .networks = nothing,
		.accounts = nothing, .domains = nothing, .where = "",
	};
}

const char *customerentry_word(enum customer_field field)
{
	return fields[field].word;
}

bool customerentry_find_field(struct span word, enum customer_field *field_out)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (span_is_word(word, fields[i].word)) {
			*field_out = (enum customer_field)i;
			return true;
		}
	return false;
}

bool customerentry_is_list(enum customer_field field)
{
	return fields[field].is_list;
}

const char *customerentry_text(const struct customer_entry *entry,
			       enum customer_field field)
{
	BUG_IF(fields[field].is_list);
	return *(const char *const *)((const char *)entry + fields[field].at);
}

const char *const *customerentry_list(const struct customer_entry *entry,
				      enum customer_field field)
{
	BUG_IF(!fields[field].is_list);
	return *(const char *const *const *)((const char *)entry +
					     fields[field].at);
}

/* The value may have bytes that would steer a terminal. */
static const char *refuse(enum customer_field field, const char *text,
			  const char *what, GError **error)
{
	g_autofree char *shown = g_strndup(text, SHOWN_MAX);

	for (char *c = shown; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '?';
	store_error_set_text(error, STORE_ERROR_INVALID, "%s: \"%s\" %s",
			     fields[field].word, shown, what);
	return NULL;
}

const char *customerentry_value(enum customer_field field, const char *text,
				struct arena *arena, GError **error)
{
	const char *what = "", *form;

	if (strlen(text) > fields[field].most)
		return refuse(field, text, arena_printf(arena,
			      "... is longer than %zu bytes",
			      fields[field].most), error);
	form = fields[field].form(text, arena, &what);
	return form ? form : refuse(field, text, what, error);
}

static bool set_text(struct customer_entry *entry, enum customer_field field,
		     const char *text, struct arena *arena, GError **error)
{
	const char *form = customerentry_value(field, text, arena, error);

	if (form)
		*(const char **)((char *)entry + fields[field].at) = form;
	return form != NULL;
}

bool customerentry_set_list(struct customer_entry *entry,
			    enum customer_field field,
			    const char *const *values, struct arena *arena,
			    GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	size_t count = g_strv_length((char **)values), kept = 0;
	const char **list;

	BUG_IF(!fields[field].is_list);
	if (count > CUSTOMER_LIST_MAX)
		return refuse(field, values[0], "and others are more than "
			      G_STRINGIFY(CUSTOMER_LIST_MAX), error);
	list = arena_new_n(arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		const char *form = customerentry_value(field, values[i],
						       arena, error);

		if (!form)
			return false;
		if (g_hash_table_add(seen, (void *)form))
			list[kept++] = form;
	}
	*(const char *const **)((char *)entry + fields[field].at) = list;
	return true;
}

static bool set_words(struct customer_entry *entry, enum customer_field field,
		      const char *text, struct arena *arena, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n,;", -1);
	size_t kept = 0;

	for (size_t i = 0; words[i]; i++)
		if (*words[i])
			words[kept++] = words[i];
		else
			g_free(words[i]);
	words[kept] = NULL;
	return customerentry_set_list(entry, field,
				      (const char *const *)words, arena,
				      error);
}

bool customerentry_set(struct customer_entry *entry, enum customer_field field,
		       const char *text, struct arena *arena, GError **error)
{
	return fields[field].is_list ?
	       set_words(entry, field, text, arena, error) :
	       set_text(entry, field, text, arena, error);
}
