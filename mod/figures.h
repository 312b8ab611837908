/* SPDX-License-Identifier: GPL-2.0 */
/*
 * figures - the names of the statistics, once for all who print them.
 */
#ifndef _GS_FIGURES_H
#define _GS_FIGURES_H

#include <linux/types.h>

/**
 * struct gs_figure - a named u64 in a struct of figures
 * @name: as files and columns are called
 * @offset: of the u64
 * @of_pages: it is the page heap's, exact without a cut
 */
struct gs_figure {
	const char *name;
	size_t offset;
	bool of_pages;
};

extern const struct gs_figure gs_total_figures[];
extern const unsigned int gs_nr_total_figures;
extern const struct gs_figure gs_memory_figures[];
extern const unsigned int gs_nr_memory_figures;
extern const struct gs_figure gs_class_figures[];
extern const unsigned int gs_nr_class_figures;
extern const struct gs_figure gs_cpu_figures[];
extern const unsigned int gs_nr_cpu_figures;
extern const struct gs_figure gs_sink_figures[];
extern const unsigned int gs_nr_sink_figures;
extern const struct gs_figure gs_scav_figures[];
extern const unsigned int gs_nr_scav_figures;

static inline u64 gs_figure_of(const struct gs_figure *fig, const void *figures)
{
	return *(const u64 *)(figures + fig->offset);
}

#endif /* _GS_FIGURES_H */
