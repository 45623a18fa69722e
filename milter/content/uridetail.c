#include <config.h>

#include "content/uridetail.h"

#include <string.h>

enum key { KEY_RAW, KEY_TYPE, KEY_CLEANED, KEY_TEXT, KEY_DOMAIN, KEY_HOST };
#define KEYS (KEY_HOST + 1)

static const char *const key_words[KEYS] = {
	"raw", "type", "cleaned", "text", "domain", "host",
};

struct condition {
	enum key key;
	bool is_negated;
	struct pattern *pattern;
};

struct uridetail {
	GArray *conditions;		/* of struct condition */
};

struct value {
	struct span text;
	const struct value *next;
};

/* By what was written; a later rule of the same text adds to it. */
struct entry {
	const struct value *values[KEYS];
	const struct entry *next;
};

struct uridetails {
	struct arena *arena;
	const struct entry *entries;
	GHashTable *by_raw;		/* while it is made */
};

static GQuark uridetail_error(void)
{
	return g_quark_from_static_string("uridetail");
}

static void clear_condition(gpointer condition)
{
	pattern_free(((struct condition *)condition)->pattern);
}

static bool find_key(struct span word, enum key *key_out)
{
	for (enum key key = KEY_RAW; key <= KEY_HOST; key++)
		if (span_is(word, key_words[key])) {
			*key_out = key;
			return true;
		}
	return false;
}

/* Bytes of "/.../i" or "m{...}x", up to a blank behind it; 0: it has no end. */
static size_t pattern_length(const char *text)
{
	static const char opening[] = "{([<", closing[] = "})]>";
	size_t start = *text == 'm', len;
	const char *pair = text[start] ? strchr(opening, text[start]) : NULL;
	char close = pair ? closing[pair - opening] : text[start];

	for (len = start + 1; text[start] && text[len]; len++) {
		size_t end = len + 1 + strspn(text + len + 1, "imsx");

		if (text[len] == '\\' && text[len + 1])
			len++;
		else if (text[len] == close &&
			 (!text[end] || strchr(" \t", text[end])))
			return end;
	}
	return 0;
}

static struct pattern *read_pattern(const char *text, size_t len,
				    GError **error)
{
	g_autofree char *whole = g_strndup(text, len), *modifiers = NULL;
	g_autofree char *bare = pattern_strip(whole, &modifiers, error);

	return bare ? pattern_compile(bare, modifiers, error) : NULL;
}

/* One condition, and the blanks behind it. */
static bool read_condition(const char **at, struct condition *to,
			   GError **error)
{
	size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz");

	if (!find_key(span_of(*at, len), &to->key)) {
		g_set_error(error, uridetail_error(), 0,
			    "no raw, type, cleaned, text, domain or host "
			    "before \"%s\"", *at);
		return false;
	}
	*at += len;
	*at += strspn(*at, " \t");
	to->is_negated = **at == '!';
	if (strncmp(*at, "=~", 2) != 0 && strncmp(*at, "!~", 2) != 0) {
		g_set_error_literal(error, uridetail_error(), 0,
				    "no =~ or !~");
		return false;
	}
	*at += 2;
	*at += strspn(*at, " \t");
	len = pattern_length(*at);
	to->pattern = read_pattern(*at, len, error);
	*at += len;
	*at += strspn(*at, " \t");
	return to->pattern != NULL;
}

struct uridetail *uridetail_parse(const char *text, GError **error)
{
	struct uridetail *detail = g_new0(struct uridetail, 1);

	detail->conditions = g_array_new(FALSE, FALSE,
					 sizeof(struct condition));
	g_array_set_clear_func(detail->conditions, clear_condition);
	do {
		struct condition condition = { .pattern = NULL };

		if (!read_condition(&text, &condition, error)) {
			uridetail_free(detail);
			return NULL;
		}
		g_array_append_val(detail->conditions, condition);
	} while (*text);
	return detail;
}

void uridetail_free(struct uridetail *detail)
{
	if (!detail)
		return;
	g_array_unref(detail->conditions);
	g_free(detail);
}

static void add_value(struct uridetails *all, struct entry *entry,
		      enum key key, const char *text)
{
	struct value *value;

	if (!text)
		return;
	value = arena_new(all->arena, struct value);
	value->text = span_text(text);
	value->next = entry->values[key];
	entry->values[key] = value;
}

/* There are few types, and many links of one. */
static void add_type(struct uridetails *all, struct entry *entry,
		     const char *type)
{
	const struct value *value = entry->values[KEY_TYPE];

	for (; value; value = value->next)
		if (span_is(value->text, type))
			return;
	add_value(all, entry, KEY_TYPE, type);
}

static struct entry *entry_of(struct uridetails *all, const char *raw)
{
	struct entry *entry = g_hash_table_lookup(all->by_raw, raw);

	if (entry)
		return entry;
	entry = arena_new(all->arena, struct entry);
	entry->next = all->entries;
	all->entries = entry;
	add_value(all, entry, KEY_RAW, raw);
	g_hash_table_insert(all->by_raw, (gpointer)raw, entry);
	return entry;
}

static void add_uri(struct uridetails *all, const struct uri *uri)
{
	struct entry *entry = entry_of(all, uri->written);

	add_value(all, entry, KEY_CLEANED, uri->text);
	add_value(all, entry, KEY_HOST, uri->host);
	add_value(all, entry, KEY_DOMAIN, uri->organisation);
	if (uri->is_text)
		add_type(all, entry, "parsed");
}

static void add_link(struct uridetails *all, const struct html_link *link,
		     GHashTable *by_text)
{
	struct entry *entry = entry_of(all, link->url);
	const struct uri *uri = g_hash_table_lookup(by_text, link->url);

	/* Where the text of the message has had the same one before. */
	if (uri && !entry->values[KEY_CLEANED]) {
		add_value(all, entry, KEY_CLEANED, uri->text);
		add_value(all, entry, KEY_HOST, uri->host);
		add_value(all, entry, KEY_DOMAIN, uri->organisation);
	}
	add_type(all, entry, link->element);
	add_value(all, entry, KEY_TEXT, link->text);
}

struct uridetails *uridetails_make(const GArray *uris,
				   const struct bodytext *text)
{
	struct uridetails *all = arena_new(text->mime->arena,
					   struct uridetails);
	g_autoptr(GHashTable) by_raw = g_hash_table_new(g_str_hash,
							g_str_equal);
	g_autoptr(GHashTable) by_text = g_hash_table_new(g_str_hash,
							 g_str_equal);

	all->arena = text->mime->arena;
	all->by_raw = by_raw;
	for (guint i = 0; i < uris->len; i++) {
		const struct uri *uri = &g_array_index(uris, struct uri, i);

		add_uri(all, uri);
		g_hash_table_insert(by_text, (gpointer)uri->text,
				    (gpointer)uri);
	}
	for (guint i = 0; i < text->pages->len; i++) {
		const GArray *links = g_array_index(text->pages,
						    struct html_text, i).links;

		for (guint j = 0; j < links->len; j++)
			add_link(all, &g_array_index(links, struct html_link,
						     j), by_text);
	}
	all->by_raw = NULL;
	return all;
}

/* One of the values is as it is asked for; none is there: no. */
static bool meets(const struct entry *entry, const struct condition *condition)
{
	const struct value *value = entry->values[condition->key];
	enum pattern_result wanted = condition->is_negated ? PATTERN_NO :
							      PATTERN_YES;

	for (; value; value = value->next)
		if (pattern_match(condition->pattern, value->text, 0, NULL) ==
		    wanted)
			return true;
	return false;
}

static bool meets_all(const struct entry *entry,
		      const struct uridetail *detail)
{
	for (guint i = 0; i < detail->conditions->len; i++)
		if (!meets(entry, &g_array_index(detail->conditions,
						 struct condition, i)))
			return false;
	return true;
}

const char *uridetail_find(const struct uridetail *detail,
			   const struct uridetails *all)
{
	for (const struct entry *entry = all->entries; entry;
	     entry = entry->next)
		if (meets_all(entry, detail))
			return entry->values[KEY_RAW]->text.ptr;
	return NULL;
}
