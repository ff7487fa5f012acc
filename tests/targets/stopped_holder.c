/* stopped_holder: a server waits for its child `worker`, that reads from a pipe, and who could write, `holder`, is stopped.
 * Server and worker hold the writing end too, as inherited descriptors often are.
 *
 * A correct tool says: server -> worker -> holder, which is stopped and has to be continued. */
#include "target.h"

int main(void)
{
    int ends[2];
    char byte;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pid_t server = my_pid(), holder = fork();
    if (holder == 0) {
        die_with(server);
        close(ends[0]);
        raise(SIGSTOP);
        wait_for_ever();
    }
    pid_t worker = fork();
    if (worker == 0) {
        die_with(server);
        return (int)read(ends[0], &byte, 1);
    }
    ready_for(server);
    fact_number("worker", worker);
    fact_number("holder", holder);
    waits_in(server, SYS_wait4);
    waits_in(worker, SYS_read);
    waits_as(holder, 'T');
    ready();
    waitpid(worker, NULL, 0);
    return 0;
}
