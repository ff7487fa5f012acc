/* dying_threads [N]: N workers (default 50) that live for some twenty milliseconds, each replaced when it ends, while a
 * timer interrupts every 2 ms and queued signals come in that may not get lost. For every line on stdin it prints
 * `sent=... received=... timer=... born=...`: `sent` minus `received` is what is under way, and grows if one is lost.
 *
 * A correct tool says: busy, not hung. It must not: crash it, lose a signal, leave a thread stopped. */
#include "target.h"

#include <sys/time.h>

static _Atomic(long) sent, received, ticks, born;

static void count_queued(int number)
{
    (void)number;
    atomic_fetch_add(&received, 1);
}

static void count_tick(int number)
{
    (void)number;
    atomic_fetch_add(&ticks, 1);
}

static void *lives_shortly(void *unused)
{
    volatile int work = 0;
    struct timespec nap = {.tv_nsec = 2 * 1000 * 1000};
    atomic_fetch_add(&born, 1);
    for (int i = 0; i < 10; i++) {
        while (++work % 10000 != 0) /* some 20 us: fifty workers should leave the machine to others */
            ;
        nanosleep(&nap, NULL);
    }
    return unused;
}

_Noreturn static void *replaces_the_dead(void *worker)
{
    for (;;) {
        pthread_t *thread = worker;
        pthread_join(*thread, NULL);
        if (pthread_create(thread, NULL, lives_shortly, NULL) != 0)
            fail("pthread_create");
    }
}

_Noreturn static void *sends_signals(void *unused)
{
    (void)unused;
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &mine, NULL); /* so that another thread takes it */
    arrive();
    for (;;) {
        if (sigqueue(my_pid(), SIGRTMIN, (union sigval){.sival_int = 0}) == 0)
            atomic_fetch_add(&sent, 1); /* fails while too many are queued */
        short_sleep();
    }
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 50;
    char byte;
    struct sigaction queued = {.sa_handler = count_queued, .sa_flags = SA_RESTART};
    struct sigaction tick = {.sa_handler = count_tick, .sa_flags = SA_RESTART};
    struct itimerval often = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000};
    die_with_parent();
    sigaction(SIGRTMIN, &queued, NULL);
    sigaction(SIGALRM, &tick, NULL);
    pthread_t *workers = calloc((size_t)count, sizeof *workers);
    for (int i = 0; i < count; i++) {
        pthread_t undertaker;
        if (pthread_create(&workers[i], NULL, lives_shortly, NULL) != 0
            || pthread_create(&undertaker, NULL, replaces_the_dead, &workers[i]) != 0)
            fail("pthread_create");
    }
    pid_t sender = start_thread(sends_signals, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ready_for(my_pid());
    fact_number("sends", sender);
    ready();
    for (;;) {
        if (read(0, &byte, 1) <= 0)
            wait_for_ever();
        if (byte == '\n')
            say(1, "sent=%ld received=%ld timer=%ld born=%ld\n", atomic_load(&sent), atomic_load(&received),
                atomic_load(&ticks), atomic_load(&born));
    }
}
