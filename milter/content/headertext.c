#include <config.h>

#include "content/headertext.h"

#include "message/headervalue.h"
#include "message/mailbox.h"
#include "message/orgdomain.h"

#include <string.h>

#define RELAYS "X-Spam-Relays-"
#define ROOM_BYTES 4096

struct header_source headertext_source(const struct transaction *tx,
				       const GPtrArray *origins,
				       struct arena *arena)
{
	return (struct header_source){
		tx, arena, received_collect(tx, origins, arena),
		arena_new_n(arena, struct field_memory, tx->headers->len),
		g_string_sized_new(ROOM_BYTES),
	};
}

void headertext_release(struct header_source *source)
{
	g_array_unref(source->relays.all);
	g_string_free(source->room, TRUE);
}

static struct field_memory *memory_of(const struct header_source *source,
				      const struct header *header)
{
	return &source->fields[header - &g_array_index(
		source->tx->headers, struct header, 0)];
}

struct mailbox_list headertext_boxes(const struct header_source *source,
				     const struct header *header)
{
	struct field_memory *memory = memory_of(source, header);
	struct mailbox_list *boxes;

	if (!memory->boxes) {
		boxes = arena_new(source->arena, struct mailbox_list);
		*boxes = mailbox_parse(header->value, source->arena);
		memory->boxes = boxes;
	}
	return *memory->boxes;
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
	const struct header_source *source;	/* NULL: a part's header */
	bool has_leading_space;
	GString *out;
	bool is_found;
};

/* Many specs ask for the same fields. */
static const char *decode(const struct asked *on, const struct header *header)
{
	struct field_memory *memory;

	if (!on->source)
		return headervalue_decode(header, on->arena);
	memory = memory_of(on->source, header);
	if (!memory->decoded)
		memory->decoded = headervalue_decode(header, on->arena);
	return memory->decoded;
}

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
		g_string_append(on->out, decode(on, header));
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

/* From one Received field on up to another; from 0: all above
 * the first, too. */
static void append_all(struct asked *on, const GArray *headers, guint from,
		       guint to)
{
	guint hops = 0;

	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		hops += span_is_word(header->name, "Received");
		if (hops < from || hops >= to)
			continue;
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
	struct mailbox_list list = on->source ?
		headertext_boxes(on->source, header) :
		mailbox_parse(header->value, on->arena);

	for (size_t i = 0; i < list.count; i++) {
		const struct mailbox *box = &list.boxes[i];
		const char *text = !on->spec->is_name ? NULL :
				   on->spec->is_raw ? box->raw_name : box->name;

		if (!on->spec->is_name)
			text = mailaddr_format(&box->addr, on->arena);
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

/* fetchmail writes an envelope of its own. */
static bool is_fetched(const struct transaction *tx)
{
	const struct header *sender = transaction_find_header(tx, "X-Sender");
	bool is_found = false;

	if (!sender || span_find(sender->value, '@') < 0)
		return false;
	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			tx->headers, struct header, i);

		if (span_is_word(header->name, "Received") &&
		    header->value.len)
			is_found |= memmem(header->value.ptr,
					   header->value.len, "(fetchmail",
					   strlen("(fetchmail")) != NULL;
	}
	return is_found;
}

/* One such field is another delivery's; whose the others are is
 * not known then. */
static bool is_below_received(const struct transaction *tx, const char *name)
{
	bool is_received = false;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			tx->headers, struct header, i);

		is_received |= span_is_word(header->name, "Received");
		if (is_received && span_is_word(header->name, name))
			return true;
	}
	return false;
}

/* Of a message from a file: what the last hop, or a delivery,
 * has left of it. */
static const char *envelope_from(const struct header_source *source,
				 struct arena *arena)
{
	static const char *const names[] = {
		"X-Envelope-From", "Envelope-Sender", "Return-Path",
	};
	const struct transaction *tx = source->tx;
	const struct relays *relays = &source->relays;

	if (tx->sender.raw.len && !tx->sender.is_null)
		return mailaddr_format(&tx->sender, arena);
	if (relays->all->len) {
		const struct relay *last = &g_array_index(relays->all,
			struct relay, relays->trusted < relays->all->len ?
			relays->trusted : relays->trusted - 1);

		if (strchr(last->envelope_from, '@'))
			return last->envelope_from;
	}
	if (is_fetched(tx))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct header *header = transaction_find_header(
			tx, names[i]);
		struct mailaddr addr;

		if (!header)
			continue;
		if (is_below_received(tx, names[i]))
			return NULL;
		addr = mailaddr_parse(span_trim(header->value), arena);
		return addr.is_null ? "" : mailaddr_format(&addr, arena);
	}
	return NULL;
}

/* "[ ip=... rdns=... ]" for each, as SpamAssassin's manual has it. */
static void append_relays(struct asked *on, const struct relays *relays,
			  const char *which)
{
	bool is_trusted = g_ascii_strcasecmp(which, "Trusted") == 0 ||
			  g_ascii_strcasecmp(which, "Internal") == 0;

	on->is_found = true;
	for (guint i = is_trusted ? 0 : relays->trusted;
	     i < (is_trusted ? relays->trusted : relays->all->len); i++) {
		const struct relay *relay = &g_array_index(
			relays->all, struct relay, i);

		g_string_append_printf(on->out, "%s[ ip=%s rdns=%s helo=%s "
			"by=%s ident=%s envfrom=%s intl=%d id=%s auth=%s "
			"msa=0 ]", on->out->len ? " " : "", relay->ip,
			relay->rdns, relay->helo, relay->by, relay->ident,
			relay->envelope_from, is_trusted, relay->id,
			relay->auth);
	}
}

static void append_special(struct asked *on,
			   const struct header_source *source)
{
	const struct transaction *tx = source->tx;
	static const char *const ids[] = {
		"X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID",
		"Message-Id",
	};
	const char *name = on->spec->name, *from;

	if (strcmp(name, "ALL") == 0) {
		append_all(on, tx->headers, 0, G_MAXUINT);
	} else if (strcmp(name, "ALL-EXTERNAL") == 0 ||
		   strcmp(name, "ALL-UNTRUSTED") == 0) {
		append_all(on, tx->headers, source->relays.trusted_fields + 1,
			   G_MAXUINT);
	} else if (strcmp(name, "ALL-TRUSTED") == 0 ||
		   strcmp(name, "ALL-INTERNAL") == 0) {
		append_all(on, tx->headers, 0,
			   source->relays.trusted_fields + 1);
	} else if (g_ascii_strncasecmp(name, RELAYS, strlen(RELAYS)) == 0) {
		append_relays(on, &source->relays, name + strlen(RELAYS));
	} else if (g_ascii_strcasecmp(name, "EnvelopeFrom") == 0) {
		from = envelope_from(source, on->arena);
		on->is_found = from != NULL;
		g_string_append(on->out, from ? from : "");
	} else if (on->spec->is_addr || on->spec->is_name) {
		append_box(on, tx->headers);
	} else if (g_ascii_strcasecmp(name, "ToCc") == 0) {
		append_named(on, tx->headers, "To");
		append_named(on, tx->headers, "Cc");
	} else if (strcmp(name, "MESSAGEID") == 0) {
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			append_named(on, tx->headers, ids[i]);
	} else {
		append_named(on, tx->headers, name);
	}
}

static uint8_t hash_name(struct span name)
{
	unsigned hash = 5381;

	for (size_t i = 0; i < name.len; i++)
		hash = hash * 33 + (unsigned char)g_ascii_tolower(name.ptr[i]);
	return (uint8_t)(hash ^ hash >> 8);
}

struct header_names headertext_names(const GArray *headers)
{
	struct header_names names = { { 0 } };

	for (guint i = 0; i < headers->len; i++) {
		unsigned hash = hash_name(g_array_index(headers, struct header,
							i).name);

		names.bits[hash / 64] |= UINT64_C(1) << hash % 64;
	}
	return names;
}

/* A name that stands for more than the fields of that name. */
static bool is_special(const char *name)
{
	return g_ascii_strncasecmp(name, "ALL", 3) == 0 ||
	       g_ascii_strncasecmp(name, RELAYS, strlen(RELAYS)) == 0 ||
	       g_ascii_strcasecmp(name, "EnvelopeFrom") == 0 ||
	       g_ascii_strcasecmp(name, "ToCc") == 0 ||
	       strcmp(name, "MESSAGEID") == 0;
}

void headertext_set_name(struct header_spec *spec, const char *name)
{
	spec->name = g_strdup(name);
	spec->hash = hash_name(span_text(name));
	spec->is_special = is_special(name);
}

bool headertext_may_have(const struct header_names *names,
			 const struct header_spec *spec)
{
	return spec->is_special ||
	       names->bits[spec->hash / 64] >> spec->hash % 64 & 1;
}

static bool is_host_byte(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
}

/* "a.example": behind the @ of an address, or the first word with a dot in it
 * that is no number. */
static struct span find_host(struct span text)
{
	ptrdiff_t at = span_find(text, '@');
	size_t start, end;

	if (at >= 0)
		text = span_from(text, (size_t)at + 1);
	for (start = 0; start < text.len; start = end + 1) {
		struct span host;
		ptrdiff_t dot;

		end = start;
		while (end < text.len && is_host_byte(text.ptr[end]))
			end++;
		host = span_of(text.ptr + start, end - start);
		while (host.len && host.ptr[host.len - 1] == '.')
			host.len--;
		dot = span_find_last(host, '.');
		if (dot > 0 && g_ascii_isalpha(host.ptr[dot + 1]))
			return host;
	}
	return span_of(NULL, 0);
}

/* The first address, without brackets. */
static struct span find_ip(struct span text, struct netaddr *addr_out)
{
	static const char bytes[] = "0123456789abcdefABCDEF.:";
	size_t start, end;

	for (start = 0; start < text.len; start = end + 1) {
		struct span word;

		for (end = start; end < text.len && text.ptr[end] &&
		     strchr(bytes, text.ptr[end]);)
			end++;
		word = span_of(text.ptr + start, end - start);
		if (word.len > 2 && netaddr_parse(word, addr_out))
			return word;
	}
	return span_of(NULL, 0);
}

/* 4.3.2.1 of 1.2.3.4; of IPv6 its digits one by one (RFC 3596, 2.5). */
static void append_reversed(GString *out, const struct netaddr *addr)
{
	bool is_ip4 = addr->family == NETADDR_IP4;

	for (int i = 15; i >= (is_ip4 ? 12 : 0); i--) {
		if (out->len)
			g_string_append_c(out, '.');
		if (is_ip4)
			g_string_append_printf(out, "%u", addr->bytes[i]);
		else
			g_string_append_printf(out, "%x.%x",
					       addr->bytes[i] & 15u,
					       addr->bytes[i] >> 4u);
	}
}

/* Of all that is there only what :host, :domain, :ip or :revip names. */
static void narrow(struct asked *on, const struct settings *settings)
{
	struct span text = span_of(on->out->str, on->out->len), found;
	g_autofree char *kept = NULL;
	struct netaddr addr;

	if (!on->spec->is_host && !on->spec->is_ip)
		return;
	found = on->spec->is_ip ? find_ip(text, &addr) : find_host(text);
	kept = g_strndup(found.len ? found.ptr : "", found.len);
	g_string_truncate(on->out, 0);
	on->is_found = found.len > 0;
	if (!on->is_found)
		return;
	if (on->spec->is_reversed) {
		append_reversed(on->out, &addr);
	} else if (on->spec->is_domain && settings) {
		const char *ascii = mailaddr_domain_ascii(span_text(kept),
							  on->arena);

		g_string_append(on->out, ascii ? orgdomain_of(
			settings, ascii) : kept);
	} else {
		g_string_append(on->out, kept);
	}
}

static bool give(struct asked *on, struct span *text_out)
{
	*text_out = arena_span(on->arena, span_of(on->out->str, on->out->len));
	return on->is_found;
}

bool headertext_get(const struct header_source *source,
		    const struct header_spec *spec, struct span *text_out)
{
	struct asked on = {
		.spec = spec, .arena = source->arena, .source = source,
		.out = g_string_truncate(source->room, 0),
		.has_leading_space = source->tx->has_leading_space,
	};

	append_special(&on, source);
	narrow(&on, source->tx->settings);
	return give(&on, text_out);
}

bool headertext_of_part(const struct mime_part *part,
			const struct header_spec *spec, struct arena *arena,
			struct span *text_out)
{
	g_autoptr(GString) room = g_string_new(NULL);
	struct asked on = {
		.spec = spec, .arena = arena, .out = room,
		.has_leading_space = true,
	};

	if (strcmp(spec->name, "ALL") == 0)
		append_all(&on, part->headers, 0, G_MAXUINT);
	else if (spec->is_addr || spec->is_name)
		append_box(&on, part->headers);
	else
		append_named(&on, part->headers, spec->name);
	narrow(&on, NULL);
	return give(&on, text_out);
}
