/* Wideners keep a lock of libc held for longer, so that a raw clone meets it held. They change no code path of the program
   under test, only how often its window is open. The start routine of each bears its name, because a backtrace of the
   orphaned lock's owner ends in it. */
#ifndef LOADER_WIDEN_H
#define LOADER_WIDEN_H

/* What the loader wants of a widener's thread. Without one (the preloaded library) the thread takes the lock and gives it
   back in a loop. */
struct widener_wish {
    void (*arrived)(void); /* called first, in the thread */
    void (*hold)(void);    /* called with the lock held, by wideners that can stop there themselves; never returns */
};

struct widener {
    const char *name;
    const char *(*prepare)(void);    /* before the thread starts; returns NULL, or why this libc cannot be widened so */
    void *(*thread)(void *);         /* takes a struct widener_wish, or NULL; never returns */
    int loops;                       /* threads for the preloaded form; the lock is held longest where they compete */
    void (*take_and_give_back)(void); /* the lock, once; NULL when the thread can stop with the lock held by itself */
};

const struct widener *widener_named(const char *name); /* NULL for "off" and for unknown names */

void widener_arrived(const char *thread_name, const struct widener_wish *wish); /* first call of each thread */

extern const struct widener stdio_widener;
extern const struct widener malloc_widener;
extern const struct widener atfork_widener;
extern const struct widener nss_widener;

#endif
