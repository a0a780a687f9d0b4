// A Worker that answers reads of a git repository from memory: GET /config/limit is the value of that key.
import { GitKv } from '@git-kv/kv';

/** How old what is in memory may be, where the settings do not say. */
const REFRESH_MS = 5000;

/** @type {{ store: GitKv, octets: Uint8Array, readAt: number } | undefined}  shared by the requests of one isolate */
let held;
/** Whether a request is refreshing it. */
let isRefreshing = false;

export default {
  /** @param {Request} request @param {{ REMOTE: string, REFRESH_MS?: string }} env @param {{ waitUntil(task: Promise<unknown>): void }} context */
  async fetch(request, env, context) {
    if (request.method !== 'GET') return new Response('Only GET\n', { status: 405 });
    held ??= await load(env.REMOTE);
    if (Date.now() - held.readAt >= Number(env.REFRESH_MS ?? REFRESH_MS) && !isRefreshing)
      context.waitUntil(refresh(env.REMOTE));
    return await answer(held.store, request);
  },
};

/** @param {GitKv} store @param {Request} request */
async function answer(store, request) {
  try {
    const key = decodeURIComponent(new URL(request.url).pathname);
    if ((await store.exists(key)) !== 'value') return new Response('Not found\n', { status: 404 });
    // The id of the content: the same for as long as the value is.
    const digest = (await store.digest(key)) ?? new Uint8Array();
    const etag = `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
    const headers = { etag, 'cache-control': 'max-age=1', 'x-commit': store.commit?.oid ?? '' };
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
    return new Response(await store.get(key), { headers });
  } catch (error) {
    // What is no key, or no text at all: `/%`.
    const isKey =
      error instanceof URIError || (error instanceof Error && 'code' in error && error.code === 'INVALID_KEY');
    return new Response(isKey ? 'No such key\n' : 'Cannot read\n', { status: isKey ? 400 : 500 });
  }
}

/** @param {string} remote */
async function load(remote) {
  return await hold(await GitKv.connect(remote));
}

/**
 * A request may not wait for what another one has begun, so each refresh works on a store of its own, made of the octets of the last
 * one: only what is new is fetched.
 * @param {string} remote
 */
async function refresh(remote) {
  if (held === undefined) return;
  isRefreshing = true;
  try {
    const store = await GitKv.ofOctets(held.octets, { remote });
    await store.pull();
    held = await hold(store);
  } finally {
    isRefreshing = false;
  }
}

/** @param {GitKv} store */
async function hold(store) {
  const chunks = [];
  for await (const chunk of store.toOctets()) chunks.push(chunk);
  return { store, octets: new Uint8Array(await new Blob(chunks).arrayBuffer()), readAt: Date.now() };
}
