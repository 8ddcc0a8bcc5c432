import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/index.ts';
import { asAppError, unwrap } from './client.ts';

describe('unwrap', () => {
  it('gives the value of a good reply', () => {
    expect(unwrap({ ok: true, value: 7 })).toBe(7);
  });

  it('throws what main refused, with its code and details', () => {
    const error = { code: 'name_taken', message: 'Taken.', details: { field: 'name' } } as const;
    expect(() => unwrap({ ok: false, error })).toThrow(
      expect.objectContaining({
        code: 'name_taken',
        message: 'Taken.',
        details: { field: 'name' },
      }),
    );
  });
});

describe('asAppError', () => {
  it('keeps an AppError and wraps anything else', () => {
    const known = new AppError('not_found', 'Gone.');
    expect(asAppError(known)).toBe(known);
    expect(asAppError(new Error('boom'))).toMatchObject({ code: 'internal' });
    expect(asAppError('text').message).toContain('text');
  });
});
