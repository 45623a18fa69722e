/* heldday.h - whether a hold is for what lies in a day's file */
#ifndef STORE_HELDDAY_H
#define STORE_HELDDAY_H

#include "store/holdset.h"

enum heldday {
	HELDDAY_NOTHING,
	HELDDAY_PERHAPS,	/* some of it, may be: its records tell */
	HELDDAY_ALL,
};

/*
 * A hold has the files of its days, and of other files the records that ended
 * in its days: those of before midnight lie in the next file, and while the
 * clock is behind a day that was begun already, all do. Such records are looked
 * for in the file's index. False with error: it cannot be read.
 */
bool heldday_look(const char *records_dir, int64_t day,
		  const struct holdset *set, enum heldday *held_out,
		  GError **error) MUST_USE;

#endif
