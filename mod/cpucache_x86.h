/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpucache_x86 - the fast path's four primitives in single gs-relative
 * instructions. cpucache_generic.h says the same with this_cpu operations.
 */
#ifndef _GS_CPUCACHE_X86_H
#define _GS_CPUCACHE_X86_H

#include <asm/percpu.h>
#include <asm/rmwcc.h>

/* 6.10 and newer put the segment into the operand's type. */
#ifdef __my_cpu_var
#define gs_my_cpu(var)	__my_cpu_var(var)
#else
#define gs_my_cpu(var)	(var)
#endif

static __always_inline bool gs_cpu_trylock(struct gs_cpu __percpu *cpu)
{
	return GEN_UNARY_RMWcc("incb", gs_my_cpu(cpu->lock), e,
			       __percpu_arg([var]));
}

static __always_inline void gs_cpu_unlock(struct gs_cpu __percpu *cpu)
{
	asm volatile("decb " __percpu_arg(0)
		     : "+m" (gs_my_cpu(cpu->lock)) : : "memory");
}

static __always_inline unsigned long gs_mag_count(struct gs_cpu __percpu *cpu,
						  unsigned long handle)
{
	unsigned long count;

	asm volatile("movzwl " __percpu_arg(1) ", %k0"
		     : "=r" (count)
		     : "m" (gs_my_cpu(*gs_mag_word(cpu, handle))));
	return count;
}

static __always_inline bool gs_mag_has_room(struct gs_cpu __percpu *cpu,
					    unsigned long handle,
					    unsigned long count)
{
	bool room;

	asm volatile("cmpw " __percpu_arg(1) ", %w2"
		     : "=@ccb" (room)
		     : "m" (gs_my_cpu(*gs_mag_cap(cpu, handle))),
		       "r" (count));
	return room;
}

#endif /* _GS_CPUCACHE_X86_H */
