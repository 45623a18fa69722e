#include <config.h>

#include "report/mailparts.h"

#include "base/clock.h"
#include "message/gmimelib.h"

#include <gmime/gmime.h>
#include <string.h>

GMimeObject *mailparts_new(const char *type, const char *subtype,
			   const char *bytes, size_t len,
			   enum mailparts_encoding encoding)
{
	static const GMimeContentEncoding encodings[] = {
		[MAILPARTS_7BIT] = GMIME_CONTENT_ENCODING_7BIT,
		[MAILPARTS_8BIT] = GMIME_CONTENT_ENCODING_8BIT,
		[MAILPARTS_QUOTED] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
		[MAILPARTS_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
	};
	GMimePart *part = g_mime_part_new_with_type(type, subtype);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
		stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, encodings[encoding]);
	g_object_unref(content);
	g_object_unref(stream);
	return GMIME_OBJECT(part);
}

GMimeObject *mailparts_text(const char *words)
{
	GMimeObject *text = mailparts_new("text", "plain", words,
		strlen(words), g_str_is_ascii(words) ?
		MAILPARTS_7BIT : MAILPARTS_QUOTED);

	g_mime_object_set_content_type_parameter(text, "charset", "utf-8");
	return text;
}

void mailparts_add(GMimeMultipart *all, GMimeObject *part)
{
	g_mime_multipart_add(all, part);
	g_object_unref(part);
}

static GByteArray *bytes_of(GMimeMessage *message)
{
	GMimeFormatOptions *options = g_mime_format_options_new();
	GByteArray *out = g_byte_array_new();
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(out);

	g_mime_format_options_set_newline_format(options,
						 GMIME_NEWLINE_FORMAT_DOS);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
	g_object_unref(stream);
	g_mime_format_options_free(options);
	return out;
}

GByteArray *mailparts_message(const struct report_settings *reporter,
			      const char *const *to, const char *subject,
			      GMimeObject *body)
{
	g_autofree char *id = g_uuid_string_random();
	g_autofree char *message_id = g_strdup_printf("%s@%s", id,
						      reporter->domain);
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
		clock_now_us() / G_USEC_PER_SEC);
	GMimeMessage *message;
	GByteArray *out;

	gmimelib_init();
	message = g_mime_message_new(TRUE);
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM,
				   reporter->organisation, reporter->contact);
	for (; to && *to; to++)
		g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO,
					   NULL, *to);
	g_mime_message_set_date(message, now);
	g_mime_message_set_message_id(message, message_id);
	g_mime_message_set_subject(message, subject, "utf-8");
	g_mime_message_set_mime_part(message, body);
	g_object_unref(body);
	out = bytes_of(message);
	g_object_unref(message);
	return out;
}
