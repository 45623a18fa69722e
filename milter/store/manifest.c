#include <config.h>

#include "store/manifest.h"

#include "store/digest.h"
#include "store/hex.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <string.h>

#define FIRST_LINE "mailreeve-backup "
#define WORDS_MAX 9
#define MODE_MAX 0777u

static const char *const kind_words[] = {
	[MANIFEST_STATE] = "state", [MANIFEST_DAY] = "day",
	[MANIFEST_SEAL] = "seal", [MANIFEST_EVIDENCE] = "evidence",
	[MANIFEST_KEY] = "key", [MANIFEST_OTHER] = "other",
};

const char *manifest_kind_word(enum manifest_kind kind)
{
	return kind_words[kind];
}

struct manifest *manifest_new(const char *program, int64_t made_us)
{
	struct manifest *manifest = g_new0(struct manifest, 1);

	manifest->program = g_strdup(program);
	manifest->made_us = made_us;
	manifest->files = g_ptr_array_new_with_free_func(g_free);
	manifest->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	manifest->paths = g_string_chunk_new(4096);
	return manifest;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	g_free(manifest->program);
	g_hash_table_unref(manifest->by_path);
	g_ptr_array_unref(manifest->files);
	g_string_chunk_free(manifest->paths);
	g_free(manifest);
}

static bool is_part(const char *part, size_t len)
{
	return len > 0 && !(len == 1 && part[0] == '.') &&
	       !(len == 2 && part[0] == '.' && part[1] == '.');
}

bool manifest_is_path(const char *path)
{
	const char *part = path;

	for (const char *at = path;; at++) {
		if (*at == '/' || *at == '\0') {
			if (!is_part(part, (size_t)(at - part)))
				return false;
			part = at + 1;
		} else if (!g_ascii_isgraph(*at)) {
			return false;
		}
		if (*at == '\0')
			return at - path <= MANIFEST_PATH_MAX;
	}
}

bool manifest_add(struct manifest *manifest, const struct manifest_file *file)
{
	struct manifest_file *copy;

	if (!manifest_is_path(file->path) ||
	    g_hash_table_contains(manifest->by_path, file->path))
		return false;
	copy = g_new(struct manifest_file, 1);
	*copy = *file;
	copy->path = g_string_chunk_insert(manifest->paths, file->path);
	g_ptr_array_add(manifest->files, copy);
	g_hash_table_insert(manifest->by_path, (char *)copy->path, copy);
	return true;
}

const struct manifest_file *manifest_find(const struct manifest *manifest,
					  const char *path)
{
	return g_hash_table_lookup(manifest->by_path, path);
}

GPtrArray *manifest_paths(const struct manifest *manifest)
{
	GPtrArray *paths = g_ptr_array_new();

	for (guint i = 0; i < manifest->files->len; i++) {
		const struct manifest_file *file = g_ptr_array_index(
			manifest->files, i);

		g_ptr_array_add(paths, (char *)file->path);
	}
	return paths;
}

static void add_hex(GString *text, const uint8_t *hash)
{
	g_autofree char *hex = hex_format(hash, RECORD_HASH_BYTES);

	g_string_append(text, hex);
}

static void add_file(GString *text, const struct manifest_file *file)
{
	g_string_append_printf(text, "file %s %04o %" PRIu64 " ",
			       kind_words[file->kind], file->mode,
			       file->bytes);
	add_hex(text, file->sha256);
	g_string_append_printf(text, " %" PRIu64 " %" PRId64 " %s\n",
			       file->source_bytes, file->source_changed_ns,
			       file->path);
}

GString *manifest_format(const struct manifest *manifest)
{
	GString *text = g_string_new(NULL);
	uint8_t hash[DIGEST_SHA256_BYTES];

	g_string_append_printf(text, FIRST_LINE "%d\nprogram %s\nmade %" PRId64
			       "\nhead %" PRId64 " %" PRIu64 " ",
			       MANIFEST_FORMAT, manifest->program,
			       manifest->made_us, manifest->head_day,
			       manifest->head.sequence);
	add_hex(text, manifest->head.sha256);
	g_string_append_c(text, '\n');
	for (guint i = 0; i < manifest->files->len; i++)
		add_file(text, g_ptr_array_index(manifest->files, i));
	digest_sha256(span_of(text->str, text->len), hash);
	g_string_append_printf(text, "end %u ", manifest->files->len);
	add_hex(text, hash);
	g_string_append_c(text, '\n');
	return text;
}

/* A line in words; those of it are borrowed from line, which they cut up. */
struct line {
	char *words[WORDS_MAX];
	size_t count;
};

static bool cut(char *text, struct line *line)
{
	line->count = 0;
	while (line->count < WORDS_MAX) {
		char *blank = strchr(text, ' ');

		line->words[line->count++] = text;
		if (!blank)
			return true;
		*blank = '\0';
		text = blank + 1;
	}
	return false;
}

static bool take_number(const char *word, unsigned base, uint64_t most,
			uint64_t *out)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(word, base, 0, most, &number, NULL))
		return false;
	*out = number;
	return true;
}

static bool take_signed(const char *word, int64_t *out)
{
	gint64 number;

	if (!g_ascii_string_to_signed(word, 10, 0, G_MAXINT64, &number, NULL))
		return false;
	*out = number;
	return true;
}

static bool take_hash(const char *word, uint8_t *out)
{
	return hex_parse(span_text(word), out, RECORD_HASH_BYTES);
}

static bool take_kind(const char *word, enum manifest_kind *out)
{
	for (size_t i = 0; i < COUNT_OF(kind_words); i++)
		if (g_str_equal(word, kind_words[i])) {
			*out = (enum manifest_kind)i;
			return true;
		}
	return false;
}

static bool take_program(struct manifest *manifest, const struct line *line)
{
	if (line->count != 2 || !manifest_is_path(line->words[1]))
		return false;
	g_free(manifest->program);
	manifest->program = g_strdup(line->words[1]);
	return true;
}

static bool take_made(struct manifest *manifest, const struct line *line)
{
	return line->count == 2 &&
	       take_signed(line->words[1], &manifest->made_us);
}

static bool take_head(struct manifest *manifest, const struct line *line)
{
	return line->count == 4 &&
	       take_signed(line->words[1], &manifest->head_day) &&
	       take_number(line->words[2], 10, G_MAXUINT64,
			   &manifest->head.sequence) &&
	       take_hash(line->words[3], manifest->head.sha256);
}

static bool take_file(struct manifest *manifest, const struct line *line)
{
	struct manifest_file file;
	uint64_t mode;

	if (line->count != 8 || !take_kind(line->words[1], &file.kind) ||
	    !take_number(line->words[2], 8, MODE_MAX, &mode) ||
	    !take_number(line->words[3], 10, G_MAXINT64, &file.bytes) ||
	    !take_hash(line->words[4], file.sha256) ||
	    !take_number(line->words[5], 10, G_MAXINT64, &file.source_bytes) ||
	    !take_signed(line->words[6], &file.source_changed_ns))
		return false;
	file.mode = (unsigned)mode;
	file.path = line->words[7];
	return manifest_add(manifest, &file);
}

typedef bool take_line_fn(struct manifest *, const struct line *);
static const struct { const char *word; take_line_fn *take; } lines[] = {
	{ "program", take_program }, { "made", take_made },
	{ "head", take_head }, { "file", take_file },
};

static bool take_line(struct manifest *manifest, char *text)
{
	struct line line;

	if (!cut(text, &line))
		return false;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (g_str_equal(lines[i].word, line.words[0]))
			return lines[i].take(manifest, &line);
	return false;
}

/* What the end says of all before it. */
static bool is_end(const struct manifest *manifest, struct span before,
		   char *text)
{
	uint8_t told[DIGEST_SHA256_BYTES], hash[DIGEST_SHA256_BYTES];
	struct line line;
	uint64_t count;

	digest_sha256(before, hash);
	return cut(text, &line) && line.count == 3 &&
	       g_str_equal(line.words[0], "end") &&
	       take_number(line.words[1], 10, G_MAXUINT64, &count) &&
	       count == manifest->files->len &&
	       take_hash(line.words[2], told) &&
	       memcmp(told, hash, sizeof hash) == 0;
}

static bool fail_line(GError **error, unsigned number, const char *what)
{
	store_error_set_text(error, STORE_ERROR_DAMAGED, "line %u: %s", number,
			     what);
	return false;
}

static bool check_first(char *line, GError **error)
{
	uint64_t format;

	if (!g_str_has_prefix(line, FIRST_LINE) ||
	    !take_number(line + strlen(FIRST_LINE), 10, G_MAXUINT32, &format) ||
	    format == 0)
		return fail_line(error, 1, "not a manifest of a back-up");
	if (format <= MANIFEST_FORMAT)
		return true;
	store_error_set_text(error, STORE_ERROR_NEWER, "line 1: written by a "
		"newer Mailreeve (format %" PRIu64 ", this one knows %d); "
		"use that one, or a newer one still", format, MANIFEST_FORMAT);
	return false;
}

/* One line after the other, in a copy that the reading cuts up. */
static bool read_lines(struct manifest *manifest, struct span text,
		       GError **error)
{
	g_autofree char *line = NULL;
	struct span rest = text;

	for (unsigned number = 1; rest.len; number++) {
		ptrdiff_t len = span_find(rest, '\n');
		size_t before = text.len - rest.len;

		if (len < 0)
			return fail_line(error, number, "it is cut off");
		g_free(line);
		line = g_strndup(rest.ptr, (size_t)len);
		rest = span_from(rest, (size_t)len + 1);
		if (strlen(line) != (size_t)len)
			return fail_line(error, number, "it has a zero byte");
		if (number == 1 && !check_first(line, error))
			return false;
		if (g_str_has_prefix(line, "end "))
			return rest.len == 0 &&
			       is_end(manifest, span_first(text, before),
				      line) ? true :
			       fail_line(error, number, "the lines before it "
					 "are not those that were written");
		if (number > 1 && !take_line(manifest, line))
			return fail_line(error, number, "it was changed");
	}
	return fail_line(error, 1, "there is no end");
}

struct manifest *manifest_parse(struct span text, GError **error)
{
	struct manifest *manifest = manifest_new("", 0);

	if (read_lines(manifest, text, error))
		return manifest;
	manifest_free(manifest);
	return NULL;
}
