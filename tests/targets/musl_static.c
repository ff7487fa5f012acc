/* musl_static: linked statically against musl; reads from an empty pipe, beside one idle thread.
 *
 * A correct tool says: waits for data on a pipe; not glibc, so what depends on glibc is unknown, with that reason.
 * It must not say: a raw clone. musl leaves the robust list NULL until it is first used. */
#include "target.h"

int main(void)
{
    int ends[2];
    char byte;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pid_t idle = start_thread(idle_thread, NULL);
    ready_for(my_pid());
    fact_number("fd", ends[0]);
    waits_in(my_pid(), SYS_read);
    waits_in(idle, WAITS_IN_PAUSE);
    ready();
    return (int)read(ends[0], &byte, 1);
}
