// Notes that are files of a git repository. Writing needs no network: edits wait here, and `sync` merges them in.
import { GitKv, Key } from '@git-kv/kv';
import { keyMerges } from '@git-kv/kv/merge';
import { openSaved } from './saved.mjs';

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const mergeText = keyMerges.text();

/**
 * @typedef {{ base: string | undefined, text: string }} Edit  `base`: what the note was when it was first edited
 */
export class Notes {
  #saved;
  #remote;
  /** @type {GitKv | undefined}  until the first sync there is none */
  #store;
  /** @type {Map<string, Edit>} by title */
  #edits;

  static async open(remote) {
    const notes = new Notes();
    notes.#remote = remote;
    notes.#saved = await openSaved(`notes of ${remote}`);
    const octets = await notes.#saved.read('octets');
    if (octets !== undefined) notes.#store = await GitKv.ofOctets(octets, { remote });
    notes.#edits = new Map(await notes.#saved.read('edits'));
    return notes;
  }

  /** Whether something waits for a sync. */
  get isDirty() {
    return this.#edits.size > 0;
  }

  async list() {
    const entries = (await this.#store?.list('notes')) ?? [];
    return [...new Set([...entries.map(({ key }) => key.basename), ...this.#edits.keys()])].sort();
  }

  async read(title) {
    return this.#edits.get(title)?.text ?? (await this.#store?.getText(keyOf(title)));
  }

  /** Never needs a network. */
  async write(title, text) {
    const base = this.#edits.has(title) ? this.#edits.get(title).base : await this.#store?.getText(keyOf(title));
    this.#edits.set(title, { base, text });
    await this.#saved.write('edits', [...this.#edits]);
  }

  /**
   * Bring what others wrote, put our edits on top, and push. Lines that both changed become two notes.
   * @returns the titles that were split
   */
  async sync() {
    this.#store ??= await GitKv.connect(this.#remote);
    const store = this.#store;
    await store.pull();
    const edits = new Map(this.#edits);
    const split = await store.changeAndPush(
      async (batch) => {
        const titles = [];
        for (const [title, { base, text }] of edits) {
          const key = keyOf(title);
          const theirs = await batch.get(key);
          const merged = await merge(key, base, text, theirs);
          if (merged === undefined) {
            titles.push(title);
            await setAside(batch, title, text);
          } else {
            await batch.set(key, merged);
          }
        }
        return titles;
      },
      { message: `Sync ${edits.size} notes\n` },
    );
    // What was written while that went on waits for the next sync, on top of what is there now.
    for (const [title, edit] of edits) {
      const now = this.#edits.get(title);
      if (now === edit) this.#edits.delete(title);
      else if (now !== undefined) this.#edits.set(title, { base: edit.text, text: now.text });
    }
    const chunks = [];
    for await (const chunk of store.toOctets()) chunks.push(chunk);
    await this.#saved.write('octets', new Uint8Array(await new Blob(chunks).arrayBuffer()));
    await this.#saved.write('edits', [...this.#edits]);
    return split;
  }
}

/** Keep a text beside the note that it conflicts with, and beside those of earlier conflicts. */
async function setAside(batch, title, text) {
  for (let count = 1; ; count++) {
    const key = keyOf(count === 1 ? `${title} (mine)` : `${title} (mine ${count})`);
    if (await batch.exists(key)) continue;
    return await batch.set(key, text);
  }
}

function keyOf(title) {
  return Key.of('notes').add(title);
}

/** `undefined` where both sides changed the same lines. */
async function merge(key, base, text, theirs) {
  if (theirs === undefined || decode(theirs) === base) return text;
  const outcome = await mergeText({
    key,
    base: base === undefined ? undefined : encode(base),
    ours: encode(text),
    theirs,
  });
  return outcome.status === 'merged' ? outcome.value : undefined;
}
