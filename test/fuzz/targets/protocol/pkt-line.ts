import { isGitError } from '@git-kv/objects';
import { encodeDataLine, PktLineBuffer } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { describeLine, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

function linesIn(bytes: Uint8Array, size: number): { lines: string; error: string | undefined } {
  const buffer = new PktLineBuffer();
  let lines = '';
  try {
    for (let at = 0; at < bytes.length; at += size) {
      for (const line of buffer.push(bytes.subarray(at, at + size))) lines += `${describeLine(line)}|`;
    }
    buffer.end();
    return { lines, error: undefined };
  } catch (error) {
    if (!isGitError(error)) throw error;
    // What it quotes goes as far as what has arrived.
    return { lines, error: error.message.replace(/: ".*"$/, '') };
  }
}

export const pktLine: FuzzTarget = {
  name: 'pkt-line',
  about: 'pkt-lines: however the bytes are cut, the same lines and the same end',
  isText: true,
  dictionary: WIRE_WORDS,
  mutate: mutateLines,
  seeds: () => [
    ...allSamples().map(({ wire }) => ({ bytes: wire.lsRefsAnswer })),
    { bytes: encodeDataLine(new Uint8Array(300).fill(65)) },
    { bytes: Buffer.from('0006a\n000000010002') },
  ],
  execute(bytes) {
    const whole = linesIn(bytes, bytes.length || 1);
    const cut = linesIn(bytes, 7);
    ensure(
      whole.lines === cut.lines && whole.error === cut.error,
      `${whole.error} in one piece, ${cut.error} when cut`,
    );
  },
};
