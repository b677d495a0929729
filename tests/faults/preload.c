/* What a daemon is told by its C library: a wall clock that jumps, a kernel that has no entropy yet, a slow disk. The
 * files of the folder TTS_FAULTS say what, while it runs: `clock` holds seconds, `entropy` and `disk` are there or not.
 * The monotonic clocks stay true: libfaketime also meddles with clock_nanosleep, and time.sleep of Python 3.11 then ends
 * with EINVAL. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static const char *asked(char *path, size_t size, const char *what) {
    const char *folder = getenv("TTS_FAULTS");
    snprintf(path, size, "%s/%s", folder ? folder : "/nowhere", what);
    return path;
}

static int is_asked(const char *what) {
    char path[512];
    return access(asked(path, sizeof path, what), F_OK) == 0;
}

static void pause_for(long ms) {
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

static long offset(void) {
    char path[512], text[32] = "0";
    REAL(open);
    int file = real(asked(path, sizeof path, "clock"), O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t size = pread(file, text, sizeof text - 1, 0);
        text[size > 0 ? size : 0] = 0;
        close(file);
    }
    return atol(text);
}

/* Nothing comes before there is entropy: a program that is started early in a boot waits. */
ssize_t getrandom(void *buffer, size_t size, unsigned int flags) {
    REAL(getrandom);
    while (is_asked("entropy")) pause_for(20);
    return real(buffer, size, flags);
}

/* Cache and state lie on a disk whose every access takes its time. */
static void disk(const char *path) {
    const char *folder = getenv("STATE_DIRECTORY"), *cache = getenv("TTS_SERVER__CACHE__FOLDER");
    if (!folder || !cache) return;
    int is_ours = !strncmp(path, folder, strlen(folder)) || !strncmp(path, cache, strlen(cache));
    if (is_ours && is_asked("disk")) pause_for(300);
}

static void disk_of(int file) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size > 0) {
        path[size] = 0;
        disk(path);
    }
}

#define OPEN(function) \
    int function(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0; \
        va_end(rest); \
        REAL(function); \
        disk(path); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *from, size_t size) {
    REAL(write);
    disk_of(file);
    return real(file, from, size);
}

ssize_t read(int file, void *into, size_t size) {
    REAL(read);
    disk_of(file);
    return real(file, into, size);
}

int fsync(int file) {
    REAL(fsync);
    disk_of(file);
    return real(file);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    disk(to);
    return real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    disk(path);
    return real(path);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime);
    int failed = real(which, now);
    if (!failed && which == CLOCK_REALTIME) now->tv_sec += offset();
    return failed;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
