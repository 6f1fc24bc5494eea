/* What the calls (calls.c) and the images (image.c) know of a faulty directory. */
#ifndef FAULTY_DISK_PRIVATE_H
#define FAULTY_DISK_PRIVATE_H

#include <pthread.h>
#include <sys/types.h>

#include "faulty_disk.h"

/* A file that was opened for writing. */
typedef struct faulty_file {
    struct faulty_file *next;
    faulty_disk *disk;
    /* NULL once it was removed. */
    char *path;
    off_t synced;
    /* What the path and the synced bytes were when the last image was taken, if the file was known then. */
    char *image_path;
    off_t image_synced;
} faulty_file;

struct faulty_disk {
    faulty_disk *next;
    char *directory;
    size_t directory_length;
    void (*observer)(void *context, bool is_crash);
    void *context;

    /* Guards what follows, and is held while a call in the directory runs, so that an image is one moment. */
    pthread_mutex_t lock;
    faulty_file *files;
    uint64_t calls;
    uint64_t failures;
    int fail_kinds;
    uint64_t fail_first;
    uint64_t fail_count;
    int fail_error;
    bool fail_short;
    uint64_t crash_at;
    char *crash_image;
    enum faulty_loss crash_loss;
    uint64_t crash_seed;
    bool has_crashed;
};

/* Between these two no disk is freed. A thread may enter several times. */
void faulty_disk_enter(void);
void faulty_disk_leave(void);

/* The faulty directory that the path is in, entered; or NULL. */
faulty_disk *faulty_disk_of_path(const char *path);

/* The file of that path, or NULL where nobody has written it. The disk's lock is held. */
faulty_file *faulty_file_find(faulty_disk *disk, const char *path);

/* The same, made with this many synced bytes where there is none. */
faulty_file *faulty_file_get(faulty_disk *disk, const char *path, off_t synced);

/* Copies the directory as a crash would leave it. The disk's lock is held. */
void faulty_image_take(faulty_disk *disk, const char *image, enum faulty_loss loss, uint64_t seed);

/* Forgets which of the disk's files are open. Nobody has entered. */
void faulty_calls_forget(faulty_disk *disk);

bool faulty_has_suffix(const char *text, const char *suffix);

/* Ends the process: the tests' own machinery failed. */
void faulty_fatal(const char *what, const char *path) __attribute__((noreturn));

/* The C library's functions. */
int real_open(const char *path, int flags, mode_t mode);
ssize_t real_write(int descriptor, const void *bytes, size_t count);

#endif
