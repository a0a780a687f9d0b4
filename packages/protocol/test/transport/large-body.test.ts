import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzip } from '../../src/transport/large-body.js';

test.each([
  ['outside of pages', undefined, true],
  ['to the origin of the page', 'https://git.example', true],
  ['to another origin, which may not take the header', 'https://app.example', false],
  ['from a page without an origin', 'null', false],
])('requests %s are compressed or not', async (_where, pageOrigin, isCompressed) => {
  const bytes = new Uint8Array(1000);
  const sent = await gzip(bytes, 'https://git.example/r.git/git-upload-pack', pageOrigin);
  expect(sent && new Uint8Array(gunzipSync(sent))).toEqual(isCompressed ? bytes : undefined);
});
