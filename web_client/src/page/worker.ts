/// <reference lib="webworker" />
/**
 * Keeps one page for when the server cannot be reached. Everything else comes from the server each
 * time: nothing that is kept can be older than the server that answers, and no call's answer is
 * kept.
 */

declare const self: ServiceWorkerGlobalScope;

const KEPT = "offline";
const OFFLINE = "/offline";

/** Fetches the page and what it loads: all of it, or what was kept stays as it is. */
async function keep(): Promise<void> {
  const page = await fetch(OFFLINE, { cache: "no-cache" });
  const text = await page.clone().text();
  const files = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  const kept = await caches.open(KEPT);
  await kept.addAll(files);
  await kept.put(OFFLINE, page);
  for (const { url } of await kept.keys()) {
    if (![OFFLINE, ...files].includes(new URL(url).pathname)) await kept.delete(url);
  }
}

async function visit(event: FetchEvent): Promise<Response> {
  try {
    const response = await fetch(event.request);
    event.waitUntil(keep().catch(() => null));
    return response;
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(visit(event));
  // What the kept page loads has names of its own; the server has it while it can be reached.
  else if (new URL(request.url).pathname.startsWith("/assets/")) {
    event.respondWith(
      fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()),
    );
  }
});

export {};
