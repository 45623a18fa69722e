#include <config.h>

#include "content/evals.h"

#include <string.h>

/* A test of one name. */
typedef bool name_fn(const char *name, char *const *arguments);

static bool any_attachment(const struct eval_source *source, name_fn *test,
			   char *const *arguments)
{
	const GArray *all = source->attachments->all;

	for (guint i = 0; i < all->len; i++) {
		const struct attachment *file = &g_array_index(
			all, struct attachment, i);

		if (*file->name && test(file->name, arguments))
			return evals_found(source, file->name);
		if (file->other_name && test(file->other_name, arguments))
			return evals_found(source, file->other_name);
	}
	return false;
}

static bool any_packed(const struct eval_source *source, name_fn *test,
		       char *const *arguments)
{
	const GArray *all = source->attachments->packed.entries;

	for (guint i = 0; i < all->len; i++) {
		const struct packed_entry *entry = &g_array_index(
			all, struct packed_entry, i);

		if (!entry->is_folder && test(entry->name, arguments))
			return evals_found(source, entry->name);
	}
	return false;
}

/* Globs, without case. In an archive, of the name without its path as well. */
static bool is_name(const char *name, char *const *globs)
{
	g_autofree char *folded = g_utf8_casefold(name, -1);
	const char *slash = strrchr(folded, '/');

	for (; *globs; globs++) {
		g_autofree char *valid = g_utf8_make_valid(*globs, -1);
		g_autofree char *glob = g_utf8_casefold(valid, -1);

		if (g_pattern_match_simple(glob, folded) ||
		    (slash && g_pattern_match_simple(glob, slash + 1)))
			return true;
	}
	return false;
}

static bool has_extension(const char *name, char *const *extensions)
{
	struct span extension = filetype_extension(name);

	for (; *extensions; extensions++)
		if (filetype_is_extension(extension, *extensions))
			return true;
	return false;
}

static bool has_two_extensions(const char *name, char *const *arguments)
{
	(void)arguments;
	return filetype_has_two_extensions(name);
}

static bool is_trick(const char *name, char *const *arguments)
{
	(void)arguments;
	return filetype_is_trick(name);
}

static bool is_traversal(const char *name, char *const *arguments)
{
	(void)arguments;
	return name[0] == '/' || name[0] == '\\' ||
	       (g_ascii_isalpha(name[0]) && name[1] == ':') ||
	       g_str_has_prefix(name, "../") ||
	       g_str_has_prefix(name, "..\\") || strstr(name, "/../") ||
	       strstr(name, "\\..\\");
}

#define NAME_TEST(function, any, test) \
	static bool function(const struct eval_source *source, \
			     char *const *arguments) \
	{ \
		return any(source, test, arguments); \
	}
NAME_TEST(attachment_name, any_attachment, is_name)
NAME_TEST(attachment_extension, any_attachment, has_extension)
NAME_TEST(attachment_double_extension, any_attachment, has_two_extensions)
NAME_TEST(attachment_name_trick, any_attachment, is_trick)
NAME_TEST(packed_name, any_packed, is_name)
NAME_TEST(packed_extension, any_packed, has_extension)
NAME_TEST(packed_double_extension, any_packed, has_two_extensions)
NAME_TEST(packed_name_trick, any_packed, is_trick)
NAME_TEST(packed_path_traversal, any_packed, is_traversal)

static bool attachment_type(const struct eval_source *source,
			    char *const *arguments)
{
	const GArray *all = source->attachments->all;

	for (guint i = 0; i < all->len; i++)
		for (char *const *word = arguments; *word; word++)
			if (filetype_is(g_array_index(all, struct attachment,
						      i).type, *word))
				return evals_found(source, g_array_index(
					all, struct attachment, i).name);
	return false;
}

static bool attachment_type_differs(const struct eval_source *source,
				    char *const *arguments)
{
	const GArray *all = source->attachments->all;

	(void)arguments;
	for (guint i = 0; i < all->len; i++) {
		const struct attachment *file = &g_array_index(
			all, struct attachment, i);

		if (filetype_is_lie(file->type, file->name, file->part->type))
			return evals_found(source, file->name);
	}
	return false;
}

static bool packed_type(const struct eval_source *source,
			char *const *arguments)
{
	const GArray *all = source->attachments->packed.entries;

	for (guint i = 0; i < all->len; i++) {
		const struct packed_entry *entry = &g_array_index(
			all, struct packed_entry, i);

		for (char *const *word = arguments; *word; word++)
			if (!entry->is_folder && !entry->is_encrypted &&
			    filetype_is(entry->type, *word))
				return evals_found(source, entry->name);
	}
	return false;
}

/* In an archive nothing is declared but the name. */
static bool packed_type_differs(const struct eval_source *source,
				char *const *arguments)
{
	const GArray *all = source->attachments->packed.entries;

	(void)arguments;
	for (guint i = 0; i < all->len; i++) {
		const struct packed_entry *entry = &g_array_index(
			all, struct packed_entry, i);

		if (filetype_is_lie(entry->type, entry->name, ""))
			return evals_found(source, entry->name);
	}
	return false;
}

static bool attachment_macro(const struct eval_source *source,
			     char *const *arguments)
{
	const GArray *all = source->attachments->all;

	(void)arguments;
	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct attachment, i).has_macro)
			return true;
	return false;
}

#define FLAW_TEST(function, flaw) \
	static bool function(const struct eval_source *source, \
			     char *const *arguments) \
	{ \
		(void)arguments; \
		return source->attachments->packed.flaws & (flaw); \
	}
FLAW_TEST(packed_encrypted, PACKED_FLAW_ENCRYPTED)
FLAW_TEST(packed_broken, PACKED_FLAW_BROKEN)
FLAW_TEST(packed_bomb, PACKED_FLAW_BOMB)
FLAW_TEST(packed_limit, PACKED_FLAWS_LIMIT)

bool evalsattach_is_fit(const struct eval_row *row, char *const *arguments)
{
	if (row->run == attachment_type || row->run == packed_type)
		for (; *arguments; arguments++)
			if (!filetype_is_word(*arguments))
				return false;
	if (row->run == attachment_extension || row->run == packed_extension)
		for (; *arguments; arguments++)
			if (!filetype_is_extension_word(*arguments))
				return false;
	return true;
}

const struct eval_row evalsattach_rows[] = {
	{ "attachment_name", attachment_name, 1, 32, NULL },
	{ "attachment_extension", attachment_extension, 1, 32, NULL },
	{ "attachment_type", attachment_type, 1, 32, NULL },
	{ "attachment_type_differs", attachment_type_differs, 0, 0, NULL },
	{ "attachment_double_extension", attachment_double_extension, 0, 0,
	  NULL },
	{ "attachment_name_trick", attachment_name_trick, 0, 0, NULL },
	{ "attachment_macro", attachment_macro, 0, 0, NULL },
	{ "archive_name", packed_name, 1, 32, NULL },
	{ "archive_extension", packed_extension, 1, 32, NULL },
	{ "archive_type", packed_type, 1, 32, NULL },
	{ "archive_type_differs", packed_type_differs, 0, 0, NULL },
	{ "archive_double_extension", packed_double_extension, 0, 0, NULL },
	{ "archive_name_trick", packed_name_trick, 0, 0, NULL },
	{ "archive_path_traversal", packed_path_traversal, 0, 0, NULL },
	{ "archive_encrypted", packed_encrypted, 0, 0, NULL },
	{ "archive_broken", packed_broken, 0, 0, NULL },
	{ "archive_bomb", packed_bomb, 0, 0, NULL },
	{ "archive_limit", packed_limit, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
