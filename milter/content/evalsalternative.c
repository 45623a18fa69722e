/* Functions that compare what alternatives say, or look at the first text. */
#include <config.h>

#include "content/evals.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 50000		/* different ones of one side */
#define LABEL_MIN 3		/* bytes of a label before a colon */
#define LABEL_MAX 30

/* What the alternatives have in common. */
struct alternatives {
	double difference;		/* percent of the HTML's words that the
					 * text lacks; of the worst pair */
	guint html_words, text_words;	/* different ones, of the last pair */
};

/* Words of one side: struct span * -> count. */
struct words {
	GHashTable *counts;
	struct arena *arena;
};

static guint hash_span(const void *key)
{
	const struct span *word = key;
	guint hash = 5381;

	for (size_t i = 0; i < word->len; i++)
		hash = hash * 33 + (unsigned char)word->ptr[i];
	return hash;
}

static gboolean is_equal(const void *a, const void *b)
{
	const struct span *one = a, *other = b;

	return one->len == other->len &&
	       memcmp(one->ptr, other->ptr, one->len) == 0;
}

static void words_init(struct words *words, struct arena *arena)
{
	words->counts = g_hash_table_new(hash_span, is_equal);
	words->arena = arena;
}

static guint count_of(const struct words *words, const struct span *word)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(words->counts, word));
}

static void add_word(struct words *words, struct span word)
{
	guint count = count_of(words, &word);
	struct span *key;

	if (!count && g_hash_table_size(words->counts) >= WORDS_MAX)
		return;
	/* The key that is there stays. */
	key = count ? &word : arena_new(words->arena, struct span);
	*key = word;
	g_hash_table_insert(words->counts, key, GUINT_TO_POINTER(count + 1));
}

static bool is_wordy(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (g_ascii_isalnum(text.ptr[i]) || text.ptr[i] == '_' ||
		    text.ptr[i] & 0x80)
			return true;
	return false;
}

static void add_words(struct words *words, struct span text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t from;

		while (at < text.len && g_ascii_isspace(text.ptr[at]))
			at++;
		from = at;
		while (at < text.len && !g_ascii_isspace(text.ptr[at]))
			at++;
		if (is_wordy(span_of(text.ptr + from, at - from)))
			add_word(words, span_of(text.ptr + from, at - from));
	}
}

static bool is_within(const struct mime_part *part,
		      const struct mime_part *outer)
{
	while (part && part != outer)
		part = part->parent;
	return part;
}

static bool has_image(const struct eval_source *source,
		      const struct rendered *rendered)
{
	return htmltags_find(&g_array_index(source->text->pages,
		struct html_text, rendered->page - 1).tags, "img");
}

static guint count_lacking(const struct words *html, const struct words *text)
{
	GHashTableIter iter;
	void *word, *count;
	guint lacking = 0;

	g_hash_table_iter_init(&iter, html->counts);
	while (g_hash_table_iter_next(&iter, &word, &count))
		lacking += count_of(text, word) < GPOINTER_TO_UINT(count);
	return lacking;
}

static void compare(struct alternatives *out, const struct words *html,
		    const struct words *text)
{
	double difference;

	out->html_words = g_hash_table_size(html->counts);
	out->text_words = g_hash_table_size(text->counts);
	difference = 100.0 * count_lacking(html, text) / out->html_words;
	out->difference = MAX(out->difference, difference);
}

static void compare_within(const struct eval_source *source,
			   struct alternatives *out,
			   const struct mime_part *outer)
{
	static const struct span image = { "\n", 1 };
	const GArray *all = source->text->rendered;
	struct words html, text;

	words_init(&html, source->header->arena);
	words_init(&text, source->header->arena);
	for (guint i = 0; i < all->len; i++) {
		const struct rendered *rendered = &g_array_index(
			all, struct rendered, i);

		if (!is_within(rendered->part, outer) ||
		    !g_str_has_prefix(rendered->part->type, "text"))
			continue;
		add_words(rendered->page ? &html : &text, rendered->text);
		/* Nothing but an image: a word that no text has. */
		if (rendered->page && !g_hash_table_size(html.counts) &&
		    has_image(source, rendered))
			add_word(&html, image);
	}
	if (g_hash_table_size(html.counts))
		compare(out, &html, &text);
	g_hash_table_unref(html.counts);
	g_hash_table_unref(text.counts);
}

/* HTML and a calendar, as some programs ask to meetings: nothing to compare. */
static bool is_invitation(const struct mime *mime)
{
	static const char *const types[] = {
		"multipart/alternative", "text/html", "text/calendar",
	};

	if (mime->parts->len != COUNT_OF(types))
		return false;
	for (guint i = 0; i < COUNT_OF(types); i++) {
		const struct mime_part *part = g_ptr_array_index(mime->parts,
								 i);

		if (strcmp(part->type, types[i]) != 0)
			return false;
	}
	return true;
}

static const struct alternatives *find_out(const struct eval_source *source)
{
	const struct mime *mime = source->text->mime;
	struct alternatives *out;

	if (source->memory->alternatives)
		return source->memory->alternatives;
	out = arena_new(source->header->arena, struct alternatives);
	source->memory->alternatives = out;
	for (guint i = 0; i < mime->parts->len && !is_invitation(mime); i++) {
		const struct mime_part *part = g_ptr_array_index(mime->parts,
								 i);

		if (!part->is_leaf &&
		    strcmp(part->type, "multipart/alternative") == 0)
			compare_within(source, out, part);
	}
	return out;
}

/* multipart_alternative_difference('min', 'max'), percent; "undef": no end. */
static bool difference(const struct eval_source *source,
		       char *const *arguments)
{
	double found = find_out(source)->difference;
	double min = g_ascii_strtod(arguments[0], NULL);

	return (min <= 0 || found > min) &&
	       (strcmp(arguments[1], "undef") == 0 ||
		found <= g_ascii_strtod(arguments[1], NULL));
}

/* multipart_alternative_difference_count('times', 'html words') */
static bool difference_count(const struct eval_source *source,
			     char *const *arguments)
{
	const struct alternatives *found = find_out(source);

	return found->html_words > strtoul(arguments[1], NULL, 10) &&
	       (double)found->text_words / found->html_words >
	       g_ascii_strtod(arguments[0], NULL);
}

/* How the labels of a table about a share end: "Current Price: 3.25". Where
 * is_loose, another letter may stand between any two. */
static const struct { const char *word; bool is_loose, is_whole; } labels[] = {
	{ "tradedate", false, true }, { "tradingdate", false, true },
	{ "company", false, false }, { "companyname", false, false },
	{ "stock", true, false }, { "sym", true, false },
	{ "symbol", true, false }, { "target", false, false },
	{ "ticker", false, false }, { "openingp", false, false },
	{ "openingprice", false, false }, { "currentp", false, false },
	{ "currentprice", false, false }, { "projected", false, false },
	{ "position", false, false }, { "expectations", false, false },
	{ "weekhigh", false, false }, { "weekshigh", false, false },
	{ "marketperformance", false, false }, { "estimate", false, false },
	{ "estimates", false, false }, { "sector", false, false },
	{ "recommendation", false, false }, { "rating", false, false },
};

static bool ends_loosely(const char *label, const char *word)
{
	size_t at = strlen(label);

	for (size_t i = strlen(word); i > 0; i--) {
		bool is_last = !word[i];

		if (at && label[at - 1] == word[i - 1])
			at--;
		else if (!is_last && at > 1 && label[at - 2] == word[i - 1])
			at -= 2;
		else
			return false;
	}
	return true;
}

static int find_label(const char *label)
{
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		if (labels[i].is_whole ? strcmp(label, labels[i].word) == 0 :
		    labels[i].is_loose ? ends_loosely(label, labels[i].word) :
		    g_str_has_suffix(label, labels[i].word))
			return (int)i;
	return -1;
}

/* The letters in front of a line's colon, where something stands behind it. */
static bool read_label(struct span line, char label[LABEL_MAX + 1])
{
	struct span text = span_trim(line);
	ptrdiff_t colon = span_find(text, ':');
	size_t to = 0;

	if (colon < LABEL_MIN || colon > LABEL_MAX ||
	    !span_trim(span_from(text, (size_t)colon + 1)).len)
		return false;
	for (size_t i = 0; i < (size_t)colon; i++)
		if (g_ascii_isalpha(text.ptr[i]))
			label[to++] = g_ascii_tolower(text.ptr[i]);
	label[to] = '\0';
	return true;
}

static unsigned count_labels(struct span text)
{
	char label[LABEL_MAX + 1];
	uint64_t found = 0;

	while (text.len) {
		ptrdiff_t end = span_find(text, '\n');
		struct span line = end < 0 ? text :
				   span_first(text, (size_t)end + 1);
		int index = read_label(line, label) ? find_label(label) : -1;

		if (index >= 0)
			found |= UINT64_C(1) << index;
		text = span_from(text, line.len);
	}
	return (unsigned)__builtin_popcountll(found);
}

/* check_stock_info('least'): different labels in the first plain text. */
static bool stock_info(const struct eval_source *source,
		       char *const *arguments)
{
	const GArray *all = source->text->rendered;
	gint64 least = g_ascii_strtoll(arguments[0], NULL, 10);
	unsigned count = 0;

	for (guint i = 0; i < all->len; i++) {
		const struct rendered *rendered = &g_array_index(
			all, struct rendered, i);

		if (strcmp(rendered->part->type, "text/plain") == 0) {
			count = count_labels(rendered->text);
			break;
		}
	}
	return count >= least;
}

const struct eval_row evalsalternative_rows[] = {
	{ "multipart_alternative_difference", difference, 2, 2, NULL },
	{ "multipart_alternative_difference_count", difference_count, 2, 2,
	  NULL },
	{ "check_stock_info", stock_info, 1, 1, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
