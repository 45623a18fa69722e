#include <config.h>

#include "message/attachments.h"

#include <string.h>

#define NAME_MAX_BYTES 4096	/* of an attachment's name that are looked at */

static bool is_said_to_be(const struct mime_part *part)
{
	const struct header *field = mime_header(part, "Content-Disposition");

	return field && span_is_word(span_first(span_trim(field->value), 10),
				     "attachment");
}

static bool is_attachment(const struct mime_part *part)
{
	if (!part->is_leaf)	/* a message within, as a file */
		return part->name && g_str_has_prefix(part->type, "message/");
	return part->name || is_said_to_be(part) ||
	       !(g_str_has_prefix(part->type, "text/") ||
		 g_str_has_prefix(part->type, "multipart/") ||
		 g_str_has_prefix(part->type, "message/"));
}

static const char *valid_name(const char *name, struct arena *arena)
{
	g_autofree char *cut = NULL, *valid = NULL;

	if (!name)
		return NULL;
	if (strlen(name) <= NAME_MAX_BYTES && g_utf8_validate(name, -1, NULL))
		return name;
	/* The extension is at the end. */
	cut = g_strdup(name + (strlen(name) > NAME_MAX_BYTES ?
			       strlen(name) - NAME_MAX_BYTES : 0));
	valid = g_utf8_make_valid(cut, -1);
	return arena_text(arena, valid);
}

static bool has_bytes(struct span in, const char *bytes, size_t len)
{
	const char *at = in.ptr;
	size_t left = in.len;

	while (left >= len && (at = memchr(at, bytes[0], left - len + 1))) {
		if (memcmp(at, bytes, len) == 0)
			return true;
		at++;
		left = in.len - (size_t)(at - in.ptr);
	}
	return false;
}

/* The stream of Visual Basic in an OLE file, by its name in UTF-16. */
static bool has_ole_macro(struct span bytes)
{
	static const char name[] = "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T";

	return has_bytes(bytes, name, sizeof name - 1);
}

static bool has_packed_macro(const struct packed *packed, guint from)
{
	for (guint i = from; i < packed->entries->len; i++)
		if (g_str_has_suffix(g_array_index(packed->entries,
				struct packed_entry, i).name,
				"vbaProject.bin"))
			return true;
	return false;
}

static bool has_member(const struct packed *packed, guint from,
		       const char *name)
{
	for (guint i = from; i < packed->entries->len; i++)
		if (strcmp(g_array_index(packed->entries, struct packed_entry,
					 i).name, name) == 0)
			return true;
	return false;
}

static void look_inside(struct attachments *on, struct attachment *file)
{
	GByteArray *all = mime_decode_bytes(file->part, SIZE_MAX);
	struct span bytes = span_of((const char *)all->data, all->len);
	guint before = on->packed.entries->len;

	if (file->type == FILETYPE_OLE) {
		file->has_macro = has_ole_macro(bytes);
	} else {
		packed_read(&on->packed, bytes, file->name);
		file->has_macro = has_packed_macro(&on->packed, before);
		/* Its parts may stand in any order. */
		if (file->type == FILETYPE_ZIP && has_member(
				&on->packed, before, "[Content_Types].xml"))
			file->type = FILETYPE_OOXML;
	}
	g_byte_array_unref(all);
}

static void add_file(struct attachments *on, const struct mime *mime,
		     const struct mime_part *part)
{
	GByteArray *head = mime_decode_bytes(part, FILETYPE_HEAD);
	const char *name = valid_name(part->name, mime->arena);
	struct attachment file = {
		.part = part, .name = name ? name : "",
		.other_name = valid_name(part->other_name, mime->arena),
		.type = filetype_detect(span_of((const char *)head->data,
						head->len)),
	};

	g_byte_array_unref(head);
	if (filetype_is(file.type, "@archive") ||
	    span_is_word(filetype_extension(file.name), "zip") ||
	    file.type == FILETYPE_OOXML || file.type == FILETYPE_ODF ||
	    file.type == FILETYPE_JAVA || file.type == FILETYPE_OLE)
		look_inside(on, &file);
	g_array_append_val(on->all, file);
}

struct attachments *attachments_collect(const struct mime *mime,
					const struct limits *limits)
{
	struct attachments *on = g_new0(struct attachments, 1);

	on->all = g_array_new(FALSE, FALSE, sizeof(struct attachment));
	packed_init(&on->packed, limits, mime->arena);
	for (guint i = 0; i < mime->parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(mime->parts,
								 i);

		if (is_attachment(part))
			add_file(on, mime, part);
	}
	/* Its end may be all right. */
	if (mime->flaws & MIME_FLAW_CUT)
		on->packed.flaws &= ~(unsigned)PACKED_FLAW_BROKEN;
	return on;
}

void attachments_free(struct attachments *attachments)
{
	if (!attachments)
		return;
	packed_release(&attachments->packed);
	g_array_unref(attachments->all);
	g_free(attachments);
}

const char *attachments_limits_met(const struct attachments *attachments)
{
	static const struct { enum packed_flaw flaw; const char *word; } all[] = {
		{ PACKED_FLAW_DEPTH, "depth" },
		{ PACKED_FLAW_ENTRIES, "entries" },
		{ PACKED_FLAW_BYTES, "bytes" },
		{ PACKED_FLAW_TIME, "time" },
	};
	const char *text = "";

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (attachments->packed.flaws & all[i].flaw)
			text = arena_printf(attachments->packed.arena, "%s%s%s",
					    text, *text ? ", " : "",
					    all[i].word);
	return text;
}
