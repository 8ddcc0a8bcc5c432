import { describe, expect, it } from 'vitest';
import { parseImageName, skopeoSource } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('an image’s name', () => {
  it.each([
    ['alpine', 'docker://docker.io/library/alpine:latest'],
    [' nginx:1.29 ', 'docker://docker.io/library/nginx:1.29'],
    ['owner/name', 'docker://docker.io/owner/name:latest'],
    ['docker://owner/name:x', 'docker://docker.io/owner/name:x'],
    ['ghcr.io/a/b/c:v1.2_3', 'docker://ghcr.io/a/b/c:v1.2_3'],
    ['localhost/x', 'docker://localhost/x:latest'],
    ['127.0.0.1:5000/x:y', 'docker://127.0.0.1:5000/x:y'],
    ['[::1]:5000/x', 'docker://[::1]:5000/x:latest'],
    [`alpine@${digest}`, `docker://docker.io/library/alpine@${digest}`],
    [`alpine:3@${digest}`, `docker://docker.io/library/alpine@${digest}`],
    ['docker-archive:/a b.tar'.replace(' ', '_'), 'docker-archive:/a_b.tar'],
    ['oci:/srv/layout:tag', 'oci:/srv/layout:tag'],
    ['docker-daemon:alpine:3', 'docker-daemon:docker.io/library/alpine:3'],
    ['containers-storage:localhost/mine', 'containers-storage:localhost/mine:latest'],
  ])('%s', (typed, source) => {
    expect(skopeoSource(parseImageName(typed))).toBe(source);
  });

  it.each([
    ['', /Give the name/],
    ['two words', /no blanks/],
    ['--authfile=/etc/shadow', /cannot be part|not the name/],
    ['-v', /cannot be part/],
    ['Alpine', /cannot be part/],
    ['a//b', /cannot be part/],
    ['../x', /cannot be part|not the name/],
    ['/home/me/image.tar', /docker-archive/],
    ['docker-archive:image.tar', /absolute path/],
    ['alpine@sha256:abc', /64 hexadecimal/],
    ['alpine:-x', /cannot be a tag/],
    ['alpine:', /cannot be a tag/],
    ['dir:/etc', /not the name/],
    ['x'.repeat(300), /too long/],
    ['a\u0000b', /no blanks/],
  ])('refuses “%s”', (typed, why) => {
    expect(() => parseImageName(typed)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringMatching(why) }),
    );
  });
});
