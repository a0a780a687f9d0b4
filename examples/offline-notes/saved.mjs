// Two things are kept in IndexedDB: the store as octets, and what was written since it was last synced.

/** @param {string} name @returns {Promise<IDBDatabase>} */
const open = (name) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('saved');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {string} name */
export async function openSaved(name) {
  const database = await open(name);
  const table = (/** @type {IDBTransactionMode} */ mode) => database.transaction('saved', mode).objectStore('saved');
  return {
    /** @param {'octets' | 'edits'} key */
    read: (key) => done(table('readonly').get(key)),
    /** @param {'octets' | 'edits'} key @param {unknown} value */
    write: (key, value) => done(table('readwrite').put(value, key)),
  };
}
