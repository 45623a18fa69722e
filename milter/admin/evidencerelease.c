#include <config.h>

#include "admin/evidencerelease.h"

#include "admin/desk.h"
#include "admin/evidencefind.h"
#include "base/clock.h"
#include "message/sendmail.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidencemarks.h"
#include "store/evidencesettings.h"
#include "store/evidenceholds.h"
#include "store/evidencetree.h"
#include "store/hex.h"
#include "store/recordid.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct releasing {
	const struct admin *admin;
	const struct command *self;
	struct state *state;
	char **to;			/* NULL: its own recipients */
	bool is_again;
};

/* Those of the record that were accepted, or those that were asked for. */
static GPtrArray *recipients_of(const struct releasing *on,
				const Reeve__Record *record)
{
	GPtrArray *to = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; on->to && on->to[i]; i++)
		g_ptr_array_add(to, g_strdup(on->to[i]));
	for (size_t i = 0; !on->to && i < record->message->n_recipients; i++) {
		const Reeve__Recipient *rcpt = record->message->recipients[i];
		struct span address = RECORDVIEW_BYTES(rcpt, address);

		if (recordview_rcpt_state(rcpt) == RCPT_ACCEPTED)
			g_ptr_array_add(to, g_strndup(address.ptr ?: "",
						      address.len));
	}
	g_ptr_array_add(to, NULL);
	return to;
}

/* Line ends as programs have them; sendmail(1) makes CRLF of them again. */
static GString *message_for(const GByteArray *original, const char *id,
			    const struct evidence_release *release)
{
	const char *bytes = (const char *)original->data;
	g_autofree char *token = hex_format(release->token,
					    sizeof release->token);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "X-Mailreeve-Released: %s %s\n", id, token);
	for (guint i = 0; i < original->len; i++)
		if (bytes[i] != '\r' || i + 1 == original->len ||
		    bytes[i + 1] != '\n')
			g_string_append_c(out, bytes[i]);
	return out;
}

static int run_sendmail(const struct releasing *on, struct span sender,
			const GPtrArray *to, const GString *message)
{
	const struct sendmail_mail mail = {
		evidence_settings_of(on->admin->settings)->sendmail, sender,
		(const char *const *)to->pdata,
		span_string(message),
	};
	g_autoptr(GError) why = NULL;

	if (sendmail_run(&mail, 0, &why))
		return EX_OK;
	return admin_fail(on->self, EX_TEMPFAIL, "%s: nothing is released (see "
			  "evidence.sendmail)", why->message);
}

static int refuse_if_unfit(const struct releasing *on,
			   const struct evidencefind_item *item)
{
	struct evidence_release before;

	if (item->evidence->cut)
		return admin_fail(on->self, EX_DATAERR, "limits cut the "
				  "original: what is there is not the whole "
				  "message");
	if (!item->evidence->held && !on->to)
		return admin_fail(on->self, EX_DATAERR, "it is not in our "
				  "quarantine: the MTA had the message. To send "
				  "it nonetheless, name addresses with --to");
	if (on->is_again || !evidencemarks_find_release(
			on->state, item->hit->record->id, &before))
		return EX_OK;
	g_autofree char *when = admin_format_time(before.when_us);
	int status = admin_fail(on->self, EX_DATAERR, "%s released it on %s; "
				"--again does so once more",
				before.operator_name, when);

	evidencemarks_clear_release(&before);
	return status;
}

static struct span body_of(const GByteArray *original)
{
	const char *text = (const char *)original->data;
	const char *end = g_strstr_len(text, original->len, "\r\n\r\n");

	if (original->len >= 2 && memcmp(text, "\r\n", 2) == 0)
		return span_of(text + 2, original->len - 2);
	return end ? span_from(span_of(text, original->len),
			       (size_t)(end - text) + 4) : span_of(NULL, 0);
}

/* First it is written down: the message may be back before
 * sendmail has ended. */
static int send_one(const struct releasing *on,
		    const struct evidencefind_item *item,
		    const GByteArray *original)
{
	const Reeve__Record *record = item->hit->record;
	g_autofree char *operator_name = admin_operator();
	struct evidence_release release = { clock_now_us(), operator_name,
					    { 0 }, { 0 } };
	g_autoptr(GPtrArray) to = recipients_of(on, record);
	g_autoptr(GString) message = NULL;
	g_autoptr(GError) why = NULL;
	char id[RECORD_ID_SIZE];
	int status;

	if (RAND_bytes(release.token, sizeof release.token) != 1)
		return admin_fail(on->self, EX_OSERR, "no random numbers");
	evidencemarks_hash_body(body_of(original), release.body_sha256);
	if (!evidencemarks_add_release(on->state, record->id, &release, &why))
		return admin_fail(on->self, EX_UNAVAILABLE, "%s",
				  why->message);
	message = message_for(original, recordview_id(record, id), &release);
	status = run_sendmail(on, RECORDVIEW_BYTES(record->message, sender), to,
			      message);
	if (status != EX_OK &&
	    !evidencemarks_forget_release(on->state, record->id, &why))
		admin_fail(on->self, status, "%s", why->message);
	return status;
}

static int release_one(const struct evidencefind_item *item, void *context)
{
	const struct releasing *on = context;
	g_autoptr(GByteArray) original = NULL;
	int status = refuse_if_unfit(on, item);

	if (status != EX_OK)
		return status;
	original = evidencefind_read(on->admin, on->self, item);
	return original ? send_one(on, item, original) : EX_DATAERR;
}

int evidencerelease_run(struct admin *admin, const struct command *self,
			int argc, char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	g_autofree char *reason = NULL;
	g_auto(GStrv) to = NULL;
	gboolean is_again = FALSE;
	const GOptionEntry entries[] = {
		{ "to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &to,
		  "Not to its recipients, but to this address; may be given "
		  "several times", "ADDRESS" },
		{ "again", 0, 0, G_OPTION_ARG_NONE, &is_again,
		  "Even when that was done before", NULL },
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	struct releasing on = { .admin = admin, .self = self };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one record id is needed");
	on.state = desk_begin(admin, self, asked, reason, &status);
	if (!on.state)
		return status;
	on.to = to;
	on.is_again = is_again;
	status = evidencefind_one(admin, self, argv[1], release_one, &on);
	state_close(&on.state);
	return status;
}

struct removing {
	const struct admin *admin;
	const struct command *self;
	struct state *state;
	const char *reason;
	GArray *places;			/* of struct evidence_place */
	uint8_t sha256[DIGEST_SHA256_BYTES];
};

static int add_place(const struct evidencefind_item *item, void *context)
{
	struct removing *on = context;

	g_array_append_val(on->places, item->place);
	return EX_OK;
}

static void add_named(const struct evidencetree_file *file, void *context)
{
	struct removing *on = context;

	if (file->is_named && memcmp(file->place.sha256, on->sha256,
				     sizeof on->sha256) == 0)
		g_array_append_val(on->places, file->place);
}

static bool is_same(const struct evidence_place *a,
		    const struct evidence_place *b)
{
	return a->day == b->day && a->is_held == b->is_held &&
	       memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

/* Of the day of one place: whether a record has it. */
struct asking {
	const struct evidence_place *place;
	bool is_recorded;
};

static int note_record(const struct evidencefind_item *item, void *context)
{
	struct asking *on = context;

	on->is_recorded |= is_same(&item->place, on->place);
	return EX_OK;
}

static int ask(const struct removing *on, struct asking *asking)
{
	const struct search_query query = {
		.kind = RECORD_MESSAGE,
		.since_us = day_begin_us(asking->place->day),
		.until_us = day_begin_us(asking->place->day + 1),
	};

	return evidencefind_all(on->admin, on->self, &query, note_record,
				asking);
}

/* A message that came again after a crash has two originals, and one has no
 * record. Who removes that one by its hash, as evidence verify tells him, does
 * not mean the other. */
static int spare_recorded(struct removing *on)
{
	g_autoptr(GArray) orphans = g_array_new(FALSE, FALSE,
						sizeof(struct evidence_place));

	for (guint i = 0; i < on->places->len && on->places->len > 1; i++) {
		struct asking asking = {
			.place = &g_array_index(on->places,
						struct evidence_place, i),
		};
		int status = ask(on, &asking);

		if (status != EX_OK)
			return status;
		if (!asking.is_recorded)
			g_array_append_val(orphans, *asking.place);
	}
	if (orphans->len) {
		g_array_unref(on->places);
		on->places = g_steal_pointer(&orphans);
	}
	return EX_OK;
}

/* What is to go, by the id of its record or, for one without, its hash. */
static int find_places(struct removing *on, const char *word)
{
	const char *dir = global_settings_of(on->admin->settings)->state_dir;
	g_autoptr(GError) why = NULL;

	if (!hex_parse(span_text(word), on->sha256, sizeof on->sha256))
		return evidencefind_one(on->admin, on->self, word, add_place,
					on);
	if (!evidencetree_each(dir, INT64_MIN, INT64_MAX, add_named, on, &why))
		return admin_fail(on->self, EX_UNAVAILABLE, "%s",
				  why->message);
	return on->places->len ? spare_recorded(on) :
	       admin_fail(on->self, EX_DATAERR, "there is no original %s",
			  word);
}

static int remove_one(const struct removing *on, struct evidenceholds *holds,
		      const struct evidence_place *place)
{
	const char *dir = global_settings_of(on->admin->settings)->state_dir;
	g_autofree char *operator_name = admin_operator();
	g_autofree char *reason = g_strdup(on->reason);
	const struct evidence_removal removal = {
		clock_now_us(), operator_name, reason,
	};
	g_autoptr(GError) why = NULL;
	char day[DAY_TEXT_MAX];

	if (evidenceholds_has(holds, place, &why))
		return admin_fail(on->self, EX_NOPERM, "%s is on hold "
				  "(reevectl records hold list): nothing of it "
				  "is removed", day_format(place->day, day));
	if (!why &&
	    evidencemarks_add_removal(on->state, place, &removal, &why) &&
	    evidence_remove(dir, place, &why))
		return EX_OK;
	return admin_fail(on->self, EX_DATAERR, "%s", why->message);
}

static int remove_all(struct removing *on, const char *word)
{
	g_autoptr(GError) why = NULL;
	struct holdset *held = holdset_load(on->state, &why);
	struct evidenceholds *holds = evidenceholds_new(
		global_settings_of(on->admin->settings)->state_dir, held);
	int status = held ? find_places(on, word) :
		admin_fail(on->self, EX_UNAVAILABLE, "%s", why->message);

	for (guint i = 0; i < on->places->len && status == EX_OK; i++)
		status = remove_one(on, holds, &g_array_index(
			on->places, struct evidence_place, i));
	evidenceholds_free(&holds);
	holdset_free(&held);
	return status;
}

int evidencerelease_remove(struct admin *admin, const struct command *self,
			   int argc, char **argv)
{
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	struct removing on = { .admin = admin, .self = self };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc != 2 || !reason || !*reason))
		status = admin_fail(self, EX_USAGE, "one record id, or the "
				    "SHA-256 of an original, and --reason are "
				    "needed");
	on.state = desk_begin(admin, self, argv[1], reason, &status);
	if (!on.state)
		return status;
	on.reason = reason;
	on.places = g_array_new(FALSE, FALSE, sizeof(struct evidence_place));
	status = remove_all(&on, argv[1]);
	g_array_unref(on.places);
	state_close(&on.state);
	return status;
}
