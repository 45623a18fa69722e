/* imagesize.h - how large an image is, by its first bytes */
#ifndef MESSAGE_IMAGESIZE_H
#define MESSAGE_IMAGESIZE_H

#include "base/span.h"

#include <stdint.h>

/* Enough of an image for all but odd ones: a JPEG may begin
 * with its preview. */
#define IMAGESIZE_HEAD 262144

enum image_kind { IMAGE_GIF, IMAGE_PNG, IMAGE_JPEG };
#define IMAGE_KINDS (IMAGE_JPEG + 1)

struct imagesize {
	uint32_t width, height;		/* pixels, neither is 0 */
};

/* False when the bytes are no such image, or end before they say it. Pure;
 * takes no longer than to look at each block's first bytes. */
bool imagesize_read(enum image_kind kind, struct span bytes,
		    struct imagesize *size_out);

#endif
