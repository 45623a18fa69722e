#include <config.h>

#include "admin/listcases.h"

#include "admin/caseprint.h"
#include "admin/desk.h"
#include "base/clock.h"
#include "store/wholefile.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int list(struct admin *admin, const struct command *self,
		struct case_id before, int limit)
{
	const char *word = strrchr(self->name, ' ') + 1;
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_look(admin, self, &status);
	char last[CASE_ID_TEXT_MAX];
	struct caseprint print;

	if (!state)
		return status;
	caseprint_begin(&print, admin);
	print.limit = limit;
	if (!casebook_each_before(state, case_state_parse(span_text(word)),
				  before, caseprint_take, &print, &why))
		status = admin_fail_store(self, why);
	caseprint_end(&print);
	if (print.is_cut)
		desk_tell_more(case_id_format(print.last, last));
	state_close(&state);
	return status;
}

int listcases_run_state(struct admin *admin, const struct command *self,
			int argc, char **argv)
{
	g_autofree char *after = NULL;
	int limit = DESK_LIMIT;
	const GOptionEntry entries[] = {
		DESK_LIMIT_ENTRY(&limit),
		DESK_AFTER_ENTRY(&after, "CASE"),
		G_OPTION_ENTRY_NULL,
	};
	struct case_id before = { 0 };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 1)
		status = admin_fail(self, EX_USAGE, "no words are needed");
	if (status == EX_OK && after &&
	    !case_id_parse(span_text(after), &before))
		status = admin_fail(self, EX_USAGE, "--after: \"%s\" is no "
				    "case; write 2026-0001", after);
	status = desk_check_limit(self, limit, status);
	return status == EX_OK ? list(admin, self, before, limit) : status;
}

enum format { FORMAT_PLAIN, FORMAT_POSTFIX, FORMAT_NFTABLES, FORMAT_RADIUS,
	      FORMATS };

static const char *const format_words[] = {
	"plain", "postfix", "nftables", "radius",
};

struct export {
	enum format format;
	enum list_kind kind;		/* 0: all that the format can have */
	int64_t now_us;
	GString *out, *nets4, *nets6;	/* the last two of nftables */
};

static bool is_network(enum list_kind kind)
{
	return kind == LIST_ADDRESS || kind == LIST_NETWORK;
}

/* What would break a line, or out of quotes, stays out: a login may be anything. */
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
	if (entry->expires_us && entry->expires_us <= export->now_us)
		return false;
	if (export->kind)
		return entry->kind == export->kind;
	return export->format == FORMAT_PLAIN ||
	       (export->format == FORMAT_RADIUS ?
		entry->kind == LIST_ACCOUNT : is_network(entry->kind));
}

static void add_net(struct export *export, const char *value)
{
	GString *nets = strchr(value, ':') ? export->nets6 : export->nets4;

	g_string_append_printf(nets, "%s%s", nets->len ? ", " : "", value);
}

static bool take_entry(const struct list_entry *entry, void *context)
{
	struct export *export = context;

	if (!is_wanted(export, entry))
		return true;
	if (!is_plain(entry->value))
		g_string_append_printf(export->out, "# left out: a value of "
				       "case %s\n", entry->reason);
	else if (export->format == FORMAT_POSTFIX)
		g_string_append_printf(export->out, "%s REJECT suspended, "
				       "case %s\n", entry->value,
				       entry->reason);
	else if (export->format == FORMAT_RADIUS)
		g_string_append_printf(export->out, "\"%s\" Auth-Type := "
				       "Reject\n", entry->value);
	else if (export->format == FORMAT_NFTABLES)
		add_net(export, entry->value);
	else
		g_string_append_printf(export->out, "%s %s %s\n",
				       list_kind_word(entry->kind),
				       entry->value, entry->reason);
	return true;
}

static void add_set(GString *out, const char *name, const char *type,
		    const GString *nets)
{
	g_string_append_printf(out, "\tset %s {\n\t\ttype %s\n"
			       "\t\tflags interval\n\t\tauto-merge\n",
			       name, type);
	if (nets->len)
		g_string_append_printf(out, "\t\telements = { %s }\n",
				       nets->str);
	g_string_append(out, "\t}\n");
}

/* Loaded by nft -f, in one transaction: the sets are emptied first, so that what is
 * no longer suspended is gone. */
static void end_nftables(struct export *export)
{
	static const char head[] = "table inet mailreeve\n"
		"delete table inet mailreeve\n"
		"table inet mailreeve {\n";

	g_string_append(export->out, head);
	add_set(export->out, "suspended4", "ipv4_addr", export->nets4);
	add_set(export->out, "suspended6", "ipv6_addr", export->nets6);
	g_string_append(export->out, "}\n");
}

static int take_format(const struct command *self, const char *word,
		       struct export *export)
{
	for (unsigned i = 0; i < FORMATS; i++)
		if (strcmp(word, format_words[i]) == 0) {
			export->format = (enum format)i;
			return EX_OK;
		}
	return admin_fail(self, EX_USAGE, "--format: \"%s\": the formats are "
			  "plain, postfix, nftables and radius", word);
}

static int take_kind(const struct command *self, const char *word,
		     struct export *export)
{
	if (!list_kind_parse(span_text(word), &export->kind) ||
	    export->kind == LIST_FINGERPRINT)
		return admin_fail(self, EX_USAGE, "--kind: \"%s\": the kinds "
			"are address, network, account, sender, domain and "
			"customer", word);
	if ((export->format == FORMAT_NFTABLES && !is_network(export->kind)) ||
	    (export->format == FORMAT_RADIUS && export->kind != LIST_ACCOUNT))
		return admin_fail(self, EX_USAGE, "--kind: %s has none of %s",
				  format_words[export->format], word);
	return EX_OK;
}

/* Whole or not at all: others read the file while it is written. */
static int give_out(const struct command *self, const GString *text,
		    const char *file)
{
	g_autoptr(GError) why = NULL;

	if (!file || strcmp(file, "-") == 0) {
		fwrite(text->str, 1, text->len, stdout);
		return EX_OK;
	}
	if (wholefile_write(file, span_of(text->str, text->len), 0644, &why))
		return EX_OK;
	return admin_fail(self, EX_CANTCREAT, "%s (the file is written as the "
			  "owner of the state)", why->message);
}

static int write_out(const struct admin *admin, const struct command *self,
		     struct export *export, const char *file)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) nets4 = g_string_new(NULL);
	g_autoptr(GString) nets6 = g_string_new(NULL);
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	export->out = out;
	export->nets4 = nets4;
	export->nets6 = nets6;
	if (!lists_each(state, LIST_SUSPENDED, 0, take_entry, export, &why))
		status = admin_fail_store(self, why);
	state_close(&state);
	if (status != EX_OK)
		return status;
	if (export->format == FORMAT_NFTABLES)
		end_nftables(export);
	return give_out(self, out, file);
}

int listcases_run_export(struct admin *admin, const struct command *self,
			 int argc, char **argv)
{
	g_autofree char *format = NULL, *kind = NULL, *file = NULL;
	const GOptionEntry entries[] = {
		{ "format", 'f', 0, G_OPTION_ARG_STRING, &format,
		  "plain (if not given), postfix, nftables or radius",
		  "FORMAT" },
		{ "kind", 'k', 0, G_OPTION_ARG_STRING, &kind,
		  "Only these: address, network, account, sender, domain",
		  "KIND" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &file,
		  "Replace this file, at once", "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	struct export export = { .now_us = clock_now_us() };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc != 2 || strcmp(argv[1], "suspended") != 0))
		status = admin_fail(self, EX_USAGE, "only the list suspended "
				    "can be exported");
	if (status == EX_OK && format)
		status = take_format(self, format, &export);
	if (status == EX_OK && kind)
		status = take_kind(self, kind, &export);
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? write_out(admin, self, &export, file) :
	       status;
}
