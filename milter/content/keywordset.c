#include <config.h>

#include "content/keywordset.h"

#include "content/automaton.h"
#include "content/vocabulary.h"

#include <glib/gstdio.h>
#include <string.h>

#define PIECE_BYTES 65536	/* of a text that are looked at together */
#define OVERLAP_BYTES 4096	/* that the next piece has of the one before */

struct keywordset {
	GArray *phrases;		/* of struct keyword_phrase */
	GArray *counts;			/* of guint, by list */
	GStringChunk *texts;
	size_t text_bytes;
	struct vocabulary *vocabulary;
	struct automaton *automaton;	/* its symbols are the words' numbers */
	bool is_simplified;
};

/* A set being read. */
struct reading {
	struct keywordset *set;
	struct keywordtext *text;
	GArray *symbols;		/* of uint32_t, of all words */
	GArray *words;			/* of struct automaton_word;
					 * symbols later */
	const char *file;		/* the set's */
	unsigned line;
	guint list;
};

static GQuark keywordset_error(void)
{
	return g_quark_from_static_string("keywordset");
}

static bool refuse(const struct reading *on, GError **error, const char *what)
{
	g_set_error(error, keywordset_error(), 0, "%s:%u: %s", on->file,
		    on->line, what);
	return false;
}

/* Each reading of a phrase is a word of the automaton. */
static bool add_row(struct reading *on, enum keyword_reading reading)
{
	struct automaton_word word = { .value = on->set->phrases->len };
	const uint64_t *words;
	size_t len = keywordtext_words(on->text, reading, &words);

	if (len > AUTOMATON_SYMBOLS_MAX - on->symbols->len)
		return false;
	if (!len)
		return true;
	word.len = (uint32_t)len;
	for (size_t i = 0; i < len; i++) {
		uint32_t symbol = vocabulary_add(on->set->vocabulary,
						 words[i]);

		g_array_append_val(on->symbols, symbol);
	}
	g_array_append_val(on->words, word);
	return true;
}

static bool add_phrase(struct reading *on, struct span line, GError **error)
{
	struct keywordset *set = on->set;
	struct keyword_phrase phrase = {
		.file = on->file, .line = on->line, .list = on->list,
	};
	guint before = on->words->len;

	keywordtext_read(on->text, line);
	for (enum keyword_reading i = KEYWORD_APART; i < KEYWORD_READINGS; i++)
		if (!add_row(on, i))
			return refuse(on, error,
				"the keyword lists have too many letters");
	if (on->words->len == before)
		return refuse(on, error,
			      "there is no letter or digit in this phrase");
	phrase.text = g_string_chunk_insert_len(set->texts, line.ptr,
						(gssize)line.len);
	set->text_bytes += line.len + 1;
	g_array_append_val(set->phrases, phrase);
	g_array_index(set->counts, guint, on->list)++;
	return true;
}

static bool take_line(struct reading *on, struct span line, GError **error)
{
	line = span_trim(line);
	if (!line.len || line.ptr[0] == '#')
		return true;
	if (line.len > KEYWORDSET_LINE_MAX)
		return refuse(on, error, "longer than "
			      G_STRINGIFY(KEYWORDSET_LINE_MAX) " bytes");
	if (!g_utf8_validate_len(line.ptr, line.len, NULL))
		return refuse(on, error, "not in UTF-8");
	return add_phrase(on, line, error);
}

static bool read_lines(struct reading *on, struct span left, GError **error)
{
	on->line = 0;
	if (left.len >= 3 && memcmp(left.ptr, "\xef\xbb\xbf", 3) == 0)
		left = span_from(left, 3);
	while (left.len) {
		ptrdiff_t end = span_find(left, '\n');
		size_t len = end < 0 ? left.len : (size_t)end;

		on->line++;
		if (!take_line(on, span_first(left, len), error))
			return false;
		left = span_from(left, len + 1);
	}
	return true;
}

static bool read_file(struct reading *on, const char *name, GError **error)
{
	g_autofree char *text = NULL;
	GStatBuf facts;
	gsize len;

	if (g_stat(name, &facts) == 0 &&
	    (guint64)facts.st_size > KEYWORDSET_FILE_MAX) {
		g_set_error(error, keywordset_error(), 0,
			    "%s: longer than 64 MiB", name);
		return false;
	}
	if (!g_file_get_contents(name, &text, &len, error))
		return false;
	on->file = g_string_chunk_insert_const(on->set->texts, name);
	return read_lines(on, span_of(text, len), error);
}

static bool read_lists(struct reading *on, const GPtrArray *lists,
		       GError **error)
{
	for (on->list = 0; on->list < lists->len; on->list++) {
		const GPtrArray *files = g_ptr_array_index(lists, on->list);
		guint none = 0;

		g_array_append_val(on->set->counts, none);
		for (guint i = 0; i < files->len; i++)
			if (!read_file(on, g_ptr_array_index(files, i), error))
				return false;
	}
	return true;
}

static void compile(struct reading *on)
{
	const uint32_t *symbols = (uint32_t *)(void *)on->symbols->data;

	for (guint i = 0; i < on->words->len; i++) {
		struct automaton_word *word = &g_array_index(
			on->words, struct automaton_word, i);

		word->symbols = symbols;
		symbols += word->len;
	}
	on->set->automaton = automaton_new(
		(struct automaton_word *)(void *)on->words->data,
		on->words->len);
}

struct keywordset *keywordset_load(const GPtrArray *lists, bool is_simplified,
				   GError **error)
{
	struct keywordset *set = g_new0(struct keywordset, 1);
	struct reading on = { .set = set };
	bool is_read;

	set->phrases = g_array_new(FALSE, FALSE,
				   sizeof(struct keyword_phrase));
	set->counts = g_array_new(FALSE, FALSE, sizeof(guint));
	set->texts = g_string_chunk_new(4096);
	set->vocabulary = vocabulary_new();
	set->is_simplified = is_simplified;
	on.text = keywordset_text(set);
	on.symbols = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	on.words = g_array_new(FALSE, FALSE, sizeof(struct automaton_word));
	is_read = read_lists(&on, lists, error);
	if (is_read)
		compile(&on);
	keywordtext_free(on.text);
	g_array_unref(on.symbols);
	g_array_unref(on.words);
	if (is_read)
		return set;
	keywordset_free(set);
	return NULL;
}

void keywordset_free(struct keywordset *set)
{
	if (!set)
		return;
	automaton_free(set->automaton);
	vocabulary_free(set->vocabulary);
	g_array_unref(set->phrases);
	g_array_unref(set->counts);
	g_string_chunk_free(set->texts);
	g_free(set);
}

guint keywordset_phrases(const struct keywordset *set, guint list)
{
	return g_array_index(set->counts, guint, list);
}

size_t keywordset_bytes(const struct keywordset *set)
{
	return automaton_bytes(set->automaton) +
	       vocabulary_bytes(set->vocabulary) + set->text_bytes +
	       set->phrases->len * sizeof(struct keyword_phrase);
}

struct keywordtext *keywordset_text(const struct keywordset *set)
{
	return keywordtext_new(set->is_simplified);
}

struct scanning {
	const struct keywordset *set;
	struct keyword_hits *hits;
	unsigned place;
	struct keywordtext *text;
	GArray *symbols;		/* of uint32_t */
};

static bool is_any_open(const struct scanning *on)
{
	for (guint i = 0; i < on->set->counts->len; i++)
		if (on->hits[i].count < KEYWORDSET_SHOWN &&
		    on->hits[i].count < keywordset_phrases(on->set, i))
			return true;
	return false;
}

static bool take_hit(uint32_t value, size_t end, void *context)
{
	const struct scanning *on = context;
	const struct keyword_phrase *phrase = &g_array_index(
		on->set->phrases, struct keyword_phrase, value);
	struct keyword_hits *hits = &on->hits[phrase->list];

	(void)end;
	if (hits->count == KEYWORDSET_SHOWN)
		return true;
	for (guint i = 0; i < hits->count; i++)
		if (hits->phrases[i] == phrase)
			return true;
	hits->places[hits->count] = on->place;
	hits->phrases[hits->count++] = phrase;
	return is_any_open(on);
}

static bool scan_reading(struct scanning *on, enum keyword_reading reading)
{
	const uint64_t *words;
	size_t len = keywordtext_words(on->text, reading, &words);
	uint32_t *symbols;

	g_array_set_size(on->symbols, (guint)len);
	symbols = (uint32_t *)(void *)on->symbols->data;
	for (size_t i = 0; i < len; i++)
		symbols[i] = vocabulary_find(on->set->vocabulary, words[i]);
	return automaton_scan(on->set->automaton, symbols, len, take_hit, on);
}

static bool scan_piece(struct scanning *on, struct span piece)
{
	keywordtext_read(on->text, piece);
	for (enum keyword_reading i = KEYWORD_APART; i < KEYWORD_READINGS; i++)
		if (!scan_reading(on, i))
			return false;
	return true;
}

/* The last blank before a place; where none is near, the beginning of the
 * character that is there. */
static size_t cut_before(struct span text, size_t at)
{
	size_t cut = at;

	while (cut > at - OVERLAP_BYTES / 2 && text.ptr[cut] != ' ')
		cut--;
	if (text.ptr[cut] == ' ')
		return cut;
	for (cut = at; cut > at - 4; cut--)
		if ((text.ptr[cut] & 0xc0) != 0x80)
			return cut;
	return at;
}

static bool scan_pieces(struct scanning *on, struct span utf8)
{
	while (utf8.len > PIECE_BYTES) {
		size_t end = cut_before(utf8, PIECE_BYTES);

		if (!scan_piece(on, span_first(utf8, end)))
			return false;
		utf8 = span_from(utf8, cut_before(utf8, end - OVERLAP_BYTES));
	}
	return !utf8.len || scan_piece(on, utf8);
}

bool keywordset_scan(const struct keywordset *set, struct keywordtext *text,
		     struct span utf8, unsigned place,
		     struct keyword_hits *hits)
{
	struct scanning on = { set, hits, place, text, NULL };
	bool is_more;

	if (!is_any_open(&on))
		return false;
	on.symbols = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	is_more = scan_pieces(&on, utf8);
	g_array_unref(on.symbols);
	return is_more;
}
