#include <config.h>

#include "message/archivefeed.h"

#include "base/clock.h"

#include <archive.h>
#include <errno.h>
#include <glib.h>

/* libarchive gets its input in pieces, so that it comes back to
 * look at the clock. */
#define PIECE_BYTES 16384

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

enum archivefeed_form archivefeed_form(enum filetype type)
{
	size_t i = find_kind(type);

	return i == COUNT_OF(kinds) ? ARCHIVEFEED_NONE :
	       kinds[i].filter ? ARCHIVEFEED_SINGLE : ARCHIVEFEED_FILES;
}

bool archivefeed_is_late(struct archivefeed *feed)
{
	feed->is_late |= clock_monotonic_us() > feed->until_us;
	return feed->is_late;
}

static la_ssize_t give_piece(struct archive *archive, void *mydata,
			     const void **piece_out)
{
	struct archivefeed *on = mydata;
	struct span piece = span_first(span_from(on->bytes, on->at),
				       PIECE_BYTES);

	if (archivefeed_is_late(on)) {
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
	struct archivefeed *on = mydata;
	size_t left = on->bytes.len - on->at;
	size_t skipped = wanted < 0 ? 0 : MIN((size_t)wanted, left);

	(void)archive;
	on->at += skipped;
	return (la_int64_t)skipped;
}

static la_int64_t seek_to(struct archive *archive, void *mydata,
			  la_int64_t offset, int whence)
{
	struct archivefeed *on = mydata;
	la_int64_t size = (la_int64_t)on->bytes.len;
	la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ?
			  (la_int64_t)on->at : size;

	(void)archive;
	if (offset < -base || offset > size - base)
		return ARCHIVE_FATAL;
	on->at = (size_t)(base + offset);
	return base + offset;
}

struct archive *archivefeed_open(struct archivefeed *feed, enum filetype type)
{
	size_t i = find_kind(type);
	struct archive *archive;

	if (i == COUNT_OF(kinds) || !(archive = archive_read_new()))
		return NULL;
	kinds[i].format(archive);
	if (kinds[i].filter)
		kinds[i].filter(archive);
	archive_read_set_read_callback(archive, give_piece);
	archive_read_set_skip_callback(archive, skip_bytes);
	if (!kinds[i].filter)
		archive_read_set_seek_callback(archive, seek_to);
	archive_read_set_callback_data(archive, feed);
	if (archive_read_open1(archive) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}
