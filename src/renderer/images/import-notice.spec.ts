import { expect, it } from 'vitest';
import type { ImportProgress } from '../../shared/index.ts';
import { importNotice } from './import-notice.ts';

it('tells of imports that came or did not, and of no other', () => {
  const ended = (step: ImportProgress['step']): ImportProgress => ({
    ...{ importId: 'i' as ImportProgress['importId'], image: 'alpine', startedAtMs: 0, step },
    ...{ layers: [], builtBytes: 0 },
    error: step === 'failed' ? { code: 'image_unknown', message: 'Unknown.', details: {} } : null,
  });
  const steps = ['done', 'failed', 'cancelled', 'fetching'] as const;
  const notices = steps.map((step) => importNotice(ended(step)));
  expect(notices.map((notice) => notice && [notice.tone, notice.subject, notice.title])).toEqual([
    ['info', 'alpine', 'is here'],
    ['bad', 'alpine', 'did not come'],
    null,
    null,
  ]);
});
