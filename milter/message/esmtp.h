/* esmtp.h - parameters of MAIL and RCPT (RFC 1870, 3461, 6152, 6531) */
#ifndef MESSAGE_ESMTP_H
#define MESSAGE_ESMTP_H

#include "message/transaction.h"

/*
 * argv ends with NULL and begins behind the address, as libmilter has it. Texts
 * are copied into arena, printable: keywords in capitals, xtext decoded. What
 * is not known, malformed or given twice lands in others as it stands, up to
 * ESMTP_OTHERS_MAX bytes. Pure; any thread.
 */
#define ESMTP_OTHERS_MAX 1024

void esmtp_parse_mail(const char *const *argv, struct arena *arena,
		      struct mail_params *params_out);
void esmtp_parse_rcpt(const char *const *argv, struct arena *arena,
		      struct rcpt_params *params_out);

#endif
