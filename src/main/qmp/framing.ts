/**
 * Owns the cutting of a byte stream into QMP messages: one JSON object a line.
 * Must never keep more than one bounded line of a message that has not ended, nor know what it says.
 */
import { protocolError } from './errors.ts';

/** A parsed message before anything is known about it. */
export type JsonObject = Record<string, unknown>;

/** The largest answers QEMU gives (`query-qmp-schema`) are some 200 KiB; beyond this it is not QEMU. */
export const defaultMaxMessageBytes = 8 * 1024 * 1024;

const newline = 0x0a;

/**
 * An incremental parser without input or output of its own: feed it bytes, ask it for messages.
 * Lines end with LF or CR LF (QEMU sends the latter; docs/interop/qmp-spec, "General Definitions").
 */
export class MessageFramer {
  readonly #maxMessageBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** Chunks not yet looked at, of which the first is read from `#offset`. */
  #chunks: Uint8Array[] = [];
  #offset = 0;
  /** The beginning of a line whose end has not come yet: the first `#partialBytes` of a buffer. */
  #partial = new Uint8Array(0);
  #partialBytes = 0;

  /** @param maxMessageBytes bound of one message without its newline. */
  constructor(maxMessageBytes = defaultMaxMessageBytes) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Bytes of a message that has begun but not ended, as far as {@link next} has looked. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** @param chunk the next bytes, cut anywhere, also inside a UTF-8 sequence. Must not be reused. */
  feed(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  /**
   * @returns the next whole message, or null until more bytes are fed.
   * @throws AppError `qmp_failed` when the peer does not speak QMP: a line that is too long, not
   *   UTF-8, not JSON or not an object. The messages before it have been returned; nothing after it
   *   can be trusted, so the framer is of no further use.
   */
  next(): JsonObject | null {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return null;
      const end = chunk.indexOf(newline, this.#offset);
      const piece = chunk.subarray(this.#offset, end === -1 ? undefined : end);
      if (end === -1 || end + 1 === chunk.byteLength) {
        this.#chunks.shift();
        this.#offset = 0;
      } else {
        this.#offset = end + 1;
      }
      if (this.#partialBytes + piece.byteLength > this.#maxMessageBytes) {
        throw protocolError(`a message is longer than ${this.#maxMessageBytes} bytes`);
      }
      if (end === -1) this.#append(piece);
      else return this.#parse(this.#complete(piece));
    }
  }

  /** Grows by doubling: a peer that writes byte by byte costs neither O(n²) nor an object a byte. */
  #append(piece: Uint8Array): void {
    const wanted = this.#partialBytes + piece.byteLength;
    if (wanted > this.#partial.byteLength) {
      const grown = new Uint8Array(Math.max(wanted, 2 * this.#partial.byteLength));
      grown.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = grown;
    }
    this.#partial.set(piece, this.#partialBytes);
    this.#partialBytes = wanted;
  }

  #complete(piece: Uint8Array): Uint8Array {
    if (this.#partialBytes === 0) return piece; // the usual case: nothing to copy
    this.#append(piece);
    const line = this.#partial.subarray(0, this.#partialBytes);
    this.#partial = new Uint8Array(0);
    this.#partialBytes = 0;
    return line;
  }

  #parse(line: Uint8Array): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(this.#decoder.decode(line));
    } catch (cause) {
      throw protocolError('a line is not JSON', { cause, line });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw protocolError('a message is not an object', { line });
    }
    return value as JsonObject;
  }
}
