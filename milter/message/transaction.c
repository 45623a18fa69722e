#include <config.h>

#include "message/transaction.h"

#include "message/contents.h"
#include "message/limits.h"
#include "resolver/inquiry.h"

#include <inttypes.h>
#include <stdarg.h>

#define DETAIL_MAX 200		/* bytes of a finding's detail */

const char *direction_word(enum direction direction)
{
	static const char *const words[] = {
		"unknown", "inbound", "outbound", "local",
	};

	BUG_IF((size_t)direction >= COUNT_OF(words));
	return words[direction];
}

const char *ending_word(enum ending ending)
{
	static const char *const words[] = {
		"open", "complete", "refused", "aborted", "lost",
	};

	BUG_IF((size_t)ending >= COUNT_OF(words));
	return words[ending];
}

void transaction_init(struct transaction *tx, const struct settings *settings,
		      const struct session_facts *session)
{
	*tx = (struct transaction){
		.settings = settings,
		.session = session,
		.client = session->client,
		.is_body_bytes_exact = true,
		.mail_params = { .size_bytes = -1 },
	};
	arena_init(&tx->arena);
	tx->recipients = g_array_new(FALSE, TRUE, sizeof(struct recipient));
	tx->headers = g_array_new(FALSE, TRUE, sizeof(struct header));
	tx->findings = g_array_new(FALSE, TRUE, sizeof(struct finding));
	tx->annotations = g_array_new(FALSE, TRUE, sizeof(struct annotation));
	tx->body = g_byte_array_new();
	tx->auth.dkim = g_array_new(FALSE, TRUE, sizeof(struct auth_dkim));
}

void transaction_release(struct transaction *tx)
{
	if (!tx->recipients)
		return;
	g_array_unref(tx->recipients);
	g_array_unref(tx->headers);
	if (tx->sender_work)
		tx->free_sender_work(tx->sender_work);
	if (tx->bulk_work)
		tx->free_bulk_work(tx->bulk_work);
	inquiry_free(tx->inquiry);
	contents_free(tx->contents);
	g_array_unref(tx->findings);
	g_array_unref(tx->annotations);
	g_array_unref(tx->auth.dkim);
	g_byte_array_unref(tx->body);
	arena_release(&tx->arena);
	*tx = (struct transaction){ 0 };
}

struct recipient *transaction_add_recipient(struct transaction *tx)
{
	const struct limits *limits = limits_of(tx->settings);

	if (tx->recipients->len >= limits->recipients) {
		tx->recipients_dropped++;
		return NULL;
	}
	g_array_set_size(tx->recipients, tx->recipients->len + 1);
	return &g_array_index(tx->recipients, struct recipient,
			      tx->recipients->len - 1);
}

/* Without it nobody can say who sent the message. */
static bool is_vital(struct span name)
{
	return span_is_word(name, "From") ||
	       span_is_word(name, "Authentication-Results");
}

void transaction_add_header(struct transaction *tx, struct span name,
			    struct span value)
{
	const struct limits *limits = limits_of(tx->settings);
	int64_t room = limits->all_header_bytes - tx->header_bytes;
	struct span gap = name;

	name = span_trim(name);
	gap = span_from(gap, (size_t)(name.ptr + name.len - gap.ptr));
	tx->header_bytes += (int64_t)(name.len + value.len);
	if (tx->headers->len >= limits->headers || room <= 0) {
		tx->headers_dropped++;
		tx->is_vital_dropped |= is_vital(name);
		return;
	}
	room = MIN(room, limits->header_bytes);
	if ((int64_t)(name.len + value.len) > room) {
		tx->headers_cut++;
		tx->is_vital_dropped |= is_vital(name);
		name = span_first(name, (size_t)room);
		value = span_first(value, (size_t)room - name.len);
	}
	struct header header = {
		arena_span(&tx->arena, name), arena_span(&tx->arena, value),
		gap.len ? arena_span(&tx->arena, gap) : span_of(NULL, 0),
	};

	g_array_append_val(tx->headers, header);
}

bool transaction_add_body(struct transaction *tx, struct span chunk)
{
	size_t most = (size_t)limits_of(tx->settings)->body_bytes;
	size_t room = most - MIN(most, tx->body->len);

	tx->body_bytes += (int64_t)chunk.len;
	g_byte_array_append(tx->body, (const guint8 *)chunk.ptr,
			    (guint)MIN(room, chunk.len));
	return tx->body->len < most;
}

const struct header *transaction_find_header(const struct transaction *tx,
					     const char *name)
{
	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);

		if (span_is_word(header->name, name))
			return header;
	}
	return NULL;
}

/* What a check prints may hold a stranger's bytes: only
 * printable ASCII stays. */
static const char *printable(struct arena *arena, const char *text)
{
	struct span kept = span_first(span_text(text), DETAIL_MAX);
	char *copy = arena_span_text(arena, kept);

	for (char *c = copy; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return copy;
}

struct finding *transaction_find(struct transaction *tx, const char *symbol,
				 const char *fmt, ...)
{
	struct finding finding = { .symbol = symbol };

	if (fmt) {
		va_list args;

		va_start(args, fmt);
		g_autofree char *text = g_strdup_vprintf(fmt, args);

		va_end(args);
		finding.detail = printable(&tx->arena, text);
	}
	g_array_append_val(tx->findings, finding);
	return &g_array_index(tx->findings, struct finding,
			      tx->findings->len - 1);
}

void transaction_annotate(struct transaction *tx, const char *name,
			  const char *value)
{
	struct annotation annotation = { name, value };

	g_array_append_val(tx->annotations, annotation);
}

void transaction_check_limits(struct transaction *tx)
{
	const struct limits *limits = limits_of(tx->settings);

	if (tx->recipients_dropped)
		transaction_find(tx, "LIMIT_RECIPIENTS",
				 "%u recipients past limits.recipients",
				 tx->recipients_dropped);
	if (tx->headers_dropped || tx->headers_cut)
		transaction_find(tx, "LIMIT_HEADERS",
				 "%u header fields not kept, %u cut",
				 tx->headers_dropped, tx->headers_cut);
	if (tx->body_bytes > limits->body_bytes)
		transaction_find(tx, "LIMIT_BODY",
				 "%" PRId64 " bytes, %" PRId64 " looked at",
				 tx->body_bytes, limits->body_bytes);
}
