#include <config.h>

#include "cases/notice.h"

#include "cases/casesettings.h"
#include "cases/casecustomer.h"
#include "message/plainmail.h"
#include "store/evidencesettings.h"
#include "store/storeerror.h"

#include <string.h>

static bool take_sent(const struct notice_entry *entry, void *context)
{
	*(bool *)context |= entry->state == NOTICE_STATE_SENT;
	return true;
}

static bool has_heard(const struct notice_ask *ask, struct case_id id)
{
	bool is_any = false;

	return noticebook_each(ask->state, id, take_sent, &is_any, NULL) &&
	       is_any;
}

enum notice_kind notice_kind_for(const struct notice_ask *ask,
				 const struct case_facts *facts,
				 enum case_command command)
{
	switch (command) {
	case CASE_COMMAND_WARN:
		return facts->due_us[CASE_DUTY_WARN] ||
		       facts->state == CASE_STATE_OPEN ||
		       facts->state == CASE_STATE_REMEDIED ?
		       NOTICE_KIND_WARNING : NOTICE_KIND_REMINDER;
	case CASE_COMMAND_SUSPEND:
		return NOTICE_KIND_SUSPENSION;
	case CASE_COMMAND_RESUME:
		return NOTICE_KIND_RESUMPTION;
	case CASE_COMMAND_CLOSE:
		return has_heard(ask, facts->id) ? NOTICE_KIND_CLOSING :
						   NOTICE_KIND_NONE;
	default:
		return NOTICE_KIND_NONE;
	}
}

bool notice_fits(const struct case_facts *facts, enum notice_kind kind)
{
	enum case_state state = facts->state;

	switch (kind) {
	case NOTICE_KIND_WARNING:
		return state == CASE_STATE_OPEN || state == CASE_STATE_WARNED ||
		       state == CASE_STATE_WATCHED ||
		       state == CASE_STATE_REMEDIED;
	case NOTICE_KIND_REMINDER:
		return state == CASE_STATE_OPEN || state == CASE_STATE_WARNED ||
		       state == CASE_STATE_WATCHED;
	case NOTICE_KIND_SUSPENSION:
		return state == CASE_STATE_SUSPENDED ||
		       state == CASE_STATE_TERMINATED;
	case NOTICE_KIND_RESUMPTION:
		return state == CASE_STATE_WATCHED;
	case NOTICE_KIND_CLOSING:
		return state == CASE_STATE_CLOSED;
	default:
		return false;
	}
}

struct came_back {
	const char *address;
	bool is_one;
};

static bool take_bounced(const struct notice_entry *entry, void *context)
{
	struct came_back *search = context;

	search->is_one |= entry->state == NOTICE_STATE_BOUNCED &&
			  g_ascii_strcasecmp(entry->to, search->address) == 0;
	return true;
}

static bool is_good(const struct notice_ask *ask, struct case_id id,
		    const char *address)
{
	struct came_back search = { address, false };

	return notice_is_address(address) &&
	       noticebook_each(ask->state, id, take_bounced, &search, NULL) &&
	       !search.is_one;
}

static const char *find_address(const struct notice_ask *ask,
				const struct case_facts *facts,
				const struct customer_entry *customer)
{
	bool is_contact = is_good(ask, facts->id, facts->contact);

	/* What the case has is what the book had once, but about an account. */
	if (is_contact && facts->subject_kind != LIST_CUSTOMER)
		return facts->contact;
	for (size_t i = 0; customer->contacts && customer->contacts[i]; i++)
		if (is_good(ask, facts->id, customer->contacts[i]))
			return customer->contacts[i];
	return is_contact ? facts->contact : NULL;
}

static bool fail(GError **error, struct case_id id, const char *what)
{
	char text[CASE_ID_TEXT_MAX];

	store_error_set_text(error, STORE_ERROR_INVALID, "case %s: %s",
			     case_id_format(id, text), what);
	return false;
}

static const char *find_language(const struct notice_ask *ask,
				 const char *wanted,
				 const struct customer_entry *customer)
{
	const struct notice_settings *settings =
		notice_settings_of(ask->settings);
	const struct notice_language *found;

	if (!wanted)
		wanted = customer->language ? customer->language : "";
	found = noticeset_find(settings->set, wanted);
	return found ? found->tag : settings->language;
}

bool notice_prepare(const struct notice_ask *ask,
		    const struct case_facts *facts, enum notice_kind kind,
		    const char *contact, const char *language,
		    struct arena *arena, struct notice_entry *out,
		    GError **error)
{
	const struct notice_settings *settings =
		notice_settings_of(ask->settings);
	struct customer_entry customer = { .contacts = NULL };

	if (!notice_is_address(case_settings_of(ask->settings)->contact))
		return fail(error, facts->id, "letters come from cases.contact, "
			    "which is no mail address");
	if (contact && !notice_is_address(contact))
		return fail(error, facts->id, "--contact is no mail address to "
			    "which a letter could go");
	if (language && !noticeset_find(settings->set, language))
		return fail(error, facts->id, "there are no letters in that "
			    "language (cases.notice_dir)");
	if (!casecustomer_find(ask->state, facts->subject_kind,
			       facts->subject, arena, &customer))
		customer = (struct customer_entry){ .contacts = NULL };
	*out = (struct notice_entry){
		.id = facts->id, .kind = kind, .state = NOTICE_STATE_WAITING,
		.command = CASE_COMMAND_NOTE, .remark = "", .note = "",
		.operator_name = "", .why = "",
		.created_us = ask->now_us, .next_us = ask->now_us,
		.to = contact ? contact : find_address(ask, facts, &customer),
		.language = find_language(ask, language, &customer),
	};
	if (!out->to)
		return fail(error, facts->id, "no mail address is known to "
			    "which a letter could go, or letters came back "
			    "from it; name one with --contact");
	out->to = arena_text(arena, out->to);
	return true;
}

static struct span sender_of(const struct notice_ask *ask,
			     const struct notice_entry *entry,
			     struct arena *arena)
{
	const char *form = notice_settings_of(ask->settings)->sender;
	size_t before = strcspn(form, "%");
	char token[NOTICE_TOKEN_TEXT_MAX];

	if (!form[before])
		return span_text(form);
	return span_text(arena_printf(arena, "%.*s%s%s", (int)before, form,
				      noticeform_token(entry, token),
				      form + before + 1));
}

/* The folder may have changed since the letter was written down. */
static const struct notice_language *language_of(const struct notice_ask *ask,
						 const char *tag)
{
	const struct notice_settings *settings =
		notice_settings_of(ask->settings);
	const struct notice_language *found = noticeset_find(settings->set,
							     tag);

	return found ? found : noticeset_find(settings->set,
					      settings->language);
}

static GString *compose(const struct notice_ask *ask,
			const struct notice_entry *entry,
			const struct notice_mail *letter, const char *language)
{
	const char *contact = case_settings_of(ask->settings)->contact;
	char token[NOTICE_TOKEN_TEXT_MAX];
	g_autofree char *id = g_strdup_printf("%s%s", noticeform_token(
		entry, token), strchr(contact, '@'));
	const struct plainmail mail = {
		.from = contact, .to = entry->to, .message_id = id,
		.from_name = notice_settings_of(ask->settings)->name,
		.language = language, .date_us = ask->now_us,
		.subject = letter->subject->str, .body = letter->body->str,
	};

	return plainmail_format(&mail);
}

void notice_mail_init(struct notice_mail *out, const struct notice_ask *ask,
		      const struct case_facts *facts,
		      const struct notice_entry *entry, struct arena *arena)
{
	const struct notice_language *language = language_of(ask,
							     entry->language);
	const char *values[NOTICE_VARIABLES];

	noticefacts_collect(ask, facts, entry->remark, language, arena,
			    values);
	out->subject = g_string_new(NULL);
	out->body = g_string_new(NULL);
	noticetext_fill(language->letters[entry->kind], values, out->subject,
			out->body);
	out->text = compose(ask, entry, out, language->tag);
	out->to[0] = entry->to;
	out->to[1] = NULL;
	out->mail = (struct sendmail_mail){
		.program = evidence_settings_of(ask->settings)->sendmail,
		.sender = sender_of(ask, entry, arena), .to = out->to,
		.bytes = span_string(out->text),
	};
}

void notice_mail_release(struct notice_mail *mail)
{
	g_string_free(mail->text, TRUE);
	g_string_free(mail->subject, TRUE);
	g_string_free(mail->body, TRUE);
}
