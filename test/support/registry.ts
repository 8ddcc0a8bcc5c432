/** A real registry on this computer, and what puts images into it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { canBuildImages } from './image-builder.ts';

/** Whether this machine has what a registry and its images need. */
export const canServeImages = ((): boolean => {
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' });
    execFileSync('skopeo', ['--version'], { stdio: 'ignore' });
    return canBuildImages();
  } catch {
    return false;
  }
})();

/** Whom a closed registry lets in. */
export const registryLogin = { user: 'somebody', password: 'secret' };
const htpasswd = 'somebody:$2b$05$PVy4sbJSjjv93C1Waj70fuy6RynO49K3/EIycfD.3dR2nFOOxrwnm\n';

/** A registry that runs. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly name: string;
  /** Its own folder, with all blobs in it. */
  readonly storage: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * @param folder for its files; several may share one.
 * @param options.auth lets only {@link registryLogin} in.
 * @param options.tls speaks https with a certificate that nobody trusts.
 */
export async function serveRegistry(
  folder: string,
  options: { auth?: boolean; tls?: boolean } = {},
): Promise<Registry> {
  const port = await freePort();
  const own = join(folder, `registry-${port}`);
  const storage = join(own, 'storage');
  mkdirSync(storage, { recursive: true });
  writeFileSync(join(own, 'htpasswd'), htpasswd);
  if (options.tls === true) {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=nobody'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', join(own, 'key.pem'), '-out', join(own, 'cert.pem')],
      ],
      { stdio: 'ignore' },
    );
  }
  const tls = `tls: { certificate: ${own}/cert.pem, key: ${own}/key.pem }`;
  writeFileSync(
    join(own, 'config.yml'),
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${storage} } }
http: { addr: "127.0.0.1:${port}"${options.tls === true ? `, ${tls}` : ''} }
${options.auth === true ? `auth: { htpasswd: { realm: nandu, path: ${own}/htpasswd } }` : ''}
`,
  );
  const child = spawn('docker-registry', ['serve', join(own, 'config.yml')], { stdio: 'ignore' });
  await answers(child, port);
  return {
    ...{ name: `127.0.0.1:${port}`, storage },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    // Also one that speaks TLS answers this, with “400”.
    const heard = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      () => true,
      () => false,
    );
    if (heard) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error('the registry does not answer');
}

/** Pushes a layout's image `latest`. */
export function pushImage(layout: string, to: string, login?: typeof registryLogin): void {
  execFileSync(
    'skopeo',
    [
      ...['copy', '--quiet', '--dest-tls-verify=false'],
      ...(login === undefined ? [] : ['--dest-creds', `${login.user}:${login.password}`]),
      ...[`oci:${layout}:latest`, `docker://${to}`],
    ],
    { stdio: 'pipe' },
  );
}
