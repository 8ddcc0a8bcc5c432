import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrace, parseTraceLine, TraceParser } from './trace.ts';

const real = readFileSync(new URL('fixtures/qboot-elf.trace.txt', import.meta.url));
const line = "30810@1795383406.226531:fw_cfg_select 0x564bbffb1d50 key 0x0001 'id', ret: 1";
const event = { kind: 'fw-cfg-select', atMs: 1795383406226.531, key: 1, name: 'id' };

describe('a real trace', () => {
  it('gives an event for every line', () => {
    const events = parseTrace(real);
    expect(events).toHaveLength(38);
    expect(events.slice(0, 3)).toEqual([
      { kind: 'virtio-status', atMs: 1795493083835.601, device: '0x560eb8f824f0', status: 0 },
      { kind: 'fw-cfg-select', atMs: 1795493083840.262, key: 0, name: 'signature' },
      { kind: 'runstate', atMs: 1795493084059.541, from: 'prelaunch', to: 'running' },
    ]);
  });

  it('gives the same wherever it is cut', () => {
    const whole = parseTrace(real);
    for (const size of [1, 7, 79, 4096]) {
      const parser = new TraceParser();
      const events = [];
      for (let at = 0; at < real.length; at += size) {
        events.push(...parser.feed(real.subarray(at, at + size)));
      }
      expect(events).toEqual(whole);
    }
  });
});

describe('what else may be in the file', () => {
  it.each([
    ['nothing', ''],
    ['text', 'qemu-system-x86_64: warning: TCG does not support requested feature'],
    ['no time (no -msg timestamp=on)', "fw_cfg_select 0x564bbffb1d50 key 0x0001 'id', ret: 1"],
    ['the ftrace marker', 'qemu-1 [000] 12.5: tracing_mark_write: fw_cfg_select key 0x0001'],
    ['another event', '30810@1795383406.226531:memory_region_ops_read cpu 0'],
    ['a cut time', '30810@1795383406.2265:runstate_set current_run_state 6 (a) new_state 9 (b)'],
    ['a cut line', '30810@1795383406.226531:fw_cfg_select 0x564bbffb1d50 key 0x00'],
    ['a key beyond 16 bits', "1@1.000000:fw_cfg_select 0x5 key 0x10001 'id', ret: 1"],
    ['binary', '\u0000\u00ff\u0000@\u0001'],
    ['an impossible date', "2026-99-99T00:00:00Z fw_cfg_select 0x5 key 0x0001 'id', ret: 1"],
  ])('%s is no event', (_name, text) => {
    expect(parseTraceLine(text)).toBeNull();
  });

  it.each([
    [line, event],
    [`${line}\r`, event],
    [
      '1@1.000002:fw_cfg_select 0x5 key 21 ret 1',
      { kind: 'fw-cfg-select', atMs: 1000.002, key: 21, name: '' },
    ],
    [
      '2025-09-22T19:39:34.123456Z virtio_set_status vdev 0x55 val 15',
      { kind: 'virtio-status', atMs: 1758569974123.456, device: '0x55', status: 15 },
    ],
    [
      '2025-09-22T19:39:34Z runstate_set current_run_state 6 (prelaunch) new_state 9 (running)',
      { kind: 'runstate', atMs: 1758569974000, from: 'prelaunch', to: 'running' },
    ],
  ])('%s', (text, expected) => {
    expect(parseTraceLine(text)).toEqual(expected);
  });

  it('waits for the end of a line and goes on after garbage', () => {
    const parser = new TraceParser();
    expect(parser.feed(`garbage\n${line}`)).toEqual([]);
    expect(parser.feed('\n')).toEqual([event]);
    expect(parseTrace(line)).toEqual([]);
  });

  it('drops an endless line without keeping it', () => {
    const parser = new TraceParser();
    const mebibyte = 'x'.repeat(1024 * 1024);
    for (let count = 0; count < 64; count++) expect(parser.feed(mebibyte)).toEqual([]);
    expect(parser.feed(`${line}\n${line}\n`)).toEqual([event]);
  });
});
