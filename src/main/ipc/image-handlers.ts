/**
 * Answers what the window asks about container images, registries and secrets.
 * Holds no logic of its own; values of secrets go in here and never out.
 */
import type { ImageService } from '../images/index.ts';
import type { SecretStore } from '../store/index.ts';
import type { Handlers } from './router.ts';

type ImageChannel = Extract<keyof Handlers, `image:${string}` | `registry:${string}`>;
type SecretChannel = Extract<keyof Handlers, `secret:${string}`>;

export function imageHandlers(
  images: ImageService,
  secrets: SecretStore,
): Pick<Handlers, ImageChannel | SecretChannel> {
  return {
    'image:list': () => images.list(),
    'image:import': (request) => images.import(request),
    'image:cancel': ({ importId }) => void images.cancel(importId),
    'image:imports': () => images.imports(),
    'image:dismiss': ({ importId }) => void images.dismiss(importId),
    'image:remove': async ({ digest }) => void (await images.remove(digest)),
    'image:usage': () => images.usage(),
    'image:prune': () => images.prune(),
    'registry:list': () => images.registries(),
    'registry:forget': ({ registry }) => void images.forgetRegistry(registry),
    'secret:storage': () => secrets.storage,
    'secret:set': ({ id, values }) => void secrets.set(id, values),
    'secret:list': ({ id }) => secrets.names(id),
  };
}
