#include <config.h>

#include "content/addresses.h"

#include "message/mailbox.h"

#include <string.h>

#define HOPS_MAX 3		/* Received fields that may say "for" */

struct gathering {
	const struct header_source *source;
	GPtrArray *addresses;
	GHashTable *seen;
};

static void begin(struct gathering *on, const struct header_source *source)
{
	on->source = source;
	on->addresses = g_ptr_array_new();
	on->seen = g_hash_table_new(g_str_hash, g_str_equal);
}

static const char *const *end(struct gathering *on)
{
	guint count = on->addresses->len;
	const char **all = arena_new_n(on->source->arena, const char *,
				       count + 1);

	if (count)
		memcpy(all, on->addresses->pdata, count * sizeof *all);
	all[count] = NULL;
	g_ptr_array_unref(on->addresses);
	g_hash_table_unref(on->seen);
	return all;
}

static void add(struct gathering *on, const char *address)
{
	char *text;

	if (!address || !*address || strcmp(address, "<>") == 0 ||
	    on->addresses->len >= ADDRESSES_MAX)
		return;
	text = arena_text(on->source->arena, address);
	for (char *c = text; *c; c++)
		*c = g_ascii_tolower(*c);
	if (!g_hash_table_add(on->seen, text))
		return;
	g_ptr_array_add(on->addresses, text);
}

static void add_boxes(struct gathering *on, struct mailbox_list list)
{
	for (size_t i = 0; i < list.count; i++)
		add(on, mailaddr_format(&list.boxes[i].addr,
					on->source->arena));
}

static void add_envelope(struct gathering *on)
{
	struct header_spec spec = { .name = (char *)"EnvelopeFrom" };
	struct span text;

	if (headertext_get(on->source, &spec, &text))
		add(on, text.ptr);
}

static void add_fields(struct gathering *on, const char *name)
{
	const GArray *headers = on->source->tx->headers;

	if (g_ascii_strcasecmp(name, "EnvelopeFrom") == 0) {
		add_envelope(on);
		return;
	}
	for (guint i = 0; i < headers->len &&
	     on->addresses->len < ADDRESSES_MAX; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, name))
			add_boxes(on, headertext_boxes(on->source, header));
	}
}

static void add_first(struct gathering *on, const char *name)
{
	const struct header *header = transaction_find_header(
		on->source->tx, name);

	if (header)
		add_boxes(on, headertext_boxes(on->source, header));
}

const char *const *addresses_of(const struct header_source *source,
				const char *name)
{
	g_autofree char *bare = g_strndup(name, strcspn(name, ":"));
	struct gathering on;

	begin(&on, source);
	add_fields(&on, bare);
	return end(&on);
}

const char *const *addresses_senders(const struct header_source *source)
{
	static const char *const names[] = {
		"From", "Envelope-Sender", "Resent-Sender", "X-Envelope-From",
		"EnvelopeFrom",
	};
	struct gathering on;

	begin(&on, source);
	add_first(&on, "Resent-From");
	if (on.addresses->len)
		return end(&on);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		add_fields(&on, names[i]);
	return end(&on);
}

/* "by x with SMTP for <a@b>; date" */
static void add_received(struct gathering *on, const struct header *header)
{
	static const char word[] = " for ";
	const char *at = memmem(header->value.ptr, header->value.len, word,
				strlen(word));
	struct span rest;
	ptrdiff_t stop;

	if (!at)
		return;
	rest = span_from(header->value, (size_t)(at - header->value.ptr) +
			 strlen(word));
	stop = span_find(rest, ';');
	if (stop < 0 || span_find(span_first(rest, (size_t)stop), ' ') >= 0)
		return;
	rest = span_first(rest, (size_t)stop);
	if (span_find(rest, '@') > 0)
		add_boxes(on, mailbox_parse(rest, on->source->arena));
}

static void add_hops(struct gathering *on)
{
	const GArray *headers = on->source->tx->headers;
	unsigned hops = 0;

	for (guint i = 0; i < headers->len && hops < HOPS_MAX; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, "Received") &&
		    header->value.len) {
			hops++;
			add_received(on, header);
		}
	}
}

const char *const *addresses_recipients(const struct header_source *source)
{
	static const char *const names[] = {
		"To", "Apparently-To", "Delivered-To", "Envelope-Recipients",
		"Apparently-Resent-To", "X-Envelope-To", "Envelope-To",
		"X-Delivered-To", "X-Original-To", "X-Rcpt-To", "X-Real-To",
		"Cc",
	};
	struct gathering on;

	begin(&on, source);
	add_first(&on, "Resent-To");
	add_first(&on, "Resent-Cc");
	if (on.addresses->len)
		return end(&on);
	add_hops(&on);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		add_fields(&on, names[i]);
	return end(&on);
}
