/** Stops what test/global-setup.mjs started, the last first. */
export default async function tearDown() {
  for (const stop of globalThis.merzimTests?.stops.splice(0).reverse() ?? []) await stop();
}
