/* tortured N [RECEIVED]: a main thread that listens and N - 1 that idle, and a way to tell from outside that nothing of it was
 * changed, lost or left standing. SIGRTMIN is counted, and queued, so that none may get lost; SIGCHLD is not expected.
 *
 * One letter on stdin: a newline is answered with `received=... forked=... constant=...` (the last is 1 while a page of
 * constants is as it was); `f` makes children from now on, one after the other, each of which ends at once; `s` makes no more;
 * `x` calls exec on itself, keeps what it has received, and says that it is ready again; `q` ends it with status 0.
 *
 * A correct tool says: waits for a pipe. */
#include "target.h"

#define CONSTANT 0x5a

static _Atomic(long) received;
static _Atomic(long) forked;
static _Atomic(int) forking;
static sigset_t begin; /* SIGUSR2, for which the forking thread waits: one that polled would move while it is photographed */
static unsigned char constants[65536];

static void count(int number)
{
    (void)number;
    atomic_fetch_add(&received, 1);
}

_Noreturn static void *makes_children(void *unused)
{
    (void)unused;
    arrive();
    for (;;) {
        int number;
        if (!atomic_load(&forking) && sigwait(&begin, &number) != 0)
            fail("sigwait");
        if (!atomic_load(&forking))
            continue;
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (child < 0)
            fail("fork");
        int status;
        pid_t ended;
        do
            ended = waitpid(child, &status, 0); /* a child that is left stopped is waited for in vain */
        while (ended < 0 && errno == EINTR);
        if (ended != child || status != 0)
            fail("a child was killed");
        atomic_fetch_add(&forked, 1);
        short_sleep();
    }
}

static int constant(void)
{
    for (size_t i = 0; i < sizeof constants; i++)
        if (constants[i] != CONSTANT)
            return 0;
    return 1;
}

static void exec_again(char **argv)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", atomic_load(&received));
    execl("/proc/self/exe", argv[0], argv[1], text, (char *)NULL);
    fail("exec");
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    struct sigaction counts = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigset_t queued;
    char letter;
    die_with_parent();
    sigaction(SIGRTMIN, &counts, NULL);
    sigemptyset(&queued);
    sigaddset(&queued, SIGRTMIN);
    sigemptyset(&begin);
    sigaddset(&begin, SIGUSR2);
    sigprocmask(SIG_BLOCK, &begin, NULL);
    sigprocmask(SIG_BLOCK, &queued, NULL); /* for all other threads, so that the main one counts and may call exec */
    if (argc > 2)
        atomic_store(&received, atol(argv[2]));
    memset(constants, CONSTANT, sizeof constants);
    for (int i = 1; i < threads; i++)
        start_thread(i == 1 ? makes_children : idle_thread, NULL);
    sigprocmask(SIG_UNBLOCK, &queued, NULL);
    ready_for(my_pid());
    ready();
    for (;;) {
        ssize_t length = read(0, &letter, 1);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return 3;
        if (letter == '\n')
            say(1, "received=%ld forked=%ld constant=%d\n", atomic_load(&received), atomic_load(&forked), constant());
        else if (letter == 's')
            atomic_store(&forking, 0);
        else if (letter == 'f') {
            atomic_store(&forking, 1);
            kill(getpid(), SIGUSR2);
        }
        else if (letter == 'x') {
            sigprocmask(SIG_BLOCK, &queued, NULL); /* what comes from now on waits until after exec */
            exec_again(argv);
        } else if (letter == 'q')
            return 0;
    }
}
