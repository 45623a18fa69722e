#include <config.h>

#include "message/packed.h"

#include "base/clock.h"
#include "message/charset.h"
#include "message/packhead.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <string.h>

/* libarchive gets its input in pieces, so that it comes back to look at the clock. */
#define PIECE_BYTES 16384
/* Nobody's files become so much smaller, and so large. */
#define BOMB_RATIO 250
#define BOMB_BYTES (INT64_C(100) << 20)
#define ENTRY_BYTES 256		/* of a header, for each name that it may hold */

/* An archive that waits for being read. */
struct item {
	struct span bytes;
	GByteArray *owned;		/* where they are; NULL: the caller's */
	char *name;
	unsigned depth;
	bool is_cut;			/* its end is missing */
};

/* One that is read. */
struct reader {
	struct packed *packed;
	const struct item *item;
	struct archive *archive;
	GQueue *queue;			/* of struct item *: archives found in it */
	size_t at;
	int64_t sum_bytes;		/* that its files say they have */
	bool is_late, is_encrypted;
};

typedef int support_fn(struct archive *archive);

static int support_rar(struct archive *archive)
{
	archive_read_support_format_rar(archive);
	return archive_read_support_format_rar5(archive);
}

static const struct {
	enum filetype type;
	support_fn *format, *filter;	/* filter: of one packed file */
} kinds[] = {
	{ FILETYPE_ZIP, archive_read_support_format_zip, NULL },
	{ FILETYPE_OOXML, archive_read_support_format_zip, NULL },
	{ FILETYPE_ODF, archive_read_support_format_zip, NULL },
	{ FILETYPE_JAVA, archive_read_support_format_zip, NULL },
	{ FILETYPE_RAR, support_rar, NULL },
	{ FILETYPE_7Z, archive_read_support_format_7zip, NULL },
	{ FILETYPE_TAR, archive_read_support_format_tar, NULL },
	{ FILETYPE_CAB, archive_read_support_format_cab, NULL },
	{ FILETYPE_ISO, archive_read_support_format_iso9660, NULL },
	{ FILETYPE_LHA, archive_read_support_format_lha, NULL },
	{ FILETYPE_GZIP, archive_read_support_format_raw,
	  archive_read_support_filter_gzip },
	{ FILETYPE_BZIP2, archive_read_support_format_raw,
	  archive_read_support_filter_bzip2 },
	{ FILETYPE_XZ, archive_read_support_format_raw,
	  archive_read_support_filter_xz },
	{ FILETYPE_ZSTD, archive_read_support_format_raw,
	  archive_read_support_filter_zstd },
};

/* Its index, or their count. */
static size_t find_kind(enum filetype type)
{
	size_t i = 0;

	while (i < COUNT_OF(kinds) && kinds[i].type != type)
		i++;
	return i;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

/* libarchive makes names what the thread's locale has. */
static void make_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

bool packed_is_available(void)
{
	return true;
}

void packed_init(struct packed *packed, const struct limits *limits,
		 struct arena *arena)
{
	*packed = (struct packed){
		.arena = arena, .limits = *limits,
		.bytes_left = limits->archive_bytes,
		.entries = g_array_new(FALSE, FALSE,
				       sizeof(struct packed_entry)),
	};
}

void packed_release(struct packed *packed)
{
	g_array_unref(packed->entries);
}

static bool is_late(struct reader *on)
{
	on->is_late |= clock_monotonic_us() > on->packed->until_us;
	return on->is_late;
}

static la_ssize_t give_piece(struct archive *archive, void *mydata,
			     const void **piece_out)
{
	struct reader *on = mydata;
	struct span piece = span_first(span_from(on->item->bytes, on->at),
				       PIECE_BYTES);

	if (is_late(on)) {
		archive_set_error(archive, ETIMEDOUT, "no time");
		return ARCHIVE_FATAL;
	}
	*piece_out = piece.ptr;
	on->at += piece.len;
	return (la_ssize_t)piece.len;
}

static la_int64_t skip_bytes(struct archive *archive, void *mydata,
			     la_int64_t wanted)
{
	struct reader *on = mydata;
	size_t left = on->item->bytes.len - on->at;
	size_t skipped = wanted < 0 ? 0 : MIN((size_t)wanted, left);

	(void)archive;
	on->at += skipped;
	return (la_int64_t)skipped;
}

static la_int64_t seek_to(struct archive *archive, void *mydata,
			  la_int64_t offset, int whence)
{
	struct reader *on = mydata;
	la_int64_t size = (la_int64_t)on->item->bytes.len;
	la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ?
			  (la_int64_t)on->at : size;

	(void)archive;
	if (offset < -base || offset > size - base)
		return ARCHIVE_FATAL;
	on->at = (size_t)(base + offset);
	return base + offset;
}

static struct archive *open_archive(struct reader *on, support_fn *format,
				    support_fn *filter)
{
	struct archive *archive = archive_read_new();

	if (!archive)
		return NULL;
	format(archive);
	if (filter)
		filter(archive);
	archive_read_set_read_callback(archive, give_piece);
	archive_read_set_skip_callback(archive, skip_bytes);
	if (!filter)
		archive_read_set_seek_callback(archive, seek_to);
	archive_read_set_callback_data(archive, on);
	if (archive_read_open1(archive) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}

/* Beginning and end of a name that is too long: both may matter. */
static const char *shorten(struct arena *arena, const char *name)
{
	size_t len = strlen(name), from;
	g_autofree char *cut = NULL, *valid = NULL;

	if (len <= PACKED_NAME_MAX)
		return arena_text(arena, name);
	from = len - PACKED_NAME_MAX / 2;
	cut = g_strdup_printf("%.100s...%s", name, name + from);
	valid = g_utf8_make_valid(cut, -1);
	return arena_text(arena, valid);
}

static const char *name_of(struct arena *arena, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);
	struct span text;

	if (!name)
		name = archive_entry_pathname(entry);
	if (!name)
		return "";
	if (g_utf8_validate(name, -1, NULL))
		return shorten(arena, name);
	/* In a charset that the archive does not tell. */
	text = charset_decode(span_first(span_text(name), PACKED_NAME_MAX),
			      NULL, arena);
	return shorten(arena, arena_span_text(arena, text));
}

static bool add_entry(struct packed *packed, const struct packed_entry *entry)
{
	if (packed->entries->len >= (guint64)packed->limits.archive_entries) {
		packed->flaws |= PACKED_FLAW_ENTRIES;
		return false;
	}
	g_array_append_val(packed->entries, *entry);
	return true;
}

static void count_bytes(struct reader *on, int64_t bytes)
{
	int64_t packed_bytes = MAX((int64_t)on->item->bytes.len, 1);

	if (bytes < 0 || on->sum_bytes > INT64_MAX - bytes)
		return;
	on->sum_bytes += bytes;
	if (on->sum_bytes >= BOMB_BYTES &&
	    on->sum_bytes / packed_bytes >= BOMB_RATIO)
		on->packed->flaws |= PACKED_FLAW_BOMB;
}

/* Unpacks a file, as far as the message's limit lets it. */
static GByteArray *unpack(struct reader *on)
{
	struct packed *packed = on->packed;
	GByteArray *out = g_byte_array_new();
	guint8 *piece = g_malloc(PIECE_BYTES);
	la_ssize_t got;

	while (!is_late(on) && (got = archive_read_data(
			on->archive, piece, PIECE_BYTES)) > 0) {
		if (got > packed->bytes_left) {
			packed->flaws |= PACKED_FLAW_BYTES;
			break;
		}
		g_byte_array_append(out, piece, (guint)got);
		packed->bytes_left -= got;
	}
	g_free(piece);
	return out;
}

static struct span span_of_array(const GByteArray *bytes)
{
	return span_of((const char *)bytes->data, bytes->len);
}

static void enqueue(struct reader *on, GByteArray *bytes, const char *name)
{
	struct item *item = g_new0(struct item, 1);

	item->is_cut = on->packed->flaws & PACKED_FLAW_BYTES;
	item->owned = bytes;
	item->bytes = span_of_array(bytes);
	item->name = g_strdup(name);
	item->depth = on->item->depth + 1;
	g_queue_push_tail(on->queue, item);
}

static bool is_too_deep(struct reader *on)
{
	if (on->item->depth + 1 < on->packed->limits.archive_depth)
		return false;
	on->packed->flaws |= PACKED_FLAW_DEPTH;
	return true;
}

/* An archive within, as its name has it, is to be read as well. */
static void look_within(struct reader *on, const struct packed_entry *entry)
{
	struct span extension = filetype_extension(entry->name);

	if (entry->is_folder || entry->is_encrypted ||
	    !(filetype_is_extension(extension, "@archive") ||
	      span_is_word(extension, "jar")))
		return;
	if (!is_too_deep(on))
		enqueue(on, unpack(on), entry->name);
}

static bool take_entry(struct reader *on, struct archive_entry *from)
{
	struct packed_entry entry = {
		.name = name_of(on->packed->arena, from),
		.bytes = archive_entry_size_is_set(from) ?
			archive_entry_size(from) : -1,
		.depth = on->item->depth,
		.is_encrypted = archive_entry_is_encrypted(from) > 0,
		.is_folder = archive_entry_filetype(from) == AE_IFDIR,
	};

	if (!add_entry(on->packed, &entry))
		return false;
	if (entry.is_encrypted)
		on->packed->flaws |= PACKED_FLAW_ENCRYPTED;
	count_bytes(on, entry.bytes);
	look_within(on, &entry);
	return true;
}

static void set_broken(struct reader *on)
{
	if (!on->is_late && !on->is_encrypted && !on->item->is_cut)
		on->packed->flaws |= PACKED_FLAW_BROKEN;
}

static void list_entries(struct reader *on)
{
	struct archive_entry *entry;
	int status = ARCHIVE_OK;
	int64_t tries = on->packed->limits.archive_entries + 1;

	while (!is_late(on) && tries-- > 0 && status > ARCHIVE_FATAL &&
	       status != ARCHIVE_EOF) {
		status = archive_read_next_header(on->archive, &entry);
		if ((status == ARCHIVE_OK || status == ARCHIVE_WARN) &&
		    !take_entry(on, entry))
			return;
	}
	if (archive_read_has_encrypted_entries(on->archive) > 0)
		on->packed->flaws |= PACKED_FLAW_ENCRYPTED;
	else if (tries < 0)
		on->packed->flaws |= PACKED_FLAW_ENTRIES;
	else if (status != ARCHIVE_EOF)
		set_broken(on);
}

static bool is_archive(struct span bytes)
{
	return find_kind(filetype_detect(bytes)) < COUNT_OF(kinds);
}

/* The name of the one file in "x.tar.gz", or in "x.tgz". */
static char *inner_name(const char *name)
{
	struct span extension = filetype_extension(name);
	size_t len = extension.len ? (size_t)(extension.ptr - name) - 1 :
				     strlen(name);
	bool is_tar = extension.len && g_ascii_tolower(*extension.ptr) == 't';

	return g_strdup_printf("%.*s%s", (int)len, name, is_tar ? ".tar" : "");
}

/* gzip and its like: one file, whose name is not always said. */
static void unpack_single(struct reader *on)
{
	g_autofree char *name = inner_name(on->item->name);
	struct archive_entry *raw;
	struct packed_entry entry = { .depth = on->item->depth, .bytes = -1 };
	int64_t before = on->packed->bytes_left, used;
	GByteArray *bytes;

	if (archive_read_next_header(on->archive, &raw) != ARCHIVE_OK) {
		set_broken(on);
		return;
	}
	entry.name = arena_text(on->packed->arena, name);
	if (!add_entry(on->packed, &entry))
		return;
	bytes = unpack(on);
	used = MAX(archive_filter_bytes(on->archive, -1), 1);
	/* Cut off: what came until then tells. */
	if (on->packed->bytes_left < PIECE_BYTES &&
	    (before - on->packed->bytes_left) / used >= BOMB_RATIO)
		on->packed->flaws |= PACKED_FLAW_BOMB;
	if (is_archive(span_of_array(bytes)) && !is_too_deep(on))
		enqueue(on, bytes, name);
	else
		g_byte_array_unref(bytes);
}

/* libarchive takes a header of 7z into memory whole, and it may be packed, too. */
static bool is_header_long(struct packed *packed, const struct item *item)
{
	int64_t bytes = packhead_7z_bytes(item->bytes);

	if (bytes < 0)
		packed->flaws |= item->is_cut ? 0 : PACKED_FLAW_BROKEN;
	else if (bytes / ENTRY_BYTES > packed->limits.archive_entries)
		packed->flaws |= PACKED_FLAW_ENTRIES;
	else
		return false;
	return true;
}

static void read_item(struct packed *packed, const struct item *item,
		      GQueue *queue)
{
	struct reader on = {
		.packed = packed, .item = item, .queue = queue,
	};
	size_t i = find_kind(filetype_detect(item->bytes));

	/* A zip is read from its end: anything may stand in front of it. */
	if (i == COUNT_OF(kinds) &&
	    span_is_word(filetype_extension(item->name), "zip"))
		i = find_kind(FILETYPE_ZIP);
	if (i == COUNT_OF(kinds))
		return;
	if (kinds[i].type == FILETYPE_7Z && is_header_long(packed, item))
		return;
	on.is_encrypted = packhead_rar5_is_encrypted(item->bytes);
	if (on.is_encrypted)
		packed->flaws |= PACKED_FLAW_ENCRYPTED;
	on.archive = open_archive(&on, kinds[i].format, kinds[i].filter);
	if (on.archive && kinds[i].filter)
		unpack_single(&on);
	else if (on.archive)
		list_entries(&on);
	else
		set_broken(&on);
	if (on.is_late)
		packed->flaws |= PACKED_FLAW_TIME;
	if (on.archive)
		archive_read_free(on.archive);
}

static void free_item(struct item *item)
{
	if (item->owned)
		g_byte_array_unref(item->owned);
	g_free(item->name);
	g_free(item);
}

void packed_read(struct packed *packed, struct span bytes, const char *name)
{
	GQueue queue = G_QUEUE_INIT;
	struct item *item = g_new0(struct item, 1);
	locale_t before;

	pthread_once(&once, make_locale);
	before = utf8_locale ? uselocale(utf8_locale) : (locale_t)0;
	if (!packed->until_us)
		packed->until_us = clock_monotonic_us() +
				   packed->limits.archive_time_ms * 1000;
	item->bytes = bytes;
	item->name = g_strdup(name);
	while (item) {
		read_item(packed, item, &queue);
		free_item(item);
		item = g_queue_pop_head(&queue);
	}
	if (before)
		uselocale(before);
}
