/**
 * Throws random messages at QMP sessions over a real socket: events, answers, answers to nothing, garbage,
 * cut and oversized ones. Every promise must settle, every good event before the garbage must arrive.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { QmpSession } from '../../src/main/qmp/index.ts';
import { ScriptedMonitor } from '../fakes/scripted-monitor.ts';
import { randomFrom } from './random.ts';

/** What came of it. */
export interface StormResult {
  readonly messages: number;
  readonly sessions: number;
  readonly calls: number;
  /** Promises that never settled; must be 0. */
  readonly stranded: number;
}

const maxMessageBytes = 64 * 1024;

/** @param total messages, over as many sessions as it takes. */
export async function qmpStorm(total: number, seed = 20_261_124): Promise<StormResult> {
  const random = randomFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  let messages = 0;
  let sessions = 0;
  let calls = 0;
  let settled = 0;
  const monitor = await ScriptedMonitor.listen();
  try {
    while (messages < total) {
      sessions += 1;
      const accepted = monitor.peer();
      const connecting = QmpSession.connect(monitor.path, { maxMessageBytes });
      const peer = await accepted;
      await peer.negotiate();
      const session = await connecting;
      let heard = 0;
      session.onEvent(({ event }) => (heard += event === 'STORM' ? 1 : 0));
      const pending: Promise<unknown>[] = [];
      for (let call = 0; call < 20; call += 1) {
        calls += 1;
        pending.push(
          session
            .executeRaw(`storm-${call}`, undefined, { deadlineMs: Infinity })
            .catch(() => undefined) // most are never answered
            .finally(() => (settled += 1)),
        );
      }
      const ids = await Promise.all(Array.from({ length: 20 }, () => peer.command()));
      const batch = Math.min(total - messages, 20_000 + Math.floor(random() * 20_000));
      let events = 0;
      let text = '';
      const flush = async (): Promise<void> => {
        // In two pieces, cut anywhere: also inside a character.
        const bytes = Buffer.from(text, 'utf8');
        const cut = Math.floor(random() * bytes.length);
        peer.socket.write(bytes.subarray(0, cut));
        if (!peer.socket.write(bytes.subarray(cut))) {
          await new Promise((resolve) => peer.socket.once('drain', resolve));
        }
        text = '';
      };
      for (let index = 0; index < batch; index += 1) {
        messages += 1;
        text += goodMessage(random, pick, ids[index % 400]?.id);
        if (text.endsWith('"STORM"}\r\n')) events += 1;
        if (index % 500 === 499) await flush();
      }
      await flush();
      messages += 1;
      peer.socket.write(pick(endings)());
      if (random() < 0.5) peer.socket.destroySoon();
      const ended = await Promise.race([
        session.closed.then(() => true),
        delay(10_000, false, { ref: false }),
      ]);
      assert(ended, 'a session did not end after garbage');
      assert.equal(heard, events, 'events before the garbage were lost or made up');
      await Promise.race([Promise.all(pending), delay(5_000, undefined, { ref: false })]);
      peer.socket.destroy();
    }
  } finally {
    await monitor.close();
  }
  return { messages, sessions, calls, stranded: calls - settled };
}

function goodMessage(
  random: () => number,
  pick: <T>(values: readonly T[]) => T,
  id: unknown,
): string {
  const kind = random();
  const text = pick(['', 'ñandú', '🐦', '\\u0000', '{', '\\"', 'x'.repeat(200)]);
  const stamp = '"timestamp":{"seconds":1,"microseconds":2}';
  if (kind < 0.5) return `{${stamp},"data":{"t":"${text}"},"event":"STORM"}\r\n`;
  if (kind < 0.6) return `{${stamp},"event":"OTHER","extra":[1,{"a":null}]}\n`;
  if (kind < 0.7 && id !== undefined) {
    return `{"return":{"t":"${text}"},"id":${JSON.stringify(id)}}\r\n`;
  }
  if (kind < 0.8) {
    return `{"error":{"class":"GenericError","desc":"${text}"},"id":"${Math.floor(random() * 1e6)}"}\r\n`;
  }
  return `{"return":{},"id":${Math.floor(random() * 1e9)}}\n`;
}

/** What no QEMU sends; after each of them the session must be over. */
const endings: readonly (() => Buffer)[] = [
  () => Buffer.from('{"event":\r\n'),
  () => Buffer.from('[]\n'),
  () => Buffer.from('\n'),
  () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
  () => Buffer.alloc(maxMessageBytes + 1, 0x20),
  () => Buffer.from('{"event":5,"timestamp":{}}\n'),
  () => Buffer.from('{"QMP":{}}\nnull\n'),
];
