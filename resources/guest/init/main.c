/* From the first process to the shell, in the order in which a person waits for it. */
#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char AGENT[] = "org.nandu.agent.0", LOG[] = "org.nandu.bootlog.0";

static void mount_all(void) {
  static const struct {
    const char *type, *path, *data;
    unsigned long flags;
  } mounts[] = {
      {"proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
      {"sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
      {"devtmpfs", "/dev", "mode=755", MS_NOSUID},
      {"tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV},
      {"tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV},
  };
  for (size_t at = 0; at < sizeof mounts / sizeof *mounts; at++)
    mount(mounts[at].type, mounts[at].path, mounts[at].type, mounts[at].flags, mounts[at].data);
}

static void mount_terminals(void) {
  mkdir("/dev/pts", 0755);
  mkdir("/dev/shm", 0755);
  mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
}

/* Returns only where the machine is none of a container. */
static void give_way(const struct options *options, const char *terminal, const char *port, const char *log) {
  if (!options->wants_container && !has_container()) return;
  if (!has_container())
    say("nandu: the image is not found: this kernel lacks virtio_mmio or virtio_blk\n");
  else if (port == NULL)
    say("nandu: the agent port is not found: this kernel lacks virtio_console\n");
  else {
    load_container_drivers();
    if (log != NULL) beside(send_log, log);
    /* It tells the host itself when the container runs. */
    execl("/sbin/nandu-agent", "nandu-agent", terminal, port, (char *)NULL);
    say("nandu: the agent cannot be started\n");
  }
  switch_off(false);
}

/* How busybox's own poweroff, halt and reboot ask PID 1. Nothing has to be ended in order, so it acts at once. */
static void was_asked(int signal) { switch_off(signal == SIGTERM); }

/* A session of its own, or Ctrl+C would reach nobody. */
static void become_shell(const void *name) {
  char path[64];
  snprintf(path, sizeof path, "/dev/%s", (const char *)name);
  setsid();
  int terminal = open(path, O_RDWR);
  if (terminal < 0) return;
  ioctl(terminal, TIOCSCTTY, 1);
  for (int descriptor = 0; descriptor < 3; descriptor++) dup2(terminal, descriptor);
  if (terminal > 2) close(terminal);
  execl("/bin/sh", "sh", "-l", (char *)NULL);
}

int main(void) {
  struct options options = {0};
  char started[24], ready[24], terminal[32], agent_path[64], log_path[64];

  mount_all();
  now_is(started);
  bool told = mark("user space", started);
  options_read(&options);
  setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
  setenv("HOME", "/root", 1);
  setenv("TERM", options.terminal[0] == 0 ? "xterm-256color" : options.terminal, 1);
  if (options.hostname[0] != 0) sethostname(options.hostname, strlen(options.hostname));

  bool has_ports = load_drivers();
  if (!told) {
    /* Nandu dates the line when it comes. */
    now_is(started);
    mark("user space", started);
  }
  if (options.wants_clock) tell_clock_lag();
  find_terminal(options.console, terminal, sizeof terminal);
  bool has_agent = has_ports && find_port(AGENT, agent_path, sizeof agent_path);
  bool has_log = has_ports && options.wants_log && find_port(LOG, log_path, sizeof log_path);
  if (options.watched_port != 0) beside(watch_port, &options);
  give_way(&options, terminal, has_agent ? agent_path : NULL, has_log ? log_path : NULL);

  if (options.watched_port == 0) {
    now_is(ready);
    mark("ready", ready);
  }
  if (has_log) beside(send_log, log_path);
  /* Opened here: that is what tells the host, and a child's turn may come after the shell's. */
  struct serving serving = {has_agent ? open(agent_path, O_RDWR | O_CLOEXEC) : -1, terminal};
  if (serving.port >= 0) {
    beside(serve_host, &serving);
    close(serving.port);
  }
  signal(SIGUSR1, was_asked);
  signal(SIGUSR2, was_asked);
  signal(SIGTERM, was_asked);
  mount_terminals();
  pid_t shell = beside(become_shell, terminal);
  beside(start_network, NULL);
  /* Whoever is left by its parent is reaped here, too. */
  while (shell > 0 && wait(NULL) != shell) continue;
  say("nandu: the shell ended, powering off\n");
  switch_off(false);
}
