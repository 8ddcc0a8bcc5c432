/*
 * Lets a passt of 2023 read the command line that Nandu gives to one of 2025. It is loaded before passt and stands
 * between it and the C library's getopt_long(): so the process keeps the very words by which Nandu finds it again.
 * Without headers and start files, because a compiler may be here without a C library to develop for.
 */
extern void *dlsym(void *handle, const char *symbol);
extern int strcmp(const char *one, const char *other);

typedef int reader(int, char *const *, const char *, const void *, int *);
#define RTLD_NEXT ((void *)-1l)
#define MOST 512

/*
 * --dns-host tells where questions go, which the old one takes from /etc/resolv.conf, as Nandu does; unless it is given
 * --dns: then it asks 0.0.0.0. Both become --search, which may be given often and does nothing with --no-dhcp-search:
 * it counts the words, so none may be left out.
 */
static char *const *translated(int count, char *const *words)
{
	static char *copy[MOST + 1];
	static char search[] = "--search";
	int has_host = 0;

	if (count > MOST)
		return words;
	for (int at = 0; at < count; at++) {
		copy[at] = words[at];
		if (strcmp(words[at], "--dns-host") == 0)
			has_host = 1;
	}
	copy[count] = 0;
	if (!has_host)
		return words;
	for (int at = 0; at < count; at++)
		if (strcmp(words[at], "--dns") == 0 || strcmp(words[at], "--dns-host") == 0)
			copy[at] = search;
	return copy;
}

int getopt_long(int count, char *const *words, const char *brief, const void *names, int *index)
{
	reader *next = (reader *)dlsym(RTLD_NEXT, "getopt_long");

	return next(count, translated(count, words), brief, names, index);
}
