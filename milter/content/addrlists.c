#include <config.h>

#include "content/addrlists.h"

#include "content/pattern.h"
#include "message/orgdomain.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 10		/* of a host, from its end, that are
				 * looked up */

/* Addresses that somebody answers to by office, or by machine. */
#define ROLES "^(?:abuse|sales|support|contact|kontakt|helpdesk|info|" \
	"(?:domain|host|post)master|undisclosed.*|request-[0-9a-f]{16}|" \
	"bounced?-|[0-9a-f]{8}(?:\\.[0-9a-f]{8}|(?:-[0-9a-f]{4}){3}" \
	"-[0-9a-f]{12})|.+=.+=.+)@"
#define MAILINGS "(?:^(?:domain|host|post)master|^double-bounce|" \
	"^(?:return|owner|sentto|(?:gr)?bounced?)-.+|" \
	"-(?:admin|owner|request|bounces?)|" \
	"\\b(?:do[._-]?)?not?[._-]?repl(?:ies|y)|.+=.+)@"

struct addrlists {
	GHashTable *lists;		/* name -> struct globs * */
	GHashTable *hosts;		/* list -> GHashTable: host ->
					 * is it in */
	struct routes *routes[2];	/* [1]: def_ */
	GHashTable *suffixes;		/* util_rb_*, of all lengths */
	struct globs *freemail, *no_freemail;
	struct pattern *roles, *mailings;
	int body_emails, body_freemails, is_over_skipped, is_bulk_skipped;
	int is_auth_imported, is_def_auth_imported, is_described;
};

static void free_globs(gpointer globs)
{
	globs_free(globs);
}

struct addrlists *addrlists_new(void)
{
	struct addrlists *lists = g_new0(struct addrlists, 1);

	lists->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     free_globs);
	lists->hosts = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free,
		(GDestroyNotify)g_hash_table_unref);
	lists->suffixes = g_hash_table_new_full(g_str_hash, g_str_equal,
						g_free, NULL);
	for (size_t i = 0; i < COUNT_OF(lists->routes); i++)
		lists->routes[i] = routes_new();
	lists->freemail = globs_new();
	lists->no_freemail = globs_new();
	lists->roles = pattern_compile(ROLES, "i", NULL);
	lists->mailings = pattern_compile(MAILINGS, "i", NULL);
	BUG_IF(!lists->roles || !lists->mailings);
	lists->body_emails = 5;
	lists->body_freemails = 3;
	lists->is_over_skipped = lists->is_bulk_skipped = 1;
	lists->is_described = 1;
	return lists;
}

void addrlists_free(struct addrlists *lists)
{
	if (!lists)
		return;
	g_hash_table_unref(lists->lists);
	g_hash_table_unref(lists->hosts);
	g_hash_table_unref(lists->suffixes);
	for (size_t i = 0; i < COUNT_OF(lists->routes); i++)
		routes_free(lists->routes[i]);
	globs_free(lists->freemail);
	globs_free(lists->no_freemail);
	pattern_free(lists->roles);
	pattern_free(lists->mailings);
	g_free(lists);
}

static struct globs *list_of(struct addrlists *lists, const char *name)
{
	struct globs *globs = g_hash_table_lookup(lists->lists, name);

	if (!globs) {
		globs = globs_new();
		g_hash_table_insert(lists->lists, g_strdup(name), globs);
	}
	return globs;
}

static GHashTable *hosts_of(struct addrlists *lists, const char *name)
{
	GHashTable *hosts = g_hash_table_lookup(lists->hosts, name);

	if (!hosts) {
		hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      NULL);
		g_hash_table_insert(lists->hosts, g_strdup(name), hosts);
	}
	return hosts;
}

/* The words of a line, and what its keyword and "(NAME)" say. */
struct line {
	struct addrlists *lists;
	const char *word;		/* without "un", "def_" and so on */
	const char *name;		/* "(NAME)"; NULL: none */
	char **values;
	bool is_removed, is_default;
};

typedef bool take_fn(struct line *line);

static bool take_addresses(struct line *line)
{
	g_autofree char *name = line->name ? g_strdup(line->name) :
		g_strconcat(line->is_default ? "def_" : "", line->word, NULL);
	struct globs *globs = list_of(line->lists, name);

	for (char **value = line->values; *value; value++)
		(line->is_removed ? globs_remove : globs_add)(globs, *value);
	return true;
}

static bool take_named(struct line *line)
{
	return line->name && take_addresses(line);
}

/* ADDRESS HOST; without the host where it is taken back. */
static bool take_route(struct line *line)
{
	struct routes *routes = line->lists->routes[line->is_default];

	if (line->is_removed) {
		for (char **value = line->values; *value; value++)
			routes_remove(routes, *value);
		return true;
	}
	if (g_strv_length(line->values) != 2)
		return false;
	routes_add(routes, line->values[0], line->values[1]);
	return true;
}

static void take_host(GHashTable *hosts, const char *value, bool is_removed)
{
	bool is_not = *value == '!';
	g_autofree char *host = g_ascii_strdown(value + is_not, -1);

	if (is_removed)
		g_hash_table_remove(hosts, host);
	else
		g_hash_table_replace(hosts, g_steal_pointer(&host),
				     GINT_TO_POINTER(!is_not));
}

static void take_all_hosts(struct line *line, const char *name)
{
	for (char **value = line->values; *value; value++)
		take_host(hosts_of(line->lists, name), *value,
			  line->is_removed);
}

static bool take_hosts(struct line *line)
{
	g_autoptr(GList) names = NULL;

	if (!line->name && !line->is_removed)
		return false;
	if (line->name) {
		take_all_hosts(line, line->name);
		return true;
	}
	names = g_hash_table_get_keys(line->lists->hosts);
	for (GList *name = names; name; name = name->next)
		take_all_hosts(line, name->data);
	return true;
}

static bool take_known_hosts(struct line *line)
{
	take_all_hosts(line, g_str_has_prefix(line->word, "block") ?
		       "BLOCK" : "WELCOME");
	return true;
}

static bool is_domain(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 ".-*?")] == '\0';
}

static bool take_freemail(struct line *line)
{
	for (char **value = line->values; *value; value++) {
		if (!is_domain(*value))
			return false;
		globs_add(line->lists->freemail, *value);
	}
	return true;
}

static bool take_no_freemail(struct line *line)
{
	for (char **value = line->values; *value; value++) {
		if (!strpbrk(*value, ".@"))
			return false;
		globs_add(line->lists->no_freemail, *value);
	}
	return true;
}

static bool take_suffixes(struct line *line)
{
	for (char **value = line->values; *value; value++)
		g_hash_table_add(line->lists->suffixes,
				 g_ascii_strdown(*value, -1));
	return true;
}

static bool clear_suffixes(struct line *line)
{
	g_hash_table_remove_all(line->lists->suffixes);
	return true;
}

static const struct { const char *word; take_fn *take; } words[] = {
	{ "welcomelist_from", take_addresses },
	{ "welcomelist_to", take_addresses },
	{ "welcomelist_auth", take_addresses },
	{ "welcomelist_allows_relays", take_addresses },
	{ "welcomelist_bounce_relays", take_addresses },
	{ "welcomelist_from_rcvd", take_route },
	{ "welcomelist_uri_host", take_known_hosts },
	{ "blocklist_from", take_addresses },
	{ "blocklist_to", take_addresses },
	{ "blocklist_uri_host", take_known_hosts },
	{ "more_spam_to", take_addresses },
	{ "all_spam_to", take_addresses },
	{ "list_addrlist", take_named },
	{ "list_uri_host", take_hosts },
	{ "freemail_domains", take_freemail },
	{ "freemail_welcomelist", take_no_freemail },
	{ "util_rb_tld", take_suffixes },
	{ "util_rb_2tld", take_suffixes },
	{ "util_rb_3tld", take_suffixes },
};

static take_fn *find_word(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].take;
	return NULL;
}

static int *find_number(struct addrlists *lists, const char *word)
{
	const struct { const char *word; int *number; } of[] = {
		{ "max_body_emails", &lists->body_emails },
		{ "max_body_freemails", &lists->body_freemails },
		{ "skip_when_over_max", &lists->is_over_skipped },
		{ "skip_bulk_envfrom", &lists->is_bulk_skipped },
		{ "add_describe_email", &lists->is_described },
		{ "import_welcomelist_auth", &lists->is_auth_imported },
		{ "import_def_welcomelist_auth",
		  &lists->is_def_auth_imported },
	};

	if (!g_str_has_prefix(word, "freemail_"))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (strcmp(word + strlen("freemail_"), of[i].word) == 0)
			return of[i].number;
	return NULL;
}

/* g_string_replace() is younger than GLib 2.66. */
static void rename_old(GString *word, const char *old, const char *now)
{
	char *at = strstr(word->str, old);
	gssize place = at - word->str;

	if (!at)
		return;
	g_string_erase(word, place, (gssize)strlen(old));
	g_string_insert(word, place, now);
}

/* The names of today: of all the forms of a word one is left. */
static const char *reduce(GString *word, struct line *line)
{
	static const struct { const char *prefix; bool is_un, is_def; } of[] = {
		{ "un", true, false }, { "de", true, false },
		{ "en", false, false }, { "def_", false, true },
	};
	const char *bare;

	rename_old(word, "whitelist", "welcomelist");
	rename_old(word, "blacklist", "blocklist");
	bare = word->str;
	for (size_t i = 0; i < COUNT_OF(of); i++) {
		const char *rest = g_str_has_prefix(bare, of[i].prefix) ?
			bare + strlen(of[i].prefix) : NULL;

		if (!rest || !find_word(rest))
			continue;
		line->is_removed = of[i].is_un;
		line->is_default = of[i].is_def;
		return rest;
	}
	return bare;
}

static enum addrlists_result set_number(int *number, const char *rest)
{
	char *end;
	long value = strtol(rest, &end, 10);

	if (end == rest || *end || value < 0 || value > 1000000)
		return ADDRLISTS_WRONG;
	*number = (int)value;
	return ADDRLISTS_TAKEN;
}

/* "(NAME) a b c" */
static const char *take_name(const char *rest, char **name_out)
{
	const char *end = *rest == '(' ? strchr(rest, ')') : NULL;

	if (!end)
		return rest;
	*name_out = g_strndup(rest + 1, (gsize)(end - rest - 1));
	return end + 1;
}

static char **split(const char *text)
{
	char **parts = g_strsplit_set(text, " \t", -1);
	char **to = parts;

	for (char **from = parts; *from; from++) {
		if (**from)
			*to++ = *from;
		else
			g_free(*from);
	}
	*to = NULL;
	return parts;
}

enum addrlists_result addrlists_take(struct addrlists *lists,
				     const char *word, const char *rest)
{
	g_autoptr(GString) whole = g_string_new(word);
	g_autofree char *name = NULL;
	g_auto(GStrv) values = NULL;
	struct line line = { .lists = lists };
	take_fn *take;
	int *number;

	line.word = reduce(whole, &line);
	if (strcmp(line.word, "clear_util_rb") == 0) {
		clear_suffixes(&line);
		return ADDRLISTS_TAKEN;
	}
	number = find_number(lists, line.word);
	if (number)
		return set_number(number, rest);
	take = find_word(line.word);
	if (!take || g_str_has_prefix(word, "list_"))
		return ADDRLISTS_OTHER;
	line.values = values = split(take_name(rest, &name));
	line.name = name;
	return *values && take(&line) ? ADDRLISTS_TAKEN : ADDRLISTS_WRONG;
}

const struct globs *addrlists_find(const struct addrlists *lists,
				   const char *name)
{
	return g_hash_table_lookup(lists->lists, name);
}

enum routes_result addrlists_check_relay(const struct addrlists *lists,
					 bool is_default, const char *addr,
					 const char *ip, const char *rdns)
{
	enum routes_result result = routes_check(lists->routes[is_default],
						 addr, ip, rdns);

	return result == ROUTES_FORGED && globs_has(addrlists_find(
		lists, "welcomelist_allows_relays"), addr) ?
		ROUTES_UNLISTED : result;
}

/* The last labels only, of a name with many. */
static const char *tail_of(const char *host)
{
	const char *at = host + strlen(host);
	unsigned dots = 0;

	for (; at > host; at--)
		if (at[-1] == '.' && ++dots > LABELS_MAX)
			break;
	return at;
}

static const char *above(const char *host)
{
	const char *dot = strchr(host, '.');

	return dot ? dot + 1 : NULL;
}

bool addrlists_has_host(const struct addrlists *lists, const char *name,
			const char *host)
{
	GHashTable *hosts = g_hash_table_lookup(lists->hosts, name);
	bool is_number = host[strspn(host, "0123456789.")] == '\0';
	gpointer is_in;

	if (!hosts)
		return false;
	for (host = tail_of(host); host; host = is_number ? NULL : above(host))
		if (g_hash_table_lookup_extended(hosts, host, NULL, &is_in))
			return is_in != NULL;
	return false;
}

bool addrlists_is_freemail(const struct addrlists *lists, const char *addr)
{
	const char *at = strrchr(addr, '@');
	const char *domain = at ? at + 1 : addr;

	if (!*addr || globs_has(lists->no_freemail, addr) ||
	    globs_has(lists->no_freemail, domain) ||
	    pattern_match(lists->roles, span_text(addr), 0, NULL) ==
	    PATTERN_YES)
		return false;
	if ((lists->is_auth_imported && globs_has(addrlists_find(
		lists, "welcomelist_auth"), addr)) ||
	    (lists->is_def_auth_imported && globs_has(addrlists_find(
		lists, "def_welcomelist_auth"), addr)))
		return false;
	return globs_has_domain(lists->freemail, domain);
}

bool addrlists_is_bulk(const struct addrlists *lists, const char *addr)
{
	return lists->is_bulk_skipped &&
	       pattern_match(lists->mailings, span_text(addr), 0, NULL) ==
	       PATTERN_YES;
}

struct addrlists_limits addrlists_limits(const struct addrlists *lists)
{
	return (struct addrlists_limits){
		lists->body_emails, lists->body_freemails,
		lists->is_over_skipped,
	};
}

const char *addrlists_organisation(const struct addrlists *lists,
				   const struct settings *settings,
				   const char *host)
{
	const char *own = tail_of(host), *next;

	for (; (next = above(own)); own = next)
		if (strchr(next, '.') &&
		    g_hash_table_contains(lists->suffixes, next))
			return own;
	return orgdomain_of(settings, host);
}

bool addrlists_is_suffix(const struct addrlists *lists,
			 const struct settings *settings, const char *label)
{
	return g_hash_table_contains(lists->suffixes, label) ||
	       orgdomain_is_known(settings, label);
}
