#include "answer.h"
#include "fields.h"

char *write_key(char *place, const struct identity *file)
{
    const uint64_t parts[] = {file->device, file->inode, file->seconds, file->nanoseconds,
                              file->size};
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        int shift = 60;
        while (shift && !(parts[part] >> shift))
            shift -= 4;
        if (part)
            *place++ = '-';
        for (; shift >= 0; shift -= 4)
            *place++ = "0123456789abcdef"[(parts[part] >> shift) & 15];
    }
    *place = 0;
    return place;
}

/* A counter's number; -1 if it is none. */
static int slot_of(const char *text, int limit)
{
    int slot = 0;
    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || slot >= limit)
            return -1;
        slot = slot * 10 + (*text - '0');
    }
    return slot < limit ? slot : -1;
}

static bool has_names_end(const char *text, char end)
{
    const char *found = find(text, end);
    return *found && found > text;
}

static bool read_field(struct answer *answer, const char *field)
{
    const char *text = field + 1;
    switch (*field) {
    case 'c':
        answer->slot = slot_of(text, COUNTERS - 1);
        return answer->slot >= 0;
    case 'x':
        answer->program = text;
        return *text && *text != '/';
    case 's':
        answer->options = text;
        return true;
    case 'r': case 'p': case 'f':
        return has_names_end(text, '\1');
    case 'M':
        return has_names_end(text, '\1') && find(text, '\1')[1] == '/';
    case 'e': case 'q':
        return has_names_end(text, '=');
    case 'z': case 'u': case 'h':
        return *text && !*find(text, '=');
    case 'n': case 'm': case 'g': case 't': case 'w': case 'b': case 'a': case 'd':
    case 'i': case 'o':
        return true;
    case '0': case '*': case 'L': case 'U':
        return !*text;
    default:
        return false;
    }
}

bool read_answer(struct answer *answer, char *bytes, size_t length)
{
    if (!length || length > ANSWER_LIMIT || bytes[length - 1])
        return false;
    *answer = (struct answer){.fields = bytes, .end = bytes + length, .slot = -1};
    if (*bytes == 'E') {
        answer->slot = slot_of(bytes + 1, COUNTERS);
        return answer->slot >= 0 && next_field(bytes) == answer->end;
    }
    answer->native = true;
    for EACH_FIELD (field, answer)
        if (!read_field(answer, field))
            return false;
    /* Either it names a program, or a script's answer will. */
    return !answer->program != !answer->options;
}

static bool any_equal(char *const *words, const char *wanted)
{
    for (; *words; words++)
        if (equal(*words, wanted))
            return true;
    return false;
}

static bool any_begins(char *const *words, const char *prefix)
{
    for (; *words; words++)
        if (begins(*words, prefix))
            return true;
    return false;
}

static bool is_twice(char *const *words, const char *wanted)
{
    while (*words && !equal(*words, wanted))
        words++;
    return *words && any_equal(words + 1, wanted);
}

static bool any_ends(char *const *words, const char *end)
{
    for (size_t length = length_of(end); *words; words++) {
        size_t whole = length_of(*words);
        if (whole >= length && equal(*words + (whole - length), end))
            return true;
    }
    return false;
}

static const char *value_of(char *const *environment, const char *name)
{
    for (size_t length = length_of(name); *environment; environment++)
        if (is_variable(*environment, name, length))
            return *environment + length + 1;
    return NULL;
}

static bool has_value(char *const *environment, const char *name)
{
    const char *value = value_of(environment, name);
    return value && *value;
}

/* The names by which a locale asks for UTF-8, before its modifier. */
static bool is_utf8(const char *locale)
{
    static const char names[][6] = {"UTF-8", "utf-8", "UTF8", "utf8"};
    const char *set = find(locale, '.');
    for (size_t at = 0; *set && at < sizeof names / sizeof *names; at++) {
        const char *behind = set + 1 + length_of(names[at]);
        if (begins(set + 1, names[at]) && (!*behind || *behind == '@'))
            return true;
    }
    return false;
}

static bool is_plain(const char *locale, bool utf8)
{
    return !locale || !*locale || equal(locale, "C") || equal(locale, "POSIX") ||
           (utf8 && is_utf8(locale));
}

/* locale(7): LC_ALL, then each category's own variable, then LANG; an empty one does not count.
   LANG is taken for meant even where every category has its own. */
static bool has_locale(char *const *environment, bool utf8)
{
    const char *all = value_of(environment, "LC_ALL");
    if (all && *all)
        return !is_plain(all, utf8);
    if (!is_plain(value_of(environment, "LANG"), utf8))
        return true;
    for (; *environment; environment++)
        if (begins(*environment, "LC_")) {
            const char *value = find(*environment, '=');
            if (*value && !is_plain(value + 1, utf8))
                return true;
        }
    return false;
}

static const char *base_name(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/')
            name = path + 1;
    return name;
}

bool refuses(const struct answer *answer, char *const *argv, char *const *environment)
{
    char *const *arguments = argv + 1;
    for EACH_FIELD (field, answer) {
        const char *text = field + 1;
        if ((*field == 'n' && any_equal(arguments, text)) ||
            (*field == 'm' && any_begins(arguments, text)) ||
            (*field == 'g' && !any_equal(arguments, text)) ||
            (*field == 't' && is_twice(arguments, text)) ||
            (*field == 'w' && any_ends(arguments, text)) ||
            (*field == 'b' && equal(base_name(*argv), text)) ||
            (*field == 'q' && !any_equal(environment, text)) ||
            (*field == 'z' && value_of(environment, text)) ||
            (*field == 'h' && !has_value(environment, text)) ||
            (*field == 'L' && has_locale(environment, false)) ||
            (*field == 'U' && has_locale(environment, true)))
            return true;
    }
    return false;
}

static bool is_listed(const char *option, const char *list)
{
    while (*list) {
        const char *end = find(list, ',');
        size_t length = (size_t)(end - list);
        bool open = length && end[-1] == '*';
        if (length && begins_with(option, list, length - open) && (open || !option[length]))
            return true;
        list = *end ? end + 1 : end;
    }
    return false;
}

static const char *module_of(const struct answer *answer, const char *name)
{
    for EACH_FIELD (field, answer) {
        const char *end = find(field, '\1');
        size_t length = (size_t)(end - field) - 1;
        if (*field == 'M' && name && begins_with(name, field + 1, length) && !name[length])
            return end + 1;
    }
    return NULL;
}

const char *script_of(const struct answer *answer, char *const *argv)
{
    for (argv++; *argv; argv++) {
        if (equal(*argv, "-m"))
            return module_of(answer, argv[1]);
        if (**argv != '-')
            return **argv ? *argv : NULL;
        if (!is_listed(*argv, answer->options))
            return NULL;
    }
    return NULL;
}

static bool any_listed(char *const *words, const char *list)
{
    for (; *words; words++)
        if (is_listed(*words, list))
            return true;
    return false;
}

void settle(struct answer *answer, char *const *argv)
{
    bool counts = true;
    for EACH_FIELD (field, answer) {
        if (*field == 'i' || *field == 'o')
            counts = any_listed(argv + 1, field + 1) == (*field == 'i');
        else if (!counts)
            *field = NO_FIELD;
    }
}
