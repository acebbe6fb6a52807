// Keeps the page for times without a network. The server puts SHELL before this: version, files, pages.
// The page is shown from its copy at once and renewed behind it; the programme keeps itself (programme.js).

const CACHE = `shell-${SHELL.version}`;

addEventListener('install', (event) => {
  event.waitUntil(fill());
});

addEventListener('activate', (event) => {
  event.waitUntil(tidy());
});

addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname === '/') event.respondWith(page(event, url));
  else if (url.pathname.startsWith('/static/')) event.respondWith(file(event.request));
});

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...SHELL.files, ...SHELL.pages]);
  await skipWaiting();
}

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith('shell-') && name !== CACHE) await caches.delete(name);
  }
  await clients.claim();
}

async function page(event, url) {
  const language = url.searchParams.get('lang');
  const key = language ? `/?lang=${language}` : '/';
  const cache = await caches.open(CACHE);
  const kept = await cache.match(key, { ignoreVary: true });
  const fresh = renew(event.request, cache, key);
  if (!kept) return fresh;
  event.waitUntil(fresh.catch(() => {}));
  if (language) await cache.put('/', kept.clone()); // the language chosen last is the next start's
  return kept;
}

async function renew(request, cache, key) {
  const response = await fetch(request);
  if (response.ok && !response.redirected) {
    await cache.put(key, response.clone());
    if (key !== '/') await cache.put('/', response.clone());
  }
  return response;
}

async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
