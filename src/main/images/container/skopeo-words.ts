/**
 * What skopeo's, the registries' and the local engines' last words mean: a code, and a sentence that says what
 * to do. Never passes on more than the last lines of a log.
 */
import { AppError, type ErrorCode } from '../../../shared/index.ts';
import { skopeoSource, type ImageSource } from './reference.ts';

/** @param name of the image. @param where of its registry, or as `name`. */
type Sentence = (name: string, where: string) => string;

/** The most certain first. */
const meanings: readonly (readonly [RegExp, ErrorCode, Sentence])[] = [
  [
    /policy\.json/i,
    'tool_missing',
    () =>
      'skopeo has no policy that says which images to trust (containers-policy.json(5)). On Debian the package golang-github-containers-common brings one.',
  ],
  [
    /docker\.sock|Docker daemon/i,
    'registry_unreachable',
    () =>
      'The local Docker engine does not answer. Install and start it (systemctl start docker), see that you may use it (group “docker”), or save the image to a file: docker save -o image.tar NAME, then import docker-archive:/path/image.tar.',
  ],
  [
    /does not resolve to an image|identifier is not an image/i,
    'image_unknown',
    (name) =>
      `There is no “${name}” among Podman’s local images (podman images shows them; those of root are others). Pull it there, or give its registry’s name here.`,
  ],
  [
    /untarring|tar component|tar header|archive\/tar/i,
    'image_refused',
    (name) =>
      `“${name}” is no image archive of that kind. Unpack it first if it is packed (gunzip); docker save makes a docker-archive, podman save --format oci-archive an oci-archive.`,
  ],
  [
    /containers-storage|storage\.conf|storage-driver|overlay.*mount|unknown transport/i,
    'registry_unreachable',
    (name) =>
      `Podman’s local images cannot be read for “${name}”. Is the image there (podman images)? Else save it to a file: podman save --format oci-archive -o image.tar NAME, then import oci-archive:/path/image.tar.`,
  ],
  [
    /server gave HTTP response to HTTPS client/i,
    'registry_insecure',
    (_, where) =>
      `“${where}” speaks without encryption. Allow that for this registry if you trust the way to it.`,
  ],
  [
    /x509:|certificate/i,
    'registry_untrusted',
    (_, where) =>
      `“${where}” shows a certificate that this computer does not trust. If it is yours, put the certificate of its authority into ~/.config/containers/certs.d/${where}/ca.crt.`,
  ],
  [
    /no space left/i,
    'disk_full',
    () => 'The disk is full: there is no room for the image. Free some space, then go on.',
  ],
  [
    /no image found in (?:image index|manifest list)|choosing image instance/i,
    'wrong_architecture',
    (name) => `“${name}” is not made for this computer’s architecture. Choose another tag.`,
  ],
  [
    /toomanyrequests|too many requests/i,
    'registry_denied',
    (_, where) =>
      `“${where}” lets nobody fetch that much in so short a time. Sign in, or wait a while.`,
  ],
  [
    /manifest unknown|name unknown|not found: manifest|NAME_UNKNOWN|no descriptor found for reference|no image found with|does not exist in|Tag .* not found|No such image|does not resolve to an image/i,
    'image_unknown',
    (name) => `There is no image “${name}”. Look at its name and tag again.`,
  ],
  [
    /unauthorized|authentication required|access .*denied|403 \(Forbidden\)|invalid username\/password/i,
    'registry_denied',
    (name, where) =>
      `“${where}” does not give “${name}” to you: it is private, or there is none of that name. Sign in, or look at the name again.`,
  ],
  [
    /connection refused|no such host|i\/o timeout|network is unreachable|connection reset|dial tcp|server misbehaving|TLS handshake timeout/i,
    'registry_unreachable',
    (_, where) =>
      `“${where}” cannot be reached. Is the computer online, and the registry’s name right?`,
  ],
  [
    /Digest did not match|digest .* does not match|unexpected EOF/i,
    'image_refused',
    (name) =>
      `This image is refused: what came of “${name}” is cut off or not what its digest says. Try again; if that fails too, it is damaged where it comes from.`,
  ],
  [
    /exceeded maximum allowed size/i,
    'image_refused',
    (name) =>
      `This image is refused: the description of “${name}” is larger than 4 MiB. Choose another tag, or tell whoever made it.`,
  ],
  [/no such file or directory/i, 'file_missing', (name) => `There is no “${name}”.`],
  [/permission denied/i, 'file_unreadable', (name) => `You may not read “${name}”.`],
];

/**
 * @param said skopeo's standard error.
 * @param withLogin whether a user and a password were given.
 */
export function explain(said: string, source: ImageSource, withLogin = false): AppError {
  const name = skopeoSource(source).replace(/^docker:\/\//, '');
  const where = source.kind === 'registry' ? source.registry : name;
  const [, code, sentence] = meanings.find(([pattern]) => pattern.test(said)) ?? [
    null,
    'image_refused' as const,
    (): string => `“${name}” could not be fetched: ${lastWords(said)}`,
  ];
  const words =
    code === 'registry_denied' && withLogin && !/too ?many ?requests/i.test(said)
      ? `“${where}” does not take that login for “${name}”. Look at the user and the password again, or at the name.`
      : sentence(name, where);
  return new AppError(code, words, {
    details: { log: said.split('\n').slice(-20) },
  });
}

/** skopeo logs as `time="…" level=fatal msg="…"`. */
function lastWords(said: string): string {
  const message = /level=fatal msg="((?:[^"\\]|\\.)*)"/.exec(said)?.[1] ?? said.trim();
  return message.replaceAll('\\"', '"').slice(-500);
}
