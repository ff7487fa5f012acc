/* The fake subject of test_run.py: hangs with a given probability, decided by the number of the run.
   usage: run_subject SEED PER_MILLION. Standard input, output and error are left alone. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* splitmix64, so that neighbouring numbers have nothing to do with each other. */
static uint64_t mixed(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

int main(int argc, char **argv)
{
    const char *run = getenv("HANGANALYZE_RUN");

    if (argc != 3 || run == NULL)
        return 2;
    if (mixed(strtoull(argv[1], NULL, 10) * 1000003u + strtoull(run, NULL, 10)) % 1000000u < strtoull(argv[2], NULL, 10))
        for (;;)
            pause();
    return 0;
}
