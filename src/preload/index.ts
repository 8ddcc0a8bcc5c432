/**
 * The only code that both worlds see: hands the page a narrow, frozen bridge and nothing of Electron.
 * Derived from the channel table; a name that is not in it never leaves the page.
 */
import { contextBridge, ipcRenderer } from 'electron';
import {
  consoleChannel,
  eventNames,
  openingChannel,
  requestNames,
} from '../shared/channel-names.ts';
import type { NanduBridge } from '../shared/channels.ts';

const mayInvoke = new Set<string>(requestNames);
const mayListen = new Set<string>(eventNames);

/** The page is there before main's services are: what it asks for meanwhile waits here. */
const opened: Promise<unknown> = ipcRenderer.invoke(openingChannel);

const bridge: NanduBridge = {
  invoke(name, input) {
    if (!mayInvoke.has(name)) throw new Error(`Unknown request “${name}”.`);
    return opened.then(() => ipcRenderer.invoke(name, input));
  },
  on(name, listener) {
    if (!mayListen.has(name)) throw new Error(`Unknown event “${name}”.`);
    // Electron's event object stays on this side: it would hand the page `sender` and `ports`.
    const relay = (_event: unknown, payload: unknown): void => listener(payload as never);
    ipcRenderer.on(name, relay);
    return () => void ipcRenderer.removeListener(name, relay);
  },
  openConsole(machineId, kind, words, token) {
    const { port1, port2 } = new MessageChannel();
    void opened.then(() =>
      ipcRenderer.postMessage(consoleChannel, { machineId, kind, words }, [port2]),
    );
    window.postMessage({ nanduConsole: token }, location.origin, [port1]);
  },
};

contextBridge.exposeInMainWorld('nandu', bridge);
