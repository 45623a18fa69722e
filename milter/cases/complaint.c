#include <config.h>

#include "cases/complaint.h"

#include "cases/bounce.h"
#include "cases/quoted.h"
#include "cases/xarf.h"
#include "message/gmimelib.h"
#include "message/headervalue.h"
#include "message/mailbox.h"
#include "message/mime.h"
#include "message/rawmessage.h"
#include "message/received.h"

#include <gmime/gmime.h>
#include <string.h>

#define MARK "\xef\xbb\xbf"
#define REPORT_BYTES_MAX ((size_t)64 << 10)
#define ORIGINAL_BYTES_MAX ((size_t)256 << 10)

static const char *const form_words[] = {
	"arf", "xarf", "forwarded", "by-hand",
};

const char *complaint_form_word(enum complaint_form form)
{
	return (size_t)form < G_N_ELEMENTS(form_words) ? form_words[form] :
							 "unknown";
}

bool complaint_form_parse(const char *word, enum complaint_form *form_out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(form_words); i++)
		if (strcmp(form_words[i], word) == 0) {
			*form_out = (enum complaint_form)i;
			return true;
		}
	return false;
}

/* What is at hand while one is read. */
struct reading {
	struct transaction *tx;
	struct arena *arena;
	struct mime *mime;
	struct complaint *out;
	const char **why_out;
};

const char *complaint_domain_of(const char *address, struct arena *arena)
{
	struct mailaddr addr = mailaddr_parse(span_text(address), arena);

	return addr.domain_ascii ? addr.domain_ascii : "";
}

/* The first address of a field's value, without < >; "". */
static const char *address_of(struct span value, struct arena *arena)
{
	struct mailbox_list list = mailbox_parse(value, arena);

	return list.count ? arena_span_text(arena, list.boxes[0].addr.raw) : "";
}

static const char *field_text(const struct transaction *from,
			      const char *name, struct arena *arena)
{
	const struct header *field = transaction_find_header(from, name);

	return field ? arena_text(arena, headervalue_decode(field, arena)) : "";
}

static int64_t time_of(const char *text)
{
	g_autoptr(GDateTime) date = NULL;

	gmimelib_init();
	date = *text ? g_mime_utils_header_decode_date(text) : NULL;
	return date ? g_date_time_to_unix(date) * G_USEC_PER_SEC : 0;
}

/* An address, with what people put around it. */
static void take_source(struct complaint *out, const char *text)
{
	struct span name = span_trim(span_text(text));

	if (name.len > 2 && name.ptr[0] == '[' &&
	    name.ptr[name.len - 1] == ']')
		name = span_of(name.ptr + 1, name.len - 2);
	if (out->source.family == NETADDR_NONE &&
	    !netaddr_parse(name, &out->source))
		out->source = (struct netaddr){ .family = NETADDR_NONE };
}

/* Of "by y (Postfix, from userid 33) id 4ABC; date": what a web server's
 * programs send has no other hop of ours. */
static const char *local_id(struct span value, struct arena *arena)
{
	char *text = arena_span_text(arena, value), *id;

	g_strdelimit(text, "\t\r\n", ' ');
	id = strstr(text, " id ");
	if (!id)
		return "";
	id += strlen(" id ");
	id += strspn(id, " ");
	id[strcspn(id, " ;()")] = '\0';
	return id;
}

static void take_hop(struct complaint *out, const struct relay *relay)
{
	if (*relay->ip && out->hop_count < COMPLAINT_HOPS_MAX &&
	    netaddr_parse(span_text(relay->ip), &out->hops[out->hop_count]))
		out->hop_count++;
	if (*relay->id && out->queue_id_count < COMPLAINT_HOPS_MAX)
		out->queue_ids[out->queue_id_count++] = relay->id;
}

static void take_hops(struct reading *on, const struct transaction *original)
{
	for (guint i = 0, seen = 0; i < original->headers->len &&
				    seen < COMPLAINT_HOPS_MAX; i++) {
		const struct header *field = &g_array_index(
			original->headers, struct header, i);

		if (!span_is_word(field->name, "Received"))
			continue;
		struct relay relay = received_parse(field->value, on->arena);

		if (relay.kind == RECEIVED_LOCAL && !*relay.id)
			relay.id = local_id(field->value, on->arena);
		take_hop(on->out, &relay);
		seen++;
	}
}

/* The id alone; some write it without < >. */
static const char *id_of(const char *text, struct arena *arena)
{
	struct span id = span_trim(span_text(text));
	ptrdiff_t end;

	if (id.len && id.ptr[0] == '<')
		id = span_from(id, 1);
	end = span_find(id, '>');
	return arena_span_text(arena, end < 0 ? id :
			       span_first(id, (size_t)end));
}

static void set_if_empty(const char **field, const char *value)
{
	if (!**field)
		*field = value;
}

static void take_original(struct reading *on, struct span bytes)
{
	static const struct session_facts nobody = { .messages = 0 };
	struct complaint *out = on->out;
	struct transaction original;
	const struct header *field;

	if (bytes.len > ORIGINAL_BYTES_MAX)
		out->flaws |= COMPLAINT_FLAW_CUT;
	out->original = span_first(bytes, ORIGINAL_BYTES_MAX);
	transaction_init(&original, on->tx->settings, &nobody);
	rawmessage_take(&original, out->original);
	take_hops(on, &original);
	set_if_empty(&out->message_id, id_of(
		field_text(&original, "Message-ID", on->arena), on->arena));
	set_if_empty(&out->subject,
		     field_text(&original, "Subject", on->arena));
	field = transaction_find_header(&original, "Return-Path");
	field = field ? field : transaction_find_header(&original, "From");
	if (field)
		set_if_empty(&out->sender, address_of(field->value,
						      on->arena));
	field = transaction_find_header(&original, "Delivered-To");
	field = field ? field : transaction_find_header(&original, "To");
	if (field)
		set_if_empty(&out->recipient, address_of(field->value,
							 on->arena));
	if (!out->received_us)
		out->received_us = time_of(field_text(&original, "Date",
						      on->arena));
	transaction_release(&original);
}

static bool has_declared(const struct mime_part *part, const char *prefix)
{
	const struct header *field = mime_header(part, "Content-Type");
	struct span value = field ? span_trim(field->value) : span_of(NULL, 0);
	size_t len = strlen(prefix);

	return value.len >= len &&
	       g_ascii_strncasecmp(value.ptr, prefix, len) == 0;
}

/* The original of a complaint: the first that is within. */
static bool find_original(struct reading *on, struct span *original_out)
{
	for (guint i = 1; i < on->mime->parts->len; i++) {
		struct mime_part *part = g_ptr_array_index(on->mime->parts, i);

		if (has_declared(part, "message/rfc822") ||
		    has_declared(part, "message/global") ||
		    has_declared(part, "text/rfc822-header")) {
			*original_out = mime_decode(part, on->arena);
			return true;
		}
	}
	return false;
}

static struct mime_part *find_report(const struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		struct mime_part *part = g_ptr_array_index(mime->parts, i);

		/* One within an original is not this mail's. */
		if (part->depth <= 1 &&
		    has_declared(part, "message/feedback-report"))
			return part;
	}
	return NULL;
}

static bool is_redacted(const char *recipient)
{
	g_autofree char *plain = g_ascii_strdown(recipient, -1);

	return !strchr(plain, '@') || strstr(plain, "redacted");
}

static void take_report_fields(struct reading *on,
			       const struct transaction *report)
{
	struct complaint *out = on->out;
	const struct header *from =
		transaction_find_header(report, "Original-Mail-From");
	const struct header *rcpt =
		transaction_find_header(report, "Original-Rcpt-To");
	const char *when = field_text(report, "Arrival-Date", on->arena);

	out->agent = field_text(report, "User-Agent", on->arena);
	out->sender = from ? address_of(from->value, on->arena) : "";
	out->recipient = rcpt ? address_of(rcpt->value, on->arena) : "";
	out->received_us = time_of(*when ? when : field_text(
		report, "Received-Date", on->arena));
	take_source(out, field_text(report, "Source-IP", on->arena));
	if (!*out->agent || !transaction_find_header(report, "Version"))
		out->flaws |= COMPLAINT_FLAW_FIELDS;
}

/* "abuse" of "abuse (spam)"; in lower case. */
static const char *kind_of(const char *text, struct arena *arena)
{
	char *kind = arena_text(arena, text);

	kind[strcspn(kind, " \t;(")] = '\0';
	for (char *at = kind; *at; at++)
		*at = g_ascii_tolower(*at);
	return kind;
}

static enum complaint_refusal refuse(struct reading *on,
				     enum complaint_refusal refusal,
				     const char *why)
{
	*on->why_out = why;
	return refusal;
}

static enum complaint_refusal read_arf(struct reading *on,
				       struct mime_part *part)
{
	static const struct session_facts nobody = { .messages = 0 };
	struct transaction report;
	struct span original;

	on->out->form = COMPLAINT_ARF;
	transaction_init(&report, on->tx->settings, &nobody);
	rawmessage_take(&report, span_first(mime_decode(part, on->arena),
					    REPORT_BYTES_MAX));
	on->out->kind = kind_of(field_text(&report, "Feedback-Type",
					   on->arena), on->arena);
	take_report_fields(on, &report);
	transaction_release(&report);
	if (!has_declared(g_ptr_array_index(on->mime->parts, 0),
			  "multipart/report"))
		on->out->flaws |= COMPLAINT_FLAW_TYPE;
	if (find_original(on, &original))
		take_original(on, original);
	else if (!*on->out->kind)
		return refuse(on, COMPLAINT_REPORT, "a feedback report "
			      "without Feedback-Type, and no original");
	if (!*on->out->kind) {
		on->out->kind = "abuse";
		on->out->flaws |= COMPLAINT_FLAW_FIELDS;
	}
	return COMPLAINT_READ;
}

static int64_t rfc3339_us(const char *text)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, NULL);

	return date ? g_date_time_to_unix(date) * G_USEC_PER_SEC : 0;
}

static enum complaint_refusal read_xarf(struct reading *on, struct span text)
{
	struct complaint *out = on->out;
	struct xarf xarf;
	const char *why = xarf_read(text, on->arena, &xarf);

	if (why)
		return refuse(on, COMPLAINT_XARF_BAD, why);
	out->form = COMPLAINT_XARF;
	out->kind = arena_printf(on->arena, "%s/%s", xarf.category, xarf.type);
	out->reporter = xarf.reporter;
	out->reporter_domain = xarf.reporter_domain;
	out->agent = xarf.org;
	out->sender = xarf.sender;
	out->recipient = xarf.recipient;
	out->subject = xarf.subject;
	out->message_id = id_of(xarf.message_id, on->arena);
	out->received_us = rfc3339_us(xarf.timestamp);
	take_source(out, xarf.source);
	if (xarf.original.len)
		take_original(on, xarf.original);
	return COMPLAINT_READ;
}

static bool find_xarf(struct reading *on, struct span *text_out)
{
	for (guint i = 0; i < on->mime->leaves->len; i++) {
		struct mime_part *part = g_ptr_array_index(on->mime->leaves,
							   i);
		bool is_told = strstr(part->type, "json") ||
			       strcmp(part->type, "text/plain") == 0 ||
			       (part->name && g_str_has_suffix(part->name,
							       ".json"));

		if (!is_told || part->depth > 2)
			continue;
		*text_out = mime_decode(part, on->arena);
		if (xarf_is_meant(*text_out))
			return true;
	}
	return false;
}

static bool find_in_text(struct reading *on, struct span *original_out)
{
	for (guint i = 0; i < on->mime->leaves->len; i++) {
		struct mime_part *part = g_ptr_array_index(on->mime->leaves,
							   i);

		if (part->depth <= 2 && strcmp(part->type, "text/plain") == 0 &&
		    quoted_find(mime_decode(part, on->arena), on->arena,
				original_out))
			return true;
	}
	return false;
}

static enum complaint_refusal read_forwarded(struct reading *on)
{
	struct span original;

	if (bounce_is_one(on->tx, on->mime))
		return refuse(on, COMPLAINT_BOUNCE,
			      "tells of a delivery, and complains of nothing");
	if (bounce_is_answer(on->tx))
		return refuse(on, COMPLAINT_ANSWER, "an automatic answer");
	if (!find_original(on, &original) && !find_in_text(on, &original))
		return refuse(on, COMPLAINT_NOTHING, "there is no report in "
			      "it, and no original with its header");
	on->out->form = COMPLAINT_FORWARDED;
	on->out->kind = "abuse";
	take_original(on, original);
	return COMPLAINT_READ;
}

static enum complaint_refusal read_mail(struct reading *on)
{
	struct mime_part *report = find_report(on->mime);
	struct span text;

	if (report)
		return read_arf(on, report);
	if (find_xarf(on, &text))
		return read_xarf(on, text);
	return read_forwarded(on);
}

static void finish(struct reading *on)
{
	struct complaint *out = on->out;
	const struct header *from = transaction_find_header(on->tx, "From");

	set_if_empty(&out->reporter, from ? address_of(from->value, on->arena) :
					    "");
	set_if_empty(&out->reporter_domain,
		     complaint_domain_of(out->reporter, on->arena));
	set_if_empty(&out->subject, field_text(on->tx, "Subject", on->arena));
	out->is_redacted = is_redacted(out->recipient);
	if (on->mime->flaws & MIME_FLAW_CUT)
		out->flaws |= COMPLAINT_FLAW_CUT;
}

enum complaint_refusal complaint_read(struct transaction *tx,
				      struct span bytes,
				      struct complaint *out,
				      const char **why_out)
{
	struct reading on = { tx, &tx->arena, NULL, out, why_out };
	enum complaint_refusal refusal;

	*out = (struct complaint){
		.kind = "", .reporter = "", .reporter_domain = "", .agent = "",
		.subject = "", .message_id = "", .sender = "", .recipient = "",
		.source.family = NETADDR_NONE,
	};
	*why_out = NULL;
	if (bytes.len >= strlen(MARK) &&
	    memcmp(bytes.ptr, MARK, strlen(MARK)) == 0) {
		out->flaws |= COMPLAINT_FLAW_MARK;
		bytes = span_from(bytes, strlen(MARK));
	}
	if (xarf_is_meant(bytes))
		return read_xarf(&on, bytes);
	rawmessage_take(tx, bytes);
	on.mime = mime_parse(tx, &tx->arena);
	refusal = read_mail(&on);
	finish(&on);
	mime_release(on.mime);
	return refusal;
}
