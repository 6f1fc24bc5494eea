#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A directory whose files fail and crash on demand.
 *
 * Linked into an executable, this library takes the place of the C library's write, fsync, open, rename and so on, for the executable
 * and for every shared library that it loads (RocksDB's among them), and hands on what doesn't concern a faulty directory. In one,
 *
 * - calls that can lose data (see `faulty_call`) are numbered, and run one at a time;
 * - a range of numbers can be made to fail, or to come up short;
 * - nothing is really synced: for each file it is remembered how long it was when it was synced last;
 * - at any number an image of the directory can be taken as a crash of the machine would leave it: what follows the synced part of a
 *   file is cut off anywhere, and a log may end in garbage or zeros. Names are durable at once: a file that was made, renamed or removed
 *   stays so. Files whose names begin with LOG, which nobody reads again, are left out.
 *
 * Files that were there when the directory was registered count as synced. Files are known by their paths, which must be written
 * in the same way whenever they are opened.
 */
typedef struct faulty_disk faulty_disk;

/* The calls that are numbered, as bits. */
enum faulty_call {
    FAULTY_WRITE = 1,
    FAULTY_SYNC = 2,
    /* An open that makes a file, and a hard link. */
    FAULTY_CREATE = 4,
    FAULTY_RENAME = 8,
};

/*
 * Registers a directory (an absolute path); the observer is called before each sync of a write-ahead log and before an image is taken
 * at a number, on the thread that calls, which holds no lock of the disk's.
 */
faulty_disk *faulty_disk_make(const char *directory, void (*observer)(void *context, bool is_crash), void *context);

/*
 * Takes over how much of each file is synced from the disk whose last image `disk`'s directory is: a killed process's files are there as
 * they were, and are no more durable than before.
 */
void faulty_disk_continue(faulty_disk *disk, faulty_disk *predecessor);

/* Unregisters it. No other thread may use files in it any more. */
void faulty_disk_free(faulty_disk *disk);

/* The number of the last call. */
uint64_t faulty_disk_calls(faulty_disk *disk);

/* How many calls were made to fail. */
uint64_t faulty_disk_failures(faulty_disk *disk);

/*
 * Makes the calls of the given kinds fail with `error`, from number `first` on, until `count` have failed. With `is_short`, a first
 * call that writes writes half of its bytes. It replaces what was asked for before; a count of 0 heals the disk.
 */
void faulty_disk_fail(faulty_disk *disk, int kinds, uint64_t first, uint64_t count, int error, bool is_short);

/* How an image treats what was never synced. */
enum faulty_loss {
    /* It is there: the process was killed. */
    FAULTY_KEEP = 0,
    /* It is cut off anywhere. */
    FAULTY_CUT = 1,
    /* It is cut off anywhere, and what stood behind in a log (*.log) is garbage or zeros. */
    FAULTY_TEAR = 2,
};

/* Has an image taken just before the call of this number; after it nothing fails any more. The directory `image` is made. */
void faulty_disk_crash(faulty_disk *disk, uint64_t at, const char *image, enum faulty_loss loss, uint64_t seed);

/* Whether that has happened. */
bool faulty_disk_has_crashed(faulty_disk *disk);

/* Takes an image now, in place of the one that may have been asked for at a number. */
void faulty_disk_take_image(faulty_disk *disk, const char *image, enum faulty_loss loss, uint64_t seed);

/* How many bytes of a file are synced; all of them where nobody has written it. */
uint64_t faulty_disk_synced_bytes(faulty_disk *disk, const char *path);

#endif
