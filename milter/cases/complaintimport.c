#include <config.h>

#include "cases/complaintimport.h"

#include "cases/casejoin.h"
#include "cases/casesettings.h"
#include "cases/complaintkind.h"
#include "cases/complaintsettings.h"
#include "cases/noticebounce.h"
#include "settings/global.h"
#include "store/incidents.h"

#include <stdio.h>

/* Whose case it is to be, of whom the book knows the customer; nobody's, when a
 * stranger sent it to us. */
static struct incident_subject subject_of(const struct complaint_match *match)
{
	if (!match->is_ours)
		return (struct incident_subject){ LIST_ADDRESS, "" };
	if (*match->account)
		return (struct incident_subject){ LIST_ACCOUNT,
						  match->account };
	return (struct incident_subject){ LIST_ADDRESS, match->client };
}

/* One of a kind lasts by itself: a virus is no more spam. */
static char *key_of(const struct complaint_match *match, enum case_kind kind)
{
	const char *what = *match->customer ? "customer" :
			   *match->account ? "account" : "client";
	const char *who = *match->customer ? match->customer :
			  *match->account ? match->account : match->client;

	return kind == CASE_KIND_SPAM ?
		g_strdup_printf("%s %s", what, who) :
		g_strdup_printf("%s %s (%s)", what, who, case_kind_word(kind));
}

void complaintimport_note(const struct complaint_entry *entry,
			  const struct settings *settings, int64_t now_us)
{
	const struct complaint_match *match = &entry->match;
	enum case_kind kind = complaintkind_of(entry->complaint.kind);
	g_autofree char *key = NULL, *text = NULL;

	if (!match->record_count || kind == CASE_KIND_NONE)
		return;
	key = key_of(match, kind);
	text = g_strdup_printf("complaint %" G_GUINT64_FORMAT " (%s) from %s",
			       entry->number, entry->complaint.kind,
			       *entry->complaint.reporter_domain ?
			       entry->complaint.reporter_domain : "someone");
	incidents_note_late(&(struct incident){
		.kind = CASEJOIN_COMPLAINT, .key = key, .text = text,
		.first_us = now_us, .last_us = now_us, .count = 1,
		.subject = subject_of(match), .caused_us = match->sent_us,
		.case_kind = kind,
	}, case_settings_of(settings)->quiet_ms * 1000);
}

bool complaintimport_add(const struct complaint_import *import,
			 struct complaint_entry *entry, struct arena *arena,
			 struct complaint_imported *out, GError **error)
{
	const char *state_dir = global_settings_of(import->settings)->state_dir;
	int64_t a_day = complaint_settings_of(import->settings)->a_day;
	struct complaint_search whole = { .until_us = 0 };
	struct complaint_search *search = import->search ? import->search :
							   &whole;

	entry->last_us = import->now_us;
	entry->operator_name = import->operator_name;
	out->outcome = COMPLAINT_FULL;
	if (!complaintbook_has_room(import->state, &entry->complaint))
		return true;
	if (!complaintmatch_find(state_dir, &entry->complaint, search, arena,
				 &entry->match, error))
		return false;
	out->is_unfinished = !search->is_over;
	if (out->is_unfinished)
		return true;
	if (!complaintbook_add(import->state, entry, a_day, &out->outcome,
			       error))
		return false;
	out->number = entry->number;
	out->record_count = entry->match.record_count;
	if (entry->is_now_matched)
		complaintimport_note(entry, import->settings, import->now_us);
	return true;
}

static bool take_bounce(const struct complaint_import *import,
			struct span bytes, struct arena *arena,
			struct complaint_imported *out, GError **error)
{
	const struct notice_ask ask = { import->settings, import->state,
					import->now_us };
	struct notice_bounced bounced;
	char id[CASE_ID_TEXT_MAX];

	if (!noticebounce_take(&ask, bytes, import->operator_name, arena,
			       &bounced, error))
		return false;
	out->is_letter = bounced.is_ours;
	if (bounced.is_ours)
		snprintf(out->why, sizeof out->why, "%s of case %s to %s could "
			 "not be delivered%s", notice_kind_word(
				bounced.entry.kind),
			 case_id_format(bounced.entry.id, id), bounced.entry.to,
			 bounced.is_known ? " (known already)" : "");
	return true;
}

bool complaintimport_take(const struct complaint_import *import,
			  struct span bytes, struct complaint_imported *out,
			  GError **error)
{
	static const struct session_facts nobody = { .messages = 0 };
	struct complaint_entry entry = { .note = "" };
	struct transaction tx;
	const char *why;
	bool is_good = true;

	*out = (struct complaint_imported){ .refusal = COMPLAINT_READ };
	transaction_init(&tx, import->settings, &nobody);
	out->refusal = complaint_read(&tx, bytes, &entry.complaint, &why);
	if (out->refusal == COMPLAINT_READ)
		is_good = complaintimport_add(import, &entry, &tx.arena, out,
					      error);
	else
		snprintf(out->why, sizeof out->why, "%s", why);
	if (out->refusal == COMPLAINT_BOUNCE)
		is_good = take_bounce(import, bytes, &tx.arena, out, error);
	transaction_release(&tx);
	return is_good;
}
