#include <config.h>

#include "message/filetype.h"

#include "base/guard.h"

#include <glib.h>
#include <string.h>

#define TEXT_HEAD 1024		/* bytes in which a text shows what it is */
#define BLANKS_MIN 5		/* in a row, that hide what follows them */

static const char *const words[FILETYPES] = {
	"unknown", "text", "html", "svg", "script", "pe", "elf", "macho",
	"java", "lnk", "chm", "ole", "ooxml", "odf", "onenote", "pdf", "rtf",
	"tnef", "zip", "rar", "7z", "tar", "cab", "iso", "lha", "arj", "ace",
	"vhd", "gzip", "bzip2", "xz", "zstd", "png", "jpeg", "gif", "bmp",
	"webp", "tiff", "ico",
};

/* Words, a blank at each side of each. */
static const struct { const char *name, *members; } type_sets[] = {
	{ "@executable", " pe elf macho java lnk script " },
	{ "@archive", " zip rar 7z tar cab iso lha arj ace vhd gzip bzip2 xz "
		      "zstd " },
	{ "@image", " png jpeg gif bmp webp tiff ico svg " },
}, extension_sets[] = {
	{ "@executable", " exe scr com pif cpl msi msp mst dll sys drv ocx "
			 "jar jnlp elf app dmg pkg deb rpm apk xbap gadget "
			 "application msix appx " },
	{ "@script", " js jse vb vbs vbe ws wsc wsf wsh sct hta bat cmd ps1 "
		     "ps1xml ps2 psc1 psd1 psm1 msh sh bash csh ksh py pyc pyw "
		     "pl rb php lnk url desktop reg scf inf ins isp shb shs "
		     "chm hlp job library-ms search-ms settingcontent-ms "
		     "appref-ms applescript command terminal scpt website "
		     "mshxml ade adp mde wsb diagcab rdp " },
	{ "@macro", " docm dotm xlsm xltm xlam xll xlsb pptm potm ppam ppsm "
		    "sldm slk iqy one " },
	{ "@archive", " zip rar 7z tar gz tgz bz2 tbz tbz2 xz txz zst lzh lha "
		      "arj ace cab z uue iso img vhd vhdx wim zipx r00 " },
	{ "@disk", " iso img vhd vhdx wim udf dmg " },
	{ "@document", " pdf doc docx docm xls xlsx xlsm ppt pptx txt rtf odt "
		       "ods odp csv xml htm html jpg jpeg png gif bmp tif "
		       "tiff webp mp3 mp4 avi mov wav zip rar 7z eml msg " },
};

static const struct {
	enum filetype type;
	size_t at;
	const char *bytes;
	size_t len;
} magics[] = {
#define MAGIC(type, at, bytes) { type, at, bytes, sizeof(bytes) - 1 }
	MAGIC(FILETYPE_ELF, 0, "\x7f" "ELF"),
	MAGIC(FILETYPE_MACHO, 0, "\xfe\xed\xfa\xce"),
	MAGIC(FILETYPE_MACHO, 0, "\xfe\xed\xfa\xcf"),
	MAGIC(FILETYPE_MACHO, 0, "\xce\xfa\xed\xfe"),
	MAGIC(FILETYPE_MACHO, 0, "\xcf\xfa\xed\xfe"),
	MAGIC(FILETYPE_LNK, 0, "L\0\0\0\x01\x14\x02\0"),
	MAGIC(FILETYPE_CHM, 0, "ITSF"),
	MAGIC(FILETYPE_OLE, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
	MAGIC(FILETYPE_ONENOTE, 0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d"),
	MAGIC(FILETYPE_RTF, 0, "{\\rt"),
	MAGIC(FILETYPE_TNEF, 0, "\x78\x9f\x3e\x22"),
	MAGIC(FILETYPE_ZIP, 0, "PK\x03\x04"),
	MAGIC(FILETYPE_ZIP, 0, "PK\x05\x06"),
	MAGIC(FILETYPE_ZIP, 0, "PK\x07\x08"),
	MAGIC(FILETYPE_RAR, 0, "Rar!\x1a\x07"),
	MAGIC(FILETYPE_7Z, 0, "7z\xbc\xaf\x27\x1c"),
	MAGIC(FILETYPE_CAB, 0, "MSCF\0\0\0\0"),
	MAGIC(FILETYPE_ARJ, 0, "\x60\xea"),
	MAGIC(FILETYPE_ACE, 7, "**ACE**"),
	MAGIC(FILETYPE_VHD, 0, "vhdxfile"),
	MAGIC(FILETYPE_VHD, 0, "conectix"),
	MAGIC(FILETYPE_GZIP, 0, "\x1f\x8b\x08"),
	MAGIC(FILETYPE_BZIP2, 4, "1AY&SY"),
	MAGIC(FILETYPE_XZ, 0, "\xfd" "7zXZ\0"),
	MAGIC(FILETYPE_ZSTD, 0, "\x28\xb5\x2f\xfd"),
	MAGIC(FILETYPE_PNG, 0, "\x89PNG\r"),
	MAGIC(FILETYPE_PNG, 0, "\x89PNG\n"),
	MAGIC(FILETYPE_JPEG, 0, "\xff\xd8\xff"),
	MAGIC(FILETYPE_GIF, 0, "GIF8"),
	MAGIC(FILETYPE_WEBP, 8, "WEBPVP8"),
	MAGIC(FILETYPE_TIFF, 0, "II*\0"),
	MAGIC(FILETYPE_TIFF, 0, "MM\0*"),
	MAGIC(FILETYPE_ICO, 0, "\0\0\1\0"),
	MAGIC(FILETYPE_TAR, 257, "ustar"),
	MAGIC(FILETYPE_ISO, 32769, "CD001"),
	MAGIC(FILETYPE_ISO, 32769, "BEA01"),
};

const char *filetype_word(enum filetype type)
{
	BUG_IF(type >= FILETYPES);
	return words[type];
}

static bool has_at(struct span bytes, size_t at, const char *what, size_t len)
{
	return bytes.len >= len && at <= bytes.len - len &&
	       memcmp(bytes.ptr + at, what, len) == 0;
}

static enum filetype by_magic(struct span bytes)
{
	for (size_t i = 0; i < COUNT_OF(magics); i++)
		if (has_at(bytes, magics[i].at, magics[i].bytes,
			   magics[i].len))
			return magics[i].type;
	return FILETYPE_UNKNOWN;
}

/* DOS and Windows programs: two letters, which a text may begin
 * with as well. */
static bool is_pe(struct span bytes)
{
	return (has_at(bytes, 0, "MZ", 2) || has_at(bytes, 0, "ZM", 2)) &&
	       memchr(bytes.ptr, '\0', MIN(bytes.len, 64));
}

/* "\xca\xfe\xba\xbe" begins a Java class, with its version behind it, as well
 * as Apple's programs for several processors, with their number. */
static enum filetype by_cafebabe(struct span bytes)
{
	if (bytes.len < 8 || !has_at(bytes, 0, "\xca\xfe\xba\xbe", 4))
		return FILETYPE_UNKNOWN;
	return bytes.ptr[6] == '\0' && bytes.ptr[7] < 30 ? FILETYPE_MACHO :
							   FILETYPE_JAVA;
}

static bool is_lha(struct span bytes)
{
	return has_at(bytes, 2, "-l", 2) && bytes.len > 6 && bytes.ptr[4] &&
	       strchr("hz", bytes.ptr[4]) && bytes.ptr[6] == '-';
}

static bool is_bmp(struct span bytes)
{
	return has_at(bytes, 0, "BM", 2) && has_at(bytes, 6, "\0\0\0\0", 4);
}

/* What kind of zip: its first member's name tells. */
static enum filetype kind_of_zip(struct span bytes)
{
	static const struct { const char *name; enum filetype type; } firsts[] = {
		{ "[Content_Types].xml", FILETYPE_OOXML },
		{ "_rels/", FILETYPE_OOXML },
		{ "docProps/", FILETYPE_OOXML },
		{ "word/", FILETYPE_OOXML },
		{ "xl/", FILETYPE_OOXML },
		{ "ppt/", FILETYPE_OOXML },
		{ "mimetypeapplication/vnd.oasis", FILETYPE_ODF },
		{ "META-INF/", FILETYPE_JAVA },
	};

	for (size_t i = 0; i < COUNT_OF(firsts); i++)
		if (has_at(bytes, 30, firsts[i].name, strlen(firsts[i].name)))
			return firsts[i].type;
	return FILETYPE_ZIP;
}

static bool is_text(struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];

		if (c == 0x7f || (c < ' ' && !strchr("\t\n\v\f\r\x1b", c)) ||
		    c == '\0')
			return false;
	}
	return bytes.len;
}

/* As lower-case ASCII; UTF-16's units lose their zeros. */
static size_t plain_head(struct span bytes, char out[TEXT_HEAD + 1])
{
	bool is_wide = has_at(bytes, 0, "\xff\xfe", 2) ||
		       has_at(bytes, 0, "\xfe\xff", 2);
	size_t len = 0;

	if (has_at(bytes, 0, "\xef\xbb\xbf", 3))
		bytes = span_from(bytes, 3);
	else if (is_wide)
		bytes = span_from(bytes, 2);
	for (size_t i = 0; i < bytes.len && len < TEXT_HEAD; i++) {
		char c = bytes.ptr[i];

		if ((c || !is_wide) && (len || !g_ascii_isspace(c)))
			out[len++] = g_ascii_tolower(c);
	}
	out[len] = '\0';
	return len;
}

static const struct {
	const char *begins, *has;	/* either may be NULL */
	enum filetype type;
} texts[] = {
	{ "#!", NULL, FILETYPE_SCRIPT },
	{ "@echo off", NULL, FILETYPE_SCRIPT },
	{ "<?php", NULL, FILETYPE_SCRIPT },
	{ "<hta:", NULL, FILETYPE_SCRIPT },
	{ "<job", NULL, FILETYPE_SCRIPT },
	{ "<package>", "<job", FILETYPE_SCRIPT },
	{ "[internetshortcut]", NULL, FILETYPE_LNK },
	{ NULL, "<hta:application", FILETYPE_SCRIPT },
	{ "<svg", NULL, FILETYPE_SVG },
	{ "<?xml", "<svg", FILETYPE_SVG },
	{ "<?xml", "<scriptlet", FILETYPE_SCRIPT },
	{ "<!doctype svg", NULL, FILETYPE_SVG },
	{ "<!doctype html", NULL, FILETYPE_HTML },
	{ "<html", NULL, FILETYPE_HTML },
	{ "<head", NULL, FILETYPE_HTML },
	{ "<body", NULL, FILETYPE_HTML },
	{ "<script", NULL, FILETYPE_HTML },
	{ "<iframe", NULL, FILETYPE_HTML },
	{ "<meta ", NULL, FILETYPE_HTML },
	{ "<", "<html", FILETYPE_HTML },
	{ NULL, "wscript.", FILETYPE_SCRIPT },
	{ NULL, "new activexobject(", FILETYPE_SCRIPT },
	{ NULL, "= createobject(", FILETYPE_SCRIPT },
};

static enum filetype by_text(struct span bytes)
{
	char head[TEXT_HEAD + 1];
	size_t len = plain_head(bytes, head);

	if (!is_text(span_of(head, len)))
		return FILETYPE_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if ((!texts[i].begins ||
		     g_str_has_prefix(head, texts[i].begins)) &&
		    (!texts[i].has || strstr(head, texts[i].has)))
			return texts[i].type;
	return FILETYPE_TEXT;
}

static bool is_pdf(struct span bytes)
{
	return g_strstr_len(bytes.ptr, (gssize)MIN(bytes.len, TEXT_HEAD),
			    "%PDF-") != NULL;
}

enum filetype filetype_detect(struct span bytes)
{
	enum filetype type;

	if (!bytes.len)
		return FILETYPE_UNKNOWN;
	type = by_magic(bytes);
	if (type == FILETYPE_BZIP2 && !has_at(bytes, 0, "BZh", 3))
		type = FILETYPE_UNKNOWN;
	if (type == FILETYPE_ZIP)
		return kind_of_zip(bytes);
	if (type == FILETYPE_UNKNOWN)
		type = is_pe(bytes) ? FILETYPE_PE :
		       is_bmp(bytes) ? FILETYPE_BMP :
		       is_lha(bytes) ? FILETYPE_LHA :
		       is_pdf(bytes) ? FILETYPE_PDF : by_cafebabe(bytes);
	return type == FILETYPE_UNKNOWN ? by_text(bytes) : type;
}

/* Whether a word stands in a list of them, blanks between. */
static bool is_member(const char *members, const char *word, size_t len)
{
	for (const char *at = members; len && *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == len &&
		    g_ascii_strncasecmp(at, word, len) == 0)
			return true;
	}
	return false;
}

bool filetype_is(enum filetype type, const char *word)
{
	const char *own = filetype_word(type);

	for (size_t i = 0; i < COUNT_OF(type_sets); i++)
		if (strcmp(type_sets[i].name, word) == 0)
			return is_member(type_sets[i].members, own,
					 strlen(own));
	return strcmp(own, word) == 0;
}

bool filetype_is_word(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(type_sets); i++)
		if (strcmp(type_sets[i].name, word) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* The last element, without what Windows drops from its end. */
static struct span base_of(const char *name)
{
	struct span base = span_text(name);
	ptrdiff_t slash = MAX(span_find_last(base, '/'),
			      span_find_last(base, '\\'));

	base = span_from(base, (size_t)(slash + 1));
	while (base.len && strchr(" .\t", base.ptr[base.len - 1]))
		base.len--;
	return base;
}

/* Takes the last extension off. */
static struct span take_extension(struct span *base)
{
	ptrdiff_t dot = span_find_last(*base, '.');
	struct span extension;

	if (dot < 0)
		return span_first(*base, 0);
	extension = span_trim(span_from(*base, (size_t)dot + 1));
	base->len = (size_t)dot;
	while (base->len && base->ptr[base->len - 1] == ' ')
		base->len--;
	return extension;
}

struct span filetype_extension(const char *name)
{
	struct span base = base_of(name);

	return take_extension(&base);
}

bool filetype_is_extension(struct span extension, const char *word)
{
	for (size_t i = 0; i < COUNT_OF(extension_sets); i++)
		if (strcmp(extension_sets[i].name, word) == 0)
			return is_member(extension_sets[i].members,
					 extension.ptr, extension.len);
	return span_is_word(extension, word);
}

bool filetype_is_extension_word(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(extension_sets); i++)
		if (strcmp(extension_sets[i].name, word) == 0)
			return true;
	return *word != '@';
}

bool filetype_has_two_extensions(const char *name)
{
	struct span base = base_of(name);
	struct span last = take_extension(&base);

	return (filetype_is_extension(last, "@executable") ||
		filetype_is_extension(last, "@script")) &&
	       filetype_is_extension(take_extension(&base), "@document");
}

/* U+202A to U+202E and U+2066 to U+2069 turn the direction. */
static bool is_direction(const char *at)
{
	static const char *const marks[] = {
		"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6",
		"\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
	};

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (strncmp(at, marks[i], 3) == 0)
			return true;
	return false;
}

bool filetype_is_trick(const char *name)
{
	size_t len = strlen(name), blanks = 0;

	for (const char *at = name; *at; at++) {
		unsigned char c = (unsigned char)*at;

		blanks = c == ' ' ? blanks + 1 : 0;
		if (blanks >= BLANKS_MIN || (c < ' ' && c != '\t') ||
		    c == 0x7f || is_direction(at))
			return true;
	}
	return len > 1 && strchr(". ", name[len - 1]);
}

/* What a name or a declared type promises, and what then is a lie. */
static const struct {
	const char *extensions, *declared;
	const char *lies;
} claims[] = {
	{ " jpg jpeg png gif bmp tif tiff webp heic ico mp3 mp4 avi mov wav ",
	  "image/", " pe elf macho java lnk script html zip rar 7z tar cab "
	  "iso vhd ace arj ole ooxml chm onenote " },
	{ " mpg mpeg ogg flac mkv ", "audio/", " pe elf macho java lnk script "
	  "html zip rar 7z tar cab iso vhd ace arj ole ooxml " },
	{ " wmv m4v ", "video/", " pe elf macho java lnk script html zip rar "
	  "7z tar cab iso vhd ace arj ole ooxml " },
	{ " pdf ", "application/pdf", " pe elf macho java lnk script html zip "
	  "rar 7z tar cab iso vhd ace arj ole chm onenote " },
	{ " doc docx xls xlsx ppt pptx odt ods odp rtf ", "application/msword",
	  " pe elf macho java lnk script rar 7z tar cab iso vhd ace arj chm "
	  "onenote " },
	{ " txt csv log ics vcf md ", NULL,
	  " pe elf macho java lnk zip rar 7z cab iso vhd ace ole ooxml chm "
	  "onenote " },
	{ "", "text/", " pe elf macho java lnk " },
};

bool filetype_is_lie(enum filetype type, const char *name,
		     const char *declared)
{
	struct span extension = filetype_extension(name);
	const char *own = filetype_word(type);

	for (size_t i = 0; i < COUNT_OF(claims); i++) {
		bool is_claim = is_member(claims[i].extensions, extension.ptr,
					  extension.len) ||
			(claims[i].declared &&
			 g_str_has_prefix(declared, claims[i].declared));

		if (is_claim && is_member(claims[i].lies, own, strlen(own)))
			return true;
	}
	return false;
}
