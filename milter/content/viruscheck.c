#include <config.h>

#include "content/viruscheck.h"

#include "content/clamd.h"

#include <inttypes.h>

/* clamd takes a text for mail by its first field's name, which a stranger
 * chooses: one that it does not know would leave attachments encoded. */
#define FIRST_FIELD "Received: by mailreeve\r\n"

static GString *header_text(const struct transaction *tx)
{
	GString *text = g_string_new(FIRST_FIELD);

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);

		g_string_append_len(text, header->name.ptr,
				    (gssize)header->name.len);
		g_string_append(text, tx->has_leading_space ? ":" : ": ");
		g_string_append_len(text, header->value.ptr,
				    (gssize)header->value.len);
		g_string_append(text, "\r\n");
	}
	g_string_append(text, "\r\n");
	return text;
}

static void add_virus(struct transaction *tx, const char *name)
{
	struct finding *finding = transaction_find(tx, "VIRUS", "%s", name);

	finding->demand = ACTION_REJECT;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->text = "the message has a virus in it";
}

static void add_unscanned(struct transaction *tx, const char *why)
{
	struct finding *finding = transaction_find(tx, "VIRUS_UNSCANNED",
						   "clamd: %s", why);

	if (clamd_settings_of(tx->settings)->on_error == CLAMD_ON_ERROR_ACCEPT)
		return;
	finding->demand = ACTION_DEFER;
	finding->code = 451;
	finding->enhanced = "4.7.1";
	finding->text = "the virus scanner is not at hand, try again later";
}

static bool is_cut(const struct transaction *tx)
{
	return tx->headers_dropped || tx->headers_cut ||
	       !tx->is_body_bytes_exact ||
	       tx->body_bytes > (int64_t)tx->body->len;
}

static void add_partly(struct transaction *tx, size_t sent)
{
	int64_t whole = tx->header_bytes + tx->body_bytes;

	if (is_cut(tx))
		transaction_find(tx, "VIRUS_PARTLY", "of %s%" PRId64
				 " bytes only what limits.* keep was scanned",
				 tx->is_body_bytes_exact ? "" : "at least ",
				 whole);
	else
		transaction_find(tx, "VIRUS_PARTLY", "%zu bytes were scanned, "
				 "past clamd.max_size nothing", sent);
}

static void take(struct transaction *tx, const struct clamdreply *reply,
		 bool is_whole, size_t sent)
{
	switch (reply->kind) {
	case CLAMDREPLY_CLEAN:
		if (!is_whole)
			add_partly(tx, sent);
		return;
	case CLAMDREPLY_FOUND:
		add_virus(tx, reply->text);
		return;
	case CLAMDREPLY_TOO_LONG:
		transaction_find(tx, "VIRUS_PARTLY", "nothing was scanned: "
				 "%zu bytes are past clamd's StreamMaxLength",
				 sent);
		return;
	case CLAMDREPLY_ERROR:
	case CLAMDREPLY_NONSENSE:
		add_unscanned(tx, reply->text);
		return;
	}
}

void viruscheck_message(struct transaction *tx)
{
	const struct clamd_settings *settings = clamd_settings_of(tx->settings);
	size_t most = (size_t)settings->max_bytes;
	struct span head, body = { (const char *)tx->body->data,
				   tx->body->len };
	struct clamdreply reply;

	if (!settings->addresses->len)
		return;
	g_autoptr(GString) text = header_text(tx);
	size_t whole = text->len + body.len;

	head = span_first(span_of(text->str, text->len), most);
	body = span_first(body, most - head.len);
	reply = clamd_scan(settings, &tx->log, head, body);
	take(tx, &reply, !is_cut(tx) && whole <= most, head.len + body.len);
}
