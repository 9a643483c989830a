// Keeps the page of the day for when there is no signal: its shell, styles, scripts and font. The page says what to keep
// and for whom; what is kept is emptied at sign-out.
"use strict";
const TODAY = new URL("./", location.href).href;
const SHELL = `${TODAY}shell/`;
const PATIENCE = 4000;
const keptOf = (request) => caches.match(request, { ignoreVary: true });

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => {
  const { name, files } = event.data;
  const keep = async () => {
    const box = await caches.open(name);
    await Promise.all(files.map(async (file) => {
      const answer = await fetch(file, { redirect: "error" });
      if (answer.ok) await box.put(file, answer);
    }));
  };
  event.waitUntil(keep().catch(() => {}));
});
const page = async (request) => {
  const fetched = fetch(request);
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE));
  try { return await Promise.race([fetched, late]); }
  catch { return (await keptOf(SHELL)) || fetched; }
};
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    if (request.url.split(/[?#]/)[0] === TODAY) event.respondWith(page(request));
  } else if (["style", "script", "font", "image"].includes(request.destination)) {
    event.respondWith(fetch(request).catch(async (error) => (await keptOf(request)) || Promise.reject(error)));
  }
});
