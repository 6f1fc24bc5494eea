/*
 * The C library's functions, as the whole process calls them.
 *
 * A symbol of the executable comes before that of a shared library, so these are what RocksDB's library calls too. Everything that
 * doesn't concern a faulty directory is handed on; for reads and writes that costs one look into the table of descriptors.
 */
#define _GNU_SOURCE
#include "disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The C library's function of this name; `type` is its own. */
#define REAL(type, name) \
    ({ \
        static _Atomic(type) cached; \
        type function = atomic_load_explicit(&cached, memory_order_acquire); \
        if (!function) { \
            function = (type)dlsym(RTLD_NEXT, name); \
            if (!function) abort(); \
            atomic_store_explicit(&cached, function, memory_order_release); \
        } \
        function; \
    })

typedef int (*open_function)(const char *, int, ...);
typedef ssize_t (*write_function)(int, const void *, size_t);
typedef ssize_t (*pwrite_function)(int, const void *, size_t, off_t);
typedef ssize_t (*writev_function)(int, const struct iovec *, int);
typedef int (*descriptor_function)(int);
typedef int (*stream_function)(FILE *);
typedef int (*truncate_function)(int, off_t);
typedef int (*allocate_function)(int, int, off_t, off_t);
typedef int (*posix_allocate_function)(int, off_t, off_t);
typedef int (*sync_range_function)(int, off_t, off_t, unsigned int);
typedef int (*path_function)(const char *);
typedef int (*two_paths_function)(const char *, const char *);

int real_open(const char *path, int flags, mode_t mode) { return REAL(open_function, "open")(path, flags, mode); }

ssize_t real_write(int descriptor, const void *bytes, size_t count) {
    return REAL(write_function, "write")(descriptor, bytes, count);
}

/* The files in faulty directories that are open, by descriptor. Directories are there too, as files of no bytes. */
#define DESCRIPTORS_MAX 65536
static _Atomic(faulty_file *) open_files[DESCRIPTORS_MAX];

static faulty_file *file_of(int descriptor) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX) return NULL;
    return atomic_load_explicit(&open_files[descriptor], memory_order_acquire);
}

/* The faulty file that the descriptor is, its disk entered; or NULL. */
static faulty_file *enter(int descriptor) {
    if (!file_of(descriptor)) return NULL;
    faulty_disk_enter();
    faulty_file *file = file_of(descriptor);
    if (!file) faulty_disk_leave();
    return file;
}

/* A descriptor that is closed, or new, belongs to no file. */
static void forget_descriptor(int descriptor) {
    if (file_of(descriptor)) atomic_store_explicit(&open_files[descriptor], NULL, memory_order_release);
}

void faulty_calls_forget(faulty_disk *disk) {
    for (int descriptor = 0; descriptor < DESCRIPTORS_MAX; descriptor++) {
        faulty_file *file = file_of(descriptor);
        /* Another thread may have got the descriptor for another file meanwhile. */
        if (file && file->disk == disk) atomic_compare_exchange_strong(&open_files[descriptor], &file, NULL);
    }
}

/* What becomes of a call: it is made, it fails, or half of it is made. */
enum fate { FATE_NORMAL, FATE_FAILED, FATE_SHORT };

/*
 * Numbers a call in a faulty directory, takes the image that was asked for at its number, and decides what becomes of it. Returns with
 * the disk locked, and with the call's errno where it is to fail.
 */
static enum fate begin(faulty_disk *disk, int kind, const char *path) {
    pthread_mutex_lock(&disk->lock);
    uint64_t number = ++disk->calls;
    bool is_crash = disk->crash_image && !disk->has_crashed && number == disk->crash_at;
    bool is_observed = is_crash || (kind == FAULTY_SYNC && path && faulty_has_suffix(path, ".log"));
    if (is_observed && disk->observer && !disk->has_crashed) {
        pthread_mutex_unlock(&disk->lock);
        disk->observer(disk->context, is_crash);
        pthread_mutex_lock(&disk->lock);
    }
    if (is_crash) {
        faulty_image_take(disk, disk->crash_image, disk->crash_loss, disk->crash_seed);
        disk->has_crashed = true;
    }
    if (disk->has_crashed || !(disk->fail_kinds & kind) || number < disk->fail_first || disk->fail_count == 0) return FATE_NORMAL;
    if (disk->fail_count != UINT64_MAX) disk->fail_count--;
    disk->failures++;
    if (disk->fail_short && kind == FAULTY_WRITE) {
        disk->fail_short = false;
        return FATE_SHORT;
    }
    errno = disk->fail_error;
    return FATE_FAILED;
}

/* Ends a call that has begun, and leaves the disk; errno stays what it is. */
static void end(faulty_disk *disk) {
    int saved = errno;
    pthread_mutex_unlock(&disk->lock);
    faulty_disk_leave();
    errno = saved;
}

/* MARK: Files */

static int open_in(faulty_disk *disk, const char *path, int flags, mode_t mode) {
    bool is_for_writing = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    struct stat before;
    pthread_mutex_lock(&disk->lock);
    bool is_there = stat(path, &before) == 0;
    if (is_for_writing && !is_there && flags & O_CREAT) {
        pthread_mutex_unlock(&disk->lock);
        if (begin(disk, FAULTY_CREATE, path) != FATE_NORMAL) {
            end(disk);
            return -1;
        }
    }
    int descriptor = real_open(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX) {
        faulty_file *file = faulty_file_get(disk, path, is_there ? before.st_size : 0);
        if (flags & O_TRUNC) file->synced = 0;
        atomic_store_explicit(&open_files[descriptor], file, memory_order_release);
    }
    end(disk);
    return descriptor;
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    faulty_disk *disk = faulty_disk_of_path(path);
    if (disk) return open_in(disk, path, flags, mode);
    int descriptor = real_open(path, flags, mode);
    forget_descriptor(descriptor);
    return descriptor;
}

int close(int descriptor) {
    forget_descriptor(descriptor);
    return REAL(descriptor_function, "close")(descriptor);
}

/* The C library closes a stream's descriptor without calling close. RocksDB writes its messages to a stream. */
int fclose(FILE *stream) {
    forget_descriptor(fileno(stream));
    return REAL(stream_function, "fclose")(stream);
}

/* MARK: Writes */

ssize_t write(int descriptor, const void *bytes, size_t count) {
    faulty_file *file = enter(descriptor);
    if (!file) return real_write(descriptor, bytes, count);
    enum fate fate = begin(file->disk, FAULTY_WRITE, file->path);
    ssize_t result = fate == FATE_FAILED ? -1 : real_write(descriptor, bytes, fate == FATE_SHORT ? count / 2 : count);
    end(file->disk);
    return result;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    pwrite_function real = REAL(pwrite_function, "pwrite");
    faulty_file *file = enter(descriptor);
    if (!file) return real(descriptor, bytes, count, offset);
    enum fate fate = begin(file->disk, FAULTY_WRITE, file->path);
    ssize_t result = fate == FATE_FAILED ? -1 : real(descriptor, bytes, fate == FATE_SHORT ? count / 2 : count, offset);
    end(file->disk);
    return result;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    writev_function real = REAL(writev_function, "writev");
    faulty_file *file = enter(descriptor);
    if (!file) return real(descriptor, parts, count);
    enum fate fate = begin(file->disk, FAULTY_WRITE, file->path);
    ssize_t result = fate == FATE_FAILED ? -1 : real(descriptor, parts, fate == FATE_SHORT ? (count + 1) / 2 : count);
    end(file->disk);
    return result;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    /* Room that is reserved is not data; nobody relies on it. */
    if (file_of(descriptor)) return 0;
    return REAL(allocate_function, "fallocate")(descriptor, mode, offset, length);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
    if (file_of(descriptor)) return 0;
    return REAL(posix_allocate_function, "posix_fallocate")(descriptor, offset, length);
}

int ftruncate(int descriptor, off_t size) {
    truncate_function real = REAL(truncate_function, "ftruncate");
    faulty_file *file = enter(descriptor);
    if (!file) return real(descriptor, size);
    pthread_mutex_lock(&file->disk->lock);
    int result = real(descriptor, size);
    if (result == 0 && file->synced > size) file->synced = size;
    end(file->disk);
    return result;
}

/* MARK: Syncs */

static int sync_file(const char *name, int descriptor) {
    faulty_file *file = enter(descriptor);
    if (!file) {
        /* The two are named by constants, so each has a cached pointer of its own. */
        return name[1] == 's' ? REAL(descriptor_function, "fsync")(descriptor) : REAL(descriptor_function, "fdatasync")(descriptor);
    }
    int result = -1;
    struct stat status;
    if (begin(file->disk, FAULTY_SYNC, file->path) == FATE_NORMAL) {
        result = fstat(descriptor, &status);
        if (result == 0) file->synced = status.st_size;
    }
    end(file->disk);
    return result;
}

int fsync(int descriptor) { return sync_file("fsync", descriptor); }

int fdatasync(int descriptor) { return sync_file("fdatasync", descriptor); }

int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags) {
    /* It promises nothing about what a crash leaves. */
    if (file_of(descriptor)) return 0;
    return REAL(sync_range_function, "sync_file_range")(descriptor, offset, count, flags);
}

/* MARK: Names */

/* Forgets the file of a path, and where it is a directory, those in it. */
static void forget(faulty_disk *disk, const char *path) {
    size_t length = strlen(path);
    for (faulty_file *file = disk->files; file; file = file->next) {
        if (!file->path || strncmp(file->path, path, length) || (file->path[length] != 0 && file->path[length] != '/')) continue;
        free(file->path);
        file->path = NULL;
    }
}

/* Gives the file of a path another one, and where it is a directory, those in it. */
static void move_file(faulty_disk *disk, const char *from, const char *to) {
    size_t length = strlen(from);
    for (faulty_file *file = disk->files; file; file = file->next) {
        if (!file->path || strncmp(file->path, from, length) || (file->path[length] != 0 && file->path[length] != '/')) continue;
        char *path;
        if (asprintf(&path, "%s%s", to, file->path + length) < 0) abort();
        free(file->path);
        file->path = path;
    }
}

int rename(const char *from, const char *to) {
    two_paths_function real = REAL(two_paths_function, "rename");
    faulty_disk *source = faulty_disk_of_path(from), *target = faulty_disk_of_path(to);
    faulty_disk *disk = source ? source : target;
    if (!disk) return real(from, to);
    int result = -1;
    if (begin(disk, FAULTY_RENAME, to) == FATE_NORMAL) {
        result = real(from, to);
        if (result == 0 && source == target) {
            forget(disk, to);
            move_file(disk, from, to);
        } else if (result == 0 && source) {
            forget(source, from);
        }
    }
    if (source && target) faulty_disk_leave();
    end(disk);
    return result;
}

int link(const char *from, const char *to) {
    two_paths_function real = REAL(two_paths_function, "link");
    faulty_disk *disk = faulty_disk_of_path(to);
    if (!disk) return real(from, to);
    int result = -1;
    if (begin(disk, FAULTY_CREATE, to) == FATE_NORMAL) {
        result = real(from, to);
        faulty_file *file = faulty_file_find(disk, from);
        if (result == 0 && file) faulty_file_get(disk, to, file->synced);
    }
    end(disk);
    return result;
}

int unlink(const char *path) {
    path_function real = REAL(path_function, "unlink");
    faulty_disk *disk = faulty_disk_of_path(path);
    if (!disk) return real(path);
    pthread_mutex_lock(&disk->lock);
    int result = real(path);
    if (result == 0) forget(disk, path);
    end(disk);
    return result;
}
