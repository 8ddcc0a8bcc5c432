/*
 * Says at what rate this computer's time stamp counter counts, in kHz. An emulated guest reads that very
 * counter, and cannot find its rate out by itself (QEMU: target/i386/tcg, cpu_get_tsc).
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct reading {
  int64_t ns;
  uint64_t ticks;
};

/* Both clocks at the same moment: of several pairs the one between whose reads the least time went by. */
static struct reading read_both(void) {
  struct reading best = {0, 0};
  int64_t shortest = INT64_MAX;
  for (int i = 0; i < 16; i++) {
    int64_t before = now_ns();
    uint64_t ticks = __rdtsc();
    int64_t after = now_ns();
    if (after - before < shortest) {
      shortest = after - before;
      best.ns = before + (after - before) / 2;
      best.ticks = ticks;
    }
  }
  return best;
}

int main(void) {
  struct reading first = read_both();
  struct timespec pause = {0, 50 * 1000 * 1000};
  nanosleep(&pause, NULL);
  struct reading second = read_both();
  double ms = (double)(second.ns - first.ns) / 1e6;
  printf("%.0f\n", (double)(second.ticks - first.ticks) / ms);
  return 0;
}
