/* file_locks CASE: processes that wait for each other's locks on files (in memory, so that none is left).
 *
 * flock: three processes in a circle. A correct tool says: a circle `pid` -> `second` -> `third` -> `pid`.
 * fcntl: `pid` waits for the record lock of `second`, that for the one of `third`, which waits in pause(): ends there.
 * inherited: `pid` waits for a flock that was taken by a process that has ended; its child `third` inherited the open file. */
#include "target.h"

#include <sys/file.h>
#include <sys/mman.h>

static int files[3];
static int gate[2];

/* A descriptor of its own: locks of flock() belong to the open file. */
static int opened(int number)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", files[number]);
    int fd = open(path, O_RDWR);
    if (fd < 0)
        fail(path);
    return fd;
}

static void lock(const char *kind, int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (strcmp(kind, "fcntl") == 0 ? fcntl(fd, F_SETLKW, &whole) : flock(fd, LOCK_EX))
        fail(kind);
}

/* Take lock `own`, tell the others, wait until all have theirs, then ask for lock `wanted`. */
static void take_and_ask(const char *kind, int own, int wanted, int told)
{
    char byte = 0;
    int mine = opened(own), other = opened(wanted);
    lock(kind, mine);
    if (write(told, &byte, 1) != 1 || read(gate[0], &byte, 1) != 1)
        fail("gate");
    if (own != wanted)
        lock(kind, other);
    wait_for_ever();
}

int main(int count, char **arguments)
{
    const char *kind = count > 1 ? arguments[1] : "flock";
    int inherited = strcmp(kind, "inherited") == 0, cycle = strcmp(kind, "flock") == 0, told[2];
    long call = strcmp(kind, "fcntl") == 0 ? SYS_fcntl : SYS_flock;
    char bytes[3] = {0};
    pid_t parent = my_pid(), members[3] = {0};
    die_with_parent();
    for (int number = 0; number < 3; number++)
        if ((files[number] = memfd_create("locked", 0)) < 0)
            fail("memfd_create");
    if (pipe(told) != 0 || pipe(gate) != 0)
        fail("pipe");
    if (inherited) {
        int fd = opened(0), status;
        lock("flock", fd);
        pid_t taker = fork();
        if (taker == 0) {
            close(fd);
            int taken = opened(1);
            lock("flock", taken);
            pid_t heir = fork();
            if (heir == 0) {
                prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
                while (my_parent() != harness_pid() && my_parent() != 1)
                    short_sleep();
                die_with(my_parent());
                pid_t self = my_pid();
                if (write(told[1], &self, sizeof self) != sizeof self)
                    fail("write");
                wait_for_ever();
            }
            _exit(0);
        }
        waitpid(taker, &status, 0);
        if (read(told[0], &members[2], sizeof members[2]) != sizeof members[2])
            fail("read");
        members[0] = parent;
        ready_for(parent);
        fact_number("third", members[2]);
        waits_in(parent, call);
        waits_in(members[2], WAITS_IN_PAUSE);
        ready();
        lock("flock", opened(1));
        return 0;
    }
    for (int number = 0; number < 3; number++) {
        members[number] = fork();
        if (members[number] == 0) {
            die_with(parent);
            take_and_ask(kind, number, cycle ? (number + 1) % 3 : number == 2 ? 2 : number + 1, told[1]);
        }
    }
    for (int number = 0; number < 3; number++)
        if (read(told[0], bytes, 1) != 1)
            fail("read");
    if (write(gate[1], bytes, 3) != 3)
        fail("write");
    ready_for(members[0]);
    fact_number("parent", parent);
    fact_number("second", members[1]);
    fact_number("third", members[2]);
    waits_in(members[0], call);
    waits_in(members[1], call);
    waits_in(members[2], cycle ? call : WAITS_IN_PAUSE);
    waits_in(parent, WAITS_IN_PAUSE);
    ready();
    wait_for_ever();
}
