/*
 * replay.c - runs a fuzz target over its corpus, without a fuzzer, and
 * prints TAP: every seed, every seed cut short in some places, and with
 * some bytes changed.
 */
#include <config.h>

#include "fuzz/target.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS 64

/* The corpus has the program's name, below the source's t/fuzz/corpus. */
static char *corpus_of(const char *program)
{
	const char *source = g_getenv("MAILREEVE_SOURCE");
	g_autofree char *name = g_path_get_basename(program);

	return g_build_filename(source ? source : ".", "t", "fuzz", "corpus",
				name, NULL);
}

static void run_variants(const uint8_t *data, size_t size)
{
	g_autofree uint8_t *copy = g_malloc(size + 1);
	GRand *random = g_rand_new_with_seed((guint32)size);

	LLVMFuzzerTestOneInput(data, size);
	for (int i = 0; i < VARIANTS && size; i++) {
		size_t cut = (size_t)g_rand_int_range(random, 0,
						      (gint32)size + 1);

		/* A block of its own, so that a sanitizer sees its end. */
		memcpy(copy, data, size);
		copy[g_rand_int_range(random, 0, (gint32)size)] ^=
			(uint8_t)g_rand_int_range(random, 1, 256);
		LLVMFuzzerTestOneInput(copy, size);
		g_autofree uint8_t *part = g_memdup2(data, MAX(cut, 1));

		LLVMFuzzerTestOneInput(part, cut);
	}
	g_rand_free(random);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = argc > 1 ? g_strdup(argv[1]) :
					     corpus_of(argv[0]);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
	const char *name;
	int count = 0;

	if (!dir) {
		printf("1..1\nnot ok 1 - %s\n", why->message);
		return 1;
	}
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *data = NULL;
		gsize size;

		if (!g_file_get_contents(path, &data, &size, NULL))
			continue;
		run_variants((const uint8_t *)data, size);
		printf("ok %d - %s\n", ++count, name);
		fflush(stdout);
	}
	printf("1..%d\n", count);
	return count == 0;
}
