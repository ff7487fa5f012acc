/* cond_wait_pool [N]: N threads (default 8) wait for work in pthread_cond_wait and the main thread in pause().
 *
 * A correct tool says: an idle pool, a futex wait on a condition variable; nothing is wrong that can be seen.
 * It must not say: a lock, a deadlock, an orphan. */
#include "target.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;

_Noreturn static void *worker(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    arrive();
    for (;;)
        pthread_cond_wait(&work, &mutex);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 8;
    die_with_parent();
    pid_t tids[count];
    for (int i = 0; i < count; i++)
        tids[i] = start_thread(worker, NULL);

    ready_for(my_pid());
    fact_number("threads", count + 1);
    fact_address("condition", &work);
    waits_in(my_pid(), WAITS_IN_PAUSE);
    for (int i = 0; i < count; i++)
        waits_in(tids[i], SYS_futex);
    ready();
    wait_for_ever();
}
