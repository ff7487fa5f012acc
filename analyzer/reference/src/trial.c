#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifeline.h"
#include "raw_clone.h"
#include "status.h"

enum { BLOCKED_AFTER_MS = 20 };

/* Asleep in the kernel, and not merely late on a busy machine. */
static int sleeps(pid_t pid)
{
    struct line path = {.length = 0};
    char stat[256];
    const char *after_name;
    ssize_t got;
    int fd;

    add_text(&path, "/proc/");
    add_number(&path, pid);
    add_text(&path, "/stat");
    fd = open(path.text, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    got = read(fd, stat, sizeof stat - 1);
    close(fd);
    stat[got > 0 ? got : 0] = '\0';
    after_name = strrchr(stat, ')');
    return after_name != NULL && strncmp(after_name, ") S", 3) == 0;
}

static int ends_within(int ended, int milliseconds)
{
    struct pollfd hangup = {.fd = ended, .events = 0};
    int ready;

    do
        ready = poll(&hangup, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

int child_would_hang(void (*take_and_give_back)(void))
{
    pid_t self = (pid_t)syscall(SYS_getpid);
    int hangs = 0;
    int ended[2];
    pid_t child;

    if (pipe2(ended, O_CLOEXEC) < 0)
        return 0;
    child = raw_clone(SIGCHLD);
    if (child == 0) {
        die_with_parent(self);
        take_and_give_back();
        _exit(0);
    }
    close(ended[1]);
    while (child > 0 && !hangs && !ends_within(ended[0], BLOCKED_AFTER_MS))
        hangs = sleeps(child);
    close(ended[0]);
    if (child > 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return hangs;
}
