#include <config.h>

#include "message/attachments.h"

#include "catalog.h"
#include "message/rawmessage.h"
#include "unit/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct { const char *bytes; size_t len; const char *want; } types[] = {
#define BYTES(bytes) bytes, sizeof(bytes) - 1
	{ BYTES(""), "unknown" },
	{ BYTES("MZ\x90\0\3\0\0\0"), "pe" },
	{ BYTES("MZ is what this text begins with"), "text" },
	{ BYTES("\x7f" "ELF\2\1\1"), "elf" },
	{ BYTES("\xca\xfe\xba\xbe\0\0\0\x34"), "java" },
	{ BYTES("\xca\xfe\xba\xbe\0\0\0\2"), "macho" },
	{ BYTES("\xcf\xfa\xed\xfe\7\0\0\1"), "macho" },
	{ BYTES("L\0\0\0\x01\x14\x02\0\0"), "lnk" },
	{ BYTES("#!/bin/sh\n"), "script" },
	{ BYTES("\xef\xbb\xbf@ECHO OFF\r\n"), "script" },
	{ BYTES("\xff\xfe@\0e\0c\0h\0o\0 \0o\0f\0f\0"), "script" },
	{ BYTES("var x = new ActiveXObject('a');"), "script" },
	{ BYTES("var s=WScript.CreateObject(1)"), "script" },
	{ BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "ole" },
	{ BYTES("junk\n%PDF-1.4\n"), "pdf" },
	{ BYTES("{\\rtf1"), "rtf" },
	{ BYTES("{\\rt"), "rtf" },
	{ BYTES("PK\3\4abcdefghijklmnopqrstuvwxyz"), "zip" },
	{ BYTES("PK\3\4abcdefghijklmnopqrstuvwxyz[Content_Types].xml"),
	  "ooxml" },
	{ BYTES("Rar!\x1a\7\0"), "rar" },
	{ BYTES("7z\xbc\xaf\x27\x1c"), "7z" },
	{ BYTES("\x1f\x8b\x08"), "gzip" },
	{ BYTES("BZh91AY&SY"), "bzip2" },
	{ BYTES("\x89PNG\r\n\x1a\n"), "png" },
	{ BYTES("\xff\xd8\xff\xe0"), "jpeg" },
	{ BYTES("GIF89a"), "gif" },
	{ BYTES("RIFF\1\2\3\4WEBPVP8 "), "webp" },
	{ BYTES(" \n<!DOCTYPE html><p>"), "html" },
	{ BYTES("<?xml version='1.0'?><svg onload='x'>"), "svg" },
	{ BYTES("<?xml version='1.0'?><a/>"), "text" },
	{ BYTES("hello"), "text" },
	{ BYTES("Gr\xc3\xbc\xc3\x9f" "e"), "text" },
	{ BYTES("\0\1\2\3\4\5\6\7"), "unknown" },
	{ BYTES("xx-l\0-"), "unknown" },
};

static void types_are_told(void **state)
{
	char iso[FILETYPE_HEAD] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		/* A copy of just that length, for the sanitizer. */
		g_autofree char *copy = g_malloc(types[i].len + 1);
		const char *got;

		memcpy(copy + 1, types[i].bytes, types[i].len);
		got = filetype_word(filetype_detect(
			span_of(copy + 1, types[i].len)));
		if (strcmp(got, types[i].want) != 0)
			fail_msg("type %zu: %s is not %s", i, got,
				 types[i].want);
	}
	memcpy(iso + 32769, "CD001", 5);
	assert_string_equal(filetype_word(filetype_detect(
		span_of(iso, sizeof iso))), "iso");
}

static const struct {
	const char *name, *extension;
	bool is_double, is_trick;
} names[] = {
	{ "a.exe", "exe", false, false },
	{ "a", "", false, false },
	{ "", "", false, false },
	{ ".", "", false, false },
	{ "..", "", false, true },
	{ "a.pdf.exe", "exe", true, false },
	{ "A.PDF.EXE", "EXE", true, false },
	{ "a.pdf .exe", "exe", true, false },
	{ "a.pdf          .exe", "exe", true, true },
	{ "a.exe. . ", "exe", false, true },
	{ "a.exe.", "exe", false, true },
	{ "dir.d/a", "", false, false },
	{ "c:\\x.y\\a.txt.js", "js", true, false },
	{ "a.tar.gz", "gz", false, false },
	{ "v1.2.exe", "exe", false, false },
	{ "photo\xe2\x80\xaegpj.exe", "exe", false, true },
	{ "a.txt\x01.exe", "exe", false, true },
	{ "my   file.doc", "doc", false, false },
};

static void names_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *name = names[i].name;

		if (!span_is(filetype_extension(name), names[i].extension) ||
		    filetype_has_two_extensions(name) != names[i].is_double ||
		    filetype_is_trick(name) != names[i].is_trick)
			fail_msg("name %zu: %s", i, name);
	}
}

static const struct {
	enum filetype type;
	const char *name, *declared;
	bool is_lie;
} lies[] = {
	{ FILETYPE_PE, "a.exe", "application/octet-stream", false },
	{ FILETYPE_PE, "a.jpg", "application/octet-stream", true },
	{ FILETYPE_PE, "a.exe", "image/png", true },
	{ FILETYPE_PE, "a.txt", "", true },
	{ FILETYPE_PNG, "a.jpg", "image/jpeg", false },
	{ FILETYPE_HTML, "a.pdf", "application/pdf", true },
	{ FILETYPE_HTML, "a.doc", "application/msword", false },
	{ FILETYPE_SCRIPT, "a.txt", "text/plain", false },
	{ FILETYPE_ZIP, "a.docx", "", false },
	{ FILETYPE_ZIP, "a.zip", "text/plain", false },
	{ FILETYPE_RAR, "a.doc", "", true },
	{ FILETYPE_UNKNOWN, "a.pdf", "", false },
};

static void lies_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lies); i++)
		if (filetype_is_lie(lies[i].type, lies[i].name,
				    lies[i].declared) != lies[i].is_lie)
			fail_msg("%zu: %s", i, lies[i].name);
}

/* One message, as a test sees it. */
struct bench {
	struct settings *settings;
	struct transaction tx;
	struct mime *mime;
	struct attachments *files;
};

static void take(struct bench *bench, struct span message, const char *conf)
{
	static const struct session_facts session = { .messages = 0 };

	bench->settings = settings_parse("test", span_text(conf), catalog,
					 NULL);
	assert_non_null(bench->settings);
	transaction_init(&bench->tx, bench->settings, &session);
	rawmessage_take(&bench->tx, message);
	bench->mime = mime_parse(&bench->tx, &bench->tx.arena);
	bench->files = attachments_collect(bench->mime,
					   limits_of(bench->settings));
}

static void leave(struct bench *bench)
{
	attachments_free(bench->files);
	mime_release(bench->mime);
	transaction_release(&bench->tx);
	settings_unref(bench->settings);
}

#define PLAIN "Content-Type: application/octet-stream"

/* A header, and "name|other name|type" of what comes of it. */
static const struct { const char *header, *want; } headers[] = {
	{ "Content-Type: text/plain", "" },
	{ PLAIN, "||text" },
	{ "Content-Disposition: attachment", "||text" },
	{ "Content-Disposition: attachment; filename=a.txt", "a.txt||text" },
	{ PLAIN "; name=\"a b.txt\"", "a b.txt||text" },
	{ PLAIN "; name=a.exe\nContent-Disposition: attachment; "
	  "filename=a.pdf", "a.pdf|a.exe|text" },
	{ PLAIN "; name=a.pdf\nContent-Disposition: attachment; "
	  "filename=a.pdf", "a.pdf||text" },
	{ PLAIN "; name=\"=?utf-8?b?ZMOkLnBkZg==?=\"", "d\xc3\xa4.pdf||text" },
	{ PLAIN "; name*0*=utf-8''d%C3%A4; name*1=\".exe\"",
	  "d\xc3\xa4.exe||text" },
	{ PLAIN "; name*=iso-8859-1''d%E4.exe", "d\xc3\xa4.exe||text" },
	{ PLAIN "; name*=utf-8''a.txt%00.exe", "a.txt?.exe||text" },
	{ PLAIN "; name=\"../../x\"", "../../x||text" },
	{ PLAIN "; name*=utf-8''x%E2%80%AEgpj.exe",
	  "x\xe2\x80\xaegpj.exe||text" },
};

static void headers_name_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		g_autofree char *message = g_strdup_printf(
			"%s\nSubject: x\n\nhello\n", headers[i].header);
		g_autoptr(GString) got = g_string_new(NULL);
		struct bench bench;

		take(&bench, span_text(message), "");
		for (guint j = 0; j < bench.files->all->len; j++) {
			const struct attachment *file = &g_array_index(
				bench.files->all, struct attachment, j);

			g_string_append_printf(got, "%s|%s|%s", file->name,
				file->other_name ? file->other_name : "",
				filetype_word(file->type));
		}
		if (strcmp(got->str, headers[i].want) != 0)
			fail_msg("header %zu: %s", i, got->str);
		leave(&bench);
	}
}

static void a_nul_does_not_end_a_name(void **state)
{
	static const char message[] = PLAIN "; name=\"a.txt\0.exe\"\n\nx";
	struct bench bench;

	(void)state;
	take(&bench, span_of(message, sizeof message - 1), "");
	assert_string_equal(g_array_index(bench.files->all, struct attachment,
					  0).name, "a.txt?.exe");
	leave(&bench);
}

static void bytes_stay_as_they_are(void **state)
{
	static const char message[] = PLAIN
		"\nContent-Transfer-Encoding: base64\n\nYQ0KYg0K\n";
	struct bench bench;
	GByteArray *bytes;

	(void)state;
	take(&bench, span_of(message, sizeof message - 1), "");
	bytes = mime_decode_bytes(g_ptr_array_index(bench.mime->leaves, 0),
				  SIZE_MAX);
	assert_int_equal(bytes->len, 6);
	assert_memory_equal(bytes->data, "a\r\nb\r\n", 6);
	g_byte_array_unref(bytes);
	leave(&bench);
}

/* The seeds of the fuzz target, by file: name, the names within, and flaws. */
static const struct { const char *file, *name, *want; unsigned flaws; } seeds[] = {
	{ "zip", "a.zip", "zip: invoice.pdf.exe plain.txt", 0 },
	{ "zip-encrypted", "a.zip", "zip: plain.txt*",
	  PACKED_FLAW_ENCRYPTED },
	{ "zip-gbk", "a.zip", "zip: \xc3\x8e\xc3\x84\xc2\xbc"
	  "\xc3\xbe.exe", 0 },	/* too short to tell its charset */
	{ "zip-utf8", "a.zip", "zip: \xd1\x84\xd0\xb0\xd0\xb9\xd0\xbb"
	  "\xe2\x80\xae" "fdp.exe", 0 },
	{ "zip-traversal", "a.zip", "zip: ../../etc/cron.d/x", 0 },
	{ "zip-nested", "a.zip", "zip: dir/nest.zip readme >in.js", 0 },
	{ "ooxml-macro", "a.docx",
	  "ooxml! [Content_Types].xml word/vbaProject.bin", 0 },
	{ "rar4", "a.rar", "rar: rar4.exe", 0 },
	{ "rar4-encrypted", "a.rar", "rar: rar4.exe*",
	  PACKED_FLAW_ENCRYPTED },
	{ "rar5", "a.rar", "rar: rar5.exe", 0 },
	{ "rar5-names-encrypted", "a.rar", "rar:", PACKED_FLAW_ENCRYPTED },
	{ "7z", "a.7z", "7z: inner.scr", 0 },
	{ "7z-encrypted", "a.7z", "7z: inner.scr*", PACKED_FLAW_ENCRYPTED },
	{ "7z-names-encrypted", "a.7z", "7z:", PACKED_FLAW_ENCRYPTED },
	{ "7z-packed-header", "a.7z", "7z: a-rather-long-name-number-1.exe "
	  "a-rather-long-name-number-2.exe a-rather-long-name-number-3.exe "
	  "a-rather-long-name-number-4.exe a-rather-long-name-number-5.exe "
	  "a-rather-long-name-number-6.exe", 0 },
	/* 4 MB of names in 1 KB: libarchive would take all into memory. */
	{ "7z-long-header", "a.7z", "7z:", PACKED_FLAW_ENTRIES },
	{ "gzip", "run.js.gz", "gzip: run.js", 0 },
	{ "tar-xz", "a.txz", "xz: a.tar >t/run.sh", 0 },
	{ "cab", "a.cab", "cab: x.exe", 0 },
};

static char *seed(const char *name, gsize *len)
{
	const char *source = g_getenv("MAILREEVE_SOURCE");
	const char *srcdir = g_getenv("srcdir");
	g_autofree char *path = g_build_filename(
		source ? source : srcdir ? srcdir : ".", "t", "fuzz",
		"corpus", "packed", name, NULL);
	char *bytes = NULL;

	if (!g_file_get_contents(path, &bytes, len, NULL))
		fail_msg("%s is missing", path);
	return bytes;
}

static void take_file(struct bench *bench, const char *bytes, gsize len,
		      const char *name, const char *conf)
{
	g_autofree char *coded = g_base64_encode((const guchar *)bytes, len);
	g_autofree char *message = g_strdup_printf(
		PLAIN "; name=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s",
		name, coded);

	take(bench, span_text(message), conf);
}

static char *told(const struct bench *bench)
{
	GString *out = g_string_new(NULL);
	const struct attachment *file = &g_array_index(bench->files->all,
						       struct attachment, 0);

	g_string_append_printf(out, "%s%c", filetype_word(file->type),
			       file->has_macro ? '!' : ':');
	for (guint i = 0; i < bench->files->packed.entries->len; i++) {
		const struct packed_entry *entry = &g_array_index(
			bench->files->packed.entries, struct packed_entry, i);

		g_string_append_printf(out, " %s%s%s",
				       entry->depth ? ">" : "", entry->name,
				       entry->is_encrypted ? "*" : "");
	}
	return g_string_free(out, FALSE);
}

static void archives_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; packed_is_available() && i < COUNT_OF(seeds); i++) {
		gsize len;
		g_autofree char *bytes = seed(seeds[i].file, &len);
		g_autofree char *got = NULL;
		struct bench bench;

		take_file(&bench, bytes, len, seeds[i].name, "");
		got = told(&bench);
		if (strcmp(got, seeds[i].want) != 0 ||
		    bench.files->packed.flaws != seeds[i].flaws)
			fail_msg("%s: %s, flaws %x", seeds[i].file, got,
				 bench.files->packed.flaws);
		leave(&bench);
	}
}

/* Versions of libarchive differ in what they say of its file. */
static void a_rar5_with_a_password(void **state)
{
	gsize len;
	g_autofree char *bytes = seed("rar5-encrypted", &len);
	struct bench bench;

	(void)state;
	take_file(&bench, bytes, len, "a.rar", "");
	assert_true(!packed_is_available() ||
		    bench.files->packed.flaws & PACKED_FLAW_ENCRYPTED);
	leave(&bench);
}

static void a_long_name_keeps_its_end(void **state)
{
	gsize len;
	g_autofree char *bytes = seed("zip-long-name", &len);
	struct bench bench;

	(void)state;
	take_file(&bench, bytes, len, "a.zip", "");
	if (packed_is_available()) {
		const char *name = g_array_index(
			bench.files->packed.entries, struct packed_entry,
			0).name;

		assert_true(strlen(name) <= PACKED_NAME_MAX);
		assert_true(g_str_has_suffix(name, "aaa.exe"));
	}
	leave(&bench);
}

static const struct { const char *file, *conf; unsigned flaws; } limited[] = {
	{ "zip-nested", "limits { archive_depth = 1; }", PACKED_FLAW_DEPTH },
	{ "zip-nested", "limits { archive_bytes = 10; }", PACKED_FLAW_BYTES },
	{ "tar-xz", "limits { archive_bytes = 10; }", PACKED_FLAW_BYTES },
};

static void limits_are_met(void **state)
{
	(void)state;
	for (size_t i = 0; packed_is_available() && i < COUNT_OF(limited);
	     i++) {
		gsize len;
		g_autofree char *bytes = seed(limited[i].file, &len);
		struct bench bench;

		take_file(&bench, bytes, len, "a.zip", limited[i].conf);
		if (bench.files->packed.flaws != limited[i].flaws)
			fail_msg("%s with %s: %x", limited[i].file,
				 limited[i].conf, bench.files->packed.flaws);
		leave(&bench);
	}
}

static void a_zip_behind_something_else(void **state)
{
	gsize len;
	g_autofree char *bytes = seed("zip", &len);
	g_autofree char *all = g_malloc(len + 5);
	struct bench bench;

	(void)state;
	memcpy(all, "junk\n", 5);
	memcpy(all + 5, bytes, len);
	take_file(&bench, all, len + 5, "a.zip", "");
	if (packed_is_available()) {
		g_autofree char *got = told(&bench);

		assert_true(g_str_has_suffix(
			got, ": invoice.pdf.exe plain.txt"));
	}
	leave(&bench);
}

/* What does not end as it should is told, and what was read
 * until then is kept. */
static void a_cut_archive(void **state)
{
	gsize len;
	g_autofree char *bytes = seed("zip", &len);
	struct bench bench;

	(void)state;
	take_file(&bench, bytes, len / 3, "a.zip", "");
	if (packed_is_available()) {
		g_autofree char *got = told(&bench);

		assert_string_equal(got, "zip: invoice.pdf.exe");
		assert_true(bench.files->packed.flaws & PACKED_FLAW_BROKEN);
	}
	leave(&bench);
	/* It is not the archive's fault when we did not take all of it. */
	take_file(&bench, bytes, len, "a.zip", "limits { body = 200; }");
	assert_true(bench.mime->flaws & MIME_FLAW_CUT);
	assert_int_equal(bench.files->packed.flaws, 0);
	leave(&bench);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(types_are_told),
	cmocka_unit_test(names_are_read),
	cmocka_unit_test(lies_are_found),
	cmocka_unit_test(headers_name_files),
	cmocka_unit_test(a_nul_does_not_end_a_name),
	cmocka_unit_test(bytes_stay_as_they_are),
	cmocka_unit_test(archives_are_read),
	cmocka_unit_test(a_rar5_with_a_password),
	cmocka_unit_test(a_long_name_keeps_its_end),
	cmocka_unit_test(limits_are_met),
	cmocka_unit_test(a_zip_behind_something_else),
	cmocka_unit_test(a_cut_archive),
};

TAP_MAIN(tests)
