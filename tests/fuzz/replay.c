/* SPDX-License-Identifier: MIT */
/* A target without libFuzzer: build/asan/tests/test_fuzz_NAME feeds it every regression of
 * tests/fuzz/regressions/NAME and the corpus of build/corpus/NAME (or the files that are named). An
 * input that fails ends the process, with its name before. */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "fuzz.h"

static const char *current = "";

static void name_current(void)
{
	fprintf(stderr, "# the input was %s\n", current);
}

/* Both ways in which an input that fails ends the process: CHECK aborts, a sanitizer dies. */
static void name_on_failure(int signal_number)
{
	(void)signal_number;
	name_current();
}

/* In memory of exactly its size, so that a read past its end is seen. */
static void replay_file(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	CHECK(f && fstat(fileno(f), &st) == 0);
	size = (size_t)st.st_size;
	data = malloc(size);
	CHECK(data && fread(data, 1, size, f) == size);
	fclose(f);
	current = path;
	LLVMFuzzerTestOneInput(data, size);
	current = "";
	free(data);
}

static int replay_folder(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		char file[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		replay_file(file);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	static const char prefix[] = "test_fuzz_";
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	char path[PATH_MAX];
	int n;

	signal(SIGABRT, name_on_failure);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(name_current);
#endif
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			replay_file(argv[i]);
		return 0;
	}
	name += strncmp(name, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
	snprintf(path, sizeof path, "tests/fuzz/regressions/%s", name);
	printf("ok 1 - %d regressions\n", replay_folder(path));
	snprintf(path, sizeof path, "build/corpus/%s", name);
	n = replay_folder(path);
	printf("%sok 2 - %d inputs of the corpus\n1..2\n", n ? "" : "not ", n);
	return n == 0;
}
