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

void log_clock_is(char moment[24]) {
  static const char NOTE[] = "nandu: user space";
  /* Of the lowest level: no console shows it. */
  static const char LINE[] = "<7>nandu: user space\n";
  enum { MOST_RECORDS = 16 };
  char record[512];
  moment[0] = 0;
  int log = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (log < 0) return;
  lseek(log, 0, SEEK_END);
  if (write(log, LINE, sizeof LINE - 1) == (ssize_t)sizeof LINE - 1) {
    /* "LEVEL,NUMBER,MICROSECONDS,FLAGS;TEXT"; the kernel's own words may have come in between. */
    for (int left = MOST_RECORDS; left > 0; left--) {
      ssize_t length = read(log, record, sizeof record - 1);
      if (length <= 0) break;
      record[length] = 0;
      unsigned long long micros;
      if (strstr(record, NOTE) == NULL || sscanf(record, "%*u,%*u,%llu,", &micros) != 1) continue;
      snprintf(moment, 24, "%llu.%06llu", micros / 1000000, micros % 1000000);
      break;
    }
  }
  close(log);
}

bool mark(const char *word, const char *moment, const char *log_moment) {
  char line[96];
  const char *label = log_moment[0] == 0 ? "" : " log=";
  snprintf(line, sizeof line, "nandu: %s uptime=%s%s%s\n", word, moment, label, log_moment);
  return say(line);
}
