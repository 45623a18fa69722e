/* htmlcolour.h - colours as HTML and CSS write them */
#ifndef MESSAGE_HTMLCOLOUR_H
#define MESSAGE_HTMLCOLOUR_H

#include "base/span.h"

#include <stdint.h>

#define HTMLCOLOUR_INVALID (-1)
#define HTMLCOLOUR_CLEAR (-2)	/* what is behind shows through */

/*
 * A name, "#f00", "#ff0000", "rgb(255, 0, 0)", "rgba(...)" or
 * "transparent"; what is around it, and "!important", is passed over.
 * 0xrrggbb, or one of the above.
 */
int32_t htmlcolour_parse(struct span text);

/* Whether text in the one could hardly be read on the other: each
 * colour differs by less than a reader can tell, weighed by how bright
 * it is. Both are colours. */
bool htmlcolour_is_near(int32_t text, int32_t ground);

#endif
