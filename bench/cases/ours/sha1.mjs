// sha1.mjs node|portable: measure the SHA-1 of one entry of the kernels.
import { reportHash } from '../../lib/kernel.mjs';

const { digestInto } = await import(process.argv[2] === 'portable' ? '@git-kv/kernels/portable' : '@git-kv/kernels');
const output = new Uint8Array(20);
reportHash((input) => {
  digestInto('sha1', input, 0, input.length, output, 0);
  return output;
});
