/* atfork_lock: __cxa_finalize(object), the working part of dlclose(), holds it while it searches the list of fork handlers
   for those of one shared object. A long list that holds none of them makes that last. */
#include <stddef.h>

#include "widen.h"

enum { HANDLERS = 50000 };

/* Weak: only glibc has them, and the loader should link elsewhere too. */
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object)
    __attribute__((weak));
extern void __cxa_finalize(void *object) __attribute__((weak));

static char owner_of_all;
static char owner_of_none;

static void search_all_handlers(void)
{
    __cxa_finalize(&owner_of_none);
}

static void *widen_atfork(void *wish)
{
    widener_arrived("widen_atfork", wish);
    for (;;)
        search_all_handlers();
    return NULL;
}

static const char *prepare_atfork(void)
{
    if (__register_atfork == NULL || __cxa_finalize == NULL)
        return "this libc has no __register_atfork";
    for (int i = 0; i < HANDLERS; i++)
        if (__register_atfork(NULL, NULL, NULL, &owner_of_all) != 0)
            return "too little memory for the fork handlers";
    return NULL;
}

const struct widener atfork_widener = {.name = "atfork",
                                       .prepare = prepare_atfork,
                                       .thread = widen_atfork,
                                       .loops = 1,
                                       .take_and_give_back = search_all_handlers};
