/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpucache_generic - the fast path's four primitives for any architecture.
 *
 * this_cpu operations are atomic against interrupts on their CPU everywhere;
 * where they are also single instructions this is as good as cpucache_x86.h.
 */
#ifndef _GS_CPUCACHE_GENERIC_H
#define _GS_CPUCACHE_GENERIC_H

static __always_inline bool gs_cpu_trylock(struct gs_cpu __percpu *cpu)
{
	bool owner = this_cpu_inc_return(cpu->lock) == 0;

	barrier();
	return owner;
}

static __always_inline void gs_cpu_unlock(struct gs_cpu __percpu *cpu)
{
	barrier();
	this_cpu_dec(cpu->lock);
}

static __always_inline unsigned long gs_mag_count(struct gs_cpu __percpu *cpu,
						  unsigned long handle)
{
	return GS_MAG_COUNT(this_cpu_read(*gs_mag_word(cpu, handle)));
}

static __always_inline bool gs_mag_has_room(struct gs_cpu __percpu *cpu,
					    unsigned long handle,
					    unsigned long count)
{
	return count < this_cpu_read(*gs_mag_cap(cpu, handle));
}

#endif /* _GS_CPUCACHE_GENERIC_H */
