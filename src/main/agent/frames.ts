/**
 * The frames in which the container's agent and Nandu speak (resources/guest/agent/agent.h is the other end).
 * Bytes only: what a frame means is decided elsewhere, and a guest that sends nonsense is only ever refused.
 */

/** From Nandu to the guest. */
export const toGuest = {
  config: 1,
  run: 2,
  open: 3,
  input: 4,
  endInput: 5,
  size: 6,
  signal: 7,
  credit: 8,
  stop: 9,
  close: 10,
  hello: 11,
} as const;

/** From the guest to Nandu. */
export const fromGuest = {
  started: 33,
  output: 34,
  errorOutput: 35,
  exited: 36,
  failed: 37,
  wanted: 38,
} as const;

/** The command on the console; other sessions have numbers from 1. */
export const commandSession = 0;
/** As the agent has it (session.c, MAX_SESSIONS). */
export const maxSessions = 32;
/** The most that either side takes in one frame. */
export const maxPayloadBytes = 64 * 1024;

const headerBytes = 8;

/** One message. */
export interface Frame {
  readonly type: number;
  readonly session: number;
  readonly payload: Buffer;
}

/** @param payload at most {@link maxPayloadBytes}. @throws RangeError for a longer one. */
export function encodeFrame(
  type: number,
  session: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  if (payload.byteLength > maxPayloadBytes) throw new RangeError('a frame that long is refused');
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(type, 0);
  header.writeUInt8(session, 1);
  header.writeUInt32LE(payload.byteLength, 4);
  return Buffer.concat([header, payload]);
}

/** Numbers as the agent reads them: little endian. */
export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Math.max(0, Math.min(0xffffffff, Math.round(value))));
  return bytes;
}

/** A name and its value; neither may contain NUL. */
export type GuestRecord = readonly [key: string, value: string];

/** @throws RangeError for a NUL, which would begin another record. */
export function encodeRecords(records: readonly GuestRecord[]): Buffer {
  for (const record of records) {
    if (record.some((text) => text.includes('\0'))) throw new RangeError(`NUL in “${record[0]}”`);
  }
  return Buffer.from(records.map(([key, value]) => `${key}\0${value}\0`).join(''));
}

/** The records of a guest's payload; one that is cut off is left out. Invalid UTF-8 is replaced. */
export function decodeRecords(payload: Buffer): Map<string, string> {
  const words = payload.toString('utf8').split('\0');
  const records = new Map<string, string>();
  for (let at = 0; at + 2 < words.length; at += 2) {
    records.set(words[at] ?? '', words[at + 1] ?? '');
  }
  return records;
}

/** Frames for records of any length: the agent puts them together again, so that one may lie across two. */
export function recordFrames(type: number, records: readonly GuestRecord[]): Buffer[] {
  const bytes = encodeRecords(records);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += maxPayloadBytes) {
    frames.push(encodeFrame(type, commandSession, bytes.subarray(at, at + maxPayloadBytes)));
  }
  return frames;
}

/** All that a waiting agent is to be sent: what to run, and to run it. */
export function configurationFrames(records: readonly GuestRecord[]): Buffer {
  const frames = recordFrames(toGuest.config, records);
  return Buffer.concat([...frames, encodeFrame(toGuest.run, commandSession)]);
}

/** Cuts a stream into frames. */
export class FrameReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Before so many bytes are there, looking would only cost: a guest can send them one by one. */
  #neededBytes = headerBytes;

  /**
   * @returns the frames that are whole now.
   * @throws RangeError when the guest announces a frame that no agent sends; the stream is then lost.
   */
  push(chunk: Buffer): Frame[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    const frames: Frame[] = [];
    while (this.#pendingBytes >= this.#neededBytes) {
      const header = this.#joined();
      const length = header.readUInt32LE(4);
      if (length > maxPayloadBytes) throw new RangeError(`a frame of ${length} bytes`);
      const end = headerBytes + length;
      this.#neededBytes = end;
      if (this.#pendingBytes < end) break;
      frames.push({
        type: header.readUInt8(0),
        session: header.readUInt8(1),
        payload: header.subarray(headerBytes, end),
      });
      this.#neededBytes = headerBytes;
      const rest = header.subarray(end);
      this.#pending = [rest];
      this.#pendingBytes = rest.byteLength;
    }
    return frames;
  }

  /** What has come of the next frame so far. */
  get rest(): Buffer {
    return this.#joined();
  }

  /** What waits, in one piece. At most a frame and a chunk, so joining stays cheap. */
  #joined(): Buffer {
    const [first] = this.#pending;
    if (this.#pending.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#pending);
    this.#pending = [whole];
    return whole;
  }
}
