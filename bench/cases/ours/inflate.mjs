// inflate.mjs node|portable: measure the inflate of one entry of the kernels.
import { reportInflate } from '../../lib/kernel.mjs';

const { inflate, InflateStatus } = await import(
  process.argv[2] === 'portable' ? '@git-kv/kernels/portable' : '@git-kv/kernels'
);
const output = new Uint8Array(1 << 20);
const result = { consumed: 0, produced: 0 };
reportInflate((stream, inflatedSize) => {
  const status = inflate(stream, 0, output, 0, inflatedSize, result);
  if (status !== InflateStatus.done || result.consumed !== stream.length) throw new Error('the stream is damaged');
  return output.subarray(0, inflatedSize);
});
