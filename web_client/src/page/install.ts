/** Lets the page be installed: browsers want a worker that answers without a network, too. */

export function install(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // A browser that refuses (private windows do) shows the page all the same.
  navigator.serviceWorker.register("/worker.js", { updateViaCache: "none" }).catch(() => null);
}
