/* pipe_read: one thread, which reads from an empty pipe. A child of its own holds the writing end and waits in pause().
 *
 * A correct tool says: waits for data on a pipe whose other end process `writer` holds. It must not say: a lock. */
#include "target.h"

int main(void)
{
    int ends[2];
    char byte;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pid_t parent = my_pid(), writer = fork();
    if (writer == 0) {
        die_with(parent);
        close(ends[0]);
        wait_for_ever();
    }
    close(ends[1]);
    ready_for(parent);
    fact_number("writer", writer);
    fact_number("fd", ends[0]);
    waits_in(parent, SYS_read);
    waits_in(writer, WAITS_IN_PAUSE);
    ready();
    return (int)read(ends[0], &byte, 1);
}
