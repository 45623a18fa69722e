#include <config.h>

#include "session/keep.h"

#include "session/original.h"
#include "session/service.h"
#include "store/diskwatch.h"
#include "store/recorder.h"
#include "store/storesettings.h"

static bool is_deferring(const struct settings *settings)
{
	return store_settings_of(settings)->on_failure == ON_FAILURE_DEFER;
}

/* At the very end of the daemon there is no recorder any more, while libmilter
 * may still take a connection. */
static void submit(struct packed_record *record)
{
	if (service_recorder())
		recorder_submit(service_recorder(), record);
	else
		recordform_free(record);
}

bool keep_is_possible(const struct settings *settings)
{
	return service_recorder() &&
	       (recorder_is_healthy(service_recorder()) ||
		!is_deferring(settings));
}

bool keep_has_room(const struct settings *settings)
{
	return diskwatch_has_room(service_disk()) || !is_deferring(settings);
}

static void log_verdict(const struct transaction *tx)
{
	log_event(&tx->log, LOG_INFO, "verdict",
		  "record=%s action=%s score=%.1f direction=%s "
		  "recipients=%u bytes=%" G_GINT64_FORMAT "%s", tx->id,
		  action_word(tx->outcome.action), tx->outcome.score,
		  direction_word(tx->direction), tx->recipients->len,
		  tx->body_bytes, tx->is_enforced ? "" : " mode=monitor");
}

/* In monitor mode mail is never held up; it goes by with a
 * record that waits. */
static void decide_without(struct transaction *tx, const char *symbol,
			   const char *text)
{
	if (!is_deferring(tx->settings) || !tx->is_enforced)
		return;
	transaction_find(tx, symbol, NULL)->demand = ACTION_DEFER;
	tx->outcome = (struct outcome){
		ACTION_DEFER, 451, "4.3.0", text, tx->outcome.score,
	};
}

void keep_message(struct session *session)
{
	struct transaction *tx = &session->tx;

	if (!original_keep(tx))
		decide_without(tx, "EVIDENCE_FAILED", "the original cannot "
			       "be kept now, try again later");
	if (!recorder_commit(service_recorder(),
			     recordform_pack_message(tx))) {
		/* Mail without a record could be found by nobody. */
		if (tx->evidence)
			tx->evidence->is_held = false;
		decide_without(tx, "STORE_FAILED", "no record can be kept "
			       "now, try again later");
		submit(recordform_pack_message(tx));
	}
	log_verdict(tx);
}

void keep_unfinished(struct session *session)
{
	submit(recordform_pack_message(&session->tx));
	log_verdict(&session->tx);
}

void keep_session(struct session *session)
{
	submit(recordform_pack_session(&session->facts));
}
