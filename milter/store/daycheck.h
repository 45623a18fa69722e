/* daycheck.h - whether a day's files are there and whole, at first sight */
#ifndef STORE_DAYCHECK_H
#define STORE_DAYCHECK_H

#include "base/guard.h"

#include <stdint.h>

/*
 * What can be seen without reading all of it: "emptied", "cut short",
 * "not as long as its seal says", "cannot be read", "seal lost", "seal cannot
 * be read", "put in the place of a sealed one". NULL: nothing is; whether the
 * records are what was written is chain.h's to say.
 */
const char *daycheck_problem(const char *records_dir, int64_t day) MUST_USE;

#endif
