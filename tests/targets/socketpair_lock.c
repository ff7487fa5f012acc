/* socketpair_lock: a parent reads from a datagram socket pair of which it and its child hold both ends, as podman's does;
 * the child came from a raw clone and hangs in fork() on list_all_lock, before it would have written.
 *
 * A correct tool says, asked about the parent: it waits for the child `pid`, and that for an orphaned lock. It must not
 * say: the parent waits for itself, because it holds the other end too. */
#include "hold.h"

#include <sys/socket.h>

int main(void)
{
    int ends[2];
    char byte;
    die_with_parent();
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        fail("socketpair");
    pid_t parent = my_pid(), holder = hold_list_all_lock(), child = raw_child();
    if (child == 0) {
        fork();
        return 3;
    }
    ready_for(child);
    fact_number("parent", parent);
    fact_number("holder", holder);
    fact_word("lock", "list_all_lock");
    waits_in(child, SYS_futex);
    waits_in(parent, SYS_read);
    ready();
    return (int)read(ends[0], &byte, 1);
}
