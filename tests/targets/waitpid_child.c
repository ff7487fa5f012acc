/* waitpid_child: waits for a child, which came from a plain fork() and sleeps in pause().
 *
 * A correct tool says: waits for child `child`, which waits for a signal. It must not say: a lock, a raw clone. */
#include "target.h"

int main(void)
{
    die_with_parent();
    pid_t parent = my_pid(), child = fork();
    if (child == 0) {
        die_with(parent);
        wait_for_ever();
    }
    ready_for(parent);
    fact_number("child", child);
    waits_in(parent, SYS_wait4);
    waits_in(child, WAITS_IN_PAUSE);
    ready();
    waitpid(child, NULL, 0);
    return 0;
}
