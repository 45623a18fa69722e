/*
 * noop.c - a filter that does nothing: what libmilter alone can do.
 *
 *	noop [-p] SOCKET
 *
 * -p: as plain filters are, that answer each step. All callbacks, no work;
 * replies at connect, MAIL, RCPT and the end of the message, as mailreeve has
 * it, and no Nagle delay, so that the comparison is fair.
 */
#include <dirent.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define QUIET (SMFIP_NR_HELO | SMFIP_NR_DATA | SMFIP_NR_UNKN |		\
	       SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

static unsigned long quiet = QUIET;

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
			     unsigned long f2, unsigned long f3,
			     unsigned long *o0, unsigned long *o1,
			     unsigned long *o2, unsigned long *o3)
{
	(void)ctx;
	(void)f2;
	(void)f3;
	*o0 = f0 & SMFIF_ADDHDRS;
	*o1 = f1 & quiet;
	*o2 = *o3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, struct sockaddr *addr)
{
	(void)ctx;
	(void)host;
	(void)addr;
	return SMFIS_CONTINUE;
}

static sfsistat on_text(SMFICTX *ctx, char *text)
{
	(void)ctx;
	(void)text;
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat on_quiet(SMFICTX *ctx)
{
	(void)ctx;
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_end(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat on_unknown(SMFICTX *ctx, const char *text)
{
	(void)ctx;
	(void)text;
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static void switch_nagle_off(void)
{
	for (int fd = 3; fd < 64; fd++) {
		int is_listening = 0, on = 1;
		socklen_t size = sizeof is_listening;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
			       &size) == 0 && is_listening)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
				   sizeof on);
	}
}

int main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)"noop", .xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS, .xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect, .xxfi_helo = on_text,
		.xxfi_envfrom = on_mail, .xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_quiet, .xxfi_header = on_header,
		.xxfi_eoh = on_quiet, .xxfi_body = on_body,
		.xxfi_eom = on_end, .xxfi_abort = on_end,
		.xxfi_close = on_end, .xxfi_unknown = on_unknown,
	};

	if (argc == 3 && strcmp(argv[1], "-p") == 0) {
		quiet = 0;
		argv++;
		argc--;
	}
	if (argc != 2) {
		fputs("usage: noop [-p] SOCKET\n", stderr);
		return 64;
	}
	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_setbacklog(128) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS)
		return 69;
	switch_nagle_off();
	return smfi_main() == MI_SUCCESS ? 0 : 70;
}
