/* many_waiters [N]: N threads (default 100) come to the same mutex by calls of different depth; thread `holder` has it
 * and waits in pause() for a signal that nobody sends, as the main thread does.
 *
 * A correct tool says: hung, no known cause; every waiter stands behind `holder`. It must not say: an orphaned lock, a
 * circle, a raw clone. */
#include "target.h"

#define KINDS 60

static pthread_mutex_t orders = PTHREAD_MUTEX_INITIALIZER;

_Noreturn static void *settles_accounts(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&orders);
    arrive();
    wait_for_ever();
}

/* The compiler must not make a loop of it: the address of a variable of each call is used after the next one. */
static int book(int depth)
{
    volatile int here = depth;
    if (depth > 0)
        return book(depth - 1) + here;
    arrive();
    pthread_mutex_lock(&orders);
    return here;
}

static void *serve(void *depth)
{
    book((int)(long)depth);
    return NULL;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 100;
    die_with_parent();
    pid_t holder = start_thread(settles_accounts, NULL);
    pid_t *tids = calloc((size_t)count, sizeof *tids);
    for (int i = 0; i < count; i++)
        tids[i] = start_thread(serve, (void *)(long)(i % KINDS));
    for (int i = 0; i < count; i++)
        until_waiting_in(tids[i], SYS_futex);
    ready_for(my_pid());
    fact_number("threads", count + 2);
    fact_number("holder", holder);
    fact_address("mutex", &orders);
    waits_in(my_pid(), WAITS_IN_PAUSE);
    waits_in(holder, WAITS_IN_PAUSE);
    for (int i = 0; i < count; i++)
        waits_in(tids[i], SYS_futex);
    ready();
    wait_for_ever();
}
