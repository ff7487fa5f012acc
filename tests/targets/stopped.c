/* stopped: a process of three threads that has stopped itself with SIGSTOP.
 *
 * A correct tool says: stopped; send SIGCONT. It leaves the process stopped. It must not say: hung in a lock. */
#include "target.h"

int main(void)
{
    die_with_parent();
    pid_t one = start_thread(idle_thread, NULL), other = start_thread(idle_thread, NULL);
    ready_for(my_pid());
    waits_as(my_pid(), 'T');
    waits_as(one, 'T');
    waits_as(other, 'T');
    ready();
    kill(my_pid(), SIGSTOP);
    wait_for_ever();
}
