/* The image of a directory that a crash leaves behind. */
#define _GNU_SOURCE
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The next of a row of numbers that a seed begins (SplitMix64). */
static uint64_t next_number(uint64_t *state) {
    uint64_t word = *state += 0x9E3779B97F4A7C15;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    return word ^ (word >> 31);
}

/* Each file has numbers of its own, so that they don't depend on the order in which a directory lists them. */
static uint64_t seed_for(uint64_t seed, const char *relative_path) {
    uint64_t hash = 0xCBF29CE484222325;
    for (const char *byte = relative_path; *byte; byte++) hash = (hash ^ (unsigned char)*byte) * 0x100000001B3;
    return seed ^ hash;
}

static unsigned char *read_all(const char *path, size_t *size) {
    int descriptor = real_open(path, O_RDONLY | O_CLOEXEC, 0);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status)) faulty_fatal("can't read", path);
    unsigned char *bytes = malloc((size_t)status.st_size + 1);
    if (!bytes) abort();
    *size = 0;
    while (*size < (size_t)status.st_size) {
        ssize_t count = read(descriptor, bytes + *size, (size_t)status.st_size - *size);
        if (count < 0) faulty_fatal("can't read", path);
        if (count == 0) break;
        *size += (size_t)count;
    }
    close(descriptor);
    return bytes;
}

static void write_all(const char *path, const unsigned char *bytes, size_t size) {
    int descriptor = real_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) faulty_fatal("can't make", path);
    for (size_t written = 0; written < size;) {
        ssize_t count = real_write(descriptor, bytes + written, size - written);
        if (count <= 0) faulty_fatal("can't write", path);
        written += (size_t)count;
    }
    close(descriptor);
}

/* Changes what follows the synced bytes; gives the file's new size. */
static size_t lose(unsigned char *bytes, size_t size, size_t synced, enum faulty_loss loss, uint64_t seed) {
    if (loss == FAULTY_KEEP || synced >= size) return size;
    size_t unsynced = size - synced;
    size_t kept = synced;
    switch (next_number(&seed) % 4) {
    case 0: break;
    case 1: kept = size; break;
    default: kept += next_number(&seed) % (unsynced + 1);
    }
    if (loss == FAULTY_CUT || kept == size) return kept;
    bool is_zeros = next_number(&seed) % 2;
    size_t end = kept + next_number(&seed) % (size - kept + 1);
    for (size_t index = kept; index < end; index++) bytes[index] = is_zeros ? 0 : (unsigned char)next_number(&seed);
    return end;
}

static void copy_directory(faulty_disk *disk, const char *from, const char *to, enum faulty_loss loss, uint64_t seed) {
    if (mkdir(to, 0700)) faulty_fatal("can't make", to);
    DIR *directory = opendir(from);
    if (!directory) faulty_fatal("can't read", from);
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || !strncmp(entry->d_name, "LOG", 3)) continue;
        char *source, *target;
        if (asprintf(&source, "%s/%s", from, entry->d_name) < 0 || asprintf(&target, "%s/%s", to, entry->d_name) < 0) abort();
        struct stat status;
        if (lstat(source, &status)) faulty_fatal("can't read", source);
        if (S_ISDIR(status.st_mode)) {
            copy_directory(disk, source, target, loss, seed);
        } else if (S_ISREG(status.st_mode)) {
            size_t size;
            unsigned char *bytes = read_all(source, &size);
            faulty_file *file = faulty_file_find(disk, source);
            /* What RocksDB writes beside its logs it can't read with damage at the end, only without the end. */
            bool is_log = faulty_has_suffix(source, ".log");
            enum faulty_loss file_loss = loss == FAULTY_TEAR && !is_log ? FAULTY_CUT : loss;
            if (file) size = lose(bytes, size, (size_t)file->synced, file_loss, seed_for(seed, source + disk->directory_length));
            write_all(target, bytes, size);
            free(bytes);
        }
        free(source);
        free(target);
    }
    closedir(directory);
}

void faulty_image_take(faulty_disk *disk, const char *image, enum faulty_loss loss, uint64_t seed) {
    for (faulty_file *file = disk->files; file; file = file->next) {
        free(file->image_path);
        file->image_path = NULL;
        /* After a crash of the machine, what is there is on the disk. */
        if (!file->path || loss != FAULTY_KEEP) continue;
        file->image_path = strdup(file->path);
        file->image_synced = file->synced;
    }
    copy_directory(disk, disk->directory, image, loss, seed);
}
