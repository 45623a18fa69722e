/* alertways.h - an alert on its way: to a program, as mail, to a webhook */
#ifndef ALERT_ALERTWAYS_H
#define ALERT_ALERTWAYS_H

#include "alert/alertsettings.h"

#include <jansson.h>
#include <stdatomic.h>

/* One alert, in the words of all ways. */
struct alert_text {
	char *json;			/* one line, ASCII */
	char *subject;			/* printable ASCII, short */
	char *mail;			/* header and body, lines end with LF */
};

/* object: see alerts.h; borrowed. now_us: of the mail's Date. */
struct alert_text *alertways_text(const struct settings *settings,
				  const json_t *object, int64_t now_us)
	MUST_USE;
void alertways_text_free(struct alert_text *text);

enum alert_way { ALERT_COMMAND, ALERT_MAIL, ALERT_WEBHOOK, ALERT_WAYS };

const char *alertways_word(enum alert_way way);
/* Whether the settings have it. */
bool alertways_is_set(const struct settings *settings, enum alert_way way);
/* True when the other end has it. is_cancelled may be NULL. */
bool alertways_send(const struct settings *settings, enum alert_way way,
		    const struct alert_text *text,
		    const atomic_bool *is_cancelled, GError **error) MUST_USE;

/* Runs a program of the settings, quoted as in a shell, on
 * input; true: status 0. */
bool alertways_run(const char *command, const char *input, int64_t limit_ms,
		   GError **error) MUST_USE;

#endif
