#include "config.h"

#include "table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("%s for %s, %d bits\n", PACKAGE_STRING, HOST_CPU, SIZEOF_LONG * 8);
		return 0;
	}
	if (argc > 1) {
		puts("usage: tally < TEXT");
		return strcmp(argv[1], "--help") != 0;
	}
	char word[64];
	while (scanf("%63s", word) == 1) {
		for (char *c = word; *c; c++)
			*c = tolower((unsigned char)*c);
		table_add(word);
	}
	unsigned long count;
	const struct word *words = table_sorted(&count);
	for (unsigned long i = 0; i < count; i++)
		printf("%lu %s\n", words[i].count, words[i].text);
	return 0;
}
