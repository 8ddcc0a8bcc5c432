/**
 * Reads what a person types as an image's name into a source that skopeo understands.
 * Nothing that it lets through can be taken for an option or for another transport.
 */
import { AppError } from '../../../shared/index.ts';

/** Where an image comes from. */
export type ImageSource =
  | {
      readonly kind: 'registry';
      /** `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
      readonly registry: string;
      readonly repository: string;
      readonly tag: string | null;
      /** `sha256:…`; wins over a tag. */
      readonly digest: string | null;
    }
  | { readonly kind: 'archive' | 'layout'; readonly transport: string; readonly path: string }
  | { readonly kind: 'daemon'; readonly transport: string; readonly name: string };

/** The grammar of distribution/reference, reference.go. */
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const domain =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::\d{1,5})?$|^\[[0-9a-fA-F:]+\](?::\d{1,5})?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const maxNameLength = 255;

/** Transports for files and for what local engines have, as skopeo names them (containers-transports(5)). */
const fileTransports = {
  'docker-archive': 'archive',
  'oci-archive': 'archive',
  oci: 'layout',
} as const;
const daemonTransports = ['docker-daemon', 'containers-storage'] as const;

/** @throws AppError `invalid_input` with `details.field` = `image` and what would be right. */
export function parseImageName(typed: string): ImageSource {
  const text = typed.trim();
  if (text === '')
    throw invalid('Give the name of an image, like “alpine” or “ghcr.io/owner/name:tag”.');
  // eslint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\s\u0000-\u001f\u007f]/.test(text)) throw invalid('An image’s name has no blanks.');
  const [transport = '', ...rest] = text.split(':');
  const value = rest.join(':');
  if (Object.hasOwn(fileTransports, transport)) {
    if (!value.startsWith('/')) throw invalid(`Give an absolute path after “${transport}:”.`);
    return {
      kind: fileTransports[transport as keyof typeof fileTransports],
      transport,
      path: value,
    };
  }
  if (daemonTransports.some((name) => name === transport)) {
    return { kind: 'daemon', transport, name: canonical(parseRegistryName(value)) };
  }
  if (text.startsWith('/')) {
    throw invalid('Write “docker-archive:”, “oci-archive:” or “oci:” before the path of a file.');
  }
  return parseRegistryName(text.replace(/^docker:\/\//, ''));
}

/** The words for skopeo. */
export function skopeoSource(source: ImageSource): string {
  switch (source.kind) {
    case 'registry':
      return `docker://${canonical(source)}`;
    case 'daemon':
      return `${source.transport}:${source.name}`;
    default:
      return `${source.transport}:${source.path}`;
  }
}

function canonical(source: ImageSource): string {
  if (source.kind !== 'registry') throw new Error('not in a registry');
  const { registry, repository, tag, digest } = source;
  return `${registry}/${repository}${digest === null ? `:${tag ?? 'latest'}` : `@${digest}`}`;
}

function parseRegistryName(text: string): ImageSource {
  const [beforeDigest = '', digest = null, ...more] = text.split('@');
  if (more.length > 0 || (digest !== null && !digestPattern.test(digest))) {
    throw invalid('A digest is “@sha256:” and 64 hexadecimal digits.');
  }
  const lastSlash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', lastSlash + 1);
  const tag = colon < 0 ? null : beforeDigest.slice(colon + 1);
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  if (tag !== null && !tagPattern.test(tag)) throw invalid(`“${tag}” cannot be a tag.`);
  const parts = name.split('/');
  const [first = ''] = parts;
  // Docker's rule: the first part is a registry if it could not be a folder on Docker Hub.
  const isRegistry =
    parts.length > 1 &&
    (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = isRegistry ? first : 'docker.io';
  const path = isRegistry ? parts.slice(1) : parts;
  if (!domain.test(registry)) throw invalid(`“${registry}” is not the name of a registry.`);
  for (const part of path) {
    if (!component.test(part)) {
      throw invalid(
        `“${part}” cannot be part of an image’s name: small letters, digits, and . _ - between them.`,
      );
    }
  }
  const repository = !isRegistry && path.length === 1 ? `library/${path[0] ?? ''}` : path.join('/');
  if (registry.length + repository.length > maxNameLength) throw invalid('That name is too long.');
  return { kind: 'registry', registry, repository, tag, digest };
}

function invalid(message: string): AppError {
  return new AppError('invalid_input', message, { details: { field: 'image' } });
}
