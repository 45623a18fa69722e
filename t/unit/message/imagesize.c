#include <config.h>

#include "message/imagesize.h"

#include "base/guard.h"
#include "unit/tap.h"

#define BYTES(text) { text, sizeof(text) - 1 }
#define PNG "\x89PNG\r\n\x1a\n"
#define IHDR "\0\0\0\rIHDR"
#define SOI "\xff\xd8"
#define APP "\xff\xe0\0\x04xx"

static const struct {
	const char *what;
	enum image_kind kind;
	struct span bytes;
	uint32_t width, height;		/* 0: none is found */
} cases[] = {
	{ "87a", IMAGE_GIF, BYTES("GIF87a\x02\x01\x04\x03"), 258, 772 },
	{ "89a", IMAGE_GIF, BYTES("GIF89a\x01\0\x01\0\0\0\0"), 1, 1 },
	{ "another GIF", IMAGE_GIF, BYTES("GIF88a\x01\0\x01\0"), 0, 0 },
	{ "short", IMAGE_GIF, BYTES("GIF89a\x01\0\x01"), 0, 0 },
	{ "no height", IMAGE_GIF, BYTES("GIF89a\x01\0\0\0"), 0, 0 },
	{ "PNG", IMAGE_PNG,
	  BYTES(PNG IHDR "\0\0\x01\x02\0\0\x03\x04" "\x08\x06\0\0\0crc4"),
	  258, 772 },
	{ "a chunk before", IMAGE_PNG,
	  BYTES(PNG "\0\0\0\x02tEXtabcrc4" IHDR "\0\0\0\x09\0\0\0\x08"), 9,
	  8 },
	{ "a chunk that goes past", IMAGE_PNG,
	  BYTES(PNG "\xff\xff\xff\xfftEXt" IHDR "\0\0\0\x09\0\0\0\x08"), 0,
	  0 },
	{ "short", IMAGE_PNG, BYTES(PNG IHDR "\0\0\0\x09\0\0\0"), 0, 0 },
	{ "IHDR of another size", IMAGE_PNG,
	  BYTES(PNG "\0\0\0\x0eIHDR\0\0\0\x09\0\0\0\x08"), 0, 0 },
	{ "a GIF that is said to be one", IMAGE_PNG,
	  BYTES("GIF89a\x01\0\x01\0\0\0\0\0\0\0\0\0\0"), 0, 0 },
	{ "JPEG", IMAGE_JPEG,
	  BYTES(SOI APP "\xff\xc0\0\x0b\x08\x03\x04\x01\x02\x03"), 258, 772 },
	{ "progressive", IMAGE_JPEG,
	  BYTES(SOI "\xff\xff\xff\xc2\0\x0b\x08\0\x04\0\x02\x03"), 2, 4 },
	{ "a table first", IMAGE_JPEG,
	  BYTES(SOI "\xff\xc4\0\x04zz\xff\xc1\0\x0b\x08\0\x04\0\x02\x03"), 2,
	  4 },
	{ "the picture first", IMAGE_JPEG,
	  BYTES(SOI "\xff\xda\0\x04zz\xff\xc1\0\x0b\x08\0\x04\0\x02\x03"), 0,
	  0 },
	{ "a block of no length", IMAGE_JPEG,
	  BYTES(SOI "\xff\xe0\0\0zz\xff\xc1\0\x0b\x08\0\x04\0\x02\x03"), 0,
	  0 },
	{ "a block that goes past", IMAGE_JPEG,
	  BYTES(SOI "\xff\xe0\xff\xffzz\xff\xc1\0\x0b\x08\0\x04\0\x02"), 0,
	  0 },
	{ "no marker", IMAGE_JPEG,
	  BYTES(SOI "\0\xc0\0\x0b\x08\0\x04\0\x02\x03"), 0, 0 },
	{ "nothing", IMAGE_JPEG, { NULL, 0 }, 0, 0 },
	{ "nothing", IMAGE_PNG, { NULL, 0 }, 0, 0 },
	{ "nothing", IMAGE_GIF, { NULL, 0 }, 0, 0 },
};

static void sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct imagesize size = { 0, 0 };
		bool is_found = imagesize_read(cases[i].kind, cases[i].bytes,
					       &size);

		if (is_found != (cases[i].width > 0) ||
		    size.width != cases[i].width ||
		    size.height != cases[i].height)
			fail_msg("%d, %s: %u x %u", cases[i].kind,
				 cases[i].what, size.width, size.height);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sizes),
};

TAP_MAIN(tests)
