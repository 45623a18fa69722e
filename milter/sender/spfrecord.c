#include <config.h>

#include "sender/spfrecord.h"

#include <string.h>

#define RECORD_VERSION "v=spf1"

static const struct { const char *name; enum spf_mechanism mechanism; }
mechanisms[] = {
	{ "all", SPFTERM_ALL },
	{ "include", SPFTERM_INCLUDE },
	{ "a", SPFTERM_A },
	{ "mx", SPFTERM_MX },
	{ "ptr", SPFTERM_PTR },
	{ "ip4", SPFTERM_IP4 },
	{ "ip6", SPFTERM_IP6 },
	{ "exists", SPFTERM_EXISTS },
};

bool spfrecord_is_one(struct span txt)
{
	size_t len = strlen(RECORD_VERSION);

	return txt.len >= len &&
	       span_is_word(span_first(txt, len), RECORD_VERSION) &&
	       (txt.len == len || txt.ptr[len] == ' ');
}

/* The length of the macro at the start, %{...}, %%, %_ or %-; 0: it is none. */
static size_t macro_len(struct span text)
{
	size_t at = 3;

	if (text.len < 2)
		return 0;
	if (strchr("%_-", text.ptr[1]))
		return 2;
	if (text.len < 4 || text.ptr[1] != '{' ||
	    !strchr("slodiphcrtvSLODIPHCRTV", text.ptr[2]))
		return 0;
	while (at < text.len && g_ascii_isdigit(text.ptr[at]))
		at++;
	if (at < text.len && (text.ptr[at] == 'r' || text.ptr[at] == 'R'))
		at++;
	while (at < text.len && text.ptr[at] &&
	       strchr(".-+,/_=", text.ptr[at]))
		at++;
	return at < text.len && text.ptr[at] == '}' ? at + 1 : 0;
}

/* A macro that keeps no label ("%{d0}") means nothing. */
static bool is_zero_transformer(struct span macro)
{
	size_t at = 3;

	if (macro.len < 5 || !g_ascii_isdigit(macro.ptr[at]))
		return false;
	while (macro.ptr[at] == '0')
		at++;
	return !g_ascii_isdigit(macro.ptr[at]);
}

/* c, r and t are for explanations only (7.2). */
static bool is_explaining(struct span macro)
{
	return macro.len > 2 && strchr("crtCRT", macro.ptr[2]);
}

/* Gives the length of the text's last literal run behind the last macro. */
static bool walk_macros(struct span text, bool is_explanation,
			size_t *tail_out)
{
	*tail_out = 0;
	while (text.len) {
		size_t step = 1;

		if (text.ptr[0] == '%') {
			step = macro_len(text);
			if (!step || is_zero_transformer(
					span_first(text, step)) ||
			    (!is_explanation && is_explaining(
					span_first(text, step))))
				return false;
			*tail_out = 0;
		} else if (text.ptr[0] < 0x20 || text.ptr[0] > 0x7e) {
			return false;
		} else {
			(*tail_out)++;
		}
		text = span_from(text, step);
	}
	return true;
}

bool spfrecord_is_macro_string(struct span text)
{
	size_t tail;

	return walk_macros(text, true, &tail);
}

/* A toplabel is no number, and begins and ends with a letter or digit. */
static bool is_top_label(struct span label)
{
	bool is_number = true;

	if (!label.len || !g_ascii_isalnum(label.ptr[0]) ||
	    !g_ascii_isalnum(label.ptr[label.len - 1]))
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!g_ascii_isalnum(label.ptr[i]) && label.ptr[i] != '-')
			return false;
		is_number &= g_ascii_isdigit(label.ptr[i]);
	}
	return !is_number;
}

/* domain-spec: a macro-string that ends in ".toplabel" or in a macro. */
static bool is_domain_spec(struct span text)
{
	size_t tail;
	ptrdiff_t dot;

	if (!text.len || !walk_macros(text, false, &tail))
		return false;
	if (!tail)
		return text.ptr[text.len - 1] == '}';
	text = span_from(text, text.len - tail);
	if (text.ptr[text.len - 1] == '.')
		text.len--;
	dot = span_find_last(text, '.');
	return dot >= 0 && is_top_label(span_from(text, (size_t)dot + 1));
}

/* 0 to most, without leading zeros. */
static bool take_bits(struct span text, unsigned most, uint8_t *bits_out)
{
	unsigned bits = 0;

	if (!text.len || text.len > 3 ||
	    (text.len > 1 && text.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.ptr[i]))
			return false;
		bits = bits * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*bits_out = (uint8_t)bits;
	return bits <= most;
}

/* Cuts "/24", "//64" or "/24//64" off the end of *text. A slash may
 * also stand in a name or a macro: one with anything else than digits
 * behind it is such. */
static bool cut_cidr(struct span *text, struct spf_term *term)
{
	size_t from = text->len;
	struct span digits;

	while (from > 0 && g_ascii_isdigit(text->ptr[from - 1]))
		from--;
	digits = span_from(*text, from);
	if (!from || text->ptr[from - 1] != '/')
		return true;
	if (from < 2 || text->ptr[from - 2] != '/') {
		text->len = from - 1;
		return take_bits(digits, 32, &term->bits4);
	}
	text->len = from - 2;
	if (!take_bits(digits, 128, &term->bits6))
		return false;
	for (from = text->len; from > 0 &&
	     g_ascii_isdigit(text->ptr[from - 1]); from--)
		;
	if (!from || from == text->len || text->ptr[from - 1] != '/')
		return true;
	digits = span_from(*text, from);
	text->len = from - 1;
	return take_bits(digits, 32, &term->bits4);
}

static const char *take_network(struct span value, struct spf_term *term)
{
	bool is_4 = term->mechanism == SPFTERM_IP4;
	ptrdiff_t slash = span_find(value, '/');
	uint8_t most = is_4 ? 32 : 128, bits = most;
	struct netaddr addr;
	struct span text = value;

	if (slash >= 0) {
		text = span_first(value, (size_t)slash);
		if (!take_bits(span_from(value, (size_t)slash + 1), most,
			       &bits))
			return "a prefix length is wrong";
	}
	/* An IPv4-mapped address is written with colons, and is an ip6. */
	if (!netaddr_parse(text, &addr) ||
	    (span_find(text, ':') < 0) != is_4)
		return "an address is wrong";
	term->network = network_around(&addr, (uint8_t)(bits +
				       (is_4 ? 96 : 0)));
	return NULL;
}

/* What may stand behind a mechanism's name, and must. */
static const char *take_value(struct span value, bool has_colon,
			      struct spf_term *term)
{
	switch (term->mechanism) {
	case SPFTERM_ALL:
		return has_colon || value.len ?
		       "something stands behind \"all\"" : NULL;
	case SPFTERM_IP4:
	case SPFTERM_IP6:
		return has_colon ? take_network(value, term) :
				   "an address is missing";
	case SPFTERM_A:
	case SPFTERM_MX:
		if (!cut_cidr(&value, term))
			return "a prefix length is wrong";
		break;
	case SPFTERM_PTR:
	case SPFTERM_INCLUDE:
	case SPFTERM_EXISTS:
		break;
	}
	term->domain = value;
	if (has_colon ? !is_domain_spec(value) : value.len > 0)
		return "a domain is wrong";
	if (!has_colon && (term->mechanism == SPFTERM_INCLUDE ||
			   term->mechanism == SPFTERM_EXISTS))
		return "a domain is missing";
	return NULL;
}

static size_t name_len(struct span word)
{
	size_t len = 0;

	if (!word.len || !g_ascii_isalpha(word.ptr[0]))
		return 0;
	while (len < word.len && (g_ascii_isalnum(word.ptr[len]) ||
				  (word.ptr[len] &&
				   strchr("-_.", word.ptr[len]))))
		len++;
	return len;
}

static const char *take_mechanism(struct span word, struct spf_term *term)
{
	static const char signs[] = "+-?~";
	static const enum auth_result results[] = {
		AUTH_RESULT_PASS, AUTH_RESULT_FAIL, AUTH_RESULT_NEUTRAL,
		AUTH_RESULT_SOFTFAIL,
	};
	const char *sign = memchr(signs, word.ptr[0], sizeof signs - 1);
	size_t len;
	bool has_colon;

	*term = (struct spf_term){
		.text = word, .bits4 = 32, .bits6 = 128,
		.qualifier = sign ? results[sign - signs] : AUTH_RESULT_PASS,
	};
	if (sign)
		word = span_from(word, 1);
	len = name_len(word);
	for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
		if (!span_is_word(span_first(word, len), mechanisms[i].name))
			continue;
		term->mechanism = mechanisms[i].mechanism;
		has_colon = word.len > len && word.ptr[len] == ':';
		return take_value(span_from(word, len + has_colon), has_colon,
				  term);
	}
	return "a mechanism is not known";
}

static const char *take_modifier(struct span name, struct span value,
				 struct spf_record *record)
{
	bool is_redirect = span_is_word(name, "redirect");
	bool is_exp = span_is_word(name, "exp");

	if (!is_redirect && !is_exp)
		return spfrecord_is_macro_string(value) ? NULL :
		       "a modifier is wrong";
	if (is_redirect ? record->has_redirect : record->has_exp)
		return "a modifier stands there twice";
	if (!is_domain_spec(value))
		return "a modifier's domain is wrong";
	if (is_redirect) {
		record->has_redirect = true;
		record->redirect = value;
	} else {
		record->has_exp = true;
		record->exp = value;
	}
	return NULL;
}

static size_t count_words(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] != ' ' && (!i || text.ptr[i - 1] == ' ');
	return count;
}

const char *spfrecord_parse(struct span txt, struct arena *arena,
			    struct spf_record *record_out)
{
	struct span rest = span_from(txt, strlen(RECORD_VERSION));
	const char *wrong = NULL;

	*record_out = (struct spf_record){
		.terms = arena_new_n(arena, struct spf_term,
				     count_words(rest) + 1),
	};
	while (!wrong) {
		ptrdiff_t space;
		struct span word;
		size_t len;

		while (rest.len && rest.ptr[0] == ' ')
			rest = span_from(rest, 1);
		if (!rest.len)
			break;
		space = span_find(rest, ' ');
		word = space < 0 ? rest : span_first(rest, (size_t)space);
		rest = span_from(rest, word.len);
		len = name_len(word);
		if (len && len < word.len && word.ptr[len] == '=') {
			wrong = take_modifier(span_first(word, len),
					      span_from(word, len + 1),
					      record_out);
			continue;
		}
		wrong = take_mechanism(word,
				       &record_out->terms[record_out->count]);
		record_out->count++;
	}
	return wrong;
}
