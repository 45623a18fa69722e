#include <config.h>

#include "store/storeerror.h"

#include <errno.h>
#include <lmdb.h>
#include <stdarg.h>

GQuark store_error_quark(void)
{
	return g_quark_from_static_string("store");
}

/* What is not listed needs an admin. */
static const struct { int number; enum store_error code; } codes[] = {
	{ ENOSPC, STORE_ERROR_TEMP },
	{ EDQUOT, STORE_ERROR_TEMP },
	{ EFBIG, STORE_ERROR_TEMP },
	{ EIO, STORE_ERROR_TEMP },
	{ ENOMEM, STORE_ERROR_TEMP },
	{ EMFILE, STORE_ERROR_TEMP },
	{ ENFILE, STORE_ERROR_TEMP },
	{ EAGAIN, STORE_ERROR_TEMP },
	{ EINTR, STORE_ERROR_TEMP },
	{ MDB_MAP_FULL, STORE_ERROR_TEMP },
	{ MDB_MAP_RESIZED, STORE_ERROR_TEMP },
	{ MDB_READERS_FULL, STORE_ERROR_TEMP },
	{ MDB_TXN_FULL, STORE_ERROR_TEMP },
	{ MDB_BAD_TXN, STORE_ERROR_TEMP },
	{ MDB_PANIC, STORE_ERROR_TEMP },
	{ ENOENT, STORE_ERROR_MISSING },
	{ MDB_INVALID, STORE_ERROR_DAMAGED },
	{ MDB_CORRUPTED, STORE_ERROR_DAMAGED },
	{ MDB_PAGE_NOTFOUND, STORE_ERROR_DAMAGED },
	{ MDB_PAGE_FULL, STORE_ERROR_DAMAGED },
	{ MDB_CURSOR_FULL, STORE_ERROR_DAMAGED },
	{ MDB_VERSION_MISMATCH, STORE_ERROR_DAMAGED },
	{ MDB_INCOMPATIBLE, STORE_ERROR_DAMAGED },
	{ MDB_NOTFOUND, STORE_ERROR_DAMAGED },
	{ MDB_KEYEXIST, STORE_ERROR_DAMAGED },
	{ MDB_BAD_VALSIZE, STORE_ERROR_INVALID },
};

void store_error_set(GError **error, const char *path, int number)
{
	enum store_error code = STORE_ERROR_PERM;

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i].number == number)
			code = codes[i].code;
	g_set_error(error, STORE_ERROR, (int)code, "%s: %s", path,
		    number > 0 ? g_strerror(number) : mdb_strerror(number));
}

void store_error_set_text(GError **error, enum store_error code,
			  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, args);

	va_end(args);
	g_set_error_literal(error, STORE_ERROR, (int)code, text);
}

void store_error_set_newer(GError **error, const char *path, unsigned found,
			   unsigned known)
{
	store_error_set_text(error, STORE_ERROR_NEWER,
		"%s: written by a newer Mailreeve (version %u of its form, "
		"this one, " PACKAGE_VERSION ", knows up to %u): install that "
		"Mailreeve again, or restore a back-up that was made before "
		"it", path, found, known);
}
