/* What compilers call to fill and copy structures, even without a C library. */
#include "text.h"

__attribute__((visibility("hidden"))) void *memset(void *to, int value, size_t size)
{
    for (char *place = to; size--; place++)
        *place = (char)value;
    return to;
}

__attribute__((visibility("hidden"))) void *memcpy(void *to, const void *from, size_t size)
{
    const char *source = from;
    for (char *place = to; size--; place++)
        *place = *source++;
    return to;
}
