/* confman.c - prints the settings part of mailreeve.conf(5), at build time */
#include <config.h>

#include "catalog.h"

#include <stdio.h>

int main(void)
{
	g_autofree char *text = settings_format_manual(catalog);

	return fputs(text, stdout) == EOF || fflush(stdout) == EOF;
}
