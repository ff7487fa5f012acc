/* Preloaded: a thread that holds list_all_lock most of the time, for the first seconds of the program's life. It changes no code
 * path of the program; that it rests afterwards leaves the processor to whoever looks at the hang. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSOR_SECONDS = 40 };

static void *flush_for_a_while(void *unused) {
    struct timespec used = {0};
    (void)unused;
    while (used.tv_sec < PROCESSOR_SECONDS) {
        for (int i = 0; i < 1000; i++)
            fflush(NULL);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    }
    for (;;)
        pause();
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, flush_for_a_while, NULL);
}
