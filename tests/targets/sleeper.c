/* sleeper: every wait has a time limit. The main thread sleeps for an hour, one thread waits an hour for a condition,
 * one polls every 100 ms.
 *
 * A correct tool says: sleeping, time-limited waits, not hung. It must not say: a lock, a deadlock, no progress at all
 * (thread `polls` moves). */
#include "target.h"

#include <poll.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *waits_an_hour(void *unused)
{
    (void)unused;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 3600;
    pthread_mutex_lock(&mutex);
    arrive();
    pthread_cond_timedwait(&never, &mutex, &end);
    return NULL;
}

_Noreturn static void *polls(void *unused)
{
    (void)unused;
    arrive();
    for (;;)
        poll(NULL, 0, 100);
}

int main(void)
{
    struct timespec hour = {.tv_sec = 3600};
    die_with_parent();
    pid_t waiting = start_thread(waits_an_hour, NULL), polling = start_thread(polls, NULL);
    ready_for(my_pid());
    fact_number("polls", polling);
    waits_in(my_pid(), SYS_clock_nanosleep);
    waits_in(waiting, SYS_futex);
    ready();
    nanosleep(&hour, NULL);
    return 0;
}
