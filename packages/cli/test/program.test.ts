import { GitError } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { CommandError, type Output } from '../src/console.js';
import { report } from '../src/program.js';

async function told(error: unknown): Promise<string> {
  let text = '';
  const stderr: Output = {
    isTTY: true,
    async write(chunk) {
      text += chunk;
    },
  };
  await report(error, stderr);
  return text;
}

describe('what went wrong is told', () => {
  test.each([
    ['C1, as JSON leaves them', new GitError('MALFORMED', 'Cannot take \u009b31mred\u0085'), 'Cannot take 31mred'],
    ['an escape', new CommandError('not here: \u001b]0;title\u0007'), 'not here: ]0;title'],
    ['nothing else', new CommandError('zwei Zeilen:\n\tä 漢'), 'zwei Zeilen:\n\tä 漢'],
  ])('without characters that steer a terminal: %s', async (_what, error, shown) => {
    expect(await told(error)).toContain(`fatal: ${shown}`);
  });
});
