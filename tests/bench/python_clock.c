/* The clock of the targets as a library that a Python program loads: what pystack and py-spy stop is measured alike. */
#include "../targets/clock.h"

void start_clock(int fifo);

void start_clock(int fifo)
{
    static int as_fifo = 1;
    start_thread(stamps_the_clock, fifo ? &as_fifo : NULL);
    start_thread(listens, NULL);
}
