/* Speaks with the host over the virtio-serial port: greeting, frames in, frames out. Knows no session. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 8, MAX_PAYLOAD = 64 * 1024, OUT_SIZE = 256 * 1024 };

static int port = -1;
static bool connected;
static char in[HEADER + MAX_PAYLOAD];
static size_t in_length;
static char out[OUT_SIZE];
static size_t out_length;
static unsigned host; /* counts them: what was read before belongs to another */

void port_open(const char *path) {
  port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (port < 0) say("the host cannot be reached: %s", strerror(errno));
}

int port_descriptor(void) { return port; }
bool port_connected(void) { return connected; }
bool port_wants_write(void) { return out_length > 0; }

/* Room for a session's output; the rest is kept for what must not be lost, which is short. */
size_t port_room(void) {
  size_t reserve = 32 * 1024;
  return out_length + reserve + HEADER < OUT_SIZE ? OUT_SIZE - out_length - reserve - HEADER : 0;
}

static void queue(const void *bytes, size_t length) {
  if (out_length + length > OUT_SIZE) return; /* only a host that reads nothing at all */
  memcpy(out + out_length, bytes, length);
  out_length += length;
}

bool port_send(uint8_t type, uint8_t session, const void *payload, size_t length) {
  if (!connected || out_length + HEADER + length > OUT_SIZE) return false;
  unsigned char header[HEADER] = {type, session, 0, 0};
  for (int at = 0; at < 4; at += 1) header[4 + at] = (unsigned char)(length >> (8 * at));
  queue(header, HEADER);
  if (length > 0) queue(payload, length);
  return true;
}

/*
 * A host that connects anew must not meet half a frame of the last one, nor have that one's last words carried out:
 * they can lie in the guest's buffers still. A new one says nothing before it is greeted; the first has no predecessor.
 */
void port_greet(const char *state) {
  while (host > 0 && read(port, in, sizeof in) > 0) continue;
  connected = true;
  host += 1;
  in_length = out_length = 0;
  char line[96];
  int length = snprintf(line, sizeof line, "\nhello 2 %.3f %s\n", uptime(), state);
  queue(line, (size_t)length);
}

void port_disconnected(void) {
  connected = false;
  in_length = out_length = 0;
}

void port_flush(void) {
  while (out_length > 0) {
    ssize_t written = write(port, out, out_length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    out_length -= (size_t)written;
    memmove(out, out + written, out_length);
  }
}

void port_read(void (*take)(uint8_t, uint8_t, char *, size_t)) {
  for (;;) {
    ssize_t got = read(port, in + in_length, sizeof in - in_length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return; /* nothing now, or the host is gone: poll says which */
    in_length += (size_t)got;
    size_t at = 0;
    while (in_length - at >= HEADER) {
      unsigned char *header = (unsigned char *)in + at;
      size_t length = 0;
      for (int byte = 3; byte >= 0; byte -= 1) length = length << 8 | header[4 + byte];
      if (length > MAX_PAYLOAD) { /* not our host's language: it is greeted anew */
        port_disconnected();
        return;
      }
      if (in_length - at < HEADER + length) break;
      unsigned from = host;
      take(header[0], header[1], in + at + HEADER, length);
      if (host != from) return;
      at += HEADER + length;
    }
    in_length -= at;
    memmove(in, in + at, in_length);
  }
}
