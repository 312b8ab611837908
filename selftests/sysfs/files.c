// SPDX-License-Identifier: GPL-2.0
/*
 * files - /sys/kernel/gostat: which files there are, who may read them, and
 * that each is one number. The list is Documentation/ABI/testing/
 * sysfs-kernel-gostat itself, a copy of which lies beside this program: what
 * is documented exists, and what exists is documented.
 */
#include "gostat_test.h"

#include <dirent.h>
#include <libgen.h>
#include <sys/stat.h>

#define NOBODY	65534
#define ABI	"_sysfs-kernel-gostat"
#define NAMES	256
/* Files that are written, and are no figures. */
#define CONTROL	"reset_peaks"
static const char * const controls[] = {
	CONTROL, "scavenge", "memory_limit", "memory_limit_hard",
};

/* Names under /sys/kernel/gostat/, as What: lines have them. */
struct names {
	unsigned int n;
	char name[NAMES][64];
};

FIXTURE(files) {
	struct names documented;
	struct names figures;	/* those of them that are files */
	struct gostat_ioc_info info;
};

static bool has(const struct names *names, const char *name)
{
	unsigned int i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

/* Only what lies under here; a directory ends in a slash. */
static void add_name(struct names *names, const char *path)
{
	if (strncmp(path, SYSFS, strlen(SYSFS)) || names->n == NAMES)
		return;
	snprintf(names->name[names->n++], sizeof(names->name[0]), "%s",
		 path + strlen(SYSFS));
}

static int read_documentation(struct names *names)
{
	char program[256] = "", path[512], line[256], what[256];
	FILE *f;

	names->n = 0;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/" ABI, dirname(program));
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "What: %255s", what) == 1)
			add_name(names, what);
	fclose(f);
	return 0;
}

static bool is_control(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(controls); i++)
		if (!strcmp(name, controls[i]))
			return true;
	return false;
}

/* Files of /sys/kernel/gostat itself. */
static void choose_figures(struct names *figures, const struct names *all)
{
	unsigned int i;

	figures->n = 0;
	for (i = 0; i < all->n; i++)
		if (*all->name[i] && !strchr(all->name[i], '/') &&
		    !is_control(all->name[i]))
			memcpy(figures->name[figures->n++], all->name[i],
			       sizeof(all->name[i]));
}

FIXTURE_SETUP(files)
{
	int fd = open_device();

	if (fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, info(fd, &self->info));
	close(fd);
	ASSERT_EQ(0, read_documentation(&self->documented));
	ASSERT_LT(20, self->documented.n);
	ASSERT_GT(NAMES, self->documented.n);
	choose_figures(&self->figures, &self->documented);
	ASSERT_LE(20, self->figures.n);
}

FIXTURE_TEARDOWN(files)
{
}

static mode_t mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	return stat(path, &st) ? 0 : st.st_mode;
}

TEST_F(files, documented_figures_exist_for_everybody)
{
	unsigned int i;

	for (i = 0; i < self->figures.n; i++) {
		EXPECT_EQ(S_IFREG | 0444, mode_of(self->figures.name[i]))
			TH_LOG("%s", self->figures.name[i]);
	}
}

TEST_F(files, existing_figures_are_documented)
{
	struct dirent *entry;
	unsigned int n = 0;
	char name[257];
	DIR *dir = opendir(SYSFS);

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name,
			 entry->d_type == DT_DIR ? "/" : "");
		EXPECT_EQ(true, has(&self->documented, name))
			TH_LOG("%s", name);
		n++;
	}
	closedir(dir);
	EXPECT_LT(20, n);
}

TEST_F(files, each_figure_is_one_number)
{
	__u64 value = 0;
	unsigned int i;
	char path[256];

	for (i = 0; i < self->figures.n; i++) {
		snprintf(path, sizeof(path), SYSFS "%s",
			 self->figures.name[i]);
		EXPECT_EQ(0, read_number(path, &value)) TH_LOG("%s", path);
		EXPECT_EQ(0, value >> 63) TH_LOG("%s", path);
	}
}

TEST_F(files, no_figure_can_be_written)
{
	unsigned int i;
	char path[256];

	for (i = 0; i < self->figures.n; i++) {
		snprintf(path, sizeof(path), SYSFS "%s",
			 self->figures.name[i]);
		EXPECT_EQ(-1, open(path, O_WRONLY)) TH_LOG("%s", path);
	}
}

TEST_F(files, peaks_are_reset_by_a_yes_and_nothing_else)
{
	int fd = open(SYSFS CONTROL, O_WRONLY);

	EXPECT_EQ(S_IFREG | 0200, mode_of(CONTROL));
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "perhaps", 7));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, write(fd, "1", 1));
	EXPECT_EQ(figure("obtained"), figure("peak_held"));
	close(fd);
}

TEST_F(files, memory_classes_are_documented_and_sum_to_sys)
{
	struct dirent *entry;
	char name[300];
	__u64 sum = 0;
	DIR *dir = opendir(SYSFS "memory_classes");

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "memory_classes/%s",
			 entry->d_name);
		EXPECT_EQ(true, has(&self->documented, name))
			TH_LOG("%s", name);
		sum += figure(name);
	}
	closedir(dir);
	EXPECT_EQ(figure("sys"), sum);
}

/* Those of @dir, as @what in the documentation, with @mode; how many. */
static unsigned int check_dir(struct __test_metadata *_metadata,
			      const struct names *documented, const char *dir,
			      const char *what, mode_t mode)
{
	struct dirent *entry;
	unsigned int n = 0;
	char name[512];
	DIR *d;

	snprintf(name, sizeof(name), SYSFS "%s", dir);
	d = opendir(name);
	EXPECT_NE(NULL, d);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", what, entry->d_name);
		EXPECT_EQ(true, has(documented, name)) TH_LOG("%s", name);
		snprintf(name, sizeof(name), "%s/%s", dir, entry->d_name);
		EXPECT_EQ(S_IFREG | mode, mode_of(name)) TH_LOG("%s", name);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

TEST_F(files, the_scavenger_is_documented_by_cause)
{
	static const char * const cause[] = {
		"background", "forced", "limit", "shrinker",
	};
	__u64 runs = 0, released = 0;
	char dir[64], name[128];
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(cause); i++) {
		snprintf(dir, sizeof(dir), "scavenger/%s", cause[i]);
		EXPECT_EQ(4, check_dir(_metadata, &self->documented, dir,
				       "scavenger/<cause>", 0444));
		snprintf(name, sizeof(name), "%s/runs", dir);
		runs += figure(name);
		snprintf(name, sizeof(name), "%s/released", dir);
		released += figure(name);
	}
	EXPECT_EQ(figure("scav_runs"), runs);
	EXPECT_EQ(figure("scav_released"), released);
}

TEST_F(files, what_the_scavenger_has_is_documented_both_ways)
{
	static const char dir[] = "scavenger/";
	unsigned int i, n = 0, there = 0;
	struct dirent *entry;
	char name[300];
	DIR *d = opendir(SYSFS "scavenger");

	ASSERT_NE(NULL, d);
	while ((entry = readdir(d))) {
		snprintf(name, sizeof(name), "scavenger/%s", entry->d_name);
		if (entry->d_type != DT_REG)
			continue;
		EXPECT_EQ(true, has(&self->documented, name))
			TH_LOG("%s", name);
		there++;
	}
	closedir(d);
	for (i = 0; i < self->documented.n; i++) {
		const char *rest = self->documented.name[i] + strlen(dir);

		n += !strncmp(self->documented.name[i], dir, strlen(dir)) &&
		     *rest && !strchr(rest, '/');
	}
	EXPECT_EQ(n, there);
}

/* Magazines serve the stack pool too, whose buffers are no objects. */
static __u64 stacks_nmalloc(void)
{
	char name[64];
	__u64 sum = 0;
	unsigned int size;

	for (size = 2048; size <= 32768; size *= 2) {
		snprintf(name, sizeof(name), "stacks/%u/nmalloc", size);
		sum += figure(name);
	}
	return sum;
}

TEST_F(files, cpus_are_directories_of_what_is_documented)
{
	struct dirent *entry;
	unsigned int n = 0;
	__u64 served = 0;
	char name[300];
	DIR *dir = opendir(SYSFS "cpu/0");

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "cpu/<number>/%s", entry->d_name);
		EXPECT_EQ(true, has(&self->documented, name))
			TH_LOG("%s", name);
		n++;
	}
	closedir(dir);
	EXPECT_EQ(6, n);
	for (n = 0; n < sysconf(_SC_NPROCESSORS_CONF); n++) {
		snprintf(name, sizeof(name), "cpu/%u/hits", n);
		served += figure(name);
		snprintf(name, sizeof(name), "cpu/%u/nuncached", n);
		served += figure(name);
	}
	EXPECT_EQ(figure("nmalloc") - figure("large/nmalloc") +
		  stacks_nmalloc(), served);
}

TEST_F(files, stacks_are_directories_of_their_size_for_root)
{
	unsigned int size;
	char name[64];

	for (size = 2048; size <= 32768; size *= 2) {
		snprintf(name, sizeof(name), "stacks/%u", size);
		EXPECT_EQ(12, check_dir(_metadata, &self->documented, name,
					"by_size/<size>", 0400));
		snprintf(name, sizeof(name), "stacks/%u/size", size);
		EXPECT_EQ(size, figure(name));
	}
}

TEST_F(files, classes_are_directories_of_their_size)
{
	static const char * const fields[] = { "size", "nmalloc", "nfree" };
	struct dirent *entry;
	unsigned int n = 0, i;
	char name[300];
	__u64 value;
	DIR *dir = opendir(SYSFS "by_size");

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		EXPECT_EQ(strtoull(entry->d_name, NULL, 10),
			  class_figure(atoi(entry->d_name), "size"));
		for (i = 0; i < ARRAY_LEN(fields); i++) {
			snprintf(name, sizeof(name), "by_size/%s/%s",
				 entry->d_name, fields[i]);
			EXPECT_EQ(S_IFREG | 0400, mode_of(name))
				TH_LOG("%s", name);
			value = figure(name);
			EXPECT_EQ(0, value >> 63) TH_LOG("%s", name);
		}
	}
	closedir(dir);
	/* Class 0, the large objects, has none. */
	EXPECT_EQ(self->info.nr_classes - 1, n);
}

TEST_F(files, class_directories_hold_what_is_documented)
{
	struct dirent *entry;
	unsigned int i, n = 0, documented = 0;
	char name[512];
	DIR *dir = opendir(SYSFS "by_size/8");

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "by_size/<size>/%s",
			 entry->d_name);
		EXPECT_EQ(true, has(&self->documented, name))
			TH_LOG("%s", name);
		n++;
	}
	closedir(dir);
	for (i = 0; i < self->documented.n; i++)
		documented += !strncmp(self->documented.name[i],
				       "by_size/<size>/", 15) &&
			      self->documented.name[i][15];
	EXPECT_EQ(documented, n);
}

TEST_F(files, sinks_hold_what_is_documented_for_everybody)
{
	static const char dir[] = "sinks/<name>/";
	unsigned int i, documented = 0;

	for (i = 0; i < self->documented.n; i++)
		documented += !strncmp(self->documented.name[i], dir,
				       strlen(dir)) &&
			      self->documented.name[i][strlen(dir)];
	EXPECT_LT(4, documented);
	EXPECT_EQ(documented, check_dir(_metadata, &self->documented,
					"sinks/stacks", "sinks/<name>", 0444));
}

TEST_F(files, class_of_every_size_the_device_knows)
{
	struct gostat_ioc_lookup l;
	__u32 h;
	__u64 n;
	int fd;

	fd = open_device();
	ASSERT_LE(0, fd);
	for (n = 1; n <= self->info.max_small; n += 1 + n / 8) {
		ASSERT_EQ(0, alloc(fd, n, &h));
		ASSERT_EQ(0, lookup(fd, h, 0, &l));
		EXPECT_EQ(l.usable, class_figure(l.usable, "size"));
	}
	close(fd);
}

/* Run by somebody else than root. */
static int read_as_nobody(void)
{
	__u64 value;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 2;
	if (read_number(SYSFS "heap_alloc", &value))
		return 3;
	if (read_number(SYSFS "by_size/8/size", &value) != -EACCES)
		return 4;
	return 0;
}

TEST_F(files, others_read_totals_and_not_classes)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(read_as_nobody());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
