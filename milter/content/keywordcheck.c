#include <config.h>

#include "content/keywordcheck.h"

#include "content/keywordlists.h"
#include "content/keywordset.h"
#include "message/charset.h"
#include "message/contents.h"
#include "message/headervalue.h"
#include "message/mailbox.h"

#include <string.h>

#define PHRASE_SHOWN_BYTES 60

enum place { PLACE_SUBJECT, PLACE_FROM, PLACE_ATTACHMENT, PLACE_BODY,
	     PLACE_ALT };

static const char *const place_words[] = {
	[PLACE_SUBJECT] = "the subject",
	[PLACE_FROM] = "the sender's name",
	[PLACE_ATTACHMENT] = "the name of an attachment",
	[PLACE_BODY] = "the text",
	[PLACE_ALT] = "an alt= or title=",
};

/* One message being looked at. */
struct looking {
	struct transaction *tx;
	const struct keywordset *set;
	struct keywordtext *text;
	struct keyword_hits *hits;	/* by list */
};

static bool scan(struct looking *on, struct span utf8, enum place place)
{
	return keywordset_scan(on->set, on->text, utf8, place, on->hits);
}

static bool scan_names(struct looking *on, const struct header *header)
{
	struct arena *arena = &on->tx->arena;
	struct mailbox_list list = mailbox_parse(
		charset_decode(header->value, NULL, arena), arena);

	for (size_t i = 0; i < list.count; i++)
		if (list.boxes[i].name &&
		    !scan(on, span_text(list.boxes[i].name), PLACE_FROM))
			return false;
	return true;
}

static bool scan_headers(struct looking *on)
{
	for (guint i = 0; i < on->tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			on->tx->headers, struct header, i);
		bool is_more = true;

		if (span_is_word(header->name, "Subject"))
			is_more = scan(on, span_text(headervalue_decode(
				header, &on->tx->arena)), PLACE_SUBJECT);
		else if (span_is_word(header->name, "From"))
			is_more = scan_names(on, header);
		if (!is_more)
			return false;
	}
	return true;
}

static bool scan_attachments(struct looking *on, const struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(mime->parts,
								 i);

		if (part->name &&
		    !scan(on, charset_decode(span_text(part->name), NULL,
					     &on->tx->arena),
			  PLACE_ATTACHMENT))
			return false;
	}
	return true;
}

/* Paragraph by paragraph, but for the subject that is the first: the pieces of
 * one follow each other in memory. */
static bool scan_lines(struct looking *on, const GArray *lines)
{
	struct span whole = { NULL, 0 };

	for (guint i = 1; i < lines->len; i++) {
		struct span line = g_array_index(lines, struct span, i);

		if (whole.len && whole.ptr + whole.len == line.ptr &&
		    whole.ptr[whole.len - 1] != '\n') {
			whole.len += line.len;
			continue;
		}
		if (whole.len && !scan(on, whole, PLACE_BODY))
			return false;
		whole = line;
	}
	return !whole.len || scan(on, whole, PLACE_BODY);
}

/* Words that hidden text breaks up, and what is said beside the text. */
static bool scan_page(struct looking *on, const struct html_text *page)
{
	if (page->hidden->len &&
	    !scan(on, htmltext_visible(page, &on->tx->arena), PLACE_BODY))
		return false;
	for (guint i = 0; i < page->alts->len; i++)
		if (!scan(on, span_text(g_ptr_array_index(page->alts, i)),
			  PLACE_ALT))
			return false;
	return true;
}

static bool scan_text(struct looking *on, const struct bodytext *text)
{
	if (!scan_lines(on, text->lines))
		return false;
	for (guint i = 0; i < text->pages->len; i++)
		if (!scan_page(on, &g_array_index(text->pages,
						  struct html_text, i)))
			return false;
	return true;
}

static void scan_message(struct looking *on)
{
	if (scan_headers(on) && scan_attachments(on, contents_mime(on->tx)))
		(void)scan_text(on, contents_text(on->tx));
}

/* A finding's detail is ASCII. */
static void show_phrase(GString *out, const char *phrase)
{
	size_t begun = out->len;

	g_string_append_c(out, '"');
	for (const char *c = phrase; *c; c = g_utf8_next_char(c)) {
		gunichar code = g_utf8_get_char(c);

		if (out->len - begun > PHRASE_SHOWN_BYTES) {
			g_string_append(out, "...");
			break;
		}
		if (code >= 0x20 && code < 0x7f)
			g_string_append_c(out, (char)code);
		else
			g_string_append_printf(out, code > 0xffff ? "\\U%08x" :
					       "\\u%04x", code);
	}
	g_string_append_c(out, '"');
}

static void tell(struct looking *on, const struct keyword_list *list,
		 const struct keyword_hits *hits)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	struct finding *finding;

	for (guint i = 0; i < hits->count; i++) {
		const struct keyword_phrase *phrase = hits->phrases[i];
		const char *base = strrchr(phrase->file, '/');

		if (i)
			g_string_append(detail, ", ");
		show_phrase(detail, phrase->text);
		g_string_append_printf(detail, " (%s:%u) in %s",
				       base ? base + 1 : phrase->file,
				       phrase->line,
				       place_words[hits->places[i]]);
	}
	finding = transaction_find(on->tx, list->symbol, "%s", detail->str);
	finding->score = list->score;
	finding->demand = list->action;
	finding->keeps_original = list->keeps_original;
}

void keywordcheck_message(struct transaction *tx)
{
	const GArray *lists = keywordlists_all(tx->settings);
	g_autoptr(GError) why = NULL;
	struct looking on = { .tx = tx };

	if (!lists->len)
		return;
	on.set = keywordlists_of(tx->settings, &why);
	if (!on.set) {
		log_event(&tx->log, LOG_ERR, "keywords_not_read", "why=\"%s\"",
			  why->message);
		return;
	}
	on.text = keywordset_text(on.set);
	on.hits = arena_new_n(&tx->arena, struct keyword_hits, lists->len);
	scan_message(&on);
	keywordtext_free(on.text);
	for (guint i = 0; i < lists->len; i++)
		if (on.hits[i].count)
			tell(&on, &g_array_index(lists, struct keyword_list,
						 i), &on.hits[i]);
}
