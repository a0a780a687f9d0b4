// Whether two programs saw the same objects, whatever the order they saw them in.
import { createHash } from 'node:crypto';

/**
 * What a set of objects adds up to.
 *
 * @typedef {{ objects: number, bytes: number, fingerprint: string }} SetSummary
 *   `bytes`: of the bodies; `fingerprint`: the names of all of them, combined by exclusive or
 */

export class Fingerprint {
  constructor() {
    this.objects = 0;
    this.bytes = 0;
    this.words = new Uint32Array(8);
  }

  /**
   * Count an object under the name it is known by.
   *
   * @param {string} oid
   * @param {number} size
   */
  addName(oid, size) {
    this.objects++;
    this.bytes += size;
    for (let word = 0; word * 8 < oid.length; word++) {
      this.words[word] =
        /** @type {number} */ (this.words[word]) ^ Number.parseInt(oid.slice(word * 8, word * 8 + 8), 16);
    }
  }

  /**
   * Count an object under the name that its content has: proof that the content is right.
   *
   * @param {string} kind
   * @param {Uint8Array} body
   * @param {string} [algorithm]
   */
  addContent(kind, body, algorithm = 'sha1') {
    const oid = createHash(algorithm).update(`${kind} ${body.length}\0`).update(body).digest('hex');
    this.addName(oid, body.length);
  }

  /** @returns {SetSummary} */
  summary() {
    const fingerprint = Array.from(this.words, (word) => word.toString(16).padStart(8, '0')).join('');
    return { objects: this.objects, bytes: this.bytes, fingerprint };
  }
}

/**
 * Add up what `git cat-file --batch` prints, by content.
 *
 * @param {AsyncIterable<Uint8Array>} output
 * @param {string} algorithm
 * @returns {Promise<SetSummary>}
 */
export async function summarizeBatch(output, algorithm) {
  const fingerprint = new Fingerprint();
  /** @type {Uint8Array[]} */
  let chunks = [];
  let held = 0;
  let wanted = 1;
  for await (const chunk of output) {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) continue;
    let buffer = Buffer.concat(chunks);
    for (;;) {
      const lineEnd = buffer.indexOf(10);
      if (lineEnd < 0) {
        wanted = buffer.length + 1;
        break;
      }
      const [oid, kind, size] = buffer.toString('latin1', 0, lineEnd).split(' ');
      if (size === undefined) throw new Error(`git cat-file did not find ${oid}`);
      const bodyEnd = lineEnd + 1 + Number(size);
      if (buffer.length < bodyEnd + 1) {
        wanted = bodyEnd + 1;
        break;
      }
      fingerprint.addContent(/** @type {string} */ (kind), buffer.subarray(lineEnd + 1, bodyEnd), algorithm);
      buffer = buffer.subarray(bodyEnd + 1);
    }
    chunks = [buffer];
    held = buffer.length;
  }
  if (held > 0) throw new Error('git cat-file stopped inside an object');
  return fingerprint.summary();
}
