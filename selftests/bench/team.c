// SPDX-License-Identifier: GPL-2.0
/*
 * team - some threads that start together. See team.h.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/ktime.h>

#include "team.h"

/**
 * struct team_member - a thread
 * @go: all threads wait for it
 * @done: this one has ended
 * @work: what it does
 * @arg: for @work
 * @id: its number
 * @err: what @work returned
 */
struct team_member {
	struct completion *go;
	struct completion done;
	int (*work)(void *arg, unsigned int id);
	void *arg;
	unsigned int id;
	int err;
};

static int team_thread(void *data)
{
	struct team_member *m = data;

	wait_for_completion(m->go);
	m->err = m->work(m->arg, m->id);
	kthread_complete_and_exit(&m->done, 0);
}

/**
 * bench_team() - run threads and wait for all of them
 * @n: how many, TEAM_MAX at most
 * @cpus: thread i is bound to CPU i modulo @cpus
 * @work: what each does
 * @arg: for @work
 * @start: the time when they start, in nanoseconds; may be NULL
 *
 * Context: Process; sleeps.
 * Return: 0, or an error of one of them.
 */
int bench_team(unsigned int n, unsigned int cpus,
	       int (*work)(void *arg, unsigned int id), void *arg, u64 *start)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct team_member team[TEAM_MAX];
	struct task_struct *task;
	unsigned int i, cpu;
	int err = 0;

	for (i = 0; i < n; i++) {
		cpu = i % cpus;
		if (cpu >= nr_cpu_ids || !cpu_online(cpu)) {
			err = -ENODEV;
			break;
		}
		team[i] = (struct team_member){
			.go = &go, .work = work, .arg = arg, .id = i,
		};
		init_completion(&team[i].done);
		task = kthread_create(team_thread, &team[i], "gostat_bench/%u",
				      i);
		if (IS_ERR(task)) {
			err = PTR_ERR(task);
			break;
		}
		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	if (start)
		*start = ktime_get_ns();
	complete_all(&go);
	n = i;
	for (i = 0; i < n; i++) {
		/* As long as it takes, without being taken for a hung task. */
		while (!wait_for_completion_timeout(&team[i].done, HZ))
			;
		err = err ?: team[i].err;
	}
	return err;
}
