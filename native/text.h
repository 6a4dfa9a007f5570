/* The few functions on strings that are needed without a C library. */
#ifndef TRIMARAN_TEXT_H
#define TRIMARAN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A loop stays one: there is no strlen, and memset would call itself. For clang, -fno-builtin. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

static inline size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

static inline bool equal(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

static inline bool begins(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix)
        text++, prefix++;
    return !*prefix;
}

/* Whether `text` begins with the `length` characters at `prefix`, none of which is a NUL. */
static inline bool begins_with(const char *text, const char *prefix, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != prefix[i])
            return false;
    return true;
}

/* The first place of a character, or of the end. */
static inline const char *find(const char *text, char wanted)
{
    while (*text && *text != wanted)
        text++;
    return text;
}

static inline char *append(char *place, const char *text)
{
    while (*text)
        *place++ = *text++;
    *place = 0;
    return place;
}

#endif
