/* busy_loop: one thread computes without end, the main thread waits for it.
 *
 * A correct tool says: busy, thread `busy` uses a processor. It must not say: hung in a lock, no progress. */
#include "target.h"

static volatile unsigned long counter;
static pthread_t computing;

_Noreturn static void *computes(void *unused)
{
    (void)unused;
    computing = pthread_self();
    arrive();
    for (;;)
        counter++;
}

int main(void)
{
    die_with_parent();
    pid_t busy = start_thread(computes, NULL);
    ready_for(my_pid());
    fact_number("busy", busy);
    waits_in(my_pid(), SYS_futex);
    ready();
    pthread_join(computing, NULL);
    return 3;
}
