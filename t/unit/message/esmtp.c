#include <config.h>

#include "message/esmtp.h"

#include "unit/tap.h"

#include <string.h>

#define ARGS_MAX 4

static const struct {
	const char *args[ARGS_MAX + 1];
	struct mail_params want;
} mails[] = {
	{ { NULL }, { .size_bytes = -1 } },
	{ { "SIZE=1024" }, { .size_bytes = 1024 } },
	{ { "size=0", "body=8bitmime" }, { 0, .body = "8BITMIME" } },
	{ { "SMTPUTF8", "BODY=7BIT" },
	  { -1, .body = "7BIT", .is_smtputf8 = true } },
	{ { "RET=hdrs", "ENVID=QQ+2B1" },
	  { -1, .ret = "HDRS", .envid = "QQ+1" } },
	{ { "SIZE=9223372036854775807" }, { .size_bytes = INT64_MAX } },
	{ { "AUTH=<>", "X-A=b" }, { -1, .others = "AUTH=<> X-A=b" } },
	{ { "AUTH=e+3Dmc2@example.com" },
	  { -1, .others = "AUTH=e+3Dmc2@example.com" } },
	/* Malformed. */
	{ { "SIZE=", "SIZE=-1", "SIZE=1x", "SIZE= 1" },
	  { -1, .others = "SIZE= SIZE=-1 SIZE=1x SIZE= 1" } },
	{ { "SIZE=9223372036854775808" },
	  { -1, .others = "SIZE=9223372036854775808" } },
	{ { "SIZE=99999999999999999999999" },
	  { -1, .others = "SIZE=99999999999999999999999" } },
	{ { "SIZE" }, { -1, .others = "SIZE" } },
	{ { "SIZEX=1", "SMTPUTF8=1" }, { -1, .others = "SIZEX=1 SMTPUTF8=1" } },
	{ { "BODY=9BIT", "RET=" }, { -1, .others = "BODY=9BIT RET=" } },
	{ { "ENVID=", "ENVID=a+2", "ENVID=a+zz" },
	  { -1, .others = "ENVID= ENVID=a+2 ENVID=a+zz" } },
	{ { "", "=", "=x" }, { -1, .others = "= =x" } },
	/* The first counts. */
	{ { "SIZE=1", "SIZE=2" }, { 1, .others = "SIZE=2" } },
	{ { "BODY=7BIT", "BODY=8BITMIME" },
	  { -1, .body = "7BIT", .others = "BODY=8BITMIME" } },
	{ { "ENVID=a", "ENVID=b", "SMTPUTF8", "SMTPUTF8" },
	  { -1, .envid = "a", .is_smtputf8 = true,
	    .others = "ENVID=b SMTPUTF8" } },
	/* Nothing that is not printable comes out. */
	{ { "ENVID=a+0D+0Ab+00c+FF" }, { -1, .envid = "a??b?c?" } },
	{ { "X=\033[1m\r\n\xc3\xbc" }, { -1, .others = "X=?[1m????" } },
};

static const struct {
	const char *args[ARGS_MAX + 1];
	struct rcpt_params want;
} rcpts[] = {
	{ { NULL }, { 0 } },
	{ { "NOTIFY=never" }, { .notify = "NEVER" } },
	{ { "NOTIFY=SUCCESS,FAILURE,DELAY" },
	  { .notify = "SUCCESS,FAILURE,DELAY" } },
	{ { "ORCPT=rfc822;Bob+2Bbox@Example.COM" },
	  { .orcpt = "rfc822;Bob+box@Example.COM" } },
	{ { "ORCPT=utf-8;\\x{FC}@example.org", "NOTIFY=delay" },
	  { "DELAY", "utf-8;\\x{FC}@example.org", NULL } },
	{ { "NOTIFY=NEVER,SUCCESS", "NOTIFY=" },
	  { .others = "NOTIFY=NEVER,SUCCESS NOTIFY=" } },
	{ { "NOTIFY=SUCCESS,,DELAY", "NOTIFY=DELAY," },
	  { .others = "NOTIFY=SUCCESS,,DELAY NOTIFY=DELAY," } },
	{ { "NOTIFY=DELAY,DELAY" }, { .others = "NOTIFY=DELAY,DELAY" } },
	{ { "ORCPT=user@example.org", "ORCPT=;x" },
	  { .others = "ORCPT=user@example.org ORCPT=;x" } },
	{ { "ORCPT=rfc822;a+", "ORCPT=rfc822;a+1" },
	  { .others = "ORCPT=rfc822;a+ ORCPT=rfc822;a+1" } },
	{ { "ORCPT=rfc822;a", "ORCPT=rfc822;b" },
	  { .orcpt = "rfc822;a", .others = "ORCPT=rfc822;b" } },
	{ { "ORCPT=rfc822;a+1B[1m+7F" }, { .orcpt = "rfc822;a?[1m?" } },
	{ { "HOLDFOR=5" }, { .others = "HOLDFOR=5" } },
};

static void same(size_t row, const char *seen, const char *want)
{
	if (g_strcmp0(seen, want) != 0)
		fail_msg("row %zu: \"%s\", not \"%s\"", row, seen, want);
}

static void mail_parameters(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(mails); i++) {
		struct mail_params seen = { .size_bytes = -1 };

		esmtp_parse_mail(mails[i].args, &arena, &seen);
		if (seen.size_bytes != mails[i].want.size_bytes)
			fail_msg("row %zu: size", i);
		assert_int_equal(seen.is_smtputf8, mails[i].want.is_smtputf8);
		same(i, seen.body, mails[i].want.body);
		same(i, seen.ret, mails[i].want.ret);
		same(i, seen.envid, mails[i].want.envid);
		same(i, seen.others, mails[i].want.others);
	}
	arena_release(&arena);
}

static void rcpt_parameters(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(rcpts); i++) {
		struct rcpt_params seen = { 0 };

		esmtp_parse_rcpt(rcpts[i].args, &arena, &seen);
		same(i, seen.notify, rcpts[i].want.notify);
		same(i, seen.orcpt, rcpts[i].want.orcpt);
		same(i, seen.others, rcpts[i].want.others);
	}
	arena_release(&arena);
}

static void long_and_many(void **state)
{
	enum { MANY = 2000 };
	g_autofree char *envid = g_strdup_printf("ENVID=%0101d", 1);
	g_autofree char *orcpt = g_strdup_printf("ORCPT=a;%0499d", 1);
	g_autofree char *huge = g_strnfill(100000, 'x');
	const char *args[MANY + 4] = { envid, orcpt, huge };
	struct mail_params mail = { 0 };
	struct rcpt_params rcpt = { 0 };
	struct arena arena;

	(void)state;
	for (size_t i = 3; i < MANY + 3; i++)
		args[i] = "X-ANOTHER=1";
	arena_init(&arena);
	esmtp_parse_mail(args, &arena, &mail);
	assert_null(mail.envid);
	assert_in_range(strlen(mail.others), ESMTP_OTHERS_MAX - 20,
			ESMTP_OTHERS_MAX);
	assert_memory_equal(mail.others, "ENVID=0", 7);
	esmtp_parse_rcpt(args, &arena, &rcpt);
	assert_null(rcpt.orcpt);
	assert_true(arena.used_bytes < 16384);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(mail_parameters),
	cmocka_unit_test(rcpt_parameters),
	cmocka_unit_test(long_and_many),
};

TAP_MAIN(tests)
