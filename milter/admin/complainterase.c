#include <config.h>

#include "admin/complainterase.h"

#include "admin/desk.h"
#include "base/clock.h"
#include "cases/complaintbook.h"
#include "store/querymatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

struct naming {
	struct address_wanted from, rcpt;
	bool has_from, has_rcpt;
	GHashTable *records;		/* of uint64_t */
	GArray *numbers;
};

static bool is_wanted(const struct naming *on, const char *address,
		      bool is_sender)
{
	struct span text = span_text(address);

	if (!text.len)
		return false;
	return (on->has_from && is_sender &&
		querymatch_is_address(text, &on->from)) ||
	       (on->has_rcpt && !is_sender &&
		querymatch_is_address(text, &on->rcpt));
}

static bool has_record(const struct naming *on,
		       const struct complaint_match *match)
{
	for (size_t i = 0; i < match->record_count; i++)
		if (g_hash_table_contains(on->records, &match->records[i]))
			return true;
	return false;
}

/* Who complains may be who wants to be forgotten, as sender or as recipient. */
static bool take(const struct complaint_entry *entry, void *context)
{
	struct naming *on = context;
	const struct complaint *complaint = &entry->complaint;

	if (!entry->erased_us &&
	    (has_record(on, &entry->match) ||
	     is_wanted(on, complaint->sender, true) ||
	     is_wanted(on, complaint->recipient, false) ||
	     is_wanted(on, complaint->reporter, true) ||
	     is_wanted(on, complaint->reporter, false)))
		g_array_append_val(on->numbers, entry->number);
	return true;
}

GArray *complainterase_find(struct state *state,
			    const struct recordquery *asking,
			    const GArray *records, GError **error)
{
	g_autoptr(GHashTable) ids = g_hash_table_new(g_int64_hash,
						     g_int64_equal);
	struct naming on = {
		.from = querymatch_address(asking->from),
		.rcpt = querymatch_address(asking->rcpt),
		.has_from = asking->from, .has_rcpt = asking->rcpt,
		.records = ids,
		.numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};

	for (guint i = 0; i < records->len; i++)
		g_hash_table_add(ids, &g_array_index(records, uint64_t, i));
	if (complaintbook_each(state, false, take, &on, error))
		return on.numbers;
	g_array_unref(on.numbers);
	return NULL;
}

static int take_numbers(const struct command *self, int argc, char **argv,
			GArray *numbers)
{
	for (int i = 1; i < argc; i++) {
		uint64_t number;

		if (!g_ascii_string_to_unsigned(argv[i], 10, 1, INT64_MAX,
						&number, NULL))
			return admin_fail(self, EX_USAGE, "\"%s\" is no number "
					  "of a complaint, as complaint list "
					  "has it", argv[i]);
		g_array_append_val(numbers, number);
	}
	return numbers->len ? EX_OK :
	       admin_fail(self, EX_USAGE, "needs the NUMBER of a complaint");
}

/* All that can be are, whatever becomes of one. */
static int erase(const struct admin *admin, const struct command *self,
		 struct state *state, const GArray *numbers)
{
	g_autofree char *operator_name = admin_operator();
	int status = EX_OK;

	for (guint i = 0; i < numbers->len; i++) {
		uint64_t number = g_array_index(numbers, uint64_t, i);
		g_autoptr(GError) why = NULL;

		if (!complaintbook_erase(state, number, operator_name,
					 clock_now_us(), &why))
			status = admin_fail_store(self, why);
		else if (admin->is_json)
			printf("{\"complaint\":%" PRIu64 ",\"outcome\":"
			       "\"erased\"}\n", number);
		else
			printf("complaint %" PRIu64 " erased\n", number);
	}
	return status;
}

int complainterase_run(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE,
						sizeof(uint64_t));
	g_autofree char *reason = NULL, *asked = NULL;
	const GOptionEntry entries[] = {
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct state *state;

	if (status == EX_OK)
		status = take_numbers(self, argc, argv, numbers);
	if (status == EX_OK && (!reason || !*reason))
		status = admin_fail(self, EX_USAGE, "--reason TEXT is needed");
	asked = status == EX_OK ? g_strjoinv(" ", argv + 1) : NULL;
	state = desk_begin(admin, self, asked, reason, &status);
	if (state)
		status = erase(admin, self, state, numbers);
	state_close(&state);
	return status;
}
