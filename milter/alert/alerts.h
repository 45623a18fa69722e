/* alerts.h - tells people at once what cannot wait until they look */
#ifndef ALERT_ALERTS_H
#define ALERT_ALERTS_H

#include "settings/settings.h"

#include <jansson.h>

/*
 * An alert is an object: alert (its kind, which is the name of the log's
 * event), key (what it is about; may be ""), text, time, host, held_back (how
 * many were since the last one of this kind and key), and what its kind has
 * besides ("incident", "case"). It goes to each way that the settings have
 * (alert { }), on a thread of its own; who raises it never waits.
 *
 * Open, every line of the log of level error or worse is one, and those of the
 * disk; and every new incident.
 */
bool alerts_open(struct settings *settings, GError **error) MUST_USE;
void alerts_set_settings(struct settings *settings);
void alerts_close(void);

/* Takes detail over; members of it stand beside the others; NULL: none. Any
 * thread. Nothing happens when it is not open, or nobody wants the kind. */
void alerts_raise(const char *kind, const char *key, const char *text,
		  json_t *detail);
/* The object, whoever wants it; the caller's. Takes detail over. */
json_t *alerts_object(const struct settings *settings, const char *kind,
		      const char *key, const char *text, json_t *detail)
	MUST_USE;

#endif
