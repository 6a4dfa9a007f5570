/* What the build decided about a program: read, checked, and applied to a caller's words.

   An answer is a row of fields, each of which ends with a NUL and begins with its kind:

     E<slot>           emulate; slot: the counter that is raised
   or, for a native stand-in, in this order of kinds, each any number of times:
     c<slot>           the counter; slot+1 where a condition below makes it emulated
     n<arg>            emulate if an argument equals
     m<prefix>         emulate if an argument begins with it
     g<arg>            emulate if no argument equals
     t<arg>            emulate if more than one argument equals
     w<end>            emulate if an argument ends with it
     b<name>           emulate if the last part of argv[0] equals
     q<NAME=value>     emulate if the environment lacks exactly this entry
     z<NAME>           emulate if the environment has this variable
     h<NAME>           emulate if the environment lacks this variable, or has it empty
     L                 emulate if the locale is another one than C or POSIX
     s<option,...>     the first argument without "-" is a script, before it stand none but these
                       options ("-I*": any that begins with -I); the answer for both is looked up
     M<name>\1<path>   of `s`: `-m name` is the script at this path
     x<path>           the program to start, relative to the control folder
     a<text>           a word of its argument vector
     0                 the caller's argv[0] as a word
     r<from>\1<to>     of the caller's arguments, one that equals `from` becomes `to`
     p<from>\1<to>     what an argument begins with is replaced
     f<from>\1<word>   behind one that equals `from` comes this word
     d<arg>            an argument that equals is left out
     *                 the caller's arguments as words, changed by the rules before it
     e<NAME=value>     set in the environment
     u<NAME>           taken out of the environment
     i<arg,...>        the fields from here to the next of these two count if an argument is listed
     o<arg,...>        they count if none is

   Nothing here makes a system call: it is fuzzed as it is. */
#ifndef TRIMARAN_ANSWER_H
#define TRIMARAN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_LIMIT = 4096, COUNTERS = 8192, KEY_SIZE = 5 * 17 + 1 };

struct answer {
    char *fields, *end; /* whole fields: end[-1] is a NUL */
    const char *program; /* NULL: emulate, or a script decides */
    const char *options; /* before a script; NULL if the program alone decides */
    int slot;            /* -1: nothing is counted */
    bool native;
};

/* Memory for the words of an exec. With `pointers` NULL nothing is written, only measured. */
struct words {
    char **pointers;
    char *text;
    size_t count, text_size;
};

/* What a file is, as the names of answers tell it; writes KEY_SIZE bytes at most. */
struct identity {
    uint64_t device, inode, seconds, nanoseconds, size;
};
char *write_key(char *place, const struct identity *file);

/* False if the bytes are not an answer by the grammar above. They are kept, not copied. */
bool read_answer(struct answer *answer, char *bytes, size_t length);

/* Takes out the fields that do not count for these arguments, which `i` and `o` decide. */
void settle(struct answer *answer, char *const *argv);

/* Whether a condition makes this call an emulated one. */
bool refuses(const struct answer *answer, char *const *argv, char *const *environment);

/* The script among the arguments, by the answer's options; NULL if there is none. */
const char *script_of(const struct answer *answer, char *const *argv);

void build_arguments(struct words *words, const struct answer *answer, char *const *argv);
void build_environment(struct words *words, const struct answer *answer, char *const *old);

#endif
