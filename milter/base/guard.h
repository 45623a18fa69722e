/* guard.h - what the compiler is asked to check, and our own mistakes */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <stdbool.h>
#include <stdnoreturn.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Our own mistake, never a stranger's: logs where, and aborts. */
#define BUG_IF(cond)							\
	do {								\
		if (__builtin_expect(!!(cond), 0))			\
			guard_bug(__FILE__, __LINE__, #cond);		\
	} while (0)

noreturn void guard_bug(const char *file, int line, const char *what);

#endif
