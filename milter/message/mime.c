#include <config.h>

#include "message/mime.h"

#include "message/encodedword.h"
#include "message/gmimelib.h"
#include "message/paramrepair.h"

#include <gmime/gmime.h>
#include <string.h>

#define DIGEST "multipart/digest"

/* What is still to be taken apart. */
struct piece {
	struct mime_part *part;
	const char *boundary;
};

struct parser {
	struct mime *mime;
	struct arena *arena;
	GArray *open;			/* of struct piece, a stack */
};

const struct header *mime_header(const struct mime_part *part,
				 const char *name)
{
	for (guint i = part->headers->len; i > 0; i--) {
		const struct header *header = &g_array_index(
			part->headers, struct header, i - 1);

		if (span_is_word(header->name, name))
			return header;
	}
	return NULL;
}

static char *lower(struct span text, struct arena *arena)
{
	char *word = arena_span_text(arena, span_trim(text));

	for (char *c = word; *c; c++)
		*c = g_ascii_tolower(*c);
	return word;
}

/* "text/html" of what stands before the first semicolon; ""
 * when it is nothing. */
static const char *type_of(struct span value, struct arena *arena)
{
	ptrdiff_t semicolon = span_find(value, ';');
	char *type = lower(semicolon < 0 ? value :
			   span_first(value, (size_t)semicolon), arena);
	size_t to = 0;

	type[strcspn(type, " \t\r\n")] = '\0';
	for (const char *c = type; *c; c++)
		if (*c > ' ' && *c < 0x7f && !strchr("\"()<>,:;?@[]\\", *c))
			type[to++] = *c;
	type[to] = '\0';
	if (g_str_has_prefix(type, "text") && !g_ascii_isalnum(type[4]) &&
	    strcmp(type, "text/html") != 0 &&
	    strcmp(type, "text/calendar") != 0 &&
	    strcmp(type, "text/x-vcard") != 0)
		return "text/plain";
	return type;
}

/* GMime knows RFC 2231 and what is made of it in the wild. */
static const char *parameter(GMimeParamList *list, const char *name,
			     struct arena *arena)
{
	GMimeParam *param = g_mime_param_list_get_parameter(list, name);
	const char *value = param ? g_mime_param_get_value(param) : NULL;

	return value && *value ? arena_text(arena, value) : NULL;
}

/* A field's value for GMime: unfolded, also within quotes, in charsets that it
 * knows, and without a NUL, which would end it, and any name in it. */
static const char *plain_value(struct span value, struct arena *arena)
{
	char *text = arena_alloc(arena, value.len + 1), *at = text;

	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\r' && value.ptr[i] != '\n')
			*at++ = value.ptr[i] ? value.ptr[i] : '?';
	*at = '\0';
	at = text = arena_text(arena, paramrepair_text(text, arena));
	while ((at = strstr(at, "%00")))
		memcpy(at, "%3F", 3);
	return text;
}

static const char *decode_name(const char *name, struct arena *arena)
{
	return name && strstr(name, "=?") ?
	       encodedword_decode(span_text(name), arena) : name;
}

/* Programs differ in which of two names they take. */
static void read_names(struct mime_part *part, GMimeParamList *type,
		       struct arena *arena)
{
	const struct header *field = mime_header(part, "Content-Disposition");
	const char *own = decode_name(parameter(type, "name", arena), arena);

	if (field) {
		GMimeContentDisposition *disposition =
			g_mime_content_disposition_parse(
				NULL, plain_value(field->value, arena));

		part->name = decode_name(parameter(
			g_mime_content_disposition_get_parameters(
				disposition), "filename", arena), arena);
		g_object_unref(disposition);
	}
	if (!part->name)
		part->name = own;
	else if (own && strcmp(own, part->name) != 0)
		part->other_name = own;
}

/* Fills what the part's header says; the boundary, or NULL. */
static const char *read_header(struct mime_part *part, struct arena *arena)
{
	const struct header *field = mime_header(part, "Content-Type");
	const struct header *encoding = mime_header(
		part, "Content-Transfer-Encoding");
	GMimeContentType *type = g_mime_content_type_parse(
		NULL, field ? plain_value(field->value, arena) : "text/plain");
	GMimeParamList *list = g_mime_content_type_get_parameters(type);
	const char *boundary;

	part->type = field ? type_of(field->value, arena) : "";
	part->has_type = *part->type;
	if (!part->has_type)
		part->type = part->parent &&
			strcmp(part->parent->type, DIGEST) == 0 ?
			"message/rfc822" : "text/plain";
	part->encoding = encoding ? lower(encoding->value, arena) : "";
	part->charset = parameter(list, "charset", arena);
	read_names(part, list, arena);
	boundary = parameter(list, "boundary", arena);
	g_object_unref(type);
	return boundary;
}

static struct span take_line(struct span *left)
{
	ptrdiff_t end = span_find(*left, '\n');
	struct span line = end < 0 ? *left : span_first(*left,
							(size_t)end + 1);

	*left = span_from(*left, line.len);
	return line;
}

enum border { BORDER_NONE, BORDER_PART, BORDER_END };

/* RFC 2046, 5.1.1, lets a line go on behind the boundary; where
 * boundaries are found otherwise, such lines are none, since one boundary
 * may begin as another. */
static enum border border_of(struct span line, struct span boundary,
			     bool is_loose)
{
	struct span rest;

	if (line.len < boundary.len + 2 || line.ptr[0] != '-' ||
	    line.ptr[1] != '-' ||
	    memcmp(line.ptr + 2, boundary.ptr, boundary.len) != 0)
		return BORDER_NONE;
	rest = span_trim(span_from(line, boundary.len + 2));
	return rest.len == 0 ? BORDER_PART :
	       span_is(rest, "--") ? BORDER_END :
	       is_loose ? BORDER_PART : BORDER_NONE;
}

/* The length of a field's name at the start of a line, 0: it is none. */
static size_t field_name(struct span line)
{
	size_t len = 0;

	while (len < line.len && line.ptr[len] > ' ' && line.ptr[len] < 0x7f &&
	       line.ptr[len] != ':')
		len++;
	for (size_t at = len; len && at < line.len; at++) {
		if (line.ptr[at] == ':')
			return len;
		if (line.ptr[at] != ' ' && line.ptr[at] != '\t')
			break;
	}
	return 0;
}

static void add_field(struct mime_part *part, struct span field)
{
	size_t len = field_name(field);
	ptrdiff_t colon = span_find(field, ':');
	struct header header = {
		span_first(field, len),
		span_from(field, (size_t)colon + 1),
		span_of(NULL, 0),
	};

	if (header.value.len && header.value.ptr[header.value.len - 1] == '\n')
		header.value.len--;
	g_array_append_val(part->headers, header);
}

/* Takes the header off the text; what is left is the body. */
static struct span take_header(struct mime *mime, struct mime_part *part,
			       struct span text)
{
	struct span field = { NULL, 0 };

	while (text.len) {
		struct span rest = text, line = take_line(&rest);

		if (field.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
			field.len += line.len;
		} else if (field_name(line)) {
			if (field.len)
				add_field(part, field);
			field = line;
		} else {
			if (span_trim(line).len)
				mime->flaws |= MIME_FLAW_NO_BLANK;
			else
				text = rest;
			break;
		}
		text = rest;
	}
	if (field.len)
		add_field(part, field);
	else
		mime->flaws |= MIME_FLAW_NO_HEADER;
	return text;
}

static struct mime_part *new_part(struct parser *on,
				  const struct mime_part *parent)
{
	struct mime_part *part = arena_new(on->arena, struct mime_part);

	part->parent = parent;
	part->depth = parent ? parent->depth + 1 : 0;
	part->is_leaf = true;
	part->type = part->encoding = "";
	g_ptr_array_add(on->mime->parts, part);
	return part;
}

static void add_piece(struct parser *on, GArray *pieces,
		      struct mime_part *parent, struct span text,
		      const char *boundary)
{
	struct mime_part *part = new_part(on, parent);
	struct piece piece = { .part = part };

	part->headers = g_array_new(FALSE, FALSE, sizeof(struct header));
	/* The line break before a boundary is the boundary's. */
	if (text.len && text.ptr[text.len - 1] == '\n')
		text.len--;
	part->raw = take_header(on->mime, part, text);
	piece.boundary = read_header(part, on->arena);
	if (!piece.boundary)
		piece.boundary = boundary;
	g_array_append_val(pieces, piece);
	parent->is_leaf = false;
}

/* What is behind the first boundary, if there is one. */
static enum border skip_preamble(struct span *left, struct span boundary,
				 bool is_loose)
{
	struct span from = *left;
	enum border border = BORDER_NONE;

	while (from.len && border == BORDER_NONE) {
		struct span line = take_line(&from);

		border = border_of(line, boundary, is_loose);
	}
	if (border != BORDER_NONE)
		*left = from;
	return border;
}

/* Text between boundaries. Where there is none at all, all of
 * it is one part. */
static void split(struct parser *on, const struct piece *of, GArray *pieces)
{
	struct span boundary = span_text(of->boundary);
	struct span left = of->part->raw, line, text;
	bool is_loose = false;
	enum border border = skip_preamble(&left, boundary, false);

	if (border != BORDER_PART) {
		is_loose = true;
		left = of->part->raw;
		skip_preamble(&left, boundary, true);
	}
	do {
		text = span_first(left, 0);
		border = BORDER_NONE;
		while (left.len && border == BORDER_NONE) {
			line = take_line(&left);
			border = border_of(line, boundary, is_loose);
			if (border == BORDER_NONE)
				text.len += line.len;
		}
		if (on->mime->parts->len >= MIME_PARTS_MAX) {
			on->mime->flaws |= MIME_FLAW_PARTS;
			return;
		}
		if (border != BORDER_NONE || text.len)
			add_piece(on, pieces, of->part, text, of->boundary);
	} while (border == BORDER_PART);
	if (span_trim(left).len)
		on->mime->flaws |= MIME_FLAW_EPILOGUE;
}

static bool is_message(const struct mime_part *part)
{
	return strcmp(part->type, "message/rfc822") == 0 ||
	       strcmp(part->type, "message/global") == 0;
}

/* A message within is a part with a header of its own. */
static void enter_message(struct parser *on, struct piece *of, GArray *pieces)
{
	struct mime_part *part;
	struct piece piece;
	struct span text = mime_decode(of->part, on->arena);

	if (!text.len || on->mime->parts->len >= MIME_PARTS_MAX)
		return;
	part = new_part(on, of->part);
	part->headers = g_array_new(FALSE, FALSE, sizeof(struct header));
	part->raw = take_header(on->mime, part, text);
	piece = (struct piece){ part, read_header(part, on->arena) };
	g_array_append_val(pieces, piece);
	of->part->is_leaf = false;
}

static void take_apart(struct parser *on, struct piece of)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE,
					       sizeof(struct piece));
	bool is_multipart = g_str_has_prefix(of.part->type, "multipart/");

	if (!is_multipart && !is_message(of.part))
		return;
	if (of.part->depth >= MIME_DEPTH_MAX) {
		on->mime->flaws |= MIME_FLAW_DEPTH;
		return;
	}
	if (is_multipart && of.boundary)
		split(on, &of, pieces);
	else if (!is_multipart)
		enter_message(on, &of, pieces);
	else
		of.part->type = "text/plain";
	for (guint i = 0; i < pieces->len; i++)
		g_array_append_val(on->open, g_array_index(pieces, struct piece,
							   i));
}

/* Header and body as one text, lines ending in LF. */
static void join(struct mime *mime, const struct transaction *tx)
{
	GString *text = g_string_sized_new(tx->body->len + 4096);
	size_t body;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			tx->headers, struct header, i);

		g_string_append_len(text, header->name.ptr,
				    (gssize)header->name.len);
		g_string_append(text, tx->has_leading_space ? ":" : ": ");
		for (size_t j = 0; j < header->value.len; j++)
			if (header->value.ptr[j] != '\r')
				g_string_append_c(text, header->value.ptr[j]);
		g_string_append_c(text, '\n');
	}
	g_string_append_c(text, '\n');
	body = text->len;
	for (guint i = 0; i < tx->body->len; i++) {
		char c = (char)tx->body->data[i];

		if (c != '\r' || i + 1 == tx->body->len ||
		    tx->body->data[i + 1] != '\n')
			g_string_append_c(text, c);
	}
	mime->text = arena_span(mime->arena, span_of(text->str, text->len));
	mime->body = span_from(mime->text, body);
	g_string_free(text, TRUE);
}

/* In the order in which they stand: a part's own parts follow it. */
static void sort_leaves(struct mime *mime, const struct mime_part *parent)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		struct mime_part *part = g_ptr_array_index(mime->parts, i);

		if (part->parent != parent)
			continue;
		if (part->is_leaf)
			g_ptr_array_add(mime->leaves, part);
		else
			sort_leaves(mime, part);
	}
}

struct mime *mime_parse(const struct transaction *tx, struct arena *arena)
{
	struct mime *mime = arena_new(arena, struct mime);
	struct parser on = { .mime = mime, .arena = arena };
	struct mime_part *root;
	struct piece first;

	gmimelib_init();
	mime->arena = arena;
	mime->parts = g_ptr_array_new();
	mime->leaves = g_ptr_array_new();
	join(mime, tx);
	if (tx->body_bytes > (int64_t)tx->body->len)
		mime->flaws |= MIME_FLAW_CUT;
	on.open = g_array_new(FALSE, FALSE, sizeof(struct piece));
	root = new_part(&on, NULL);
	root->headers = g_array_ref(tx->headers);
	root->raw = mime->body;
	first = (struct piece){ root, read_header(root, arena) };
	g_array_append_val(on.open, first);
	for (guint i = 0; i < on.open->len; i++)
		take_apart(&on, g_array_index(on.open, struct piece, i));
	g_array_unref(on.open);
	sort_leaves(mime, NULL);
	return mime;
}

void mime_release(struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		struct mime_part *part = g_ptr_array_index(mime->parts, i);

		g_array_unref(part->headers);
	}
	g_ptr_array_unref(mime->parts);
	g_ptr_array_unref(mime->leaves);
}

static GMimeContentEncoding encoding_of(const struct mime_part *part)
{
	return strcmp(part->encoding, "base64") == 0 ?
	       GMIME_CONTENT_ENCODING_BASE64 :
	       strcmp(part->encoding, "quoted-printable") == 0 ?
	       GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE :
	       strcmp(part->encoding, "x-uuencode") == 0 ||
	       strcmp(part->encoding, "uuencode") == 0 ||
	       strcmp(part->encoding, "x-uue") == 0 ?
	       GMIME_CONTENT_ENCODING_UUENCODE :
	       GMIME_CONTENT_ENCODING_DEFAULT;
}

GByteArray *mime_decode_bytes(const struct mime_part *part, size_t bytes)
{
	GMimeContentEncoding kind = encoding_of(part);
	struct span raw = span_first(part->raw, bytes > SIZE_MAX / 4 ?
				     SIZE_MAX : 3 * bytes + 1);
	GByteArray *out = g_byte_array_new();
	GMimeEncoding state;

	if (kind == GMIME_CONTENT_ENCODING_DEFAULT || !raw.len) {
		if (raw.len)
			g_byte_array_append(out, (const guint8 *)raw.ptr,
					    (guint)MIN(raw.len, bytes));
		return out;
	}
	g_mime_encoding_init_decode(&state, kind);
	g_byte_array_set_size(out, (guint)g_mime_encoding_outlen(&state,
								 raw.len) + 1);
	g_byte_array_set_size(out, (guint)g_mime_encoding_flush(
		&state, raw.ptr, raw.len, (char *)out->data));
	return out;
}

/* Blanks at the end of a line came on the way (RFC 2045, 6.7, rule 3). */
static struct span without_trailing(struct span text, struct arena *arena)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t to = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			while (to && (out[to - 1] == ' ' ||
				      out[to - 1] == '\t'))
				to--;
		out[to++] = text.ptr[i];
	}
	return span_of(out, to);
}

struct span mime_decode(struct mime_part *part, struct arena *arena)
{
	GMimeContentEncoding kind = encoding_of(part);
	struct span raw = part->raw;
	GMimeEncoding state;
	char *out;
	size_t len, to = 0;

	if (part->is_decoded)
		return part->decoded;
	part->is_decoded = true;
	part->decoded = part->raw;
	if (kind == GMIME_CONTENT_ENCODING_DEFAULT || !raw.len)
		return part->decoded;
	if (kind == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		raw = without_trailing(raw, arena);
	g_mime_encoding_init_decode(&state, kind);
	out = arena_alloc(arena, g_mime_encoding_outlen(&state, raw.len) + 1);
	len = g_mime_encoding_flush(&state, raw.ptr, raw.len, out);
	for (size_t i = 0; i < len; i++)
		if (out[i] != '\r' || i + 1 == len || out[i + 1] != '\n')
			out[to++] = out[i];
	out[to] = '\0';
	part->decoded = span_of(out, to);
	return part->decoded;
}

const char *mime_effective_type(const struct mime_part *part)
{
	const char *dot = part->name ? strrchr(part->name, '.') : NULL;

	return dot && (g_ascii_strcasecmp(dot, ".html") == 0 ||
		       g_ascii_strcasecmp(dot, ".htm") == 0 ||
		       g_ascii_strcasecmp(dot, ".shtml") == 0) ?
	       "text/html" : part->type;
}
