import { expect, it } from 'vitest';
import {
  archiveSource,
  imageTitle,
  machineNameFor,
  pinnedName,
  registryOf,
  sourceOf,
  typedName,
} from './image-names.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

it('makes the source of a typed name that main makes of it', () => {
  const sources = {
    ' alpine ': 'docker://docker.io/library/alpine:latest',
    'alpine:3.22': 'docker://docker.io/library/alpine:3.22',
    'owner/name': 'docker://docker.io/owner/name:latest',
    'ghcr.io/owner/name:tag': 'docker://ghcr.io/owner/name:tag',
    'localhost/app': 'docker://localhost/app:latest',
    '127.0.0.1:5000/app': 'docker://127.0.0.1:5000/app:latest',
    'docker://alpine': 'docker://docker.io/library/alpine:latest',
    [`alpine:3@${digest}`]: `docker://docker.io/library/alpine@${digest}`,
    'docker-archive:/srv/app.tar': 'docker-archive:/srv/app.tar',
  };
  expect(Object.keys(sources).map(sourceOf)).toEqual(Object.values(sources));
  expect(['', 'two words'].map(sourceOf)).toEqual([null, null]);
});

it('shows a source as people write it, and what to type for it', () => {
  const sources = [
    'docker://docker.io/library/alpine:latest',
    'docker://docker.io/owner/name:1',
    'docker://ghcr.io/owner/name:latest',
    `docker://docker.io/library/alpine@${digest}`,
    'oci-archive:/srv/app.tar',
  ];
  expect(sources.map(imageTitle)).toEqual([
    ...['alpine', 'owner/name:1', 'ghcr.io/owner/name', 'alpine@abababababab…', 'app.tar'],
  ]);
  expect(sources.map((source) => sourceOf(typedName(source)))).toEqual(sources);
  expect(sources.map(registryOf)).toEqual(['docker.io', 'docker.io', 'ghcr.io', 'docker.io', null]);
});

it('proposes a machine’s name from an image’s', () => {
  const typed = ['alpine:3', 'ghcr.io/o/web@sha256:0', 'docker-archive:/x/my app.tar', '/x', ''];
  expect(typed.map(machineNameFor)).toEqual(['alpine', 'web', null, 'x', null]);
  expect(machineNameFor('oci-archive:/x/app-oci.tar.gz')).toBe('app-oci');
  expect([archiveSource('/x/app-oci.tar'), archiveSource('/x/app.tar')]).toEqual([
    ...['oci-archive:/x/app-oci.tar', 'docker-archive:/x/app.tar'],
  ]);
});

it('pins an image of a registry to its digest, whatever its name is now', () => {
  const sources = [
    'docker://docker.io/library/alpine:latest',
    'docker://127.0.0.1:5000/app:2',
    `docker://ghcr.io/owner/app@sha256:${'0'.repeat(64)}`,
    'docker-archive:/srv/app.tar',
  ];
  expect(sources.map((source) => pinnedName(source, digest))).toEqual([
    `alpine@${digest}`,
    `127.0.0.1:5000/app@${digest}`,
    `ghcr.io/owner/app@${digest}`,
    null,
  ]);
});
