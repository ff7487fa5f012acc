/* hostile KIND: a process that stands still in a read from an empty pipe, and makes it hard to look at it.
 *
 * corrupt: a thread whose stack is garbage above its innermost function. cyclic: a thread whose frames lead back to
 * themselves. names: threads whose names hold every byte there is. undumpable:
 * not dumpable, as after a change of user. seccomp: it may make no system call but read, write and exit. plain: none.
 *
 * A correct tool says: waits for data on a pipe, for every thread it can see, and what it could not see.
 * It must not: crash, hang, run anything, or take a name for markup. */
#include "target.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

static int ends[2];

/* A test puts other bytes in place of this name, in the symbol table and in the debug information. */
#define reads_for_ever a_name_that_is_replaced_by_every_kind_of_byte_in_a_copy_of_this_program
__attribute__((noinline)) static void reads_for_ever(void)
{
    char byte;
    while (read(ends[0], &byte, 1) != 1)
        ;
}

/* The bare call, so that no frame of libc is needed to get back; what lies above this frame is what the kind says. */
__attribute__((noinline)) static void reads_over(unsigned long *frame, unsigned long words, unsigned long value)
{
    volatile unsigned long *above = frame;
    for (unsigned long i = 0; i < words; i++)
        above[i] = value == 0 ? (unsigned long)frame : value;
    arrive();
    reads_for_ever();
}

static void *corrupt(void *unused)
{
    (void)unused;
    reads_over(__builtin_frame_address(0), 40, 0x4141414141414141);
    return NULL;
}

static void *cyclic(void *unused)
{
    (void)unused;
    unsigned long *frame = __builtin_frame_address(0);
    frame[0] = (unsigned long)frame; /* the caller's frame is this one, and it returns to where it is */
    frame[1] = (unsigned long)__builtin_extract_return_addr((void *)&cyclic);
    arrive();
    reads_for_ever();
    return NULL;
}

static void *named(void *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
    arrive();
    reads_for_ever();
    return NULL;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "plain";
    pid_t others[32];
    int count = 0;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    if (strcmp(kind, "corrupt") == 0)
        others[count++] = start_thread(corrupt, NULL);
    if (strcmp(kind, "cyclic") == 0)
        others[count++] = start_thread(cyclic, NULL);
    for (int first = 1; strcmp(kind, "names") == 0 && first < 256; first += 15) {
        char name[16] = "";
        for (int i = 0; i < 15 && first + i < 256; i++)
            name[i] = (char)(first + i);
        others[count++] = start_thread(named, name);
    }
    if (strcmp(kind, "names") == 0)
        prctl(PR_SET_NAME, "<b>\n\r\x1b[31m\xff\xfe%s", 0, 0, 0);
    if (strcmp(kind, "undumpable") == 0)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ready_for(my_pid());
    for (int i = 0; i < count; i++)
        waits_in(others[i], SYS_read);
    waits_in(my_pid(), SYS_read);
    ready();
    if (strcmp(kind, "seccomp") == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) != 0)
        fail("seccomp");
    reads_for_ever();
}
