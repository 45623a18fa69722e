#include <config.h>

#include "bulk/fingerprint.h"

#include "message/contents.h"
#include "message/orgdomain.h"
#include "message/uris.h"

#include <string.h>

#define TEXT_MAX 65536		/* bytes of all parts that are read */
#define MARKS_MIN 4		/* of a text that can be like another */
#define RUN_WORDS 3
#define RUN_CHARS 5		/* of Chinese, Japanese, Thai and the like */
#define TOKEN_MAX 40		/* bytes of a word; longer ones are none */
#define FOOTER_WORDS 60		/* more is no footer */
#define SEPARATORS_MAX 16	/* from the end */
#define URIS_MAX_READ 200
#define HASH_FACTOR UINT64_C(0x100000001b3)	/* FNV's */

struct reader {
	struct fingerprint *out;
	uint64_t run[RUN_CHARS];	/* the last tokens, the newest first */
	unsigned run_len;		/* so many there were */
	size_t bytes;
};

/* The finaliser of SplitMix64: every bit of the result hangs on
 * all of value's. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/* Keeps the smallest, in order. */
static void add_mark(struct fingerprint *out, uint64_t mark)
{
	unsigned at = out->count;

	if (at == FINGERPRINT_MARKS && mark >= out->marks[at - 1])
		return;
	while (at && out->marks[at - 1] > mark)
		at--;
	if (at && out->marks[at - 1] == mark)
		return;
	if (out->count < FINGERPRINT_MARKS)
		out->count++;
	memmove(out->marks + at + 1, out->marks + at,
		(out->count - at - 1) * sizeof *out->marks);
	out->marks[at] = mark;
}

static void add_token(struct reader *on, uint64_t token, bool is_char)
{
	/* Odd, and of no meaning: so that the order of words tells. */
	static const uint64_t factors[RUN_CHARS] = {
		UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc2b2ae3d27d4eb4f),
		UINT64_C(0x165667b19e3779f9), UINT64_C(0xd6e8feb86659fd93),
		UINT64_C(0xa0761d6478bd642f),
	};
	unsigned len = is_char ? RUN_CHARS : RUN_WORDS;
	uint64_t mark = 0;

	memmove(on->run + 1, on->run, (RUN_CHARS - 1) * sizeof *on->run);
	on->run[0] = token;
	if (++on->run_len < len)
		return;
	for (unsigned i = 0; i < len; i++)
		mark += on->run[i] * factors[i];
	add_mark(on->out, mix(mark));
}

/* Scripts that put no blanks between words. */
static bool is_char_script(gunichar c)
{
	return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x3040 && c <= 0x30ff) ||
	       (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	       c >= 0x20000;
}

/* The bytes of an address or URL that begins here, as written;
 * 0: there is none. */
static size_t link_length(const char *at, const char *end)
{
	size_t len = 0;
	bool is_link = false;

	while (at + len < end && g_ascii_isgraph(at[len])) {
		is_link |= at[len] == '@' ||
			   (at[len] == ':' && end - at - (ptrdiff_t)len > 2 &&
			    at[len + 1] == '/' && at[len + 2] == '/');
		len++;
	}
	is_link |= len > 4 && g_ascii_strncasecmp(at, "www.", 4) == 0;
	return is_link ? len : 0;
}

struct word {
	uint64_t hash;
	size_t bytes;
	bool is_spoilt;			/* it has a digit in it */
};

static void end_word(struct reader *on, struct word *word)
{
	if (word->bytes && word->bytes <= TOKEN_MAX && !word->is_spoilt)
		add_token(on, mix(word->hash), false);
	*word = (struct word){ 0 };
}

static void add_letter(struct word *word, gunichar c, size_t bytes,
		       bool is_digit)
{
	word->hash = (word->hash ^ c) * HASH_FACTOR;
	word->bytes += bytes;
	word->is_spoilt |= is_digit;
}

/* A character that is not ASCII, and its bytes. */
static size_t read_wide(struct reader *on, struct word *word, const char *at,
			const char *end)
{
	gunichar c = g_utf8_get_char_validated(at, end - at);
	size_t bytes = c < 0x110000 ? (size_t)(g_utf8_next_char(at) - at) : 1;

	if (c < 0x110000 && is_char_script(c) && g_unichar_isalpha(c)) {
		end_word(on, word);
		add_token(on, mix(c), true);
	} else if (c < 0x110000 && g_unichar_isalnum(c)) {
		add_letter(word, g_unichar_tolower(c), bytes,
			   g_unichar_isdigit(c));
	} else {
		end_word(on, word);
	}
	return bytes;
}

/* Only www. makes a link without one of these signs. */
static bool has_link_signs(struct span line)
{
	return line.len && (memchr(line.ptr, '@', line.len) ||
			    memchr(line.ptr, '/', line.len));
}

/* The letters and digits that begin here. */
static const char *read_letters(struct word *word, const char *at,
				const char *end)
{
	uint64_t hash = word->hash;
	const char *from = at;
	bool has_digit = false;

	for (; at < end && g_ascii_isalnum(*at); at++) {
		hash = (hash ^ ((guchar)*at | 0x20)) * HASH_FACTOR;
		has_digit |= *at <= '9';
	}
	word->hash = hash;
	word->bytes += (size_t)(at - from);
	word->is_spoilt |= has_digit;
	return at;
}

/* One line; links, and words that have a digit in them, are none. */
static void read_line(struct reader *on, struct span line)
{
	const char *at = line.ptr, *end = line.ptr + line.len;
	bool has_signs = has_link_signs(line);
	struct word word = { 0 };

	while (at < end) {
		if ((has_signs || (*at | 0x20) == 'w') &&
		    (at == line.ptr || !g_ascii_isgraph(at[-1]))) {
			size_t link = link_length(at, end);

			at += link;
			if (link)
				continue;
		}
		if (*at & 0x80) {
			at += read_wide(on, &word, at, end);
		} else if (g_ascii_isalnum(*at)) {
			at = read_letters(&word, at, end);
		} else {
			if (*at != '\'')
				end_word(on, &word);
			at++;
		}
	}
	end_word(on, &word);
}

static bool is_quoted(struct span line)
{
	return line.len && (*line.ptr == '>' || *line.ptr == '|');
}

/* "-- ", or a ruler of one character: what stands below may be a footer. */
static bool is_separator(struct span line)
{
	if (line.len == 2)
		return memcmp(line.ptr, "--", 2) == 0;
	if (line.len < 5 || !strchr("-_=*~#+", *line.ptr))
		return false;
	for (size_t i = 1; i < line.len; i++)
		if (line.ptr[i] != *line.ptr && line.ptr[i] != ' ')
			return false;
	return true;
}

/* "Dear Mr. Smith," and the like, up to a short line's end. */
static bool is_greeting(struct span line)
{
	static const char *const words[] = {
		"dear", "hi", "hello", "hey", "hallo", "liebe", "lieber",
		"bonjour", "hola", "ciao", "尊敬的", "亲爱的", "您好", "你好",
	};

	if (line.len > 60 || !line.len ||
	    (!(*line.ptr & 0x80) && !strchr("dhlbcDHLBC", *line.ptr)))
		return false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t len = strlen(words[i]);

		if (line.len >= len &&
		    g_ascii_strncasecmp(line.ptr, words[i], len) == 0 &&
		    (line.len == len || !g_ascii_isalnum(line.ptr[len])))
			return true;
	}
	return false;
}

/* "On Monday X wrote:" */
static bool is_attribution(struct span line)
{
	static const char *const ends[] = { "wrote:", "writes:", "said:" };

	if (!line.len || line.ptr[line.len - 1] != ':')
		return false;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (line.len >= strlen(ends[i]) &&
		    g_ascii_strncasecmp(line.ptr + line.len - strlen(ends[i]),
					ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

/* What a firm puts below each letter: from here on to the next blank line. */
static bool is_disclaimer(struct span line)
{
	static const char *const words[] = {
		"ntended recipient", "ntended solely", "onfidential",
		"ONFIDENTIAL", "保密", "机密",
	};

	for (size_t i = 0; line.len && i < COUNT_OF(words); i++)
		if (memmem(line.ptr, line.len, words[i], strlen(words[i])))
			return true;
	return false;
}

/* A line of it may be one. */
static bool may_have_disclaimer(struct span text)
{
	static const char *const parts[] = {
		"ntended ", "onfidential", "ONFIDENTIAL", "密",
	};

	for (size_t i = 0; text.len && i < COUNT_OF(parts); i++)
		if (memmem(text.ptr, text.len, parts[i], strlen(parts[i])))
			return true;
	return false;
}

static struct span take_line(struct span *left)
{
	ptrdiff_t end = span_find(*left, '\n');
	size_t len = end < 0 ? left->len : (size_t)end;
	struct span line = span_trim(span_first(*left, len));

	*left = span_from(*left, end < 0 ? len : len + 1);
	return line;
}

static void read_lines(struct reader *on, struct span text)
{
	bool has_disclaimer = may_have_disclaimer(text);
	bool is_in_disclaimer = false;

	while (text.len) {
		struct span line = take_line(&text);

		is_in_disclaimer = has_disclaimer && line.len &&
				   (is_in_disclaimer || is_disclaimer(line));
		if (!is_in_disclaimer && !is_quoted(line) &&
		    !is_greeting(line) && !is_attribution(line))
			read_line(on, line);
	}
}

/* Roughly; a Chinese word has two characters, of three bytes each. */
static size_t words_of(struct span line)
{
	size_t words = 0, wide = 0;

	for (size_t i = 0; i < line.len; i++) {
		words += g_ascii_isalnum(line.ptr[i]) &&
			 (!i || !g_ascii_isalnum(line.ptr[i - 1]));
		wide += line.ptr[i] & 0x80;
	}
	return words + wide / 6;
}

/* Behind a separator with few words below there is but a signature, or
 * what a list adds to all that it sends: the place of the first such
 * one, of the last few. */
static size_t footer_at(struct span text)
{
	size_t places[SEPARATORS_MAX], count = 0, sum = 0, at = text.len;
	struct span left = text;

	while (left.len) {
		size_t place = text.len - left.len;

		if (is_separator(take_line(&left)))
			places[count++ % SEPARATORS_MAX] = place;
	}
	for (size_t i = 0; i < MIN(count, SEPARATORS_MAX); i++) {
		size_t place = places[(count - 1 - i) % SEPARATORS_MAX];

		sum += words_of(span_first(span_from(text, place), at - place));
		if (sum > FOOTER_WORDS)
			break;
		at = place;
	}
	return at;
}

static void read_part(struct reader *on, struct span text)
{
	text = span_first(text, TEXT_MAX - MIN(on->bytes, TEXT_MAX));
	on->bytes += text.len;
	on->run_len = 0;
	read_lines(on, span_first(text, footer_at(text)));
}

static void read_uris(struct reader *on, struct transaction *tx)
{
	const GArray *uris = contents_uris(tx);

	for (guint i = 0; i < uris->len && i < URIS_MAX_READ; i++) {
		const struct uri *uri = &g_array_index(uris, struct uri, i);
		uint64_t mark = 1;

		if (!uri->organisation)
			continue;
		for (const char *c = uri->organisation; *c; c++)
			mark = mix(mark + (unsigned char)*c);
		add_mark(on->out, mark);
	}
}

/* Plain text beside HTML says the same once more, or what filters are to read
 * instead of it: people see the HTML, unless there is little in it. */
static bool is_shown_otherwise(const GArray *all, const struct rendered *plain)
{
	const struct mime_part *parent = plain->part->parent;

	if (plain->page || !parent ||
	    strcmp(parent->type, "multipart/alternative") != 0)
		return false;
	for (guint i = 0; i < all->len; i++) {
		const struct rendered *other =
			&g_array_index(all, struct rendered, i);

		if (other->page && other->part->parent == parent &&
		    other->text.len > plain->text.len / 2)
			return true;
	}
	return false;
}

struct fingerprint fingerprint_of_text(struct transaction *tx)
{
	const struct bodytext *text = contents_text(tx);
	struct fingerprint out = { .count = 0 };
	struct reader on = { .out = &out };

	for (guint i = 0; i < text->rendered->len; i++) {
		const struct rendered *part = &g_array_index(
			text->rendered, struct rendered, i);

		if (is_shown_otherwise(text->rendered, part))
			continue;
		read_part(&on, part->page ? htmltext_visible(&g_array_index(
			text->pages, struct html_text, part->page - 1),
			&tx->arena) : part->text);
	}
	read_uris(&on, tx);
	return out;
}

unsigned fingerprint_shared(const struct fingerprint *a,
			    const struct fingerprint *b)
{
	unsigned shared = 0;

	for (unsigned i = 0, k = 0; i < a->count && k < b->count; ) {
		shared += a->marks[i] == b->marks[k];
		if (a->marks[i] <= b->marks[k])
			i++;
		else
			k++;
	}
	return shared;
}

/* By share of the smaller's marks, in per cent: measured on ham of different
 * threads, and on campaigns with as many random words as words of their own.
 * What has few marks has all of them, and boiler-plate is a large part of
 * it. */
static unsigned share_needed(unsigned least)
{
	return least >= FINGERPRINT_MARKS ? 28 : least >= 10 ? 30 : 50;
}

unsigned fingerprint_likeness(const struct fingerprint *a,
			      const struct fingerprint *b)
{
	unsigned least = MIN(a->count, b->count), shared;

	if (a->is_exact || b->is_exact)
		return a->is_exact && b->is_exact &&
		       a->marks[0] == b->marks[0];
	if (least < MARKS_MIN)
		return 0;
	shared = fingerprint_shared(a, b);
	return shared * 100 >= least * share_needed(least) ? shared : 0;
}

struct fingerprint fingerprint_of_bytes(struct span bytes)
{
	uint64_t mark = bytes.len;

	for (size_t i = 0; i < bytes.len; i += sizeof mark) {
		uint64_t word = 0;

		memcpy(&word, bytes.ptr + i, MIN(sizeof word, bytes.len - i));
		mark = mix(mark + GUINT64_FROM_LE(word));
	}
	return (struct fingerprint){
		.marks = { mark }, .count = 1, .is_exact = true };
}

uint64_t fingerprint_id(const struct fingerprint *print)
{
	uint64_t id = print->is_exact;

	for (unsigned i = 0; i < print->count; i++)
		id = mix(id + print->marks[i]);
	return id;
}

static const char text_prefix[] = "text:", file_prefix[] = "file:";

const char *fingerprint_format(const struct fingerprint *print,
			       struct arena *arena)
{
	uint64_t marks[FINGERPRINT_MARKS];
	g_autofree char *coded = NULL;

	for (unsigned i = 0; i < print->count; i++)
		marks[i] = GUINT64_TO_BE(print->marks[i]);
	coded = g_base64_encode((const guchar *)marks,
				print->count * sizeof *marks);
	return arena_printf(arena, "%s%s", print->is_exact ? file_prefix :
			    text_prefix, coded);
}

bool fingerprint_parse(const char *text, struct fingerprint *out)
{
	bool is_exact = g_str_has_prefix(text, file_prefix);
	g_autofree guchar *bytes = NULL;
	gsize len;

	*out = (struct fingerprint){ .is_exact = is_exact };
	if (!is_exact && !g_str_has_prefix(text, text_prefix))
		return false;
	bytes = g_base64_decode(text + strlen(text_prefix), &len);
	if (!len || len % sizeof *out->marks || len > sizeof out->marks)
		return false;
	out->count = (unsigned)(len / sizeof *out->marks);
	memcpy(out->marks, bytes, len);
	for (unsigned i = 0; i < out->count; i++) {
		out->marks[i] = GUINT64_FROM_BE(out->marks[i]);
		if (i && out->marks[i] <= out->marks[i - 1])
			return false;
	}
	return !is_exact || out->count == 1;
}
