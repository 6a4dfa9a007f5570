/* How an answer's fields and the environment's entries are walked and compared. */
#ifndef TRIMARAN_FIELDS_H
#define TRIMARAN_FIELDS_H

#include "answer.h"
#include "text.h"

enum { NO_FIELD = '-' }; /* the kind of one that does not count; none is read */

static inline char *next_field(char *field)
{
    return field + length_of(field) + 1;
}

#define EACH_FIELD(field, answer) \
    (char *field = (answer)->fields; field < (answer)->end; field = next_field(field))

/* Whether an entry of the environment is of the variable that is named up to `length`. */
static inline bool is_variable(const char *entry, const char *name, size_t length)
{
    return begins_with(entry, name, length) && entry[length] == '=';
}

#endif
