import { Notes } from './notes.mjs';

const byId = (id) => document.getElementById(id);
const [list, text, status] = [byId('list'), byId('text'), byId('status')];
const remote = new URLSearchParams(location.search).get('remote') ?? new URL('/notes.git', location.href).href;
const notes = await Notes.open(remote);
let current;

async function show() {
  const titles = await notes.list();
  list.replaceChildren(
    ...titles.map((title) => {
      const item = document.createElement('li');
      item.textContent = title;
      item.onclick = () => select(title);
      return item;
    }),
  );
  text.disabled = current === undefined;
  if (current !== undefined) text.value = (await notes.read(current)) ?? '';
}

async function select(title) {
  current = title;
  await show();
}

async function sync() {
  status.textContent = 'syncing';
  let outcome = 'synced';
  try {
    const split = await notes.sync();
    if (split.length > 0) outcome = `synced; now two notes each: ${split.join(', ')}`;
  } catch (error) {
    // Off line, say: the edits stay where they are, and the next time will do.
    outcome = `not synced: ${error.message}`;
  }
  await show();
  status.textContent = outcome;
}

byId('new').onsubmit = (event) => {
  event.preventDefault();
  select(byId('title').value.replaceAll('/', '-'));
};
text.oninput = async () => {
  await notes.write(current, text.value);
  status.textContent = 'not synced';
};
byId('sync').onclick = sync;
addEventListener('online', sync);

await show();
await sync();
