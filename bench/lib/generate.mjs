// The default repository: a history made from a seed, as a stream for `git fast-import`.
//
// The generator names every object itself, so it knows how many there are, stops at exactly the wanted number,
// and the refs that git makes of the stream can be checked against the refs it promised.
import { createHash } from 'node:crypto';
import { createRandom } from './random.mjs';
import { editLines, makeLines, makeVocabulary } from './text.mjs';

/** @import { Random } from './random.mjs' */

/** Part of the cache key: change it whenever the same seed begins to give another history. */
export const SHAPE_VERSION = 1;

/**
 * @typedef {{ oid: string, mark: number, lines: readonly string[] | undefined }} FileNode  without lines: binary
 * @typedef {{ entries: Map<string, FileNode | TreeNode>, oid: string | undefined }} TreeNode  oid undefined: to be named
 * @typedef {{ path: string, file: FileNode | undefined }} Change  no file: the path goes away
 * @typedef {{ root: TreeNode, oid: string, mark: number }} Tip
 * @typedef {{ refs: [name: string, oid: string][], objectCount: number, commitCount: number }} History
 */

/** Sizes of new text files, in bytes, as [share, from, to]: mostly small, a few large. */
const TEXT_SIZES = /** @type {const} */ ([
  [0.25, 120, 1000],
  [0.38, 1000, 6000],
  [0.25, 6000, 24000],
  [0.1, 20000, 80000],
  [0.02, 100000, 300000],
]);

/**
 * Write a whole history as a fast-import stream.
 *
 * @param {{ seed: number, objectCount: number, write: (chunk: string | Uint8Array) => void }} options
 *   `objectCount`: objects of all kinds in the end, at least 500
 * @returns {History}  what git must hold after the import
 */
export function generateHistory({ seed, objectCount, write }) {
  const author = new HistoryAuthor(seed, write);
  const scale = objectCount / 30000;
  let tip = author.begin(Math.max(40, Math.round(1200 * scale)));
  const tagEvery = Math.max(10, Math.round(500 * scale));
  while (objectCount - author.oids.size > 250) {
    if (author.random.chance(0.06)) tip = author.branchAndMerge(tip);
    else tip = author.commit([tip], author.work(tip.root));
    if (author.commitCount % tagEvery === 0) author.tag(tip);
  }
  tip = author.pad(tip, objectCount - author.oids.size);
  return {
    refs: [['refs/heads/main', tip.oid], ...author.tags],
    objectCount: author.oids.size,
    commitCount: author.commitCount,
  };
}

class HistoryAuthor {
  /**
   * @param {number} seed
   * @param {(chunk: string | Uint8Array) => void} write
   */
  constructor(seed, write) {
    this.write = write;
    /** @type {Random} */
    this.random = createRandom(seed);
    this.vocabulary = makeVocabulary(this.random, 3000);
    /** @type {Set<string>} */
    this.oids = new Set();
    /** @type {[string, string][]} */
    this.tags = [];
    /** Paths of every file that ever was, the most edited first. @type {string[]} */
    this.paths = [];
    /** @type {string[]} */
    this.directories = [];
    this.mark = 0;
    this.commitCount = 0;
    this.time = 1600000000;
  }

  /**
   * The first commit: every directory and `fileCount` files.
   *
   * @param {number} fileCount
   * @returns {Tip}
   */
  begin(fileCount) {
    const random = this.random;
    const directoryCount = Math.max(6, Math.round(fileCount / 11));
    this.directories = [''];
    while (this.directories.length < directoryCount) {
      const parent = random.pick(this.directories);
      if (parent.split('/').length < 5) this.directories.push(`${parent}${this.name()}${this.directories.length}/`);
    }
    /** @type {Change[]} */
    const changes = [];
    while (changes.length < fileCount) changes.push(this.newFile());
    return this.commit([], changes);
  }

  /**
   * What one commit changes: a few edits, now and then a file that comes, goes or moves.
   *
   * @param {TreeNode} root
   * @returns {Change[]}
   */
  work(root) {
    const random = this.random;
    /** @type {Map<string, Change>} */
    const changes = new Map();
    const edits = 1 + random.skewed(10);
    for (let edit = 0; edit < edits; edit++) {
      const path = /** @type {string} */ (this.paths[random.skewed(this.paths.length)]);
      const file = changes.has(path) ? undefined : findFile(root, path);
      if (file?.lines) changes.set(path, { path, file: this.blob(editLines(random, this.vocabulary, file.lines)) });
    }
    if (changes.size === 0 || random.chance(0.15)) {
      const change = this.newFile();
      changes.set(change.path, change);
    }
    if (random.chance(0.03)) {
      const path = random.pick(this.paths);
      const file = findFile(root, path);
      if (file && !changes.has(path)) {
        changes.set(path, { path, file: undefined });
        if (random.chance(0.5)) {
          const moved = this.newPath();
          changes.set(moved, { path: moved, file });
        }
      }
    }
    return [...changes.values()];
  }

  /**
   * A side branch of a few commits beside a few on the main line, and the merge that takes the side's files.
   *
   * @param {Tip} tip
   * @returns {Tip}
   */
  branchAndMerge(tip) {
    let side = tip;
    /** @type {Map<string, Change>} */
    const sideChanges = new Map();
    for (let commits = this.random.between(1, 5); commits > 0; commits--) {
      const changes = this.work(side.root);
      for (const change of changes) sideChanges.set(change.path, change);
      side = this.commit([side], changes);
    }
    let main = tip;
    for (let commits = this.random.between(1, 4); commits > 0; commits--)
      main = this.commit([main], this.work(main.root));
    // A file that the main line already removed needs no removal; fast-import ignores it, and so must we.
    const changes = [...sideChanges.values()].filter(({ path, file }) => file || findFile(main.root, path));
    return this.commit([main, side], changes);
  }

  /**
   * @param {readonly Tip[]} parents
   * @param {readonly Change[]} changes
   * @returns {Tip}
   */
  commit(parents, changes) {
    const random = this.random;
    const root = applyChanges(parents[0]?.root, changes);
    const treeOid = this.nameTree(root);
    this.time += random.between(30, 40000);
    this.commitCount++;
    const person = random.skewed(40);
    const identity = `Person ${person} <person${person}@example.com> ${this.time} ${random.pick(['+0000', '+0100', '-0700', '+0530'])}`;
    const message = this.message();
    const headers = [`tree ${treeOid}`, ...parents.map((parent) => `parent ${parent.oid}`)];
    const body = `${headers.join('\n')}\nauthor ${identity}\ncommitter ${identity}\n\n${message}`;
    const oid = this.nameObject('commit', Buffer.from(body));
    const mark = ++this.mark;
    this.write(`commit refs/heads/main\nmark :${mark}\nauthor ${identity}\ncommitter ${identity}\n${data(message)}`);
    parents.forEach((parent, index) => {
      this.write(`${index === 0 ? 'from' : 'merge'} :${parent.mark}\n`);
    });
    for (const { path, file } of changes) this.write(file ? `M 100644 :${file.mark} ${path}\n` : `D ${path}\n`);
    this.write('\n');
    return { root, oid, mark };
  }

  /**
   * An annotated tag on the tip.
   *
   * @param {Tip} tip
   */
  tag(tip) {
    const name = `v0.${this.tags.length}.0`;
    if (this.tags.some(([, oid]) => oid === tip.oid)) return;
    const tagger = `Person 0 <person0@example.com> ${this.time} +0000`;
    const message = `Release ${name}\n`;
    const body = `object ${tip.oid}\ntype commit\ntag ${name}\ntagger ${tagger}\n\n${message}`;
    this.tags.push([`refs/tags/${name}`, this.nameObject('tag', Buffer.from(body))]);
    this.write(`tag ${name}\nfrom :${tip.mark}\ntagger ${tagger}\n${data(message)}`);
  }

  /**
   * The last commit: as many small new files as are missing to the wanted number of objects.
   *
   * @param {Tip} tip
   * @param {number} missing  objects, at least 4: the commit, the root, one directory, one file
   * @returns {Tip}
   */
  pad(tip, missing) {
    /** @type {Change[]} */
    const changes = [];
    for (let number = 0; number < missing - 3; number++) {
      const lines = [`Note ${number}`, ...makeLines(this.random, this.vocabulary, 200)];
      changes.push({ path: `closing-notes/note-${number}`, file: this.blob(lines) });
    }
    return this.commit([tip], changes);
  }

  /** @returns {Change} */
  newFile() {
    const path = this.newPath();
    if (this.random.chance(0.03)) return { path, file: this.binary(this.random.between(500, 30000)) };
    let share = this.random.unit();
    const row = TEXT_SIZES.find(([weight]) => (share -= weight) < 0) ?? TEXT_SIZES[0];
    const lines = makeLines(this.random, this.vocabulary, this.random.between(row[1], row[2]));
    return { path, file: this.blob(lines) };
  }

  /** @returns {string} */
  newPath() {
    const directory = this.random.pick(this.directories);
    const path = `${directory}${this.name()}-${this.paths.length}.${this.random.pick(['ts', 'md', 'json', 'txt'])}`;
    this.paths.push(path);
    return path;
  }

  /** @returns {string} */
  name() {
    return /** @type {string} */ (this.vocabulary[this.random.below(this.vocabulary.length)]);
  }

  /** @returns {string} */
  message() {
    const words = (/** @type {number} */ count) => Array.from({ length: count }, () => this.name()).join(' ');
    const subject = `${words(this.random.between(3, 8))} (${this.commitCount})\n`;
    return this.random.chance(0.4) ? `${subject}\n${words(this.random.between(10, 60))}\n` : subject;
  }

  /**
   * @param {readonly string[]} lines
   * @returns {FileNode}
   */
  blob(lines) {
    return { ...this.storeBlob(Buffer.from(`${lines.join('\n')}\n`)), lines };
  }

  /**
   * A file that neither compresses nor changes.
   *
   * @param {number} size
   * @returns {FileNode}
   */
  binary(size) {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at++) bytes[at] = this.random.below(256);
    return { ...this.storeBlob(bytes), lines: undefined };
  }

  /** @param {Buffer} body */
  storeBlob(body) {
    const mark = ++this.mark;
    this.write(`blob\nmark :${mark}\ndata ${body.length}\n`);
    this.write(body);
    this.write('\n');
    return { oid: this.nameObject('blob', body), mark };
  }

  /**
   * @param {string} kind
   * @param {Uint8Array} body
   * @returns {string}
   */
  nameObject(kind, body) {
    const oid = createHash('sha1').update(`${kind} ${body.length}\0`).update(body).digest('hex');
    this.oids.add(oid);
    return oid;
  }

  /**
   * @param {TreeNode} tree
   * @returns {string}
   */
  nameTree(tree) {
    if (tree.oid !== undefined) return tree.oid;
    const rows = [...tree.entries].map(([name, node]) => {
      const isTree = 'entries' in node;
      const oid = isTree ? this.nameTree(node) : node.oid;
      return { sortName: isTree ? `${name}/` : name, head: `${isTree ? '40000' : '100644'} ${name}\0`, oid };
    });
    rows.sort((a, b) => (a.sortName < b.sortName ? -1 : 1));
    const parts = rows.flatMap(({ head, oid }) => [Buffer.from(head), Buffer.from(oid, 'hex')]);
    tree.oid = this.nameObject('tree', Buffer.concat(parts));
    return tree.oid;
  }
}

/** @param {string} text */
function data(text) {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/**
 * @param {TreeNode} root
 * @param {string} path
 * @returns {FileNode | undefined}
 */
function findFile(root, path) {
  /** @type {FileNode | TreeNode | undefined} */
  let node = root;
  for (const part of path.split('/')) {
    if (!node || !('entries' in node)) return undefined;
    node = node.entries.get(part);
  }
  return node && !('entries' in node) ? node : undefined;
}

/**
 * The tree after the changes; the one before stays as it is, and both share what did not change.
 *
 * @param {TreeNode | undefined} root
 * @param {readonly Change[]} changes
 * @returns {TreeNode}
 */
function applyChanges(root, changes) {
  const fresh = new Set();
  const copyOf = (/** @type {TreeNode | undefined} */ tree) => {
    if (tree && fresh.has(tree)) return tree;
    /** @type {TreeNode} */
    const copy = { entries: new Map(tree?.entries), oid: undefined };
    fresh.add(copy);
    return copy;
  };
  const result = copyOf(root);
  for (const { path, file } of changes) {
    const parts = path.split('/');
    const name = /** @type {string} */ (parts.pop());
    /** @type {[TreeNode, string][]} */
    const above = [];
    let tree = result;
    for (const part of parts) {
      above.push([tree, part]);
      const child = tree.entries.get(part);
      const copy = copyOf(child && 'entries' in child ? child : undefined);
      tree.entries.set(part, copy);
      tree = copy;
    }
    if (file) tree.entries.set(name, file);
    else tree.entries.delete(name);
    // git keeps no empty directories.
    for (let level = above.pop(); level && tree.entries.size === 0; level = above.pop()) {
      level[0].entries.delete(level[1]);
      tree = level[0];
    }
  }
  return result;
}
