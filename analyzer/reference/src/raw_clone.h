/* The bare clone system call. It bypasses glibc's fork(), so no lock of libc is taken before it and none is reset after it:
   what other threads held at that moment stays held in the child for ever. */
#ifndef LOADER_RAW_CLONE_H
#define LOADER_RAW_CLONE_H

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline pid_t raw_clone(unsigned long flags)
{
#if defined(__s390__) /* also defined for s390x: stack first, flags second (CONFIG_CLONE_BACKWARDS2) */
    return (pid_t)syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL);
#else
    return (pid_t)syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL);
#endif
}

#endif
