/**
 * Names of container images: as people write them, as sources, and what follows from them.
 * Pure; what a name may be is decided in main (images/container/reference), never here.
 */
import { baseName } from './format.ts';

const archivePattern = /^(docker-archive|oci-archive|oci):(.*)$/;

/** An image's name as people write it: `alpine`, `owner/name:tag`, `ghcr.io/owner/name`, `app.tar`. */
export function imageTitle(source: string): string {
  const archive = archivePattern.exec(source);
  if (archive) return baseName(archive[2] ?? source);
  return source
    .replace(/^docker:\/\//, '')
    .replace(/^docker\.io\/(library\/)?/, '')
    .replace(/:latest$/, '')
    .replace(/@sha256:([0-9a-f]{12})[0-9a-f]+$/, '@$1…');
}

/** What must be typed to mean this source; the registry's default parts are left out. */
export function typedName(source: string): string {
  if (archivePattern.test(source)) return source;
  return source.replace(/^docker:\/\//, '').replace(/^docker\.io\/(library\/)?/, '');
}

/**
 * The source that main would make of what was typed, by Docker's rules; null where it would refuse it
 * or where it is no registry's.
 */
export function sourceOf(typed: string): string | null {
  const text = typed.trim();
  if (text === '' || /\s/.test(text)) return null;
  if (archivePattern.test(text) || /^(docker-daemon|containers-storage):/.test(text)) return text;
  const name = text.replace(/^docker:\/\//, '');
  const [first = '', ...rest] = name.split('/');
  const named =
    rest.length > 0 &&
    (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const path = named ? rest.join('/') : name;
  const repository = named || rest.length > 0 ? path : `library/${path}`;
  const at = repository.indexOf('@');
  const plain = at < 0 ? repository : repository.slice(0, at).replace(/:[^/]*$/, '');
  const tagged = /:[^/]*$/.test(plain) ? plain : `${plain}:latest`;
  return `docker://${named ? first : 'docker.io'}/${at < 0 ? tagged : plain + repository.slice(at)}`;
}

/** What must be typed to mean exactly this image of a registry, whatever its tag means now; null for other sources. */
export function pinnedName(source: string, digest: string): string | null {
  if (registryOf(source) === null) return null;
  return `${typedName(source).replace(/@.*$|:[^/:]*$/, '')}@${digest}`;
}

/** The registry that a source is fetched from; null for files and local engines. */
export function registryOf(source: string | null): string | null {
  return /^docker:\/\/([^/]+)\//.exec(source ?? '')?.[1] ?? null;
}

/** The first digits of a digest, as engines show them. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** A file as a source: by its name an OCI archive, else one that `docker save` wrote. */
export function archiveSource(path: string): string {
  return `${/oci/i.test(baseName(path)) ? 'oci-archive' : 'docker-archive'}:${path}`;
}

/** A machine's name that follows from an image's; null while nothing can be read from what was typed. */
export function machineNameFor(typed: string): string | null {
  const text = typed.trim();
  const archive = archivePattern.exec(text);
  const last = baseName(archive ? (archive[2] ?? '') : text.replace(/@.*$/, ''));
  const name = archive
    ? last.replace(/\.(tar|oci|tgz|gz|xz|zst)\b.*$/i, '')
    : last.replace(/:.*$/, '');
  return /^[\w.-]+$/.test(name) ? name.slice(0, 48) : null;
}
