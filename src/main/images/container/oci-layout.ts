/**
 * Reads an OCI image layout: from its index to one image's configuration and layers, for one architecture.
 * Everything in it is hostile: bounded, parsed, and every small blob's digest proved before it is believed.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, type ImageConfig } from '../../../shared/index.ts';
import { assertConfigSize } from './config-size.ts';
import { maxLayers } from './layer-merge.ts';
import { assertLayer } from './layer-stream.ts';
import { raced, readPlainFile } from './plain-file.ts';
import { refused } from './refusal.ts';

/** Manifests and configurations of real images have some KiB; registries refuse more than 4 MiB. */
const maxJsonBytes = 4 * 1024 * 1024;
/** Indexes of indexes; the specification allows it, nobody goes deeper than two. */
const maxNesting = 4;

const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptorSchema = z.object({
  mediaType: z.string().max(255),
  digest: digestSchema,
  size: z.int().nonnegative(),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
type Descriptor = z.infer<typeof descriptorSchema>;
const indexSchema = z.object({ manifests: z.array(descriptorSchema).max(1_000) });
const manifestSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(maxLayers),
});
const words = z.array(z.string()).max(4_096).nullish();
const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digestSchema).max(maxLayers) }),
  config: z
    .object({
      ...{ Entrypoint: words, Cmd: words, Env: words },
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      StopSignal: z.string().max(32).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/** A layer's blob. */
export interface ImageLayer {
  readonly path: string;
  readonly digest: string;
  readonly diffId: string;
  readonly sizeBytes: number;
}

/** One image of a layout. */
export interface LayoutImage {
  readonly manifestDigest: string;
  readonly config: ImageConfig;
  /** The top one first. */
  readonly layers: readonly ImageLayer[];
}

/**
 * @param folder with `index.json`.
 * @param blobs with `sha256/`; a layout's own is its folder `blobs`.
 * @param architecture in Go's words, as OCI has it: `amd64`.
 * @param options.tag of the image where the layout has several; null for the one that fits.
 * @param options.signal gives up on a disk that does not answer.
 * @throws AppError `image_refused` for what is damaged, `wrong_architecture` with `details.available`,
 *   `image_unknown` with the tags that there are.
 */
export async function readLayout(
  folder: string,
  blobs: string,
  architecture: string,
  { tag = null, signal }: { tag?: string | null; signal?: AbortSignal } = {},
): Promise<LayoutImage> {
  const all = parse(indexSchema, await readJson(join(folder, 'index.json'), null, signal));
  const index = tag === null ? all : { manifests: tagged(all.manifests, tag) };
  const read = (blob: string): Promise<unknown> => readJson(blobPath(blobs, blob), blob, signal);
  const { manifest, digest } = await findManifest(read, index, architecture, 0);
  const config = parse(configSchema, await read(manifest.config.digest));
  if (config.architecture !== architecture || config.os !== 'linux') {
    throw wrongArchitecture(architecture, [`${config.os}/${config.architecture}`]);
  }
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw refused('its manifest and its configuration have different numbers of layers');
  }
  for (const { mediaType } of manifest.layers) assertLayer(mediaType);
  const layers = manifest.layers.map(({ digest: layer, size }, at): ImageLayer => ({
    ...{ path: blobPath(blobs, layer), digest: layer, sizeBytes: size },
    diffId: diffIds[at] ?? '',
  }));
  const { config: said } = config;
  const command: ImageConfig = {
    entrypoint: said?.Entrypoint ?? [],
    command: said?.Cmd ?? [],
    environment: said?.Env ?? [],
    user: said?.User ?? '',
    workingDirectory: said?.WorkingDir ?? '',
    stopSignal: said?.StopSignal ?? '',
    exposedPorts: Object.keys(said?.ExposedPorts ?? {}),
  };
  assertConfigSize(command);
  return { manifestDigest: digest, layers: layers.reverse(), config: command };
}

/**
 * Reads what a registry answers to an image's name.
 * @returns for an index the digest that it has for this architecture, for a manifest its layers; null for what
 *   is neither, as the manifests of Docker before 2016.
 * @throws AppError `wrong_architecture`, `image_refused`.
 */
export function readAnswer(
  text: string,
  architecture: string,
): { chosen: string } | { layers: { digest: string; totalBytes: number }[] } | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw refused('its description is not JSON', {}, cause);
  }
  const index = indexSchema.safeParse(answer);
  if (index.success) return { chosen: choose(index.data, architecture).digest };
  const manifest = manifestSchema.safeParse(answer);
  if (!manifest.success) return null;
  const sizes = new Map(manifest.data.layers.map(({ digest, size }) => [digest, size]));
  return { layers: [...sizes].map(([digest, totalBytes]) => ({ digest, totalBytes })) };
}

function choose(index: z.infer<typeof indexSchema>, architecture: string): Descriptor {
  const fits = index.manifests.filter(
    ({ platform }) =>
      platform === undefined || (platform.os === 'linux' && platform.architecture === architecture),
  );
  const [chosen] = fits;
  if (chosen === undefined) {
    const available = index.manifests.flatMap(({ platform }) =>
      platform === undefined ? [] : [`${platform.os}/${platform.architecture}`],
    );
    throw wrongArchitecture(architecture, available);
  }
  return chosen;
}

/** OCI image-spec, annotations.md: `org.opencontainers.image.ref.name`. */
function tagged(manifests: readonly Descriptor[], tag: string): Descriptor[] {
  const nameOf = ({ annotations }: Descriptor): string | undefined =>
    annotations?.['org.opencontainers.image.ref.name'];
  const found = manifests.filter((manifest) => nameOf(manifest) === tag);
  if (found.length > 0) return found;
  const names = manifests.flatMap((manifest) => nameOf(manifest) ?? []);
  throw new AppError(
    'image_unknown',
    `There is no image “${tag}” in that folder. It has: ${names.join(', ') || 'none with a name'}.`,
    { details: { available: names } },
  );
}

async function findManifest(
  read: (digest: string) => Promise<unknown>,
  index: z.infer<typeof indexSchema>,
  architecture: string,
  depth: number,
): Promise<{ manifest: z.infer<typeof manifestSchema>; digest: string }> {
  if (depth > maxNesting) throw refused('its indexes are nested too deeply');
  const chosen = choose(index, architecture);
  const content = await read(chosen.digest);
  if (/index|manifest\.list/.test(chosen.mediaType)) {
    return findManifest(read, parse(indexSchema, content), architecture, depth + 1);
  }
  return { manifest: parse(manifestSchema, content), digest: chosen.digest };
}

function wrongArchitecture(wanted: string, available: readonly string[]): AppError {
  const list = available.length === 0 ? 'none that is named' : available.join(', ');
  return new AppError(
    'wrong_architecture',
    `This image is not made for this computer (linux/${wanted}); it is for: ${list}. Choose another tag.`,
    { details: { wanted, available } },
  );
}

function blobPath(blobs: string, digest: string): string {
  return join(blobs, 'sha256', digest.slice('sha256:'.length));
}

async function readJson(
  path: string,
  digest: string | null,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const content = await raced(readPlainFile(path, maxJsonBytes), signal).catch((cause: unknown) => {
    if (cause instanceof AppError || signal?.aborted === true) throw cause;
    throw refused('a part of it is missing', { path }, cause);
  });
  if (content === null) throw refused('its description is larger than 4 MiB', { path });
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (digest !== null && found !== digest) {
    throw refused('a part of it is not what its digest says', { expected: digest, found });
  }
  try {
    return JSON.parse(content.toString('utf8')) as unknown;
  } catch (cause) {
    throw refused('its description is not JSON', { path }, cause);
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refused('its description is not as the OCI image specification has it', {
    problem: z.prettifyError(parsed.error),
  });
}
