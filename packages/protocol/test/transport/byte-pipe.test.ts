import { BytePipe } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, collect } from '../support.js';

describe('a pipe of bytes', () => {
  test('gives what was written, in order, and then its end', async () => {
    const pipe = new BytePipe();
    await pipe.write(bytesOf('one '));
    const rest = (async () => {
      await pipe.write(bytesOf('two'));
      pipe.end();
    })();
    expect(await collect(pipe)).toEqual(bytesOf('one two'));
    await rest;
  });

  test('lets a writer wait until the reader has come so far', async () => {
    const pipe = new BytePipe(4);
    await pipe.write(bytesOf('1234'));
    let isWritten = false;
    const waiting = pipe.write(bytesOf('5')).then(() => {
      isWritten = true;
    });
    await Promise.resolve();
    expect(isWritten).toBe(false);
    const reader = pipe[Symbol.asyncIterator]();
    await reader.next();
    await waiting;
    expect(isWritten).toBe(true);
  });

  test('keeps its bytes when the writer uses the buffer again', async () => {
    const pipe = new BytePipe();
    const buffer = bytesOf('abc');
    await pipe.write(buffer);
    buffer.fill(0);
    pipe.end();
    expect(await collect(pipe)).toEqual(bytesOf('abc'));
  });

  test('tells the reader of an error after what came before it', async () => {
    const pipe = new BytePipe();
    await pipe.write(bytesOf('a'));
    const error = new Error('broken');
    pipe.end(error);
    const reader = pipe[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual(bytesOf('a'));
    await expect(reader.next()).rejects.toBe(error);
  });

  test('tells writers that the reader is gone, also those that wait', async () => {
    const pipe = new BytePipe(0);
    const waiting = pipe.write(bytesOf('a'));
    pipe.closeReader();
    await expect(waiting).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await expect(pipe.write(bytesOf('b'))).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test('wakes a reader that waits when the reading is ended', async () => {
    const pipe = new BytePipe();
    const reader = pipe[Symbol.asyncIterator]();
    const waiting = reader.next();
    await reader.return?.();
    expect((await waiting).done).toBe(true);
  });

  test('takes nothing after its end', async () => {
    const pipe = new BytePipe();
    pipe.end();
    await expect(pipe.write(bytesOf('a'))).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });
});
