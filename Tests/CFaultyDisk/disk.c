/* The faulty directories of the process, and what was asked of them. */
#define _GNU_SOURCE
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static pthread_rwlock_t disks_lock = PTHREAD_RWLOCK_INITIALIZER;
static faulty_disk *disks;

void faulty_fatal(const char *what, const char *path) {
    fprintf(stderr, "faulty disk: %s: ", what);
    perror(path);
    abort();
}

faulty_disk *faulty_disk_make(const char *directory, void (*observer)(void *context, bool is_crash), void *context) {
    faulty_disk *disk = calloc(1, sizeof *disk);
    if (!disk) abort();
    disk->directory = strdup(directory);
    disk->directory_length = strlen(directory);
    disk->observer = observer;
    disk->context = context;
    pthread_mutex_init(&disk->lock, NULL);
    pthread_rwlock_wrlock(&disks_lock);
    disk->next = disks;
    disks = disk;
    pthread_rwlock_unlock(&disks_lock);
    return disk;
}

void faulty_disk_continue(faulty_disk *disk, faulty_disk *predecessor) {
    pthread_mutex_lock(&disk->lock);
    for (faulty_file *file = predecessor->files; file; file = file->next) {
        if (!file->image_path) continue;
        char *path;
        if (asprintf(&path, "%s%s", disk->directory, file->image_path + predecessor->directory_length) < 0) abort();
        struct stat status;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            faulty_file_get(disk, path, file->image_synced < status.st_size ? file->image_synced : status.st_size);
        }
        free(path);
    }
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_free(faulty_disk *disk) {
    pthread_rwlock_wrlock(&disks_lock);
    for (faulty_disk **link = &disks; *link; link = &(*link)->next) {
        if (*link == disk) {
            *link = disk->next;
            break;
        }
    }
    faulty_calls_forget(disk);
    pthread_rwlock_unlock(&disks_lock);
    while (disk->files) {
        faulty_file *file = disk->files;
        disk->files = file->next;
        free(file->path);
        free(file->image_path);
        free(file);
    }
    pthread_mutex_destroy(&disk->lock);
    free(disk->crash_image);
    free(disk->directory);
    free(disk);
}

bool faulty_has_suffix(const char *text, const char *suffix) {
    size_t length = strlen(text), suffix_length = strlen(suffix);
    return length >= suffix_length && !strcmp(text + length - suffix_length, suffix);
}

faulty_disk *faulty_disk_of_path(const char *path) {
    if (!path) return NULL;
    faulty_disk *found = NULL;
    faulty_disk_enter();
    for (faulty_disk *disk = disks; disk && !found; disk = disk->next) {
        if (strncmp(path, disk->directory, disk->directory_length)) continue;
        char next = path[disk->directory_length];
        if (next == '/' || next == 0) found = disk;
    }
    if (!found) faulty_disk_leave();
    return found;
}

void faulty_disk_enter(void) { pthread_rwlock_rdlock(&disks_lock); }

void faulty_disk_leave(void) { pthread_rwlock_unlock(&disks_lock); }

faulty_file *faulty_file_find(faulty_disk *disk, const char *path) {
    for (faulty_file *file = disk->files; file; file = file->next) {
        if (file->path && !strcmp(file->path, path)) return file;
    }
    return NULL;
}

faulty_file *faulty_file_get(faulty_disk *disk, const char *path, off_t synced) {
    faulty_file *file = faulty_file_find(disk, path);
    if (file) return file;
    file = calloc(1, sizeof *file);
    if (!file) abort();
    file->disk = disk;
    file->path = strdup(path);
    file->synced = synced;
    file->next = disk->files;
    disk->files = file;
    return file;
}

uint64_t faulty_disk_calls(faulty_disk *disk) {
    pthread_mutex_lock(&disk->lock);
    uint64_t calls = disk->calls;
    pthread_mutex_unlock(&disk->lock);
    return calls;
}

uint64_t faulty_disk_failures(faulty_disk *disk) {
    pthread_mutex_lock(&disk->lock);
    uint64_t failures = disk->failures;
    pthread_mutex_unlock(&disk->lock);
    return failures;
}

void faulty_disk_fail(faulty_disk *disk, int kinds, uint64_t first, uint64_t count, int error, bool is_short) {
    pthread_mutex_lock(&disk->lock);
    disk->fail_kinds = kinds;
    disk->fail_first = first;
    disk->fail_count = count;
    disk->fail_error = error;
    disk->fail_short = is_short;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_crash(faulty_disk *disk, uint64_t at, const char *image, enum faulty_loss loss, uint64_t seed) {
    pthread_mutex_lock(&disk->lock);
    disk->crash_at = at;
    free(disk->crash_image);
    disk->crash_image = strdup(image);
    disk->crash_loss = loss;
    disk->crash_seed = seed;
    pthread_mutex_unlock(&disk->lock);
}

bool faulty_disk_has_crashed(faulty_disk *disk) {
    pthread_mutex_lock(&disk->lock);
    bool has_crashed = disk->has_crashed;
    pthread_mutex_unlock(&disk->lock);
    return has_crashed;
}

void faulty_disk_take_image(faulty_disk *disk, const char *image, enum faulty_loss loss, uint64_t seed) {
    pthread_mutex_lock(&disk->lock);
    faulty_image_take(disk, image, loss, seed);
    disk->crash_at = 0;
    pthread_mutex_unlock(&disk->lock);
}

uint64_t faulty_disk_synced_bytes(faulty_disk *disk, const char *path) {
    struct stat status;
    pthread_mutex_lock(&disk->lock);
    faulty_file *file = faulty_file_find(disk, path);
    uint64_t synced = file ? (uint64_t)file->synced : stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
    pthread_mutex_unlock(&disk->lock);
    return synced;
}
