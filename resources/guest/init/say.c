/* The console as the place for lines, whichever it is. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
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

void tell_clock_lag(void) {
  /* Linux, kernel/sched/clock.c, `__set_sched_clock_stable`: (uptime, …)->(counter, …), nanoseconds of one moment. */
  static const char WORDS[] = "sched_clock: Marking stable (";
  enum { MOST_RECORDS = 4096 };
  char record[8192];
  int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (log < 0) return;
  for (int left = MOST_RECORDS; left > 0; left--) {
    ssize_t length = read(log, record, sizeof record - 1);
    /* What was to be read next has been overwritten, or is too long: it goes on behind that. */
    if (length < 0 && (errno == EPIPE || errno == EINVAL)) continue;
    if (length <= 0) break;
    record[length] = 0;
    const char *said = strstr(record, WORDS);
    long long uptime, counter;
    if (said == NULL || sscanf(said + sizeof WORDS - 1, "%lld, %*d)->(%lld,", &uptime, &counter) != 2) continue;
    long long micros = counter > uptime ? (counter - uptime) / 1000 : 0;
    char line[64];
    snprintf(line, sizeof line, "nandu: kernel clock lag=%lld.%06lld\n", micros / 1000000, micros % 1000000);
    say(line);
    break;
  }
  close(log);
}
