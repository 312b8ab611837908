// SPDX-License-Identifier: GPL-2.0
/*
 * gostat_bench - measures gostat beside the kernel's own allocator, in the same
 * kernel and the same run.
 *
 * Each file in debugfs's gostat_bench/ is a test: opening it runs the test,
 * reading it gives the figures, a JSON object a line. Nothing is judged here,
 * and nothing runs or is held between tests.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "bench.h"

bool bench_icount;
module_param_named(icount, bench_icount, bool, 0444);
MODULE_PARM_DESC(icount, "the TSC advances by one an instruction: figures are instructions");

unsigned int bench_size;
module_param_named(size, bench_size, uint, 0644);
MODULE_PARM_DESC(size, "only objects of so many bytes; 0 is all sizes");

#define BENCH_OUT_BYTES	SZ_1M

static const struct bench_test bench_tests[] = {
	{ "pair", bench_pair },
	{ "remote", bench_remote },
	{ "larson", bench_larson },
	{ "load", bench_load },
	{ "replay", bench_replay },
	{ "fill", bench_fill },
	{ "scavenge", bench_scavenge },
	{ "hold", bench_hold },
	{ "background", bench_background },
};

static struct dentry *bench_dir;
/* Tests that run at the same time would measure each other. */
static DEFINE_MUTEX(bench_lock);

/**
 * bench_record() - write one figure
 * @out: where to
 * @test: name of the test
 * @backend: which allocator
 * @size: bytes of an object, 0 for a mix
 * @mode: in which way
 * @unit: of the value
 * @total: the value, times @n
 * @n: how many operations or rounds @total is for
 */
void bench_record(struct bench_out *out, const char *test, const char *backend,
		  size_t size, const char *mode, const char *unit, u64 total,
		  u64 n)
{
	u64 milli = div64_u64(total * 1000, n);
	u32 frac = do_div(milli, 1000);

	out->len += scnprintf(out->buf + out->len, out->size - out->len,
			      "{\"test\":\"%s\",\"backend\":\"%s\",\"size\":%zu,\"mode\":\"%s\",\"unit\":\"%s\",\"value\":%llu.%03u}\n",
			      test, backend, size, mode, unit, milli, frac);
}

static int bench_open(struct inode *inode, struct file *file)
{
	const struct bench_test *test = inode->i_private;
	struct bench_out *out;
	int err;

	out = vzalloc(sizeof(*out) + BENCH_OUT_BYTES);
	if (!out)
		return -ENOMEM;
	out->buf = (char *)(out + 1);
	out->size = BENCH_OUT_BYTES;
	err = mutex_lock_interruptible(&bench_lock);
	if (!err) {
		err = test->run(out);
		mutex_unlock(&bench_lock);
	}
	if (!err && out->len == out->size - 1)
		err = -EOVERFLOW;
	if (err)
		vfree(out);
	else
		file->private_data = out;
	return err;
}

static ssize_t bench_read(struct file *file, char __user *to, size_t n,
			  loff_t *pos)
{
	struct bench_out *out = file->private_data;

	return simple_read_from_buffer(to, n, pos, out->buf, out->len);
}

static int bench_release(struct inode *inode, struct file *file)
{
	vfree(file->private_data);
	return 0;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.read = bench_read,
	.llseek = default_llseek,
	.release = bench_release,
};

static int __init bench_init(void)
{
	int i;

	bench_dir = debugfs_create_dir("gostat_bench", NULL);
	for (i = 0; i < ARRAY_SIZE(bench_tests); i++)
		debugfs_create_file(bench_tests[i].name, 0400, bench_dir,
				    (void *)&bench_tests[i], &bench_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench_dir);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("measures gostat beside kmalloc and kmem_cache");
MODULE_AUTHOR("gostat developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GOSTAT);
