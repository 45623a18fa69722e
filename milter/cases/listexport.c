#include <config.h>

#include "cases/listexport.h"

#include "cases/casebook.h"

#include <string.h>

struct export {
	const struct listexport *what;
	int64_t now_us;
	GString *out, *nets4, *nets6;	/* the last two of nftables */
};

const char *listexport_format_word(enum listexport_format format)
{
	static const char *const words[LISTEXPORT_FORMATS] = {
		[LISTEXPORT_PLAIN] = "plain",
		[LISTEXPORT_POSTFIX] = "postfix",
		[LISTEXPORT_NFTABLES] = "nftables",
		[LISTEXPORT_RADIUS] = "radius",
	};

	return words[format];
}

static bool is_network(enum list_kind kind)
{
	return kind == LIST_ADDRESS || kind == LIST_NETWORK;
}

const char *listexport_refuse(const struct listexport *what)
{
	if (what->format == LISTEXPORT_RADIUS &&
	    what->state != CASE_STATE_SUSPENDED)
		return "radius refuses: it has who is suspended alone";
	if (what->format == LISTEXPORT_RADIUS && what->kind &&
	    what->kind != LIST_ACCOUNT)
		return "radius has accounts alone";
	if (what->format == LISTEXPORT_NFTABLES && what->kind &&
	    !is_network(what->kind))
		return "nftables has addresses and networks alone";
	return NULL;
}

/* What would break a line, or out of quotes, stays out: a login
 * may be anything. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!g_ascii_isgraph(*text) || *text == '"' || *text == '\\' ||
		    *text == '#')
			return false;
	return true;
}

static bool is_wanted(const struct export *export,
		      const struct list_entry *entry)
{
	const struct listexport *what = export->what;

	if (entry->expires_us && entry->expires_us <= export->now_us)
		return false;
	if (what->kind)
		return entry->kind == what->kind;
	return what->format == LISTEXPORT_PLAIN ||
	       (what->format == LISTEXPORT_RADIUS ?
		entry->kind == LIST_ACCOUNT : is_network(entry->kind));
}

static void add_net(struct export *export, const char *value)
{
	GString *nets = strchr(value, ':') ? export->nets6 : export->nets4;

	g_string_append_printf(nets, "%s%s", nets->len ? ", " : "", value);
}

static void add_postfix(struct export *export, const struct list_entry *entry)
{
	enum case_state state = export->what->state;

	g_string_append_printf(export->out, "%s %s %s, case %s\n",
		entry->value,
		state == CASE_STATE_SUSPENDED ? "REJECT" : "WARN",
		case_state_word(state), entry->reason);
}

static bool take_entry(const struct list_entry *entry, void *context)
{
	struct export *export = context;

	if (!is_wanted(export, entry))
		return true;
	if (!is_plain(entry->value))
		g_string_append_printf(export->out, "# left out: a value of "
				       "case %s\n", entry->reason);
	else if (export->what->format == LISTEXPORT_POSTFIX)
		add_postfix(export, entry);
	else if (export->what->format == LISTEXPORT_RADIUS)
		g_string_append_printf(export->out, "\"%s\" Auth-Type := "
				       "Reject\n", entry->value);
	else if (export->what->format == LISTEXPORT_NFTABLES)
		add_net(export, entry->value);
	else
		g_string_append_printf(export->out, "%s %s %s\n",
				       list_kind_word(entry->kind),
				       entry->value, entry->reason);
	return true;
}

/* Who is warned is on no list that the mail path asks. */
static bool take_case(const struct case_facts *facts, void *context)
{
	char id[CASE_ID_TEXT_MAX];
	const struct list_entry entry = {
		.kind = facts->subject_kind, .value = facts->subject,
		.reason = case_id_format(facts->id, id),
	};

	return take_entry(&entry, context);
}

static void add_set(GString *out, const char *name, int family,
		    const GString *nets)
{
	g_string_append_printf(out, "\tset %s%d {\n\t\ttype ipv%d_addr\n"
			       "\t\tflags interval\n\t\tauto-merge\n",
			       name, family, family);
	if (nets->len)
		g_string_append_printf(out, "\t\telements = { %s }\n",
				       nets->str);
	g_string_append(out, "\t}\n");
}

/* Loaded by nft -f, in one transaction: the sets are emptied first, so that
 * what is no longer there is gone. Each list has a table of its own. */
static void end_nftables(struct export *export)
{
	enum case_state state = export->what->state;
	const char *word = case_state_word(state);
	g_autofree char *table = state == CASE_STATE_SUSPENDED ?
		g_strdup("mailreeve") : g_strconcat("mailreeve_", word, NULL);

	g_string_append_printf(export->out, "table inet %s\n"
		"delete table inet %s\ntable inet %s {\n", table, table,
		table);
	add_set(export->out, word, 4, export->nets4);
	add_set(export->out, word, 6, export->nets6);
	g_string_append(export->out, "}\n");
}

static bool walk(struct state *state, struct export *export, GError **error)
{
	switch (export->what->state) {
	case CASE_STATE_WARNED:
		return casebook_each(state, CASE_STATE_WARNED, take_case,
				     export, error);
	case CASE_STATE_WATCHED:
		return lists_each(state, LIST_WATCHED, 0, take_entry, export,
				  error);
	default:
		return lists_each(state, LIST_SUSPENDED, 0, take_entry, export,
				  error);
	}
}

GString *listexport_text(struct state *state, const struct listexport *what,
			 int64_t now_us, GError **error)
{
	g_autoptr(GString) nets4 = g_string_new(NULL);
	g_autoptr(GString) nets6 = g_string_new(NULL);
	struct export export = { what, now_us, g_string_new(NULL), nets4,
				 nets6 };

	if (!walk(state, &export, error)) {
		g_string_free(export.out, TRUE);
		return NULL;
	}
	if (what->format == LISTEXPORT_NFTABLES)
		end_nftables(&export);
	return export.out;
}
