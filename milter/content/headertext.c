#include <config.h>

#include "content/headertext.h"

#include "message/charset.h"
#include "message/encodedword.h"
#include "message/mailbox.h"

#include <string.h>

/* Names whose encoded words are no words. */
static bool is_structured(struct span name)
{
	static const char *const names[] = {
		"Received", "Message-ID", "Resent-Message-ID", "Date",
		"Resent-Date", "MIME-Version", "References", "In-Reply-To",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (span_is_word(name, names[i]))
			return true;
	return span_is_word(span_first(name, 5), "List-");
}

static struct span unfold(struct span value, struct arena *arena)
{
	char *text = arena_span_text(arena, span_trim(value));
	size_t to = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] != '\n') {
			text[to++] = text[i];
			continue;
		}
		while (text[i + 1] == ' ' || text[i + 1] == '\t')
			i++;
		text[to++] = ' ';
	}
	return span_of(text, to);
}

const char *headertext_decode(const struct header *header,
			      struct arena *arena)
{
	struct span value = charset_decode(unfold(header->value, arena), NULL,
					   arena);

	return is_structured(header->name) || !encodedword_is_in(value) ?
	       arena_span_text(arena, value) :
	       encodedword_decode(value, arena);
}

static void append_raw(GString *out, const struct header *header,
		       bool has_leading_space)
{
	if (!has_leading_space)
		g_string_append_c(out, ' ');
	for (size_t i = 0; i < header->value.len; i++)
		if (header->value.ptr[i] != '\r')
			g_string_append_c(out, header->value.ptr[i]);
	g_string_append_c(out, '\n');
}

struct asked {
	const struct header_spec *spec;
	struct arena *arena;
	bool has_leading_space;
	GString *out;
	bool is_found;
};

static void append(struct asked *on, const struct header *header)
{
	on->is_found = true;
	if (on->spec->is_first && on->out->len)
		return;
	if (on->spec->is_last)
		g_string_truncate(on->out, 0);
	if (on->spec->is_raw) {
		append_raw(on->out, header, on->has_leading_space);
	} else {
		g_string_append(on->out, headertext_decode(header, on->arena));
		g_string_append_c(on->out, '\n');
	}
}

static void append_named(struct asked *on, const GArray *headers,
			 const char *name)
{
	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, name))
			append(on, header);
	}
}

static void append_all(struct asked *on, const GArray *headers)
{
	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		g_string_append_len(on->out, header->name.ptr,
				    (gssize)header->name.len);
		g_string_append_c(on->out, ':');
		if (!on->spec->is_raw)
			g_string_append_c(on->out, ' ');
		append(on, header);
	}
}

static void append_boxes(struct asked *on, const struct header *header)
{
	struct mailbox_list list = mailbox_parse(header->value, on->arena);

	for (size_t i = 0; i < list.count; i++) {
		const struct mailbox *box = &list.boxes[i];
		const char *text = on->spec->is_name ? box->name :
				   mailaddr_format(&box->addr, on->arena);

		if (!text || (on->is_found && !on->spec->is_last))
			continue;
		on->is_found = true;
		g_string_assign(on->out, text);
	}
}

/* The first address or name of the fields. */
static void append_box(struct asked *on, const GArray *headers)
{
	bool is_both = g_ascii_strcasecmp(on->spec->name, "ToCc") == 0;

	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, is_both ? "To" :
				 on->spec->name) ||
		    (is_both && span_is_word(header->name, "Cc")))
			append_boxes(on, header);
	}
}

static const char *envelope_from(const struct transaction *tx,
				 struct arena *arena)
{
	static const char *const names[] = {
		"X-Envelope-From", "Envelope-Sender", "Return-Path",
	};

	if (tx->sender.raw.len && !tx->sender.is_null)
		return mailaddr_format(&tx->sender, arena);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct header *header = transaction_find_header(
			tx, names[i]);
		struct mailaddr addr;

		if (!header)
			continue;
		addr = mailaddr_parse(span_trim(header->value), arena);
		return addr.is_null ? "" : mailaddr_format(&addr, arena);
	}
	return NULL;
}

static void append_special(struct asked *on, const struct transaction *tx)
{
	static const char *const ids[] = {
		"X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID",
		"Message-Id",
	};
	const char *name = on->spec->name, *from;

	if (strcmp(name, "ALL") == 0) {
		append_all(on, tx->headers);
	} else if (on->spec->is_addr || on->spec->is_name) {
		append_box(on, tx->headers);
	} else if (g_ascii_strcasecmp(name, "ToCc") == 0) {
		append_named(on, tx->headers, "To");
		append_named(on, tx->headers, "Cc");
	} else if (strcmp(name, "MESSAGEID") == 0) {
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			append_named(on, tx->headers, ids[i]);
	} else if (g_ascii_strcasecmp(name, "EnvelopeFrom") == 0) {
		from = envelope_from(tx, on->arena);
		on->is_found = from != NULL;
		g_string_append(on->out, from ? from : "");
	} else {
		append_named(on, tx->headers, name);
	}
}

static bool give(struct asked *on, struct span *text_out)
{
	*text_out = arena_span(on->arena, span_of(on->out->str, on->out->len));
	g_string_free(on->out, TRUE);
	return on->is_found;
}

bool headertext_get(const struct transaction *tx,
		    const struct header_spec *spec, struct arena *arena,
		    struct span *text_out)
{
	struct asked on = {
		.spec = spec, .arena = arena, .out = g_string_new(NULL),
		.has_leading_space = tx->has_leading_space,
	};

	append_special(&on, tx);
	return give(&on, text_out);
}

bool headertext_of_part(const struct mime_part *part,
			const struct header_spec *spec, struct arena *arena,
			struct span *text_out)
{
	struct asked on = {
		.spec = spec, .arena = arena, .out = g_string_new(NULL),
		.has_leading_space = true,
	};

	if (strcmp(spec->name, "ALL") == 0)
		append_all(&on, part->headers);
	else if (spec->is_addr || spec->is_name)
		append_box(&on, part->headers);
	else
		append_named(&on, part->headers, spec->name);
	return give(&on, text_out);
}
