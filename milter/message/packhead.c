#include <config.h>

#include "message/packhead.h"

#include <glib.h>
#include <string.h>

#define SIGNATURE_BYTES 32	/* what a 7z archive begins with */
#define COUNT_MAX 32		/* folders, coders and streams of a 7z header */

/* Marks within a 7z header. */
enum {
	MARK_END = 0x00, MARK_HEADER = 0x01, MARK_PACK = 0x06,
	MARK_UNPACK = 0x07, MARK_SIZES = 0x09, MARK_DIGESTS = 0x0a,
	MARK_FOLDERS = 0x0b, MARK_UNPACK_SIZES = 0x0c, MARK_PACKED = 0x17,
};

/* A number of RAR 5: seven bits a byte, the low ones first. */
static uint64_t take_number(struct span *left)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 63 && left->len; shift += 7) {
		unsigned char c = (unsigned char)*left->ptr;

		*left = span_from(*left, 1);
		number |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			break;
	}
	return number;
}

/* Takes so many bytes off, or what there is. */
static struct span take_bytes(struct span *left, uint64_t count)
{
	struct span taken = span_first(*left, (size_t)MIN(count, left->len));

	*left = span_from(*left, taken.len);
	return taken;
}

static bool has_crypt_record(struct span extra)
{
	while (extra.len) {
		struct span record = take_bytes(&extra, take_number(&extra));

		if (record.len && take_number(&record) == 1)
			return true;
	}
	return false;
}

bool packhead_rar5_is_encrypted(struct span left)
{
	if (left.len < 8 || memcmp(left.ptr, "Rar!\x1a\x07\x01", 8) != 0)
		return false;
	left = span_from(left, 8);
	while (left.len > 4) {
		struct span header, all;
		uint64_t type, flags, extra, data;

		left = span_from(left, 4);
		all = header = take_bytes(&left, take_number(&left));
		type = take_number(&header);
		flags = take_number(&header);
		extra = flags & 1 ? take_number(&header) : 0;
		data = flags & 2 ? take_number(&header) : 0;
		if (type == 4 || (type == 2 && extra && has_crypt_record(
				span_from(all, all.len - (size_t)MIN(
					extra, all.len)))))
			return true;
		take_bytes(&left, data);
	}
	return false;
}

/* Bytes that are read; nothing is there once something was missing. */
struct cursor {
	struct span left;
	bool is_bad;
};

static unsigned char take_byte(struct cursor *at)
{
	unsigned char byte;

	if (!at->left.len) {
		at->is_bad = true;
		return 0;
	}
	byte = (unsigned char)*at->left.ptr;
	at->left = span_from(at->left, 1);
	return byte;
}

static void skip(struct cursor *at, uint64_t count)
{
	if (count > at->left.len)
		at->is_bad = true;
	else
		at->left = span_from(at->left, (size_t)count);
}

/* The ones at the top of the first byte count the bytes that follow, low ones
 * first; what is left of the first is the top. */
static uint64_t take_7z(struct cursor *at)
{
	unsigned first = take_byte(at), count = 0;
	uint64_t number = 0;

	while (count < 8 && first & (0x80u >> count))
		count++;
	for (unsigned i = 0; i < count; i++)
		number |= (uint64_t)take_byte(at) << (8 * i);
	if (count < 7)
		number |= (uint64_t)(first & (0x7fu >> count)) << (8 * count);
	return number;
}

/* A number of things that are few; else it is bad. */
static unsigned take_count(struct cursor *at)
{
	uint64_t count = take_7z(at);

	if (count > COUNT_MAX)
		at->is_bad = true;
	return at->is_bad ? 0 : (unsigned)count;
}

static void expect(struct cursor *at, unsigned char mark)
{
	if (take_byte(at) != mark)
		at->is_bad = true;
}

static void skip_numbers(struct cursor *at, unsigned count)
{
	while (count-- > 0)
		take_7z(at);
}

static void skip_pack_info(struct cursor *at)
{
	unsigned streams;
	unsigned char mark;

	take_7z(at);
	streams = take_count(at);
	while ((mark = take_byte(at)) != MARK_END && !at->is_bad) {
		if (mark == MARK_SIZES)
			skip_numbers(at, streams);
		else if (mark == MARK_DIGESTS && take_byte(at))
			skip(at, 4 * streams);
		else
			at->is_bad = true;
	}
}

/* How many streams come out of a folder. */
static unsigned take_folder(struct cursor *at)
{
	unsigned coders = take_count(at), in = 0, out = 0;

	for (unsigned i = 0; i < coders && !at->is_bad; i++) {
		unsigned flags = take_byte(at);

		skip(at, flags & 0x0f);
		in += flags & 0x10 ? take_count(at) : 1;
		out += flags & 0x10 ? take_count(at) : 1;
		if (flags & 0x20)
			skip(at, take_7z(at));
	}
	if (!out || in + 1 < out) {
		at->is_bad = true;
		return 0;
	}
	skip_numbers(at, 2 * (out - 1));
	if (in + 1 - out > 1)
		skip_numbers(at, in + 1 - out);
	return out;
}

/* The largest of the sizes of what is unpacked. */
static uint64_t take_unpacked(struct cursor *at)
{
	unsigned folders, streams = 0;
	uint64_t largest = 0;

	expect(at, MARK_UNPACK);
	expect(at, MARK_FOLDERS);
	folders = take_count(at);
	expect(at, 0);			/* they stand here */
	for (unsigned i = 0; i < folders && !at->is_bad; i++)
		streams += take_folder(at);
	expect(at, MARK_UNPACK_SIZES);
	for (unsigned i = 0; i < streams && !at->is_bad; i++) {
		uint64_t size = take_7z(at);

		largest = MAX(largest, size);
	}
	return largest;
}

static uint64_t little_endian(const char *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof number);
	return GUINT64_FROM_LE(number);
}

int64_t packhead_7z_bytes(struct span archive)
{
	struct cursor at;
	uint64_t from, size;

	if (archive.len < SIGNATURE_BYTES)
		return -1;
	from = little_endian(archive.ptr + 12);
	size = little_endian(archive.ptr + 20);
	archive = span_from(archive, SIGNATURE_BYTES);
	if (!size)
		return 0;		/* it is empty */
	if (from > archive.len || size > archive.len - from)
		return -1;
	at.left = span_first(span_from(archive, (size_t)from), (size_t)size);
	at.is_bad = false;
	if (take_byte(&at) == MARK_HEADER)
		return (int64_t)size;
	at.left = span_first(span_from(archive, (size_t)from), (size_t)size);
	expect(&at, MARK_PACKED);
	expect(&at, MARK_PACK);
	skip_pack_info(&at);
	size = take_unpacked(&at);
	return at.is_bad ? -1 : (int64_t)MIN(size, INT64_MAX);
}
