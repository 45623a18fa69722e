/* filetype.h - what a file is, by its bytes and by its name */
#ifndef MESSAGE_FILETYPE_H
#define MESSAGE_FILETYPE_H

#include "base/span.h"

/* Bytes of a file's beginning that are enough to tell. */
#define FILETYPE_HEAD 33000

enum filetype {
	FILETYPE_UNKNOWN, FILETYPE_TEXT, FILETYPE_HTML, FILETYPE_SVG,
	FILETYPE_SCRIPT, FILETYPE_PE, FILETYPE_ELF, FILETYPE_MACHO,
	FILETYPE_JAVA, FILETYPE_LNK, FILETYPE_CHM, FILETYPE_OLE,
	FILETYPE_OOXML, FILETYPE_ODF, FILETYPE_ONENOTE, FILETYPE_PDF,
	FILETYPE_RTF, FILETYPE_TNEF, FILETYPE_ZIP, FILETYPE_RAR, FILETYPE_7Z,
	FILETYPE_TAR, FILETYPE_CAB, FILETYPE_ISO, FILETYPE_LHA, FILETYPE_ARJ,
	FILETYPE_ACE, FILETYPE_VHD, FILETYPE_GZIP, FILETYPE_BZIP2,
	FILETYPE_XZ, FILETYPE_ZSTD, FILETYPE_PNG, FILETYPE_JPEG, FILETYPE_GIF,
	FILETYPE_BMP, FILETYPE_WEBP, FILETYPE_TIFF, FILETYPE_ICO,
	FILETYPES,
};

/* "pe"; never NULL. */
const char *filetype_word(enum filetype type);
/* Pure. Never reads past the span, and little of it when it is long. */
enum filetype filetype_detect(struct span bytes);
/* Whether it is what the word says: a type's own word, or @executable, @archive
 * or @image. */
bool filetype_is(enum filetype type, const char *word);
/* Whether the word is one that filetype_is() knows. */
bool filetype_is_word(const char *word);

/* What stands behind the last dot of the last path element, without blanks and
 * dots behind it, which Windows drops; empty when there is none. */
struct span filetype_extension(const char *name);
/* As filetype_is(), of an extension: the word is an extension, or @executable,
 * @script, @macro, @archive, @disk or @document. Without case. */
bool filetype_is_extension(struct span extension, const char *word);
bool filetype_is_extension_word(const char *word);
/* invoice.pdf.exe: a document's extension just before a
 * program's or script's. */
bool filetype_has_two_extensions(const char *name);
/* A name made to be read wrongly: writing direction turned round, blanks
 * that push the extension out of sight, control characters, dots or
 * blanks at the end. */
bool filetype_is_trick(const char *name);
/*
 * Whether a file that is of this type lies: program, script, page or
 * archive, where its name, or the declared type (may be ""), says document,
 * picture, sound or text.
 */
bool filetype_is_lie(enum filetype type, const char *name,
		     const char *declared);

#endif
