#include <config.h>

#include "cases/noticebounce.h"

#include "cases/noticepost.h"

#include <openssl/crypto.h>
#include <string.h>

#define TOKENS_MAX 20		/* looked up; more is somebody's game */
#define STATUS_MAX 80		/* bytes of what the MTA says of it */

/* Fields with the address that the mail went to. An answer by a person has the
 * token elsewhere: In-Reply-To, References. */
static const char *const fields[] = {
	"To:", "Delivered-To:", "X-Original-To:", "Envelope-To:",
};

static struct span next_line(struct span *rest)
{
	ptrdiff_t end = span_find(*rest, '\n');
	struct span line = end < 0 ? *rest : span_first(*rest, (size_t)end);

	*rest = span_from(*rest, line.len + 1);
	return line;
}

static bool begins_with(struct span line, const char *word)
{
	size_t len = strlen(word);

	return line.len >= len && g_ascii_strncasecmp(line.ptr, word, len) == 0;
}

static bool is_address_field(struct span line)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (begins_with(line, fields[i]))
			return true;
	return false;
}

static bool each_in(struct span bytes, notice_token_fn *take, void *context)
{
	struct notice_entry entry = { .number = 0 };

	while (noticeform_find_token(bytes, &entry, &bytes))
		if (!take(&entry, context))
			return false;
	return true;
}

void noticebounce_each_token(struct span bytes, notice_token_fn *take,
			     void *context)
{
	struct span line = next_line(&bytes);
	bool is_field = false, is_more = true;

	for (; is_more && span_trim(line).len; line = next_line(&bytes)) {
		bool is_fold = *line.ptr == ' ' || *line.ptr == '\t';

		is_field = is_fold ? is_field : is_address_field(line);
		if (is_field)
			is_more = each_in(line, take, context);
	}
	if (is_more)
		each_in(bytes, take, context);
}

/* RFC 3464, 2.3.3 and 2.3.4. Who reports otherwise reports a failure. */
struct report {
	bool has_action, is_failed;
	struct span status;
};

static struct report read_report(struct span bytes)
{
	struct report report = { .has_action = false };

	while (bytes.len) {
		struct span line = next_line(&bytes);

		if (begins_with(line, "Action:")) {
			struct span word = span_trim(span_from(line, 7));

			report.has_action = true;
			report.is_failed |= begins_with(word, "failed");
		} else if (begins_with(line, "Status:") && !report.status.len) {
			report.status = span_trim(span_from(line, 7));
		}
	}
	return report;
}

struct search {
	const struct notice_ask *ask;
	struct arena *arena;
	struct notice_bounced *out;
	unsigned left;
};

static bool take_token(const struct notice_entry *token, void *context)
{
	struct search *search = context;
	struct notice_entry *entry = &search->out->entry;

	search->out->is_ours =
		noticebook_get(search->ask->state, token->id, token->number,
			       search->arena, entry) &&
		entry->tries > 0 &&
		CRYPTO_memcmp(entry->token, token->token,
			      sizeof entry->token) == 0;
	return !search->out->is_ours && --search->left > 0;
}

static bool mark(const struct notice_ask *ask, struct notice_entry *entry,
		 const char *status, const char *operator_name,
		 struct arena *arena, GError **error)
{
	const struct case_change change = {
		.step = { ask->now_us, CASE_COMMAND_NOTE, CASE_STATE_NONE,
			  operator_name, arena_printf(arena, NOTICE_STEP
				"%s to %s could not be delivered%s%s",
				notice_kind_word(entry->kind), entry->to,
				*status ? ": " : "", status) },
		.is_undelivered = entry->kind == NOTICE_KIND_WARNING ||
				  entry->kind == NOTICE_KIND_REMINDER,
		.also = noticepost_also, .also_context = entry,
	};
	struct case_facts facts;

	entry->state = NOTICE_STATE_BOUNCED;
	entry->ended_us = ask->now_us;
	entry->why = status;
	return casebook_change(ask->state, case_settings_of(ask->settings),
			       entry->id, &change, &facts, arena, error);
}

bool noticebounce_take(const struct notice_ask *ask, struct span bytes,
		       const char *operator_name, struct arena *arena,
		       struct notice_bounced *out, GError **error)
{
	struct search search = { ask, arena, out, TOKENS_MAX };
	struct report report = read_report(bytes);

	*out = (struct notice_bounced){ .is_ours = false };
	if (report.has_action && !report.is_failed)
		return true;
	noticebounce_each_token(bytes, take_token, &search);
	out->is_known = out->is_ours &&
			out->entry.state == NOTICE_STATE_BOUNCED;
	if (!out->is_ours || out->is_known)
		return true;
	return mark(ask, &out->entry, noticefacts_plain(
		report.status, STATUS_MAX, false, arena),
		*operator_name ? operator_name : "mailreeve", arena, error);
}
