/* noticeshipped.h - the letters below contrib/notices, as they were built in */
#ifndef CASES_NOTICESHIPPED_H
#define CASES_NOTICESHIPPED_H

/* "en/warning.txt" and its text; ends with NULL. */
struct notice_file {
	const char *name, *text;
};

extern const struct notice_file noticeshipped[];

#endif
