#include <config.h>

#include "store/daycheck.h"

#include "store/day.h"
#include "store/sealfiles.h"
#include "store/storeerror.h"

#include <sys/stat.h>

static const char *problem_of_size(const struct stat *file,
				   const struct seal *seal)
{
	uint64_t bytes = (uint64_t)file->st_size;

	if (bytes == seal->bytes)
		return NULL;
	return bytes < seal->bytes ? "cut short" :
				     "not as long as its seal says";
}

static const char *problem_of_file(const char *path, bool has_seal)
{
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	struct segment_facts facts;
	bool is_read = segment && segment_facts(segment, &facts, &why);

	segment_close(&segment);
	if (!is_read)
		return g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING) ?
		       NULL : "cannot be read";
	if (facts.is_sealed == has_seal)
		return NULL;
	return has_seal ? "put in the place of a sealed one" : "seal lost";
}

static const char *check_once(const char *records_dir, int64_t day)
{
	g_autofree char *text = NULL;
	g_autofree char *path = day_path(records_dir, day);
	g_autofree char *seal_path = sealfiles_seal_path(records_dir, day);
	bool has_seal = g_file_test(seal_path, G_FILE_TEST_EXISTS);
	const char *problem = NULL;
	struct stat file;
	struct seal seal;

	if (stat(path, &file) != 0)
		return NULL;
	if (file.st_size == 0)
		return "emptied";
	if (has_seal)
		problem = seal_read(seal_path, &seal, &text, NULL) ?
			  problem_of_size(&file, &seal) :
			  "seal cannot be read";
	return problem ? problem : problem_of_file(path, has_seal);
}

/* What changes places just then is well the next time. */
const char *daycheck_problem(const char *records_dir, int64_t day)
{
	return check_once(records_dir, day) ? check_once(records_dir, day) :
					      NULL;
}
