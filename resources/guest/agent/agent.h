/*
 * Nandu's agent: PID 1 of a machine that runs a container. It stays in the initramfs, gives the container a mount
 * namespace of its own, and speaks with the host over one virtio-serial port.
 *
 * The port's language. After the host has connected the agent sends the line `hello 2 UPTIME STATE`, STATE being
 * `waiting` (for a configuration) or `running`. From there on both sides send frames: type, session, two zero
 * bytes, the payload's length (32 bits, little endian), the payload. Session 0 is the container's command on the
 * console; the others are opened by the host. src/main/agent/frames.ts is the other end.
 */
#ifndef NANDU_AGENT_H
#define NANDU_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum frame_type {
  /* from the host */
  FRAME_CONFIG = 1,   /* records: key NUL value NUL …; a record may lie across several frames */
  FRAME_RUN = 2,      /* the configuration is complete: set up and start the command */
  FRAME_OPEN = 3,     /* records, see session.c; starts a session */
  FRAME_INPUT = 4,    /* bytes for the session's standard input */
  FRAME_END_INPUT = 5,
  FRAME_SIZE = 6,     /* columns, rows: 16 bits each */
  FRAME_SIGNAL = 7,   /* number: 8 bits */
  FRAME_CREDIT = 8,   /* 32 bits: so many more bytes of output are welcome */
  FRAME_STOP = 9,     /* milliseconds (32 bits) until what still runs is killed; then power off */
  FRAME_CLOSE = 10,   /* nobody looks at the session any more: hang it up */
  FRAME_HELLO = 11,   /* a host that was not greeted: its predecessor's going was never seen */
  /* to the host */
  FRAME_STARTED = 33,
  FRAME_OUTPUT = 34,
  FRAME_ERROR_OUTPUT = 35,
  FRAME_EXITED = 36,  /* exit code: 8 bits; of the command also: processes that want of memory ended, 32 bits */
  FRAME_FAILED = 37,  /* records: stage, errno, detail; the session never ran */
  FRAME_WANTED = 38,  /* 32 bits: so many more bytes of input can be taken */
};

/* Strings one after the other, each with its NUL. */
struct strings {
  char **items;
  size_t count;
};

struct config {
  struct strings arguments, environment, nameservers, hosts, folders;
  char *user, *directory, *hostname, *stop_signal;
  char *address, *mask, *gateway;
  char *terminal; /* of a session: `COLUMNS ROWS`; none for one without */
  bool keeps; /* what is written goes to the disk, not to memory */
};

/* Why something could not be done: `stage` is a word the host knows, `error` an errno or 0. */
struct failure {
  const char *stage;
  int error;
  char detail[256];
};

/* config.c: reads records; everything else is left as it was. Never fails but for lack of memory. */
void strings_add(struct strings *strings, const char *value);
void config_read(struct config *config, char *records, size_t length);

/* root.c: mounts the container's root in a namespace of its own. @returns its descriptor, or -1 and why. */
int root_prepare(const struct config *config, struct failure *failure);
void root_flush(void);
/* The folder and its parents, where they are missing. */
void make_folders(const char *path);

/*
 * space.c: gives all children from now on a namespace of processes.
 * Its PID 1 passes on who asks it to power off: then the descriptor can be read.
 */
void space_start(void);
int space_descriptor(void);
bool space_was_asked(void);
/* Ends everything in it. @returns RB_POWER_OFF or RB_AUTOBOOT where something inside had called reboot(2), else 0. */
int space_end(int patience_ms);

/* net.c: lo, and the first network device if the configuration has an address. */
bool net_start(const struct config *config, struct failure *failure);

/* users.c: reads the container's own /etc/passwd and /etc/group; call it in the container. */
struct identity {
  uid_t uid;
  gid_t gid;
  gid_t groups[64];
  size_t group_count;
  char home[256], shell[256];
};
bool identity_find(const char *user, struct identity *identity, struct failure *failure);

/* session.c */
#define MAX_SESSIONS 32
struct session {
  bool used, has_terminal, exited, input_ended;
  pid_t pid;
  int status;
  int input, output, error; /* a pseudo terminal's end is both input and output; -1 where there is none */
  uint32_t credit;
  uint32_t owed; /* input that was taken and that the host does not know of yet */
  char *pending;
  size_t pending_length;
};
extern struct session sessions[MAX_SESSIONS];
bool session_start(unsigned id, const struct config *config, int root, const char *terminal, char *records,
                   size_t length, struct failure *failure);
void session_input(struct session *session, const char *bytes, size_t length);
void session_resize(const struct session *session, unsigned columns, unsigned rows);
void session_close(struct session *session);

/* port.c: the host's end. Everything queued is bounded: output is read only while there is room for it. */
void port_open(const char *path);
int port_descriptor(void);
bool port_connected(void);
bool port_wants_write(void);
size_t port_room(void);
/* @returns false where there is no host, or it takes nothing. */
bool port_send(uint8_t type, uint8_t session, const void *payload, size_t length);
void port_greet(const char *state);
void port_disconnected(void);
void port_flush(void);
/* Reads what is there and hands every whole frame to `take`. */
void port_read(void (*take)(uint8_t type, uint8_t session, char *payload, size_t length));

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool failed(struct failure *failure, const char *stage, int error, const char *detail);
double uptime(void);

#endif
