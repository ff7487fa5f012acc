/* The lock of the name service switch's database (glibc 2.33 and later; fork takes it to copy the configuration): held for a
   comparison in each look-up. __nss_database_get is the cheapest call that takes it; every getpwnam() passes through it.

   It stores its answer with the lock still held. Where that store faults, the handler of the fault runs with the lock held. */
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "widen.h"

static int (*nss_database_get)(int database, void **actions);
static const struct widener_wish *wish_on_fault;

static void look_up_once(void)
{
    void *actions;

    nss_database_get(0, &actions);
}

static void hold_after_fault(int signal_number)
{
    (void)signal_number;
    wish_on_fault->hold();
}

static void look_up_into_unwritable_page(const struct widener_wish *wish)
{
    /* SA_RESETHAND: any later fault, above all in the raw-clone child, is a crash as it should be. */
    struct sigaction action = {.sa_handler = hold_after_fault, .sa_flags = SA_RESETHAND};
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return;
    wish_on_fault = wish;
    sigaction(SIGSEGV, &action, NULL);
    nss_database_get(0, page);
}

static void *widen_nss(void *wish)
{
    widener_arrived("widen_nss", wish);
    if (wish != NULL)
        look_up_into_unwritable_page(wish);
    for (;;)
        look_up_once();
    return NULL;
}

static const char *prepare_nss(void)
{
    /* Looked up, not linked: it is private to glibc, and absent before 2.33. */
    *(void **)&nss_database_get = dlsym(RTLD_DEFAULT, "__nss_database_get");
    if (nss_database_get == NULL)
        return "this libc has no lock of the name service switch that fork would take (glibc before 2.33, or another libc)";
    look_up_once(); /* reads the configuration */
    return NULL;
}

/* Two loops: measured on 2 processors, one thread holds this lock for 0.01 % of the time, two that compete for 10 %. */
const struct widener nss_widener = {.name = "nss", .prepare = prepare_nss, .thread = widen_nss, .loops = 2};
