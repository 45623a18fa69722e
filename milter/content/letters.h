/* letters.h - what a character is to a reader */
#ifndef CONTENT_LETTERS_H
#define CONTENT_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

enum letter_kind {
	LETTER_MARK,		/* punctuation, symbols, whatever is
				 * no letter */
	LETTER_STOP,		/* of these, what parts sentences or
				 * their parts */
	LETTER_BLANK,
	LETTER_UNSEEN,		/* it decorates, or cannot be seen */
	LETTER_OF_WORD,		/* a letter or a digit, in a script
				 * with spaces */
	LETTER_ALONE,		/* in one without, or where they tell little */
};

/* code is any number. Any thread. */
enum letter_kind letters_kind(uint32_t code);
/* Simplified Chinese for a traditional character, else the same. Any thread. */
uint32_t letters_simplify(uint32_t code);
/* The letter in a white-on-black square or circle, else the same: these have no
 * compatible form in Unicode. */
uint32_t letters_unframe(uint32_t code);

#endif
