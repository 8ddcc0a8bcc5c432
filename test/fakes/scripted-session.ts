/**
 * A session with a scripted monitor for each test of a file, and the proof that nothing is left over.
 * Never lets an unhandled rejection pass.
 */
import { afterEach, beforeEach, expect } from 'vitest';
import { QmpSession, type ConnectOptions } from '../../src/main/qmp/index.ts';
import { ScriptedMonitor, type ScriptedPeer } from './scripted-monitor.ts';

/** Both ends of the current test's connection. */
export interface ScriptedSession {
  session: QmpSession;
  peer: ScriptedPeer;
  /** Replaces both ends; the monitor serves any number of clients. */
  reopen(options: ConnectOptions): Promise<void>;
}

/** Registers the hooks; what is returned is only valid within a test. */
export function useScriptedSession(): ScriptedSession {
  let monitor: ScriptedMonitor;
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  const open = async (options: ConnectOptions): Promise<void> => {
    const accepted = monitor.peer();
    const connecting = QmpSession.connect(monitor.path, options);
    current.peer = await accepted;
    await current.peer.negotiate();
    current.session = await connecting;
  };
  const current = {
    reopen: async (options) => {
      current.session.close();
      await open(options);
    },
  } as ScriptedSession;

  beforeEach(async () => {
    process.on('unhandledRejection', onUnhandled);
    monitor = await ScriptedMonitor.listen();
    await open({});
  });
  afterEach(async () => {
    current.session.close();
    await current.session.closed;
    await monitor.close();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
  return current;
}

/** What a promise that must fail fails with. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('should have failed'),
    (error: unknown) => error,
  );
}
