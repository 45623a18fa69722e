/* auditlog.h - a look at records is written down before it is taken */
#ifndef ADMIN_AUDITLOG_H
#define ADMIN_AUDITLOG_H

#include "admin/admin.h"

/*
 * Notes who (admin_operator()) does what (self's name), with which words, and
 * why. Exit status: 0; or the message is out: there is no reason, and
 * records.reason asks for one, or it could not be written, and then nothing may
 * be looked at. reason may be NULL.
 */
int auditlog_note(const struct admin *admin, const struct command *self,
		  const char *subject, const char *reason) MUST_USE;

#endif
