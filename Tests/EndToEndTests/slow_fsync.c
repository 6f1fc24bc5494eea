/*
 * A preloaded library that makes every fsync and fdatasync take SLOW_FSYNC_MS milliseconds longer, and appends one line
 * for each to the file SLOW_FSYNC_LOG once it has returned:
 *
 *     BEGIN END PATH
 *
 * with CLOCK_MONOTONIC in nanoseconds at the call and at the return, and the path of the file that was synced. The delay
 * comes before the real call, so that nothing is durable while it lasts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void delay(void) {
    const char *milliseconds_text = getenv("SLOW_FSYNC_MS");
    long milliseconds = milliseconds_text ? atol(milliseconds_text) : 0;
    struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {
    }
}

static void report(int file, int64_t begin_ns, int64_t end_ns) {
    const char *log_path = getenv("SLOW_FSYNC_LOG");
    if (!log_path) return;
    char link[64], path[4096], line[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t path_length = readlink(link, path, sizeof path - 1);
    path[path_length < 0 ? 0 : path_length] = 0;
    int length = snprintf(line, sizeof line, "%lld %lld %s\n", (long long)begin_ns, (long long)end_ns, path);
    /* One write with O_APPEND, so that lines of several threads do not mix. */
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0 || write(log, line, (size_t)length) != length) abort();
    close(log);
}

static int slow_sync(const char *name, int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int64_t begin_ns = monotonic_ns();
    delay();
    int result = next(file);
    int saved = errno;
    report(file, begin_ns, monotonic_ns());
    errno = saved;
    return result;
}

int fsync(int file) { return slow_sync("fsync", file); }

int fdatasync(int file) { return slow_sync("fdatasync", file); }
