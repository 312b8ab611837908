// SPDX-License-Identifier: GPL-2.0
/*
 * mksizeclasses - generate include/gostat/sizeclasses.h.
 *
 * A size class is an object size and the length of the spans that its objects
 * are cut from. Memory is lost in two places: a request is rounded up to its
 * class, and what is left of a span behind its last object, the tail, serves
 * nobody. The rules are those of Go's mksizeclasses.go, which hold each loss
 * near one eighth; verify_class() states what both cost together.
 *
 *   step    Candidate sizes go up by 8 below 32, and from there by an eighth
 *           of the power of two below, but at least 16 and at most 256.
 *   span    The fewest pages whose tail is at most an eighth of them.
 *   merge   Two neighbours with equal spans and equally many objects in them
 *           are one class, of the larger size.
 *   bump    A class grows into its tail, in steps of 128, as long as its span
 *           still holds as many objects.
 *   unique  The bump can make two neighbours the same size. The one with the
 *           smaller part of its span in the tail stays.
 *
 * Go needs no last rule, because it knows only its own 8 KiB pages. The kernel's
 * differ, and with 4 KiB both 8 objects in 3 pages and 5 objects in 2 pages
 * come out as 1536 bytes. For the same reason there is one table per page size
 * here: Go's own would be as wrong for 4 KiB pages as for 64 KiB ones.
 *
 * An object's index in its span is offset / size, computed as
 * offset * magic >> 32 with magic = 2^32 / size, rounded up. That this is exact
 * is not argued but tried, for every class and every offset. Nothing is printed
 * unless every property that the allocator relies on holds for every table.
 *
 *	mksizeclasses > include/gostat/sizeclasses.h
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MAX_SMALL 32768 /* bytes; what is larger gets whole pages */
#define MAX_CLASSES 256 /* a class is a byte in the lookup tables */

/*
 * The lookup has one table in steps of 8 bytes, where the classes lie close,
 * and one in steps of 128 behind it, so that 377 bytes serve 32768 sizes.
 */
#define STEP8_MAX 1016
#define TAB8_SIZE (STEP8_MAX / 8 + 1)
#define TAB128_BASE 1024
#define TAB128_SIZE ((MAX_SMALL - TAB128_BASE) / 128 + 1)

/**
 * struct class - a size class
 * @size: bytes of an object
 * @pages: pages of a span
 */
struct class {
	unsigned int size;
	unsigned int pages;
};

/**
 * struct table - the size classes of one page size
 * @shift: PAGE_SHIFT
 * @max_waste: what rounding and tail may cost together, in 1/1000 of a span
 * @nr: number of classes, with class 0, which stands for large objects
 * @class: the classes, in the order of their sizes
 * @tab8: class of size s <= STEP8_MAX at (s + 7) / 8
 * @tab128: class of size s > STEP8_MAX at (s - TAB128_BASE + 127) / 128
 */
struct table {
	unsigned int shift;
	unsigned int max_waste;
	unsigned int nr;
	struct class class[MAX_CLASSES];
	uint8_t tab8[TAB8_SIZE];
	uint8_t tab128[TAB128_SIZE];
};

/* What Go has for its 8 KiB pages. */
/* clang-format off */
static const unsigned int go_sizes[] = {
	0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208,
	224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704,
	768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072,
	3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
	10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760,
	24576, 27264, 28672, 32768,
};

/* clang-format on */

static unsigned int span(const struct table *t, const struct class *c)
{
	return c->pages << t->shift;
}

static unsigned int objects(const struct table *t, const struct class *c)
{
	return span(t, c) / c->size;
}

static unsigned int tail(const struct table *t, const struct class *c)
{
	return span(t, c) % c->size;
}

static uint32_t magic(const struct class *c)
{
	return UINT32_MAX / c->size + 1;
}

/* Bytes lost in a span whose objects all just missed the class below. */
static unsigned int waste(const struct table *t, const struct class *c)
{
	return (c->size - c[-1].size - 1) * objects(t, c) + tail(t, c);
}

static unsigned int step_after(unsigned int size)
{
	unsigned int step = 16;

	if (size < 32)
		return 8;
	while (step < 256 && step * 16 <= size)
		step *= 2;
	return step;
}

static struct class shortest_span(const struct table *t, unsigned int size)
{
	struct class c = { .size = size, .pages = 1 };

	while (tail(t, &c) > span(t, &c) / 8)
		c.pages++;
	return c;
}

static void choose_classes(struct table *t)
{
	unsigned int size;

	t->nr = 1;
	for (size = 8; size <= MAX_SMALL; size += step_after(size)) {
		struct class c = shortest_span(t, size);
		struct class *prev = &t->class[t->nr - 1];

		if (prev->pages == c.pages &&
		    objects(t, prev) == objects(t, &c)) {
			*prev = c;
			continue;
		}
		if (t->nr == MAX_CLASSES)
			errx(1, "page shift %u: too many classes", t->shift);
		t->class[t->nr++] = c;
	}
}

static void bump_sizes(struct table *t)
{
	unsigned int i, size;

	for (i = 1; i < t->nr; i++) {
		struct class *c = &t->class[i];

		size = span(t, c) / objects(t, c) & ~127u;
		if (size > c->size)
			c->size = size;
	}
}

static void drop_duplicates(struct table *t)
{
	unsigned int i, nr = 1;

	for (i = 1; i < t->nr; i++) {
		struct class *prev = &t->class[nr - 1];
		struct class c = t->class[i];

		if (c.size != prev->size)
			t->class[nr++] = c;
		else if (tail(t, &c) * span(t, prev) <
			 tail(t, prev) * span(t, &c))
			*prev = c;
	}
	t->nr = nr;
}

static unsigned int smallest_fitting(const struct table *t, unsigned int size)
{
	unsigned int i = 0;

	while (t->class[i].size < size)
		i++;
	return i;
}

static void fill_lookup(struct table *t)
{
	unsigned int i;

	for (i = 0; i < TAB8_SIZE; i++)
		t->tab8[i] = smallest_fitting(t, i * 8);
	for (i = 0; i < TAB128_SIZE; i++)
		t->tab128[i] = smallest_fitting(t, TAB128_BASE + i * 128);
}

/* The same words as gostat_class_of() in the generated file. */
static unsigned int class_of(const struct table *t, unsigned int size)
{
	if (size <= STEP8_MAX)
		return t->tab8[(size + 7) >> 3];
	return t->tab128[(size - TAB128_BASE + 127) >> 7];
}

static void must(int holds, const struct table *t, unsigned int value,
		 const char *property)
{
	if (!holds)
		errx(1, "page shift %u, %u: %s", t->shift, value, property);
}

static void verify_class(const struct table *t, const struct class *c)
{
	unsigned int i = c - t->class, off;

	must(c->size > c[-1].size, t, i, "class is not larger than the last");
	must(c->size % 8 == 0, t, i, "size is not a multiple of 8");
	must(c->size <= UINT16_MAX, t, i, "size does not fit its type");
	must(c->pages <= UINT8_MAX, t, i, "pages do not fit theirs");
	must(objects(t, c) <= UINT16_MAX, t, i, "objects do not fit theirs");
	must(tail(t, c) <= span(t, c) / 8, t, i, "tail exceeds 1/8");
	/* Below 128 bytes the steps of 8 and 16 cost more than an eighth. */
	must(c->size < 128 || waste(t, c) * 1000 <= span(t, c) * t->max_waste,
	     t, i, "waste exceeds its bound");
	for (off = 0; off <= span(t, c); off++)
		must((uint64_t)off * magic(c) >> 32 == off / c->size, t, off,
		     "offset is divided wrongly");
}

static void verify(const struct table *t)
{
	unsigned int i, size;

	must(t->class[0].size == 0 && t->class[0].pages == 0, t, 0,
	     "class 0 is not empty");
	for (i = 1; i < t->nr; i++)
		verify_class(t, &t->class[i]);
	for (size = 0; size <= MAX_SMALL; size++)
		must(class_of(t, size) == smallest_fitting(t, size), t, size,
		     "size does not get the smallest class that fits");
	/* As for kmalloc(), so that objects can be aligned to such a size. */
	for (size = 8; size <= MAX_SMALL; size *= 2)
		must(t->class[class_of(t, size)].size == size, t, size,
		     "power of two is not a class");
}

static struct table make_table(unsigned int shift, unsigned int max_waste)
{
	struct table t = { .shift = shift, .max_waste = max_waste };

	choose_classes(&t);
	bump_sizes(&t);
	drop_duplicates(&t);
	must(t.class[t.nr - 1].size == MAX_SMALL, &t, MAX_SMALL,
	     "the last class is of another size");
	fill_lookup(&t);
	verify(&t);
	return t;
}

/* These are Go's rules only if they make Go's table of Go's page size. */
static void verify_rules(void)
{
	struct table t = make_table(13, 168);
	unsigned int i;

	must(t.nr == ARRAY_SIZE(go_sizes), &t, t.nr, "not as many as Go has");
	for (i = 0; i < t.nr; i++)
		must(t.class[i].size == go_sizes[i], &t, i, "not Go's class");
}

static void print_comment(const struct table *t)
{
	const struct class *c;

	printf("/*\n * %u KiB pages\n *\n"
	       " * class  bytes/obj  bytes/span  objects  tail waste  max waste  min align\n",
	       1u << (t->shift - 10));
	for (c = t->class + 1; c < t->class + t->nr; c++) {
		unsigned int align = c->size & -c->size;

		if (align > 1u << t->shift)
			align = 1u << t->shift;
		printf(" * %5u  %9u  %10u  %7u  %10u  %8.2f%%  %9u\n",
		       (unsigned int)(c - t->class), c->size, span(t, c),
		       objects(t, c), tail(t, c),
		       100.0 * waste(t, c) / span(t, c), align);
	}
	printf(" */\n");
}

static void begin_array(const char *type, const char *name, const char *size)
{
	printf("static const %s %s[%s] __maybe_unused = {", type, name, size);
}

/* One element; a line holds as many as @per_line says. */
static void element(unsigned int i, unsigned int per_line, const char *fmt,
		    unsigned int value)
{
	printf("%s", i % per_line ? " " : "\n\t");
	printf(fmt, value);
}

static void end_array(void)
{
	printf("\n};\n\n");
}

static void print_arrays(const struct table *t)
{
	unsigned int i;

	begin_array("__u16", "gostat_class_size", "GOSTAT_NR_CLASSES");
	for (i = 0; i < t->nr; i++)
		element(i, 8, "%u,", t->class[i].size);
	end_array();

	begin_array("__u8", "gostat_class_pages", "GOSTAT_NR_CLASSES");
	for (i = 0; i < t->nr; i++)
		element(i, 16, "%u,", t->class[i].pages);
	end_array();

	begin_array("__u16", "gostat_class_objects", "GOSTAT_NR_CLASSES");
	for (i = 0; i < t->nr; i++)
		element(i, 8, "%u,", i ? objects(t, &t->class[i]) : 0);
	end_array();

	begin_array("__u32", "gostat_class_magic", "GOSTAT_NR_CLASSES");
	for (i = 0; i < t->nr; i++)
		element(i, 4, "0x%08x,", i ? magic(&t->class[i]) : 0);
	end_array();

	begin_array("__u8", "gostat_class_tab8", "GOSTAT_TAB8_SIZE");
	for (i = 0; i < TAB8_SIZE; i++)
		element(i, 16, "%u,", t->tab8[i]);
	end_array();

	begin_array("__u8", "gostat_class_tab128", "GOSTAT_TAB128_SIZE");
	for (i = 0; i < TAB128_SIZE; i++)
		element(i, 16, "%u,", t->tab128[i]);
	end_array();
}

static void print_table(const struct table *t, const char *directive)
{
	printf("%s PAGE_SHIFT == %u\n\n", directive, t->shift);
	print_comment(t);
	printf("#define GOSTAT_NR_CLASSES %u\n\n", t->nr);
	print_arrays(t);
}

static void print_head(void)
{
	/* The tag is put together, or it would pass for one of this file. */
	printf("/* %s-License-Identifier: GPL-2.0 */\n"
	       "/*\n"
	       " * The size classes, made by tools/mksizeclasses, which states the rules and\n"
	       " * proves the tables. Do not edit.\n"
	       " *\n"
	       " * Class 0 stands for large objects and has no size. For every other class c a\n"
	       " * span is gostat_class_pages[c] pages and holds gostat_class_objects[c] objects\n"
	       " * of gostat_class_size[c] bytes each, and the object at an offset in it has the\n"
	       " * index offset * gostat_class_magic[c] >> 32.\n"
	       " *\n"
	       " * In the tables below, tail waste is what lies behind a span's last object, max\n"
	       " * waste is what is lost when in addition every object just missed the class\n"
	       " * before, and min align is what a span that starts at a page boundary gives.\n"
	       " *\n"
	       " * A program outside the kernel defines PAGE_SHIFT before it includes this file.\n"
	       " */\n"
	       "#ifndef _GOSTAT_SIZECLASSES_H\n"
	       "#define _GOSTAT_SIZECLASSES_H\n"
	       "\n"
	       "#include <linux/types.h>\n"
	       "#ifdef __KERNEL__\n"
	       "#include <asm/page.h>\n"
	       "#else\n"
	       "#include <stddef.h>\n"
	       "#ifndef __maybe_unused\n"
	       "#define __maybe_unused /* compilers spare a program's headers */\n"
	       "#endif\n"
	       "#endif\n"
	       "\n"
	       "/* The largest object that has a class, in bytes. */\n"
	       "#define GOSTAT_MAX_SMALL %u\n"
	       "\n"
	       "#define GOSTAT_TAB8_SIZE %u\n"
	       "#define GOSTAT_TAB128_SIZE %u\n"
	       "\n"
	       "/* clang-format off */\n",
	       "SPDX", MAX_SMALL, TAB8_SIZE, TAB128_SIZE);
}

static void print_lookup(void)
{
	printf("#else\n"
	       "#error no size classes for this page size: tools/mksizeclasses makes them\n"
	       "#endif\n"
	       "/* clang-format on */\n"
	       "\n"
	       "/**\n"
	       " * gostat_class_of() - the class that serves a size\n"
	       " * @size: bytes\n"
	       " *\n"
	       " * A constant @size gives a constant.\n"
	       " *\n"
	       " * Return: the smallest class whose objects hold @size bytes; 0 when @size is 0\n"
	       " * or more than GOSTAT_MAX_SMALL.\n"
	       " */\n"
	       "static __always_inline unsigned int gostat_class_of(size_t size)\n"
	       "{\n"
	       "\tif (__builtin_expect(size <= %u, 1))\n"
	       "\t\treturn gostat_class_tab8[(size + 7) >> 3];\n"
	       "\tif (size <= GOSTAT_MAX_SMALL)\n"
	       "\t\treturn gostat_class_tab128[(size - %u + 127) >> 7];\n"
	       "\treturn 0;\n"
	       "}\n"
	       "\n"
	       "#endif /* _GOSTAT_SIZECLASSES_H */\n",
	       STEP8_MAX, TAB128_BASE);
}

int main(void)
{
	struct table table[] = {
		make_table(12, 188),
		make_table(14, 157),
		make_table(16, 126),
	};
	unsigned int i;

	verify_rules();

	print_head();
	for (i = 0; i < ARRAY_SIZE(table); i++)
		print_table(&table[i], i ? "#elif" : "#if");
	print_lookup();
	if (fflush(stdout) || ferror(stdout))
		err(1, "stdout");
	return 0;
}
