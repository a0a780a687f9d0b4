// The repositories that the matrix begins from, made by git: served ones, and clones in the states that operations start with.
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, initBare, type ObjectFormat } from '../../support/git-process.js';

const MANY_REFS = 10_000;

/** A branch of the repository with many. */
export const ONE_OF_MANY = 'b-4711';

/** Directories, all bare. */
export interface Fixtures {
  /** Served, and never changed. */
  readonly served: Readonly<Record<'base' | 'many' | 'empty' | 'unborn', string>>;
  /** What a client has: nothing, an older state with commits of its own, the newest commit alone, new commits to push. */
  readonly held: Readonly<Record<'nothing' | 'older' | 'cut' | 'newer', string>>;
}

const SETTINGS = '[uploadpack]\n\tallowFilter = true\n[receive]\n\tfsckObjects = true\n';

const lines = (count: number, changed: number): string =>
  Array.from({ length: count }, (_, at) => `line ${at}${at === changed ? ' is another now' : ''}\n`).join('');

/** What git fast-import is told: the same words make the same ids in every repository. */
class History {
  #script = '';
  #time = 1_700_000_000;
  #commits = 0;

  /** On top of what the ref is, or on `from`. The first commit is `:1`, the next `:2`. */
  commit(ref: string, files: Readonly<Record<string, string>>, from?: string): this {
    const who = `C O Mitter <committer@example.com> ${this.#time++} +0000`;
    const message = `commit ${this.#time}`;
    this.#script += `commit ${ref}\nmark :${++this.#commits}\ncommitter ${who}\ndata ${message.length}\n${message}\n`;
    if (from !== undefined) this.#script += `from ${from}\n`;
    for (const [path, text] of Object.entries(files))
      this.#script += `M 100644 inline ${path}\ndata ${text.length}\n${text}\n`;
    return this;
  }

  ref(name: string, from: string): this {
    this.#script += `reset ${name}\nfrom ${from}\n\n`;
    return this;
  }

  tag(name: string, from: string): this {
    const who = `T A Gger <tagger@example.com> ${this.#time++} +0000`;
    this.#script += `tag ${name}\nfrom ${from}\ntagger ${who}\ndata ${name.length}\n${name}\n`;
    return this;
  }

  importInto(directory: string): void {
    git(['fast-import', '--quiet'], { cwd: directory, input: this.#script });
  }
}

function early(): History {
  const history = new History();
  for (let n = 0; n < 5; n++)
    history.commit('refs/heads/main', { 'list.txt': lines(200, n), [`dir-${n % 2}/file-${n}`]: `${n}\n` });
  return history;
}

function whole(): History {
  const history = early()
    .commit('refs/heads/side', { side: 'side\n' }, ':3')
    .ref('refs/tags/light', 'refs/heads/side')
    .tag('v1', ':4');
  for (let n = 0; n < 3; n++)
    history.commit('refs/heads/main', { 'list.txt': lines(200, 100 + n), 'dir-0/late': `${n}\n` });
  return history;
}

/** Make them all in `root`, under names that end in the format. */
export function makeFixtures(root: string, format: ObjectFormat): Fixtures {
  const at = (name: string): string => join(root, `${name}-${format}.git`);
  const nothing = initBare(at('nothing'), format);
  appendFileSync(join(nothing, 'config'), SETTINGS);
  const bare = (name: string, history?: History): string => {
    const directory = copyRepository(nothing, at(name));
    history?.importInto(directory);
    return directory;
  };

  const base = bare('base', whole());
  git(['repack', '-a', '-d', '-q'], { cwd: base });
  // The server does not know these: it is told of many before one that it has.
  const own = early().ref('refs/remotes/origin/main', 'refs/heads/main').ref('refs/heads/own', 'refs/heads/main');
  for (let n = 0; n < 40; n++) own.commit('refs/heads/own', { own: `${n}\n` });
  const cut = bare('cut');
  git(['fetch', '-q', '--no-tags', '--depth=1', `file://${base}`, '+refs/heads/main:refs/remotes/origin/main'], {
    cwd: cut,
  });
  const next = whole()
    .commit('refs/heads/main', { 'list.txt': lines(200, 7) })
    .commit('refs/heads/main', { new: 'new\n' })
    .commit('refs/heads/topic', { topic: 'topic\n' }, 'refs/heads/side')
    .tag('v2', 'refs/heads/main');

  const many = bare('many', new History().commit('refs/heads/main', { a: 'a\n' }));
  const oid = readFileSync(join(many, 'refs/heads/main'), 'utf8').trim();
  // Written as git packs them: to make them one by one takes long.
  const refs = Array.from({ length: MANY_REFS - 1 }, (_, n) => `${oid} refs/heads/b-${n}\n`).sort();
  writeFileSync(join(many, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${refs.join('')}`);

  const unborn = bare('unborn', new History().commit('refs/heads/other', { a: 'a\n' }));
  writeFileSync(join(unborn, 'HEAD'), 'ref: refs/heads/trunk\n');
  return {
    served: { base, many, empty: bare('empty'), unborn },
    held: { nothing, older: bare('older', own), cut, newer: bare('newer', next) },
  };
}

/** A repository to change. */
export function copyRepository(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}
