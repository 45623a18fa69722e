#include <config.h>

#include "fuzz/target.h"
#include "message/esmtp.h"

#include <string.h>

#define PARAMS_MAX 64

static void check_printable(const char *text)
{
	for (const char *c = text ? text : ""; *c; c++)
		BUG_IF((unsigned char)*c < 0x20 || *c == 0x7f);
}

/* Each line is one parameter, as libmilter hands them over. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) argv = g_strsplit(text, "\n", PARAMS_MAX);
	struct mail_params mail = { .size_bytes = -1 };
	struct rcpt_params rcpt = { .notify = NULL };
	struct arena arena;

	arena_init(&arena);
	esmtp_parse_mail((const char *const *)argv, &arena, &mail);
	esmtp_parse_rcpt((const char *const *)argv, &arena, &rcpt);
	BUG_IF(mail.size_bytes < -1);
	check_printable(mail.body);
	check_printable(mail.ret);
	check_printable(mail.envid);
	check_printable(mail.others);
	check_printable(rcpt.notify);
	check_printable(rcpt.orcpt);
	check_printable(rcpt.others);
	arena_release(&arena);
	return 0;
}
