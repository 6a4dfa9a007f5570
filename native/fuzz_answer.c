/* libFuzzer's target: any bytes as an answer, applied to any words. `make fuzz` runs it.

   The input: the answer, then what LIMIT separates: argv[0] and arguments, then the environment,
   each word up to its NUL. Memory is exactly as large as was measured, so that ASan sees what is
   written beside it. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "text.h"

enum { WORDS = 64, SEPARATOR = 0xff };

static void require(bool held)
{
    if (!held)
        abort();
}

/* The words up to a separator, each copied into memory of its own size; NULL behind the last. */
static const char *take_words(char **words, const char *place, const char *end)
{
    size_t count = 0;
    while (place < end && (unsigned char)*place != SEPARATOR && count < WORDS - 1) {
        size_t length = 0;
        while (place + length < end && place[length] && (unsigned char)place[length] != SEPARATOR)
            length++;
        words[count] = malloc(length + 1);
        memcpy(words[count], place, length);
        words[count++][length] = 0;
        place += length + (place + length < end && !place[length]);
    }
    words[count] = NULL;
    return place < end ? place + 1 : end;
}

static void free_words(char **words)
{
    for (; *words; words++)
        free(*words);
}

/* What the interpreter does before an exec. */
static void build(const struct answer *answer, char **argv, char **environment)
{
    struct words needed[2] = {{0}, {0}}, built[2];
    build_arguments(&needed[0], answer, argv);
    build_environment(&needed[1], answer, environment);
    for (int i = 0; i < 2; i++)
        built[i] = (struct words){.pointers = malloc(needed[i].count * sizeof(char *)),
                                  .text = malloc(needed[i].text_size)};
    build_arguments(&built[0], answer, argv);
    build_environment(&built[1], answer, environment);
    for (int i = 0; i < 2; i++) {
        require(built[i].count == needed[i].count && built[i].text_size == needed[i].text_size);
        require(!built[i].pointers[built[i].count - 1]);
        for (size_t word = 0; word + 1 < built[i].count; word++)
            require(strlen(built[i].pointers[word]) < (1 << 24));
        free(built[i].pointers);
        free(built[i].text);
    }
}

static void apply(struct answer *answer, char **argv, char **environment)
{
    require(answer->slot >= -1 && answer->slot < COUNTERS - answer->native);
    settle(answer, argv);
    if (!answer->native || refuses(answer, argv, environment))
        return;
    require(!answer->program != !answer->options);
    if (answer->options) {
        const char *script = script_of(answer, argv);
        require(!script || (*script && *script != '-'));
        return;
    }
    require(*answer->program && *answer->program != '/');
    build(answer, argv, environment);
}

static void fuzz_key(const uint8_t *data, size_t size)
{
    struct identity file = {0};
    char *key = malloc(KEY_SIZE), *end;
    memcpy(&file, data, size < sizeof file ? size : sizeof file);
    end = write_key(key, &file);
    require(!*end && end - key < KEY_SIZE && strspn(key, "0123456789abcdef-") == strlen(key));
    free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *place = (const char *)data, *end = place + size;
    const char *middle = memchr(data, SEPARATOR, size);
    size_t length = middle ? (size_t)(middle - place) : size;
    char *argv[WORDS], *environment[WORDS], *bytes = malloc(length ? length : 1);
    struct answer answer;

    fuzz_key(data, size);
    memcpy(bytes, data, length);
    place = take_words(argv, middle ? middle + 1 : end, end);
    take_words(environment, place, end);
    if (*argv && read_answer(&answer, bytes, length))
        apply(&answer, argv, environment);
    free_words(argv);
    free_words(environment);
    free(bytes);
    return 0;
}
