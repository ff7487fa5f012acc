/* Preloaded: a thread that holds list_all_lock most of the time, for the first seconds of the program's life. It changes no code
 * path of the program; that it rests afterwards leaves the processor to whoever looks at the hang.
 *
 * fflush(NULL) walks all open streams under that lock. With the three that every program has, the lock was mostly free, and podman
 * hung in one first run of six; with many it is nearly always held. The streams are of memory: no file descriptor is taken.
 * Between two walks the thread does not sleep: on a busy machine it would not be back for a long time. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSOR_SECONDS = 40, STREAMS = 16000 };
static const double SECONDS_FREE = 300e-6; /* for the program's own fopen */

static double seconds_on(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *flush_for_a_while(void *unused) {
    static const cookie_io_functions_t nothing;
    (void)unused;
    for (int i = 0; i < STREAMS; i++)
        fopencookie(NULL, "w", nothing);
    while (seconds_on(CLOCK_THREAD_CPUTIME_ID) < PROCESSOR_SECONDS) {
        fflush(NULL);
        for (double freed = seconds_on(CLOCK_MONOTONIC); seconds_on(CLOCK_MONOTONIC) < freed + SECONDS_FREE;)
            ;
    }
    for (;;)
        pause();
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, flush_for_a_while, NULL);
}
