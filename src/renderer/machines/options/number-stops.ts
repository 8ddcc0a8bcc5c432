/**
 * The stops of the sliders for vCPUs and memory.
 * Pure; a number between two stops can always be typed.
 */

/** Sensible sizes for the memory slider: powers of two up to what the host has. */
export function memoryStops(hostMemoryMiB: number): number[] {
  const stops = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072];
  const fitting = stops.filter((stop) => stop <= hostMemoryMiB);
  return fitting.length > 0 ? fitting : [64];
}

/** Sensible counts for the vCPU slider: each one while they are few, then doubling. */
export function vcpuStops(hostCpuCount: number): number[] {
  const most = Math.max(1, Math.min(288, hostCpuCount));
  if (most <= 8) return Array.from({ length: most }, (_, index) => index + 1);
  const stops = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 288];
  return stops.filter((stop) => stop <= most);
}

/** The stop that a typed number is nearest to; the slider's position. */
export function nearestStop(stops: readonly number[], value: number): number {
  if (!Number.isFinite(value)) return 0;
  let nearest = 0;
  stops.forEach((stop, index) => {
    if (Math.abs(stop - value) < Math.abs((stops[nearest] ?? 0) - value)) nearest = index;
  });
  return nearest;
}
