/* The console as the place for lines, whichever it is. */
#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool say(const char *text) {
  int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (console < 0) return false;
  size_t length = strlen(text);
  bool written = write(console, text, length) == (ssize_t)length;
  close(console);
  return written;
}

void now_is(char moment[24]) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  snprintf(moment, 24, "%llu.%03u", (unsigned long long)now.tv_sec, (unsigned)(now.tv_nsec / 1000000));
}

bool mark(const char *word, const char *moment) {
  char line[64];
  snprintf(line, sizeof line, "nandu: %s uptime=%s\n", word, moment);
  return say(line);
}
