/* vocabulary.h - numbers for words */
#ifndef CONTENT_VOCABULARY_H
#define CONTENT_VOCABULARY_H

#include "base/guard.h"

#include <stddef.h>
#include <stdint.h>

struct vocabulary;

#define VOCABULARY_UNKNOWN 0	/* the number of no word */

struct vocabulary *vocabulary_new(void) MUST_USE;
/* Accepts NULL. */
void vocabulary_free(struct vocabulary *words);
size_t vocabulary_bytes(const struct vocabulary *words);

/* Its number, from 1 on, the same each time. word is any but 0. */
uint32_t vocabulary_add(struct vocabulary *words, uint64_t word);
/* Any thread, once nobody adds. */
uint32_t vocabulary_find(const struct vocabulary *words, uint64_t word);

#endif
