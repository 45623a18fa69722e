#include <config.h>

#include "message/rawmessage.h"

#include <string.h>

/* The line up to its LF or CRLF, without it; *rest is what follows. */
static struct span take_line(struct span *rest)
{
	ptrdiff_t end = span_find(*rest, '\n');
	struct span line = end < 0 ? *rest : span_first(*rest, (size_t)end);

	*rest = span_from(*rest, line.len + 1);
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_fold(struct span rest)
{
	return rest.len && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t');
}

/* The name in front of the colon, blanks behind it cut off; empty when the line
 * is no field. */
static struct span name_of(struct span line)
{
	ptrdiff_t colon = span_find(line, ':');
	struct span name = span_first(line, colon > 0 ? (size_t)colon : 0);

	while (name.len && (name.ptr[name.len - 1] == ' ' ||
			    name.ptr[name.len - 1] == '\t'))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ')
			return span_of(NULL, 0);
	return name;
}

/* One field with its folded lines; false where the body begins. */
static bool take_field(struct transaction *tx, struct span *rest)
{
	struct span before = *rest, line = take_line(rest);
	struct span name = name_of(line);

	if (!name.len) {
		if (line.len) {
			*rest = before;
			tx->has_no_blank_line = line.len > 1 &&
				memcmp(line.ptr, "--", 2) == 0;
		}
		return false;
	}
	struct span rest_of_line = span_from(line, (size_t)span_find(line, ':')
						   + 1);
	g_autoptr(GString) value = g_string_new_len(
		rest_of_line.ptr, (gssize)rest_of_line.len);

	while (is_fold(*rest)) {
		line = take_line(rest);
		g_string_append_c(value, '\n');
		g_string_append_len(value, line.ptr, (gssize)line.len);
	}
	transaction_add_header(tx, name, span_of(value->str, value->len));
	return true;
}

static void take_body(struct transaction *tx, struct span rest)
{
	g_autoptr(GString) body = g_string_sized_new(rest.len + rest.len / 32);

	while (rest.len) {
		bool is_ended = span_find(rest, '\n') >= 0;
		struct span line = take_line(&rest);

		g_string_append_len(body, line.ptr, (gssize)line.len);
		if (is_ended)
			g_string_append(body, "\r\n");
	}
	transaction_add_body(tx, span_of(body->str, body->len));
}

/* "From someone Mon Nov 23 ..." of an mbox, and not "From : ...". */
static bool is_mbox_line(struct span bytes)
{
	struct span rest = span_trim(span_first(span_from(bytes, 5), 80));

	return bytes.len > 5 && memcmp(bytes.ptr, "From ", 5) == 0 &&
	       (!rest.len || rest.ptr[0] != ':');
}

void rawmessage_take(struct transaction *tx, struct span bytes)
{
	tx->has_leading_space = true;
	if (is_mbox_line(bytes))
		take_line(&bytes);
	while (bytes.len && take_field(tx, &bytes))
		;
	tx->has_no_blank_line |= !bytes.len;
	take_body(tx, bytes);
}
