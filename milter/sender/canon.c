#include <config.h>

#include "sender/canon.h"

#include <openssl/evp.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Text with white space and folds as one space each, none at its ends. */
static void append_relaxed(GString *out, struct span text)
{
	text = span_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\r' || c == '\n')
			continue;
		if (!is_blank(c))
			g_string_append_c(out, c);
		else if (!out->len || out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
}

void canon_header(GString *out, struct span field, enum canon canon)
{
	ptrdiff_t colon = span_find(field, ':');
	struct span name = span_first(field, colon < 0 ? field.len :
				      (size_t)colon);

	if (canon == CANON_SIMPLE) {
		g_string_append_len(out, field.ptr, (gssize)field.len);
	} else {
		name = span_trim(name);
		for (size_t i = 0; i < name.len; i++)
			g_string_append_c(out, g_ascii_tolower(name.ptr[i]));
		g_string_append_c(out, ':');
		append_relaxed(out, span_from(field, (size_t)(colon + 1)));
	}
	g_string_append(out, "\r\n");
}

/* Where the value of b= begins and ends within a field. */
static bool find_b(struct span field, size_t *from_out, size_t *to_out)
{
	size_t at = (size_t)(span_find(field, ':') + 1);

	while (at < field.len) {
		struct span rest = span_from(field, at);
		ptrdiff_t end = span_find(rest, ';');
		struct span tag = end < 0 ? rest :
				  span_first(rest, (size_t)end);
		ptrdiff_t equals = span_find(tag, '=');

		if (equals >= 0 && span_is(span_trim(
				span_first(tag, (size_t)equals)), "b")) {
			*from_out = at + (size_t)equals + 1;
			*to_out = at + tag.len;
			return true;
		}
		at += tag.len + 1;
	}
	return false;
}

void canon_signature(GString *out, struct span field, enum canon canon)
{
	g_autoptr(GString) bare = g_string_new_len(field.ptr,
						   (gssize)field.len);
	size_t from, to;

	if (find_b(field, &from, &to))
		g_string_erase(bare, (gssize)from, (gssize)(to - from));
	canon_header(out, span_string(bare), canon);
	g_string_truncate(out, out->len - 2);
}

/*
 * Empty lines are counted until something follows them, since those at the end
 * do not count; in the relaxed form, so are blanks until something in their
 * line does.
 */
struct bodyhash {
	enum canon canon;
	EVP_MD_CTX *context;
	GString *out;			/* canonical, not hashed yet */
	size_t empty_lines;
	bool is_in_line, has_blank, has_cr, is_any;
};

struct bodyhash *bodyhash_new(enum canon canon)
{
	struct bodyhash *hash = g_new0(struct bodyhash, 1);

	hash->canon = canon;
	hash->out = g_string_new(NULL);
	hash->context = EVP_MD_CTX_new();
	BUG_IF(!hash->context ||
	       EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1);
	return hash;
}

void bodyhash_free(struct bodyhash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	g_string_free(hash->out, TRUE);
	g_free(hash);
}

static void flush(struct bodyhash *hash)
{
	BUG_IF(EVP_DigestUpdate(hash->context, hash->out->str,
				hash->out->len) != 1);
	g_string_truncate(hash->out, 0);
}

static void end_line(struct bodyhash *hash)
{
	if (hash->is_in_line)
		g_string_append(hash->out, "\r\n");
	else
		hash->empty_lines++;
	hash->is_in_line = hash->has_blank = false;
}

static void take(struct bodyhash *hash, char c)
{
	if (hash->canon == CANON_RELAXED && is_blank(c)) {
		hash->has_blank = true;
		return;
	}
	for (; hash->empty_lines; hash->empty_lines--)
		g_string_append(hash->out, "\r\n");
	if (hash->has_blank)
		g_string_append_c(hash->out, ' ');
	g_string_append_c(hash->out, c);
	hash->is_in_line = hash->is_any = true;
	hash->has_blank = false;
}

void bodyhash_add(struct bodyhash *hash, struct span chunk)
{
	for (size_t i = 0; i < chunk.len; i++) {
		char c = chunk.ptr[i];

		if (hash->has_cr) {
			hash->has_cr = false;
			if (c == '\n') {
				end_line(hash);
				continue;
			}
			take(hash, '\r');
		}
		if (c == '\r')
			hash->has_cr = true;
		else
			take(hash, c);
		if (hash->out->len > 65536)
			flush(hash);
	}
	flush(hash);
}

/* 3.4.3 and 3.4.4: an empty body is CRLF when simple, nothing when relaxed; one
 * that does not end a line gets CRLF. */
void bodyhash_finish(struct bodyhash *hash,
		     uint8_t digest_out[CANON_HASH_BYTES])
{
	unsigned len = 0;

	if (hash->has_cr)
		take(hash, '\r');
	if (hash->is_in_line ||
	    (!hash->is_any && hash->canon == CANON_SIMPLE))
		g_string_append(hash->out, "\r\n");
	flush(hash);
	BUG_IF(EVP_DigestFinal_ex(hash->context, digest_out, &len) != 1 ||
	       len != CANON_HASH_BYTES);
}
