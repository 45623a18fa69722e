/* sample.h - a folder, settings, and records to be written in the tests */
#ifndef UNIT_STORE_SAMPLE_H
#define UNIT_STORE_SAMPLE_H

#include "base/clock.h"
#include "catalog.h"
#include "store/recordform.h"
#include "store/recordid.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>

struct sample {
	char *dir;
	struct settings *settings;
};

static inline void sample_begin(struct sample *sample, const char *text)
{
	g_autoptr(GError) why = NULL;

	sample->dir = g_dir_make_tmp("store-XXXXXX", NULL);
	sample->settings = settings_parse("t", span_text(text), catalog, &why);
	if (!sample->settings)
		fail_msg("%s", why->message);
}

static inline void remove_folder(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *one = g_build_filename(path, name, NULL);

		if (g_file_test(one, G_FILE_TEST_IS_DIR))
			remove_folder(one);
		else
			g_unlink(one);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

static inline void sample_end(struct sample *sample)
{
	settings_unref(sample->settings);
	remove_folder(sample->dir);
	g_free(sample->dir);
}

/* What one message says; NULL leaves a thing out. */
struct sample_mail {
	const char *client, *account, *from, *to, *queue_id, *message_id;
	enum action action;
};

static inline struct packed_record *sample_pack(const struct sample *sample,
						const struct sample_mail *mail)
{
	struct session_facts session = { .messages = 1 };
	struct packed_record *packed;
	struct transaction tx;

	record_id_new(session.id);
	if (mail->client)
		assert_true(netaddr_parse(span_text(mail->client),
					  &session.client.addr));
	session.client.kind = CLIENT_INET;
	session.client.login = mail->account;
	transaction_init(&tx, sample->settings, &session);
	record_id_new(tx.id);
	tx.began_us = tx.ended_us = clock_now_us();
	tx.direction = DIRECTION_INBOUND;
	tx.ending = ENDING_COMPLETE;
	tx.is_enforced = true;
	tx.queue_id = mail->queue_id;
	tx.sender = mailaddr_parse(span_text(mail->from ? mail->from : "<>"),
				   &tx.arena);
	if (mail->to) {
		struct recipient *rcpt = transaction_add_recipient(&tx);

		rcpt->addr = mailaddr_parse(span_text(mail->to), &tx.arena);
	}
	if (mail->message_id)
		transaction_add_header(&tx, span_text("Message-ID"),
				       span_text(mail->message_id));
	if (mail->action == ACTION_REJECT)
		transaction_find(&tx, "SAMPLE_BAD", NULL);
	tx.outcome.action = mail->action ? mail->action : ACTION_ACCEPT;
	packed = recordform_pack_message(&tx);
	transaction_release(&tx);
	return packed;
}

#endif
