import { expect, it } from 'vitest';
import {
  decodeRecords,
  encodeFrame,
  encodeRecords,
  FrameReader,
  maxPayloadBytes,
  recordFrames,
} from './frames.ts';

it('reads frames however the stream was cut', () => {
  const frames = [
    encodeFrame(34, 3, Buffer.from('some output')),
    encodeFrame(36, 3, Buffer.from([7])),
    encodeFrame(33, 0),
    encodeFrame(34, 31, Buffer.alloc(maxPayloadBytes, 1)),
  ];
  const stream = Buffer.concat(frames);
  const whole = new FrameReader().push(stream);
  expect(whole.map(({ type, session, payload }) => [type, session, payload.byteLength])).toEqual([
    [34, 3, 11],
    [36, 3, 1],
    [33, 0, 0],
    [34, 31, maxPayloadBytes],
  ]);
  for (const size of [1, 7, 8, 9, 1000]) {
    const reader = new FrameReader();
    const read = [];
    for (let at = 0; at < stream.byteLength; at += size) {
      read.push(...reader.push(stream.subarray(at, at + size)));
    }
    expect(read).toEqual(whole);
  }
});

it('refuses a frame that no agent sends, before it has waited for it', () => {
  const announced = Buffer.from(encodeFrame(34, 1));
  announced.writeUInt32LE(maxPayloadBytes + 1, 4);
  expect(() => new FrameReader().push(announced)).toThrow(RangeError);
  expect(() => encodeFrame(4, 1, new Uint8Array(maxPayloadBytes + 1))).toThrow(RangeError);
});

it('carries records of any length together, none of which can begin another', () => {
  const long = 'x'.repeat(40_000);
  const frames = recordFrames(1, [
    ['variable', `A=${long}`],
    ['variable', `B=${long}`],
    ['user', 'größe\tmit\nallem'],
  ]);
  expect(frames.map((frame) => frame.byteLength > maxPayloadBytes + 8)).toEqual([false, false]);
  const read = new FrameReader().push(Buffer.concat(frames));
  const whole = decodeRecords(Buffer.concat(read.map(({ payload }) => payload)));
  expect([...whole]).toEqual([
    ['variable', `B=${long}`],
    ['user', 'größe\tmit\nallem'],
  ]);
  expect(() => encodeRecords([['variable', 'A=\0user\0root']])).toThrow(RangeError);
});

it.each([
  ['nothing', Buffer.alloc(0), []],
  ['a name alone', Buffer.from('stage'), []],
  ['a cut value', Buffer.from('stage\0user\0errno\0' + '2'), [['stage', 'user']]],
  ['what is no UTF-8', Buffer.from([0x61, 0, 0xff, 0xfe, 0]), [['a', '\ufffd\ufffd']]],
])('makes of %s what can be made of it', (_name, payload, records) => {
  expect([...decodeRecords(payload)]).toEqual(records);
});
