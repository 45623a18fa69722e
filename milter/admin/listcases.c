#include <config.h>

#include "admin/listcases.h"

#include "admin/caseprint.h"
#include "admin/desk.h"
#include "base/clock.h"
#include "cases/listexport.h"
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

static int take_format(const struct command *self, const char *word,
		       struct listexport *what)
{
	for (unsigned i = 0; i < LISTEXPORT_FORMATS; i++)
		if (strcmp(word, listexport_format_word(i)) == 0) {
			what->format = (enum listexport_format)i;
			return EX_OK;
		}
	return admin_fail(self, EX_USAGE, "--format: \"%s\": the formats are "
			  "plain, postfix, nftables and radius", word);
}

static int take_kind(const struct command *self, const char *word,
		     struct listexport *what)
{
	if (list_kind_parse(span_text(word), &what->kind) &&
	    what->kind != LIST_FINGERPRINT)
		return EX_OK;
	return admin_fail(self, EX_USAGE, "--kind: \"%s\": the kinds are "
			  "address, network, account, sender, domain and "
			  "customer", word);
}

static int take_list(const struct command *self, const char *word,
		     struct listexport *what)
{
	what->state = case_state_parse(span_text(word));
	if (what->state == CASE_STATE_WARNED ||
	    what->state == CASE_STATE_WATCHED ||
	    what->state == CASE_STATE_SUSPENDED)
		return EX_OK;
	return admin_fail(self, EX_USAGE, "\"%s\": the lists are warned, "
			  "watched and suspended", word);
}

static int check(const struct command *self, const struct listexport *what)
{
	const char *wrong = listexport_refuse(what);

	return wrong ? admin_fail(self, EX_USAGE, "%s", wrong) : EX_OK;
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
	if (wholefile_write(file, span_string(text), 0644, &why))
		return EX_OK;
	return admin_fail(self, EX_CANTCREAT, "%s (the file is written as the "
			  "owner of the state)", why->message);
}

static int write_out(const struct admin *admin, const struct command *self,
		     const struct listexport *what, const char *file)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	GString *text;

	if (!state)
		return status;
	text = listexport_text(state, what, clock_now_us(), &why);
	state_close(&state);
	if (!text)
		return admin_fail_store(self, why);
	status = give_out(self, text, file);
	g_string_free(text, TRUE);
	return status;
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
	struct listexport what = { .format = LISTEXPORT_PLAIN };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs warned, watched or "
				    "suspended");
	if (status == EX_OK)
		status = take_list(self, argv[1], &what);
	if (status == EX_OK && format)
		status = take_format(self, format, &what);
	if (status == EX_OK && kind)
		status = take_kind(self, kind, &what);
	if (status == EX_OK)
		status = check(self, &what);
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? write_out(admin, self, &what, file) : status;
}
