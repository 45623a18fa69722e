/* htmlelement.h - what the name and the attributes of an HTML element say */
#ifndef MESSAGE_HTMLELEMENT_H
#define MESSAGE_HTMLELEMENT_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* attributes are name, value, name, value, NULL, and may be NULL;
 * names of elements are in lower case. What is returned lives as long
 * as the attributes. */

/* The break before and behind it, "" for what stands within a line. */
const char *htmlelement_break(const char *name);
/* Whether it has no end tag that breaks the line again. */
bool htmlelement_is_void(const char *name);
/* Whether its text is not shown. */
bool htmlelement_is_silent(const char *name);
/* NULL when it has none of the name. */
const char *htmlelement_attribute(const char *const *attributes,
				  const char *name);
/* Where it leads, or what it loads; NULL when it does not. */
const char *htmlelement_target(const char *name,
			       const char *const *attributes);
/* <meta http-equiv=content-type
 * content="text/html; charset=...">; empty for none. */
struct span htmlelement_charset(const char *name,
				const char *const *attributes);
/* In pixels; 0 for what is no image or tells no size. */
int64_t htmlelement_image_area(const char *name,
			       const char *const *attributes);

#endif
