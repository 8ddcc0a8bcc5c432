/**
 * Serves the built page under app://nandu with the headers that confine it.
 * Answers with files below one folder and nothing else, wherever a URL points.
 */
import { readFileSync } from 'node:fs';
import { extname, join, normalize, sep } from 'node:path';
import { protocol, type ProtocolRequest, type ProtocolResponse, type Session } from 'electron';

const scheme = 'app';
const host = 'nandu';

/** The page's address. */
export const pageUrl = `${scheme}://${host}/index.html`;

/** Electron security checklist 7: only our own files, nothing inline but xterm's and charts' styles. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Must be called before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme,
      // With the code cache a page that was shown before need not be compiled again.
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

/** An answer leaves after the call that gives it; main must not be busy then. */
const answerMs = 8;

/**
 * @param root the folder of the built page, absolute.
 * @returns resolves when the page has been given its code: its process is busy with that for a while.
 */
export function servePage(session: Session, root: string): Promise<void> {
  return new Promise((resolve) => {
    // Its successor, protocol.handle, first reads all of Node's fetch and then copies every answer through streams
    // of the web (electron/electron#42612): 40 ms more until the window can be used.
    const isServed = session.protocol.registerBufferProtocol(scheme, (request, callback) => {
      const response = answer(request, root);
      callback(response);
      // Where there is none, too: what is wrong with the installation is not a reason to wait for ever.
      if (request.url.endsWith('.js') || response.statusCode !== 200) setTimeout(resolve, answerMs);
    });
    if (!isServed) throw new Error(`Electron serves ${scheme}: by something else.`);
  });
}

function answer({ url, method }: ProtocolRequest, root: string): ProtocolResponse {
  const path = resolveWithin(root, url);
  const type = path === null ? undefined : mediaTypes[extname(path)];
  if (path === null || type === undefined || method !== 'GET') return notFound();
  try {
    return {
      ...{ statusCode: 200, mimeType: type, data: readFileSync(path) },
      headers: {
        'content-type': type,
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      },
    };
  } catch {
    return notFound(); // whatever the reason, it is not there
  }
}

function notFound(): ProtocolResponse {
  return { statusCode: 404, mimeType: 'text/plain', data: Buffer.from('Not found') };
}

/** The file a URL names below `root`, or null when it names none or one outside of it. */
export function resolveWithin(root: string, address: string): string | null {
  let path: string;
  try {
    const url = new URL(address);
    if (url.protocol !== `${scheme}:` || url.host !== host) return null;
    path = decodeURIComponent(url.pathname);
  } catch {
    return null; // not a URL, or bad escapes
  }
  if (path.includes('\0')) return null;
  const full = normalize(join(root, path));
  return full.startsWith(root.endsWith(sep) ? root : root + sep) ? full : null;
}
