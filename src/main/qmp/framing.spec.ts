import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../test/support/random.ts';
import { MessageFramer, type JsonObject } from './framing.ts';

function drain(framer: MessageFramer, into: JsonObject[] = []): JsonObject[] {
  for (let next = framer.next(); next !== null; next = framer.next()) into.push(next);
  return into;
}

/** What came through before the framer gave up, and why. */
function drainToEnd(framer: MessageFramer): { messages: JsonObject[]; failure: unknown } {
  const messages: JsonObject[] = [];
  try {
    drain(framer, messages);
  } catch (failure) {
    return { messages, failure };
  }
  return { messages, failure: null };
}

/** Generous: a second on an idle machine, but the suite shares its cores with real processes. */
const longTestMs = 120_000;

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

describe('MessageFramer', () => {
  const messages = [{ event: 'ñandú 🐦' }, { return: { n: 1, list: [true, null, 'a\nb'] } }, {}];
  const stream = bytes(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));

  it('gives the same messages wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const framer = new MessageFramer();
      framer.feed(stream.subarray(0, cut));
      const received = drain(framer);
      framer.feed(stream.subarray(cut));
      expect(drain(framer, received)).toEqual(messages);
    }
  });

  it('gives the same messages byte by byte, fed before or between the questions', () => {
    const asked = new MessageFramer();
    const fed = new MessageFramer();
    const received: JsonObject[] = [];
    for (let index = 0; index < stream.length; index += 1) {
      asked.feed(stream.subarray(index, index + 1));
      fed.feed(stream.subarray(index, index + 1));
      drain(asked, received);
    }
    expect([received, drain(fed)]).toEqual([messages, messages]);
    expect([asked.partialBytes, fed.partialBytes]).toEqual([0, 0]);
  });

  it(
    'survives messages of every size in chunks of every size (seeded)',
    { timeout: longTestMs },
    () => {
      const total = process.env['NANDU_SOAK'] === '1' ? 1_000_000 : 120_000;
      const random = randomFrom(20_240_607);
      const alphabet = ['a', '"', '\\', '\n', '\r', 'ñ', '✓', '🐦', '\u0000', '{', '}', '\ud800'];
      const framer = new MessageFramer();
      let sent = 0;
      let received = 0;
      let rest = Buffer.alloc(0);
      const pending: string[] = [];
      while (received < total) {
        const batch: string[] = [];
        for (let index = 0; index < 200 && sent < total; index += 1, sent += 1) {
          let text = '';
          const length = random() < 0.01 ? 400 : Math.floor(random() * 12);
          for (let at = 0; at < length; at += 1) {
            text += alphabet[Math.floor(random() * alphabet.length)] ?? '';
          }
          const json = JSON.stringify({ id: sent, text });
          pending.push(json);
          batch.push(`${json}${random() < 0.5 ? '\r\n' : '\n'}`);
        }
        rest = Buffer.concat([rest, bytes(batch.join(''))]);
        while (rest.length > 0) {
          const size = 1 + Math.floor(random() ** 3 * 4096);
          framer.feed(rest.subarray(0, size));
          rest = rest.subarray(size);
          const got = drain(framer).map((message) => JSON.stringify(message));
          if (got.length === 0) continue;
          // A deep comparison a message would take most of the test's time.
          if (got.join('\n') !== pending.splice(0, got.length).join('\n')) {
            expect.fail(`wrong messages after ${received}`);
          }
          received += got.length;
        }
      }
      expect({ received, left: pending.length, partial: framer.partialBytes }).toEqual({
        received: total,
        left: 0,
        partial: 0,
      });
    },
  );

  it('ends in one protocol error on garbage, never in anything else (seeded)', () => {
    const random = randomFrom(7);
    for (let round = 0; round < 3000; round += 1) {
      const garbage = Buffer.alloc(1 + Math.floor(random() * 64));
      for (let at = 0; at < garbage.length; at += 1) garbage[at] = Math.floor(random() * 256);
      const framer = new MessageFramer();
      framer.feed(bytes('{"good":1}\n'));
      framer.feed(garbage);
      framer.feed(bytes('\n'));
      expect(drainToEnd(framer)).toMatchObject({
        messages: [{ good: 1 }],
        failure: { name: 'AppError', code: 'qmp_failed' },
      });
    }
  });

  it.each([
    ['cut JSON', bytes('{"a":\n'), /not JSON/],
    ['an empty line', bytes('\r\n'), /not JSON/],
    ['an array', bytes('[1]\n'), /not an object/],
    ['null', bytes('null\n'), /not an object/],
    ['a number', bytes('42\n'), /not an object/],
    ['a byte-order mark', bytes('\ufeff{}\n'), /not JSON/],
    ['half a UTF-8 sequence', Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x7d, 0x0a]), /not JSON/],
  ])('refuses %s, after what came before', (_name, garbage, words) => {
    const framer = new MessageFramer();
    framer.feed(Buffer.concat([bytes('{"first":1}\n'), garbage, bytes('{"never":1}\n')]));
    const { messages: before, failure } = drainToEnd(framer);
    expect(before).toEqual([{ first: 1 }]);
    expect(failure).toMatchObject({ code: 'qmp_failed', message: expect.stringMatching(words) });
  });

  it('takes a message of exactly the bound and refuses one more byte, ended or not', () => {
    const exact = `{"a":"${'x'.repeat(92)}"}`;
    expect(exact.length).toBe(100);
    const framer = new MessageFramer(100);
    framer.feed(bytes(`${exact}\n${exact}\n`));
    expect(drain(framer)).toHaveLength(2);

    const tooLong = { failure: { message: expect.stringContaining('longer than 100 bytes') } };
    const ended = new MessageFramer(100);
    ended.feed(bytes(`${exact} \n`));
    const endless = new MessageFramer(100);
    for (let index = 0; index < 101; index += 1) endless.feed(bytes(' '));
    expect([drainToEnd(ended), drainToEnd(endless)]).toMatchObject([tooLong, tooLong]);
  });

  it('reads a large message byte by byte in linear time', { timeout: longTestMs }, () => {
    const framer = new MessageFramer();
    const large = bytes(`{"a":"${'x'.repeat(1_000_000)}"}\n`);
    const received: JsonObject[] = [];
    for (let index = 0; index < large.length; index += 1) {
      framer.feed(large.subarray(index, index + 1));
      drain(framer, received);
    }
    expect(received).toEqual([{ a: 'x'.repeat(1_000_000) }]);
  });
});
