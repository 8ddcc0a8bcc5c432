/*
 * Starts programs in the container, on a terminal or on pipes, as the user and with the environment that was asked
 * for. What a child cannot do it tells through a pipe that its exec closes.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;
struct session sessions[MAX_SESSIONS];

enum { MAX_PENDING = 64 * 1024, START_MS = 10 * 1000 };

struct plan {
  const struct config *config; /* the container's own */
  struct config own;           /* what this session has otherwise */
  int root;
  int streams[3];
  bool has_terminal;
  bool is_command; /* on the console, whose session is the agent's */
  int shell; /* busybox, for images that have no shell */
};

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value != '\0' ? value : NULL;
}

static void build_environment(const struct plan *plan, const struct identity *identity) {
  static struct config merged;
  merged.environment = (struct strings){0};
  const struct strings *parts[] = {&plan->config->environment, &plan->own.environment};
  for (int part = 0; part < 2; part += 1) {
    for (size_t at = 0; at < parts[part]->count; at += 1) {
      char *record = NULL;
      int length = asprintf(&record, "variable%c%s%c", '\0', parts[part]->items[at], '\0');
      if (length > 0) config_read(&merged, record, (size_t)length);
      free(record);
    }
  }
  environ = merged.environment.items;
  if (environ == NULL) clearenv();
  if (variable("PATH") == NULL)
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  if (variable("HOME") == NULL) setenv("HOME", identity->home, 1);
  if (plan->has_terminal && variable("TERM") == NULL) setenv("TERM", "xterm-256color", 1);
  if (variable("HOSTNAME") == NULL && plan->config->hostname != NULL) setenv("HOSTNAME", plan->config->hostname, 1);
}

static bool take_terminal(const struct plan *plan, const struct identity *identity) {
  for (int stream = 0; stream < 3; stream += 1)
    if (dup2(plan->streams[stream], stream) < 0) return false;
  if (!plan->has_terminal) return true;
  /* /dev/stdout is opened anew by its path: whoever runs must own it. */
  if (fchown(0, identity->uid, (gid_t)-1) != 0) return false;
  fchmod(0, 0620);
  return plan->is_command ? tcsetpgrp(0, getpid()) == 0 : ioctl(0, TIOCSCTTY, 1) == 0;
}

static bool become(const struct plan *plan, struct failure *failure) {
  struct identity identity;
  if (setns(plan->root, CLONE_NEWNS) != 0) return failed(failure, "system", errno, "setns");
  const char *user = plan->own.user != NULL ? plan->own.user : plan->config->user;
  if (!identity_find(user, &identity, failure)) return false;
  if (!take_terminal(plan, &identity)) return failed(failure, "system", errno, "terminal");
  const char *directory = plan->own.directory != NULL ? plan->own.directory : plan->config->directory;
  if (directory == NULL || *directory == '\0') directory = "/";
  make_folders(directory);
  if (setgroups(identity.group_count, identity.groups) != 0 || setgid(identity.gid) != 0 || setuid(identity.uid) != 0)
    return failed(failure, "user", errno, user == NULL ? "" : user);
  if (chdir(directory) != 0) return failed(failure, "directory", errno, directory);
  build_environment(plan, &identity);
  if (variable("SHELL") == NULL && identity.shell[0] != '\0' && plan->own.terminal != NULL)
    setenv("SHELL", identity.shell, 1);
  return true;
}

static void run_shell(const struct plan *plan) {
  const char *shells[] = {variable("SHELL"), "/bin/bash", "/bin/sh"};
  for (int at = 0; at < 3; at += 1) {
    const char *shell = shells[at];
    if (shell == NULL || strstr(shell, "nologin") != NULL || strstr(shell, "/false") != NULL) continue;
    const char *name = strrchr(shell, '/');
    char *words[] = {(char *)(name == NULL ? shell : name + 1), NULL};
    execv(shell, words);
  }
  dprintf(2, "This image has no shell: this is Nandu's own.\r\n");
  char *words[] = {"sh", NULL};
  if (plan->shell >= 0) fexecve(plan->shell, words, environ);
}

static void run(const struct plan *plan, struct failure *failure) {
  sigset_t none;
  sigemptyset(&none);
  /* The command leads no session: the end of a leader hangs its terminal up and throws away what is still to be
     printed. In a group of its own it gets Ctrl+C all the same. */
  if (plan->is_command) setpgid(0, 0);
  else setsid();
  for (int number = 1; number < 32; number += 1) signal(number, SIG_DFL);
  signal(SIGTTOU, SIG_IGN); /* it takes the terminal from the background */
  if (!become(plan, failure)) return;
  signal(SIGTTOU, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  const struct strings *words = &plan->own.arguments;
  if (words->count == 0) {
    run_shell(plan);
    failed(failure, "shell", errno, "");
    return;
  }
  execvp(words->items[0], words->items);
  int error = errno;
  /* A file that is there but cannot be found: its interpreter or loader is missing. */
  bool there = error == ENOENT && strchr(words->items[0], '/') != NULL && access(words->items[0], F_OK) == 0;
  failed(failure, there ? "interpreter" : "command", error, words->items[0]);
}

static bool open_streams(struct plan *plan, struct session *session, const char *device, struct failure *failure) {
  session->input = session->output = session->error = -1;
  if (device != NULL) { /* the console: the kernel reads and writes it, the agent does not */
    int terminal = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return failed(failure, "system", errno, device);
    for (int at = 0; at < 3; at += 1) plan->streams[at] = terminal;
    plan->has_terminal = plan->is_command = true;
    return true;
  }
  if (plan->own.terminal != NULL) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    char name[64];
    session->input = session->output = master; /* from here on whoever closes the session closes it */
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, name, sizeof name) != 0)
      return failed(failure, "system", errno, "ptmx");
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return failed(failure, "system", errno, name);
    for (int at = 0; at < 3; at += 1) plan->streams[at] = slave;
    session->has_terminal = plan->has_terminal = true;
    unsigned columns, rows;
    if (sscanf(plan->own.terminal, "%u %u", &columns, &rows) == 2) session_resize(session, columns, rows);
    return true;
  }
  int *ours[] = {&session->input, &session->output, &session->error};
  for (int at = 0; at < 3; at += 1) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return failed(failure, "system", errno, "pipe");
    plan->streams[at] = ends[at == 0 ? 0 : 1];
    *ours[at] = ends[at == 0 ? 1 : 0];
    fcntl(*ours[at], F_SETFL, O_NONBLOCK);
  }
  return true;
}

static void free_strings(struct strings *strings) {
  for (size_t at = 0; at < strings->count; at += 1) free(strings->items[at]);
  free(strings->items);
}

/* Nothing comes from a child that became its program. One that an image holds up must not hold up PID 1. */
static bool became_program(pid_t pid, int report, struct failure *failure) {
  struct failure told;
  struct pollfd one = {.fd = report, .events = POLLIN};
  if (poll(&one, 1, START_MS) == 0) {
    kill(pid, SIGKILL);
    return failed(failure, "system", ETIMEDOUT, "start");
  }
  if (read(report, &told, sizeof told) != sizeof told) return true;
  *failure = told;
  return false;
}

bool session_start(unsigned id, const struct config *config, int root, const char *terminal, char *records,
                   size_t length, struct failure *failure) {
  struct session *session = &sessions[id];
  struct plan plan = {.config = config, .root = root, .streams = {-1, -1, -1}, .shell = -1};
  int report[2];
  *session = (struct session){.used = true, .input = -1, .output = -1, .error = -1};
  if (records != NULL) config_read(&plan.own, records, length);
  else plan.own.arguments = config->arguments;
  if (pipe2(report, O_CLOEXEC) != 0) {
    session_close(session);
    return failed(failure, "system", errno, "pipe");
  }
  bool fine = open_streams(&plan, session, terminal, failure);
  plan.shell = open("/bin/busybox", O_RDONLY | O_CLOEXEC);
  if (fine) session->pid = fork();
  if (fine && session->pid == 0) {
    struct failure own = {0};
    run(&plan, &own);
    if (write(report[1], &own, sizeof own) < 0) _exit(126);
    _exit(own.error == ENOENT ? 127 : 126);
  }
  close(report[1]);
  for (int at = 0; at < 3; at += 1)
    if (plan.streams[at] >= 0 && (at == 0 || plan.streams[at] != plan.streams[0])) close(plan.streams[at]);
  if (plan.shell >= 0) close(plan.shell);
  if (fine && session->pid < 0) fine = failed(failure, "system", errno, "fork");
  if (fine) fine = became_program(session->pid, report[0], failure);
  close(report[0]);
  if (records != NULL) {
    free_strings(&plan.own.arguments);
    free_strings(&plan.own.environment);
    free(plan.own.user), free(plan.own.directory), free(plan.own.terminal);
  }
  if (!fine) session_close(session);
  return fine;
}

void session_input(struct session *session, const char *bytes, size_t length) {
  if (session->input < 0 || session->input_ended || length > MAX_PENDING - session->pending_length) return;
  char *grown = realloc(session->pending, session->pending_length + length + 1);
  if (grown == NULL) return;
  memcpy(grown + session->pending_length, bytes, length);
  session->pending = grown;
  session->pending_length += length;
}

void session_resize(const struct session *session, unsigned columns, unsigned rows) {
  if (!session->has_terminal || columns < 1 || rows < 1 || columns > 1000 || rows > 1000) return;
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  ioctl(session->output, TIOCSWINSZ, &size);
}

/* Closing a terminal hangs up whatever still runs on it. */
void session_close(struct session *session) {
  if (session->input >= 0) close(session->input);
  if (session->output >= 0 && session->output != session->input) close(session->output);
  if (session->error >= 0) close(session->error);
  free(session->pending);
  *session = (struct session){.input = -1, .output = -1, .error = -1};
}
