// Uses the page of examples/offline-notes as a person would, in a browser; REMOTE is put in by the test that serves this.
const steps = JSON.parse(sessionStorage.getItem('steps') ?? '{}');
let isOffline = sessionStorage.getItem('offline') !== null;
const online = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const isGit = String(input.url ?? input).includes('.git');
  return isOffline && isGit ? Promise.reject(new TypeError('There is no network')) : online(input, init);
};

const byId = (id) => document.getElementById(id);
const until = async (what, claim) => {
  for (let tries = 0; tries < 1000; tries++) {
    if (claim()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what}: ${byId('status').textContent}`);
};
const titles = () => [...byId('list').children].map(({ textContent }) => textContent);
const settled = (what) => until(what, () => /^(synced|not synced:)/.test(byId('status').textContent));
const openNote = async (title) => {
  await until(`see ${title}`, () => titles().includes(title));
  [...byId('list').children].find(({ textContent }) => textContent === title).click();
  await until(`open ${title}`, () => !byId('text').disabled);
  await new Promise((resolve) => setTimeout(resolve, 50));
};
const type = async (text) => {
  byId('status').textContent = '';
  byId('text').value = text;
  byId('text').dispatchEvent(new Event('input'));
  await until('typed', () => byId('status').textContent === 'not synced');
};

async function drive() {
  if (!location.search.includes('remote=')) {
    location.search = `?remote=${encodeURIComponent('REMOTE')}`;
    return undefined;
  }
  await until('the page', () => byId('status') !== null);
  await settled('the first sync');
  if (steps.first === undefined) {
    steps.first = titles();
    isOffline = true;
    sessionStorage.setItem('offline', 'yes');
    await openNote('shopping');
    await type(`${byId('text').value}bread\n`);
    await openNote('plan');
    await type('Wednesday\n');
    byId('title').value = 'idea';
    byId('new').requestSubmit();
    await until('a new note', () => byId('text').value === '');
    await type('Write it down\n');
    await openNote('shopping');
    steps.offline = byId('text').value;
    await online('/somebody-else');
    sessionStorage.setItem('steps', JSON.stringify(steps));
    location.reload();
    return undefined;
  }
  await openNote('shopping');
  steps.reloaded = byId('text').value;
  isOffline = false;
  byId('status').textContent = '';
  byId('sync').click();
  await settled('the last sync');
  steps.status = byId('status').textContent;
  await until('the list', () => titles().length === 5);
  await openNote('shopping');
  steps.merged = byId('text').value;
  steps.last = titles();
  return JSON.stringify(steps);
}

const body = await drive().catch((error) => `failed: ${error.stack}`);
if (body !== undefined) await online('/result', { method: 'POST', body });
