#include <config.h>

#include "message/imagesize.h"

#include "base/guard.h"

#include <string.h>

static const char png_begin[] = "\x89PNG\r\n\x1a\n";

static uint32_t big(struct span bytes, size_t at, unsigned count)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value << 8 | (unsigned char)bytes.ptr[at + i];
	return value;
}

static uint32_t little16(struct span bytes, size_t at)
{
	return (unsigned char)bytes.ptr[at] |
	       (uint32_t)(unsigned char)bytes.ptr[at + 1] << 8;
}

static bool read_gif(struct span bytes, struct imagesize *out)
{
	if (bytes.len < 10 || (memcmp(bytes.ptr, "GIF87a", 6) != 0 &&
			       memcmp(bytes.ptr, "GIF89a", 6) != 0))
		return false;
	out->width = little16(bytes, 6);
	out->height = little16(bytes, 8);
	return true;
}

/* IHDR must be the first chunk; where others stand before it, programs that
 * show images differ. */
static bool read_png(struct span bytes, struct imagesize *out)
{
	size_t at = sizeof png_begin - 1;

	if (bytes.len < at || memcmp(bytes.ptr, png_begin, at) != 0)
		return false;
	while (bytes.len - at >= 16) {
		uint32_t len = big(bytes, at, 4);

		if (memcmp(bytes.ptr + at + 4, "IHDR", 4) == 0) {
			out->width = big(bytes, at + 8, 4);
			out->height = big(bytes, at + 12, 4);
			return len == 13;
		}
		if (len > bytes.len - at - 12)
			return false;
		at += len + 12;
	}
	return false;
}

/* Frame headers, of any coding: C0 to CF but for tables (C4,
 * CC) and JPG (C8). */
static bool is_frame(unsigned marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
	       marker != 0xc8 && marker != 0xcc;
}

static bool read_jpeg(struct span bytes, struct imagesize *out)
{
	size_t at = 2;

	if (bytes.len < 2 || memcmp(bytes.ptr, "\xff\xd8", 2) != 0)
		return false;
	while (bytes.len - at >= 9) {
		unsigned marker = (unsigned char)bytes.ptr[at + 1];
		uint32_t len = big(bytes, at + 2, 2);

		if (bytes.ptr[at] != '\xff')
			return false;
		/* A marker may be filled up in front. */
		if (marker == 0xff) {
			at++;
			continue;
		}
		if (is_frame(marker)) {
			out->height = big(bytes, at + 5, 2);
			out->width = big(bytes, at + 7, 2);
			return true;
		}
		if (marker == 0xd9 || marker == 0xda || len < 2 ||
		    len > bytes.len - at - 2)
			return false;
		at += len + 2;
	}
	return false;
}

bool imagesize_read(enum image_kind kind, struct span bytes,
		    struct imagesize *size_out)
{
	static bool (*const readers[IMAGE_KINDS])(struct span,
						  struct imagesize *) = {
		[IMAGE_GIF] = read_gif, [IMAGE_PNG] = read_png,
		[IMAGE_JPEG] = read_jpeg,
	};
	struct imagesize size = { 0, 0 };

	BUG_IF((unsigned)kind >= IMAGE_KINDS);
	if (!readers[kind](bytes, &size) || !size.width || !size.height)
		return false;
	*size_out = size;
	return true;
}
