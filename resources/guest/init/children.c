/* What goes on beside the shell: the host's requests, the sign of readiness, the kernel's log, the network. */
#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_MS = 20, LISTENS = 0x0A, LARGEST = 1000, LOWEST_PRIORITY = 19 };

static void answer(int port, const char *terminal, const char *line) {
  unsigned columns = 0, rows = 0;
  char end;
  if (strcmp(line, "poweroff") == 0 || strcmp(line, "reboot") == 0) switch_off(line[0] == 'r');
  if (strncmp(line, "size", 4) != 0 || (line[4] != ' ' && line[4] != 0)) {
    dprintf(port, "error unknown\n");
    return;
  }
  char path[64];
  snprintf(path, sizeof path, "/dev/%s", terminal);
  int device = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  bool fits = sscanf(line, "size %4u %4u%c", &columns, &rows, &end) == 2 && columns >= 1 && columns <= LARGEST &&
              rows >= 1 && rows <= LARGEST;
  struct winsize wanted = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (!fits || device < 0 || ioctl(device, TIOCSWINSZ, &wanted) != 0) dprintf(port, "error size\n");
  if (device >= 0) close(device);
}

struct lines {
  int port;
  size_t length;
  char text[256];
};

/*
 * The next line, without its end. Waits by poll and not by read: only there does the kernel take back what the host has
 * read of our answers, and until then each interrupt of the console wakes whoever waits for a line (Linux,
 * drivers/char/virtio_console.c, `port_fops_poll`). A flood of the console took three times as long.
 * @returns false where the host is gone.
 */
static bool next_line(struct lines *lines, char line[256]) {
  for (;;) {
    char *end = memchr(lines->text, '\n', lines->length);
    if (end != NULL || lines->length == sizeof lines->text - 1) {
      size_t length = end != NULL ? (size_t)(end - lines->text) : lines->length;
      size_t taken = length + (end != NULL);
      memcpy(line, lines->text, length);
      line[length] = 0;
      line[strcspn(line, "\r")] = 0;
      lines->length -= taken;
      memmove(lines->text, lines->text + taken, lines->length);
      return true;
    }
    struct pollfd wanted = {.fd = lines->port, .events = POLLIN};
    poll(&wanted, 1, -1);
    ssize_t length = read(lines->port, lines->text + lines->length, sizeof lines->text - 1 - lines->length);
    if (length <= 0) return false;
    lines->length += (size_t)length;
  }
}

/*
 * Without a host at the other end reading ends at once and writing waits, so the greeting waits for its return.
 * The first one leaves the processor to the shell's first prompt: nobody waits for it.
 */
void serve_host(const void *about) {
  setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
  const struct serving *serving = about;
  struct lines lines = {.port = serving->port};
  char moment[24], line[256];
  for (;;) {
    now_is(moment);
    if (dprintf(serving->port, "hello 1 %s\n", moment) < 0) {
      rest(1000);
      continue;
    }
    setpriority(PRIO_PROCESS, 0, 0);
    lines.length = 0;
    while (next_line(&lines, line)) answer(serving->port, serving->terminal, line);
  }
}

static bool somebody_listens(const char *table, unsigned wanted) {
  char line[512];
  bool found = false;
  FILE *file = fopen(table, "re");
  if (file == NULL) return false;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    unsigned port, state;
    found = sscanf(line, " %*u: %*[0-9A-F]:%x %*s %x", &port, &state) == 2 && port == wanted && state == LISTENS;
  }
  fclose(file);
  return found;
}

/* In whichever namespace of mounts the program listens: the network is the same. */
void watch_port(const void *about) {
  const struct options *options = about;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  for (time_t end = now.tv_sec + (time_t)options->watched_seconds; now.tv_sec < end; rest(WATCH_MS)) {
    if (somebody_listens("/proc/net/tcp", options->watched_port) ||
        somebody_listens("/proc/net/tcp6", options->watched_port)) {
      char moment[24];
      now_is(moment);
      mark("ready", moment);
      return;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
  }
}

/* Once, to a host that asked for it. The last line tells it that there is no more. */
void send_log(const void *path) {
  int port = open(path, O_WRONLY);
  if (port < 0) return;
  dup2(port, STDOUT_FILENO);
  if (run((char *[]){"dmesg", "-s", "4194304", NULL}) == 0) dprintf(STDOUT_FILENO, "nandu: end of the kernel log\n");
}

static void bring_up(const char *interface) {
  struct ifreq request = {0};
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
  if (ioctl(any, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags |= IFF_UP;
    ioctl(any, SIOCSIFFLAGS, &request);
  }
  if (any >= 0) close(any);
}

/* Waits for the shell's first prompt by giving it the processor; what answers the lease later is an ordinary process. */
void start_network(const void *nothing) {
  (void)nothing;
  setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
  int log = open("/run/network.log", O_WRONLY | O_CREAT | O_TRUNC, 0644), none = open("/dev/null", O_RDONLY);
  dup2(none, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  bring_up("lo");
  setpriority(PRIO_PROCESS, 0, 0);
  void *folder = NULL;
  for (const char *name; (name = next_name(&folder, "/sys/class/net", "")) != NULL;) {
    if (strcmp(name, "lo") == 0) continue;
    char interface[IFNAMSIZ];
    snprintf(interface, sizeof interface, "%s", name);
    run((char *[]){"udhcpc", "-b", "-S", "-i", interface, "-s", "/etc/udhcpc/default.script", NULL});
  }
  _exit(0);
}
