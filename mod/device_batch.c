// SPDX-License-Identifier: GPL-2.0
/*
 * device_batch - allocate and free many objects with one command.
 *
 * A batch is worked off in chunks of GS_DEVICE_CHUNK objects. Each chunk takes
 * the steps of device_objects.h one after the other for all of its objects;
 * where a step fails, the chunk is cut short there and the rest goes back the
 * way it came. User memory is touched, the scheduler asked and a fatal signal
 * seen between chunks, with no object in this thread's hands:
 *
 *	at the boundary of two chunks, objects [0, done) of the batch are in
 *	the table and their handles in the caller's array (ALLOC), or freed
 *	(FREE), and nothing is known of the others
 *
 * so that "done" is true whatever ends the call.
 *
 * Locking: none held between steps.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "device_objects.h"

/**
 * struct gs_chunk - the part of a batch that is under way
 * @n: objects
 * @bytes: size of each as the caller asked for it
 * @object: the objects
 * @handle: their handles
 *
 * 640 bytes: it lives on the stack.
 */
struct gs_chunk {
	unsigned int n;
	u64 bytes[GS_DEVICE_CHUNK];
	void *object[GS_DEVICE_CHUNK];
	u32 handle[GS_DEVICE_CHUNK];
};

static int gs_chunk_sizes(struct gs_chunk *chunk,
			  const struct gostat_ioc_alloc_batch *batch)
{
	const u64 __user *sizes = u64_to_user_ptr(batch->sizes);
	unsigned int i;

	if (!batch->sizes) {
		for (i = 0; i < chunk->n; i++)
			chunk->bytes[i] = batch->bytes;
		return 0;
	}
	if (copy_from_user(chunk->bytes, sizes + batch->done,
			   chunk->n * sizeof(*sizes)))
		return -EFAULT;
	return 0;
}

/* Charges what it can; the rest is not part of the chunk any more. */
static int gs_chunk_admit(struct gs_chunk *chunk, struct gs_file *file,
			  u32 flags)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < chunk->n && !err; i++)
		err = gs_object_admit(file, chunk->bytes[i], flags);
	chunk->n = err ? i - 1 : i;
	return err;
}

/* One size: the bulk call. */
static unsigned int gs_chunk_get(struct gs_chunk *chunk, u32 flags, bool equal)
{
	unsigned int i;

	if (equal)
		return gostat_alloc_bulk(chunk->bytes[0],
					 gs_object_gfp(chunk->bytes[0], flags),
					 chunk->n, chunk->object);
	for (i = 0; i < chunk->n; i++) {
		chunk->object[i] =
			gostat_alloc(chunk->bytes[i],
				     gs_object_gfp(chunk->bytes[i], flags));
		if (!chunk->object[i])
			break;
	}
	return i;
}

static unsigned int gs_chunk_insert(struct gs_chunk *chunk,
				    struct gs_file *file, u32 flags, int *err)
{
	unsigned int i;
	int ret;

	for (i = 0; i < chunk->n; i++) {
		ret = gs_object_insert(file, chunk->object[i],
				       chunk->bytes[i], flags,
				       &chunk->handle[i]);
		if (ret) {
			*err = ret;
			break;
		}
	}
	return i;
}

/*
 * As gs_object_alloc(), for a chunk. Returns how many are in the table, and in
 * @err why not all: a later step fails at an earlier object, and wins.
 */
static unsigned int gs_chunk_alloc(struct gs_chunk *chunk, struct gs_file *file,
				   const struct gostat_ioc_alloc_batch *batch,
				   int *err)
{
	unsigned int got, done, i;

	*err = gs_chunk_admit(chunk, file, batch->flags);
	if (!chunk->n)
		return 0;
	got = gs_chunk_get(chunk, batch->flags, !batch->sizes);
	if (got < chunk->n)
		*err = -ENOMEM;
	for (i = got; i < chunk->n; i++)
		gs_device_uncharge(file, gs_object_usable(chunk->bytes[i]));
	chunk->n = got;
	done = gs_chunk_insert(chunk, file, batch->flags, err);
	gs_objects_discard(file, got - done, &chunk->object[done]);
	return done;
}

/* Tells the caller the handles, or takes the objects back. */
static int gs_chunk_tell(const struct gs_chunk *chunk, struct gs_file *file,
			 const struct gostat_ioc_alloc_batch *batch,
			 unsigned int n)
{
	u32 __user *handles = u64_to_user_ptr(batch->handles);
	unsigned int i;

	if (!copy_to_user(handles + batch->done, chunk->handle,
			  n * sizeof(*handles)))
		return 0;
	for (i = 0; i < n; i++)
		gs_object_free(file, chunk->handle[i]);
	return -EFAULT;
}

/* One chunk, from the sizes to the handles. */
static int gs_alloc_step(struct gs_file *file,
			 struct gostat_ioc_alloc_batch *batch)
{
	struct gs_chunk chunk;
	unsigned int n;
	int err;

	chunk.n = min(batch->count - batch->done, GS_DEVICE_CHUNK);
	err = gs_chunk_sizes(&chunk, batch);
	if (err)
		return err;
	n = gs_chunk_alloc(&chunk, file, batch, &err);
	if (gs_chunk_tell(&chunk, file, batch, n))
		return -EFAULT;
	batch->done += n;
	return err;
}

/**
 * gs_ioc_alloc_batch() - GOSTAT_IOC_ALLOC_BATCH
 * @cmd: the command
 *
 * The answer is written once before anything is allocated, so that objects
 * which cannot be reported are not made.
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno; "done" is in the caller's struct either way.
 */
int gs_ioc_alloc_batch(struct gs_command *cmd)
{
	struct gostat_ioc_alloc_batch *batch = &cmd->alloc_batch;
	int err;

	if (batch->flags & ~GS_ALLOC_FLAGS)
		return -EINVAL;
	if (!batch->bytes == !batch->sizes)
		return -EINVAL;
	if (!batch->count || batch->count > GS_DEVICE_MAX_BATCH)
		return -EINVAL;
	batch->done = 0;
	err = gs_device_respond(cmd, sizeof(*batch));
	if (err)
		return err;
	while (!err && batch->done < batch->count)
		err = gs_device_breathe() ?: gs_alloc_step(cmd->file, batch);
	return gs_device_respond(cmd, sizeof(*batch)) ?: err;
}

static unsigned int gs_chunk_free(struct gs_chunk *chunk, struct gs_file *file,
				  int *err)
{
	unsigned int i;

	for (i = 0; i < chunk->n; i++) {
		*err = gs_object_remove(file, chunk->handle[i],
					&chunk->object[i]);
		if (*err)
			break;
	}
	gs_objects_discard(file, i, chunk->object);
	return i;
}

static int gs_free_step(struct gs_file *file,
			struct gostat_ioc_free_batch *batch)
{
	const u32 __user *handles = u64_to_user_ptr(batch->handles);
	struct gs_chunk chunk;
	int err = 0;

	chunk.n = min(batch->count - batch->done, GS_DEVICE_CHUNK);
	if (copy_from_user(chunk.handle, handles + batch->done,
			   chunk.n * sizeof(*handles)))
		return -EFAULT;
	batch->done += gs_chunk_free(&chunk, file, &err);
	return err;
}

/**
 * gs_ioc_free_batch() - GOSTAT_IOC_FREE_BATCH
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno; "done" is in the caller's struct either way.
 */
int gs_ioc_free_batch(struct gs_command *cmd)
{
	struct gostat_ioc_free_batch *batch = &cmd->free_batch;
	int err;

	if (batch->flags)
		return -EINVAL;
	if (!batch->count || batch->count > GS_DEVICE_MAX_BATCH)
		return -EINVAL;
	batch->done = 0;
	err = gs_device_respond(cmd, sizeof(*batch));
	if (err)
		return err;
	while (!err && batch->done < batch->count)
		err = gs_device_breathe() ?: gs_free_step(cmd->file, batch);
	return gs_device_respond(cmd, sizeof(*batch)) ?: err;
}
