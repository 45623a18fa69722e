#include <config.h>

#include "message/transaction.h"

#include "catalog.h"
#include "message/rawmessage.h"

#include "unit/tap.h"

#include <string.h>

struct sample {
	struct settings *settings;
	struct session_facts session;
	struct transaction tx;
};

static void begin(struct sample *sample, const char *text)
{
	*sample = (struct sample){ .session = { .messages = 1 } };
	sample->settings = settings_parse("t", span_text(text), catalog, NULL);
	assert_non_null(sample->settings);
	transaction_init(&sample->tx, sample->settings, &sample->session);
}

static void end(struct sample *sample)
{
	transaction_release(&sample->tx);
	settings_unref(sample->settings);
}

static void headers_are_kept_within_limits(void **state)
{
	struct sample sample;
	struct transaction *tx = &sample.tx;
	g_autofree char *great = g_strnfill(5000, 'v');

	(void)state;
	begin(&sample, "limits { headers = 10; header = 1000; "
	      "all_headers = 10000 }");
	transaction_add_header(tx, span_text("Great"), span_text(great));
	assert_int_equal(tx->headers_cut, 1);
	assert_int_equal(g_array_index(tx->headers, struct header, 0).value.len,
			 1000 - strlen("Great"));
	for (int i = 0; i < 20; i++)
		transaction_add_header(tx, span_text("X"), span_text("y"));
	assert_int_equal(tx->headers->len, 10);
	assert_int_equal(tx->headers_dropped, 11);
	assert_int_equal(tx->header_bytes, 5005 + 40);
	assert_non_null(transaction_find_header(tx, "gReat"));
	assert_null(transaction_find_header(tx, "Subject"));
	transaction_check_limits(tx);
	assert_int_equal(tx->findings->len, 1);
	end(&sample);
}

static void the_body_is_kept_within_its_limit(void **state)
{
	struct sample sample;

	(void)state;
	begin(&sample, "limits { body = 10 }");
	assert_true(transaction_add_body(&sample.tx, span_text("12345")));
	assert_false(transaction_add_body(&sample.tx, span_text("6789012")));
	assert_int_equal(sample.tx.body->len, 10);
	assert_int_equal(sample.tx.body_bytes, 12);
	transaction_check_limits(&sample.tx);
	assert_string_equal(g_array_index(sample.tx.findings, struct finding,
					  0).symbol, "LIMIT_BODY");
	end(&sample);
}

static void recipients_are_bounded(void **state)
{
	struct sample sample;

	(void)state;
	begin(&sample, "limits { recipients = 2 }");
	assert_non_null(transaction_add_recipient(&sample.tx));
	assert_non_null(transaction_add_recipient(&sample.tx));
	assert_null(transaction_add_recipient(&sample.tx));
	assert_int_equal(sample.tx.recipients_dropped, 1);
	end(&sample);
}

static void details_are_printable_and_cut(void **state)
{
	struct sample sample;
	g_autofree char *great = g_strnfill(500, 'd');

	(void)state;
	begin(&sample, "");
	assert_string_equal(transaction_find(&sample.tx, "X", "a\r\n\xff%d",
					     7)->detail, "a???7");
	assert_int_equal(strlen(transaction_find(&sample.tx, "X", "%s",
						 great)->detail), 200);
	assert_null(transaction_find(&sample.tx, "X", NULL)->detail);
	end(&sample);
}

/* Header fields as name=value|, then the body. */
static const struct { const char *raw, *taken; } messages[] = {
	{ "A: b\n\nbody\n", "A= b|body\r\n" },
	{ "A: b\r\n\r\nbody\r\n", "A= b|body\r\n" },
	{ "From x y\nA: b\n\nz", "A= b|z" },
	{ "A: b\n c\n\td\n\nz", "A= b\n c\n\td|z" },
	{ "A:b\nB :  c\n\nz", "A=b|B=  c|z" },
	{ "no header\n", "no header\r\n" },
	{ "A: b\nno field\nrest\n", "A= b|no field\r\nrest\r\n" },
	{ "", "" }, { "\n", "" }, { "A: b", "A= b|" },
	{ "A: b\n\n.\n\rx\n", "A= b|.\r\n\rx\r\n" },
};

static void files_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(messages); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		struct sample sample;

		begin(&sample, "");
		rawmessage_take(&sample.tx, span_text(messages[i].raw));
		for (guint h = 0; h < sample.tx.headers->len; h++) {
			const struct header *header = &g_array_index(
				sample.tx.headers, struct header, h);

			g_string_append_printf(out, "%.*s=%.*s|",
				(int)header->name.len, header->name.ptr,
				(int)header->value.len, header->value.ptr);
		}
		g_string_append_len(out, (const char *)sample.tx.body->data,
				    sample.tx.body->len);
		assert_string_equal(out->str, messages[i].taken);
		end(&sample);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(headers_are_kept_within_limits),
	cmocka_unit_test(the_body_is_kept_within_its_limit),
	cmocka_unit_test(recipients_are_bounded),
	cmocka_unit_test(details_are_printable_and_cut),
	cmocka_unit_test(files_are_taken_apart),
};

TAP_MAIN(tests)
