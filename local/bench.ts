/**
 * `npm run bench -- [account-sweep|evidence|nit-memory|recount|verify] ...`: measures one thing from outside (`local/bench/`), prints one JSON object, and ends with 1 when its bound is
 * broken. Without a name it is `nit-memory`.
 */
const benches: Record<string, () => Promise<unknown>> = {
  'account-sweep': () => import('./bench/account-sweep.js'),
  evidence: () => import('./bench/evidence.js'),
  'nit-memory': () => import('./bench/nit-memory.js'),
  recount: () => import('./bench/recount.js'),
  verify: () => import('./bench/verify.js'),
};

const first = process.argv[2] ?? '';
const named = first !== '' && !first.startsWith('-');
if (named) process.argv.splice(2, 1);
const name = named ? first : 'nit-memory';
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench) await bench();
else {
  process.stderr.write(`there is no measurement "${name}"; expected one of ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}
