// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs_scavtrace - the scavenger's records (scavtrace.h), to be read.
 *
 *	scavenger_trace		those that are kept, the oldest first
 *	scavenger_trace_pipe	the same, then each as it comes; a read waits for
 *				the next one, poll() tells of it
 *
 * A reader goes from record to record by number and is in nobody's way: not in a
 * run's, not in another reader's. Threads that read through one open file share
 * its place, and take turns.
 *
 * An open file holds the module: what waits here does not keep it from going, it
 * keeps it from being asked to.
 *
 * Locking: gs_pipe.mutex for the place and the text; poll() looks at the place
 * without it, as a read under way may wait in it for a page of its caller.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "debugfs.h"
#include "heap.h"

/* --- scavenger_trace ------------------------------------------------------- */

/**
 * struct gs_scav_seq - a reader of scavenger_trace
 * @record: where it is
 * @text: the same in words
 */
struct gs_scav_seq {
	struct gs_scav_record record;
	char text[GS_SCAV_TEXT];
};

static void *gs_scav_seq_at(struct seq_file *m, loff_t *pos)
{
	struct gs_heap *heap = file_inode(m->file)->i_private;
	struct gs_scav_seq *seq = m->private;

	if (!gs_scavtrace_get(heap, *pos, &seq->record))
		return NULL;
	*pos = seq->record.number;
	return seq;
}

static void *gs_scav_seq_start(struct seq_file *m, loff_t *pos)
{
	return gs_scav_seq_at(m, pos);
}

static void *gs_scav_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return gs_scav_seq_at(m, pos);
}

static void gs_scav_seq_stop(struct seq_file *m, void *v)
{
}

static int gs_scav_seq_show(struct seq_file *m, void *v)
{
	struct gs_scav_seq *seq = v;

	gs_scav_record_print(seq->text, &seq->record);
	seq_puts(m, seq->text);
	return 0;
}

static const struct seq_operations gs_scav_seq_ops = {
	.start = gs_scav_seq_start,
	.next = gs_scav_seq_next,
	.stop = gs_scav_seq_stop,
	.show = gs_scav_seq_show,
};

static int gs_scavtrace_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &gs_scav_seq_ops,
				sizeof(struct gs_scav_seq));
}

const struct file_operations gs_scavtrace_fops = {
	.owner = THIS_MODULE,
	.open = gs_scavtrace_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* --- scavenger_trace_pipe -------------------------------------------------- */

/**
 * struct gs_pipe - an open scavenger_trace_pipe
 * @heap: whose records
 * @mutex: guards the rest
 * @next: number of the record to be read next
 * @text: of the one before it
 * @length: of @text
 * @done: how much of it has been read
 */
struct gs_pipe {
	struct gs_heap *heap;
	struct mutex mutex;	/* guards what follows */
	u64 next;
	char text[GS_SCAV_TEXT];
	size_t length;
	size_t done;
};

static int gs_pipe_open(struct inode *inode, struct file *file)
{
	struct gs_pipe *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return -ENOMEM;
	pipe->heap = inode->i_private;
	mutex_init(&pipe->mutex);
	file->private_data = pipe;
	return stream_open(inode, file);
}

static int gs_pipe_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

/* The next record in words, and before it how many are gone. mutex held. */
static bool gs_pipe_fill(struct gs_pipe *pipe)
{
	struct gs_scav_record record;
	bool first = !pipe->next;
	size_t n;

	if (!gs_scavtrace_get(pipe->heap, pipe->next, &record))
		return false;
	WRITE_ONCE(pipe->done, 0);
	if (record.number > pipe->next && !first) {
		n = scnprintf(pipe->text, sizeof(pipe->text),
			      "scvg: %llu records lost\n",
			      record.number - pipe->next);
		WRITE_ONCE(pipe->length, n);
		WRITE_ONCE(pipe->next, record.number);
		return true;
	}
	n = gs_scav_record_print(pipe->text, &record);
	WRITE_ONCE(pipe->length, n);
	WRITE_ONCE(pipe->next, record.number + 1);
	return true;
}

/* As much as there is now and as fits. mutex held. */
static ssize_t gs_pipe_copy(struct gs_pipe *pipe, char __user *to, size_t size)
{
	size_t n, copied = 0;

	while (copied < size &&
	       (pipe->done < pipe->length || gs_pipe_fill(pipe))) {
		n = min(size - copied, pipe->length - pipe->done);
		if (copy_to_user(to + copied, pipe->text + pipe->done, n))
			return copied ?: -EFAULT;
		WRITE_ONCE(pipe->done, pipe->done + n);
		copied += n;
	}
	return copied;
}

static ssize_t gs_pipe_read(struct file *file, char __user *to, size_t size,
			    loff_t *pos)
{
	struct gs_pipe *pipe = file->private_data;
	ssize_t n;

	while (size) {
		if (mutex_lock_interruptible(&pipe->mutex))
			return -ERESTARTSYS;
		n = gs_pipe_copy(pipe, to, size);
		mutex_unlock(&pipe->mutex);
		if (n)
			return n;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(pipe->heap->scavtrace.wait,
					     gs_scavtrace_has(pipe->heap,
							      READ_ONCE(pipe->next))))
			return -ERESTARTSYS;
	}
	return 0;
}

static __poll_t gs_pipe_poll(struct file *file, struct poll_table_struct *wait)
{
	struct gs_pipe *pipe = file->private_data;

	poll_wait(file, &pipe->heap->scavtrace.wait, wait);
	if (READ_ONCE(pipe->done) < READ_ONCE(pipe->length) ||
	    gs_scavtrace_has(pipe->heap, READ_ONCE(pipe->next)))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

const struct file_operations gs_scavpipe_fops = {
	.owner = THIS_MODULE,
	.open = gs_pipe_open,
	.read = gs_pipe_read,
	.poll = gs_pipe_poll,
	.llseek = noop_llseek,
	.release = gs_pipe_release,
};
