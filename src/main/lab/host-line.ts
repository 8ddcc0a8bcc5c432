/**
 * The computer in a line, as an experiment and its report have it.
 * Reads what the system says of itself, and nothing that names a person or a machine.
 */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** “2 × Some CPU · 15.6 GiB · Debian GNU/Linux 12 (bookworm) · Linux 6.1.0-18-amd64”. */
export function describeHost(): string {
  const [first] = cpus();
  return [
    `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}`,
    `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    ...distribution(),
    `${type()} ${release()}`,
  ].join(' · ');
}

/** Its name after os-release(5); nothing where there is none. */
function distribution(): string[] {
  let text: string;
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return []; // a system without the file has no name to show
  }
  const name = /^PRETTY_NAME=(["']?)(.+)\1$/m.exec(text)?.[2];
  return name === undefined ? [] : [name];
}
