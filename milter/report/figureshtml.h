/* figureshtml.h - figures as one HTML page that needs nothing else */
#ifndef REPORT_FIGURESHTML_H
#define REPORT_FIGURESHTML_H

#include "report/figures.h"

/*
 * A whole document, UTF-8: no script, no file besides, charts as inline SVG for
 * tables that have columns worth one; it prints in black on white without a
 * table row cut in two. language: of the texts (RFC 5646). Free it.
 */
char *figureshtml_format(const struct figures *figures,
			 const char *language) MUST_USE;

#endif
