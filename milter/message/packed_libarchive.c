#include <config.h>

#include "message/packed.h"

#include "base/clock.h"
#include "message/archivefeed.h"
#include "message/charset.h"
#include "message/packhead.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <pthread.h>
#include <string.h>

#define PIECE_BYTES 16384
/* Nobody's files become so much smaller, and so large. */
#define BOMB_RATIO 250
#define BOMB_BYTES (INT64_C(100) << 20)
#define ENTRY_BYTES 256		/* of a header, for each name that it
				 * may hold */
#define HEAD_BYTES 4096		/* of a file, that tell its type */

/* An archive that waits for being read. */
struct item {
	struct span bytes;
	GByteArray *owned;		/* where they are; NULL: the caller's */
	char *name;
	unsigned depth;
	bool is_cut;			/* its end is missing */
	enum filetype type;
	guint first, end;		/* of its entries */
};

/* One that is read. */
struct reader {
	struct packed *packed;
	const struct item *item;
	struct archive *archive;
	GQueue *queue;			/* of struct item *: archives
					 * found in it */
	struct archivefeed feed;
	int64_t sum_bytes;		/* that its files say they have */
	bool is_encrypted;
};

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
	return archivefeed_is_late(&on->feed);
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

/* Unpacks a file behind what is already there of it, as far as the
 * message's limit lets it. */
static void unpack(struct reader *on, GByteArray *out)
{
	struct packed *packed = on->packed;
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

static bool is_called_archive(const struct packed_entry *entry)
{
	struct span extension = filetype_extension(entry->name);

	return !entry->is_folder && !entry->is_encrypted &&
	       (filetype_is_extension(extension, "@archive") ||
		span_is_word(extension, "jar"));
}

/* An archive within, as its name has it, is to be read as well. */
static void look_within(struct reader *on, struct packed_entry *entry)
{
	GByteArray *bytes;

	if (!is_called_archive(entry) || is_too_deep(on))
		return;
	bytes = g_byte_array_new();
	unpack(on, bytes);
	entry->type = filetype_detect(span_of_array(bytes));
	enqueue(on, bytes, entry->name);
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
	look_within(on, &g_array_index(on->packed->entries, struct packed_entry,
				       on->packed->entries->len - 1));
	return true;
}

static void set_broken(struct reader *on)
{
	if (!on->feed.is_late && !on->is_encrypted && !on->item->is_cut)
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

/* The head of the file that is being read; false: nothing of it can be read. */
static bool read_head(struct reader *on, GByteArray *head)
{
	la_ssize_t got = 1;
	guint len = 0;

	g_byte_array_set_size(head, HEAD_BYTES);
	while (len < HEAD_BYTES && got > 0 && !is_late(on)) {
		got = archive_read_data(on->archive, head->data + len,
					HEAD_BYTES - len);
		len += got > 0 ? (guint)got : 0;
	}
	g_byte_array_set_size(head, len);
	return got >= 0;
}

/* An archive by its bytes that is called otherwise; a document
 * is often a zip. */
static bool is_hidden_archive(const struct packed_entry *entry)
{
	return filetype_is(entry->type, "@archive") &&
	       !is_called_archive(entry) &&
	       !filetype_is_extension(filetype_extension(entry->name),
				      "@document");
}

static void type_entry(struct reader *on, struct packed_entry *entry)
{
	GByteArray *head;

	if (entry->is_folder || entry->is_encrypted ||
	    entry->type != FILETYPE_UNKNOWN)
		return;
	head = g_byte_array_new();
	if (read_head(on, head))
		entry->type = filetype_detect(span_of_array(head));
	if (is_hidden_archive(entry) && !is_too_deep(on) &&
	    head->len <= on->packed->bytes_left) {
		on->packed->bytes_left -= head->len;
		unpack(on, head);
		enqueue(on, head, entry->name);
	} else {
		g_byte_array_unref(head);
	}
}

/*
 * What its files are by their bytes, once all names are known: bytes that
 * cannot be read end the reading, and a stranger may put them first. What there
 * is no time for is not typed.
 */
static void type_entries(struct packed *packed, const struct item *item,
			 GQueue *queue)
{
	struct reader on = {
		.packed = packed, .item = item, .queue = queue,
		.feed = { .bytes = item->bytes, .until_us = packed->until_us },
	};
	struct archive_entry *entry;
	int status = ARCHIVE_OK;

	if (item->end == item->first || is_late(&on))
		return;
	on.archive = archivefeed_open(&on.feed, item->type);
	for (guint i = item->first; on.archive && i < item->end &&
	     !is_late(&on); i++) {
		status = archive_read_next_header(on.archive, &entry);
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			break;
		type_entry(&on, &g_array_index(packed->entries,
					       struct packed_entry, i));
	}
	if (on.archive)
		archive_read_free(on.archive);
}

static bool is_archive(enum filetype type)
{
	return archivefeed_form(type) != ARCHIVEFEED_NONE;
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
	bytes = g_byte_array_new();
	unpack(on, bytes);
	entry.name = arena_text(on->packed->arena, name);
	entry.type = filetype_detect(span_of_array(bytes));
	if (!add_entry(on->packed, &entry)) {
		g_byte_array_unref(bytes);
		return;
	}
	used = MAX(archive_filter_bytes(on->archive, -1), 1);
	/* Cut off: what came until then tells. */
	if (on->packed->bytes_left < PIECE_BYTES &&
	    (before - on->packed->bytes_left) / used >= BOMB_RATIO)
		on->packed->flaws |= PACKED_FLAW_BOMB;
	if (is_archive(entry.type) && !is_too_deep(on))
		enqueue(on, bytes, name);
	else
		g_byte_array_unref(bytes);
}

/* libarchive takes a header of 7z into memory whole, and it may
 * be packed, too. */
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

static void read_item(struct packed *packed, struct item *item, GQueue *queue)
{
	struct reader on = {
		.packed = packed, .item = item, .queue = queue,
		.feed = { .bytes = item->bytes, .until_us = packed->until_us },
	};
	enum archivefeed_form form;

	item->type = filetype_detect(item->bytes);
	/* A zip is read from its end: anything may stand in front of it. */
	if (!is_archive(item->type) &&
	    span_is_word(filetype_extension(item->name), "zip"))
		item->type = FILETYPE_ZIP;
	form = archivefeed_form(item->type);
	if (form == ARCHIVEFEED_NONE ||
	    (item->type == FILETYPE_7Z && is_header_long(packed, item)))
		return;
	on.is_encrypted = packhead_rar5_is_encrypted(item->bytes);
	if (on.is_encrypted)
		packed->flaws |= PACKED_FLAW_ENCRYPTED;
	on.archive = archivefeed_open(&on.feed, item->type);
	item->first = packed->entries->len;
	if (on.archive && form == ARCHIVEFEED_SINGLE)
		unpack_single(&on);
	else if (on.archive)
		list_entries(&on);
	else
		set_broken(&on);
	item->end = form == ARCHIVEFEED_FILES ? packed->entries->len :
						item->first;
	if (on.feed.is_late)
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

/* Names first, of all of them: types need more time. What is found to be an
 * archive by its type is read after that. */
static void read_all(struct packed *packed, GQueue *queue)
{
	GQueue to_be_typed = G_QUEUE_INIT;
	struct item *item;

	do {
		while ((item = g_queue_pop_head(queue))) {
			read_item(packed, item, queue);
			g_queue_push_tail(&to_be_typed, item);
		}
		item = g_queue_pop_head(&to_be_typed);
		if (item) {
			type_entries(packed, item, queue);
			free_item(item);
		}
	} while (item);
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
	g_queue_push_tail(&queue, item);
	read_all(packed, &queue);
	if (before)
		uselocale(before);
}
