import {
  GitError,
  isGitError,
  LimitError,
  MalformedError,
  NotFoundError,
  RemoteError,
  TransportError,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';

describe('errors', () => {
  test('are recognised without instanceof, by code where asked', () => {
    const error = new MalformedError('tree', 7, 'name is empty');
    expect(isGitError(error)).toBe(true);
    expect(isGitError(error, 'MALFORMED')).toBe(true);
    expect(isGitError(error, 'LIMIT_EXCEEDED')).toBe(false);
    expect(isGitError({ isGitError: true, code: 'MALFORMED' }, 'MALFORMED')).toBe(true);
    for (const other of [undefined, null, 'text', new Error('no'), {}]) expect(isGitError(other)).toBe(false);
  });

  test('say what cannot be done, where and why', () => {
    expect(new MalformedError('tree', 7, 'name is empty').message).toBe('Cannot decode tree at byte 7: name is empty');
    expect(new LimitError('objectBytes', 9, 8)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'objectBytes',
      actual: 9,
      allowed: 8,
    });
  });

  test('carry their fields, name and cause', () => {
    const cause = new Error('below');
    expect(new GitError('IO_FAILED', 'Cannot read', { cause })).toMatchObject({ name: 'GitError', cause });
    expect(new MalformedError('idx', 0, 'x')).toMatchObject({ name: 'MalformedError', origin: 'local' });
    expect(new MalformedError('idx', 0, 'x', { origin: 'remote' })).toMatchObject({ origin: 'remote' });
    expect(new NotFoundError('REMOTE_REF_NOT_FOUND', 'refs/heads/x', 'm')).toMatchObject({ subject: 'refs/heads/x' });
    expect(new RemoteError('REMOTE_ERROR', 'their words', 'm')).toMatchObject({ remoteMessage: 'their words' });
    expect(new TransportError('HTTP_STATUS', 'm', { status: 503, retryable: true })).toMatchObject({
      status: 503,
      retryable: true,
    });
    expect(new TransportError('TRANSPORT_FAILED', 'm')).toMatchObject({ status: undefined, retryable: false });
  });
});
