#include <config.h>

#include "admin/recordprint.h"

#include "admin/admin.h"
#include "admin/table.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 8

static const char *const titles[COLUMNS + 1] = {
	"time", "record", "verdict", "client", "account", "sender",
	"recipients", "findings", NULL,
};

struct recordprint {
	bool is_csv, is_stream;
	struct table *table;
};

struct recordprint *recordprint_new(bool is_csv)
{
	struct recordprint *print = g_new0(struct recordprint, 1);

	print->is_csv = is_csv;
	print->table = table_new(titles);
	if (is_csv) {
		g_autoptr(GString) line = g_string_new(NULL);

		recordprint_csv_titles(line);
		fputs(line->str, stdout);
	}
	return print;
}

void recordprint_stream(struct recordprint *print)
{
	print->is_stream = true;
}

static char *bytes_text(struct span bytes)
{
	return bytes.len ? g_utf8_make_valid(bytes.ptr, (gssize)bytes.len) :
			   g_strdup("");
}

static char *recipients_text(const Reeve__Message *message)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; i < message->n_recipients; i++) {
		const Reeve__Recipient *rcpt = message->recipients[i];
		g_autofree char *address = bytes_text(
			RECORDVIEW_BYTES(rcpt, address));

		g_string_append_printf(out, "%s%s%s", i ? " " : "",
			recordview_rcpt_state(rcpt) == RCPT_ACCEPTED ? "" :
								       "!",
			address);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *findings_text(const Reeve__Message *message)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; i < message->n_findings; i++)
		g_string_append_printf(out, "%s%s", i ? " " : "",
				       message->findings[i]->symbol ?: "");
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* How it ended, in a word: an unfinished message has no verdict of its own. */
static const char *verdict_text(const Reeve__Record *record)
{
	enum action action = recordview_action(record);

	if (recordview_kind(record) == RECORD_SESSION)
		return "session";
	if (action == ACTION_NONE)
		return ending_word(recordview_ending(record));
	return action_word(action);
}

static void fill(char **cells, const Reeve__Record *record)
{
	struct netaddr addr;
	char id[RECORD_ID_SIZE], text[NETADDR_TEXT_MAX] = "";
	bool is_erased = record->erased && record->erased->sender;

	if (recordview_client(record, &addr))
		netaddr_format(&addr, text);
	cells[0] = admin_format_time(recordview_ended_us(record));
	cells[1] = g_strdup(recordview_id(record, id));
	cells[2] = g_strdup(verdict_text(record));
	cells[3] = g_strdup(*text ? text : is_erased ? "erased" : "local");
	cells[4] = bytes_text(recordview_account(record));
	cells[5] = bytes_text(recordview_sender(record));
	cells[6] = record->message ? recipients_text(record->message) :
				     g_strdup("");
	cells[7] = record->message ? findings_text(record->message) :
				     g_strdup("");
}

/* RFC 4180. A cell that a spreadsheet would take for a formula gets a quote. */
static void add_csv(GString *out, char *const *cells)
{
	for (int i = 0; i < COLUMNS; i++) {
		g_autoptr(GString) cell = g_string_new(cells[i]);

		g_string_replace(cell, "\"", "\"\"", 0);
		if (*cells[i] && strchr("=+-@\t\r", *cells[i]))
			g_string_prepend(cell, "'");
		g_string_append_printf(out, "\"%s\"%s", cell->str,
				       i + 1 < COLUMNS ? "," : "\r\n");
	}
}

void recordprint_csv_titles(GString *out)
{
	for (int i = 0; i < COLUMNS; i++)
		g_string_append_printf(out, "%s%s", titles[i],
				       i + 1 < COLUMNS ? "," : "\r\n");
}

void recordprint_csv(GString *out, const Reeve__Record *record)
{
	char *cells[COLUMNS];

	fill(cells, record);
	add_csv(out, cells);
	for (int i = 0; i < COLUMNS; i++)
		g_free(cells[i]);
}

static enum table_style style_of(const char *verdict)
{
	if (strcmp(verdict, "accept") == 0)
		return TABLE_GOOD;
	if (strcmp(verdict, "reject") == 0 || strcmp(verdict, "defer") == 0 ||
	    strcmp(verdict, "discard") == 0)
		return TABLE_BAD;
	return TABLE_PLAIN;
}

void recordprint_add(struct recordprint *print, const Reeve__Record *record)
{
	char *cells[COLUMNS];

	if (print->is_csv) {
		g_autoptr(GString) line = g_string_new(NULL);

		recordprint_csv(line, record);
		fputs(line->str, stdout);
		return;
	}
	fill(cells, record);
	for (int i = 0; i < COLUMNS; i++)
		table_add(print->table,
			  i == 2 ? style_of(cells[2]) : TABLE_PLAIN, "%s",
			  cells[i]);
	for (int i = 0; i < COLUMNS; i++)
		g_free(cells[i]);
	if (print->is_stream) {
		table_print_rows(print->table);
		table_free(print->table);
		print->table = table_new(titles);
	}
}

void recordprint_end(struct recordprint *print)
{
	if (!print->is_csv)
		table_print(print->table);
}

void recordprint_free(struct recordprint *print)
{
	table_free(print->table);
	g_free(print);
}
