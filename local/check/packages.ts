import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Validation, type Spec } from '@cyclonedx/cyclonedx-library';
import { z } from 'zod';

/**
 * What the program consists of that others wrote: a bill of it (SBOM, CycloneDX), under which licences it is, and which of it has known
 * weaknesses. Each that is accepted all the same stands in `packages-accepted.json` with its reason.
 */

/** A part as the bill names it. */
export interface Component {
  name: string;
  version: string;
  purl?: string;
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[];
}

/** A bill of materials, CycloneDX in JSON. */
export interface Bill {
  specVersion: string;
  components: Component[];
}

const day = z.iso.date();
const reasoned = z.strictObject({ licence: z.string().min(1), reason: z.string().min(10) });
const acceptedForm = z.strictObject({
  licences: z.strictObject({
    allowed: z.array(z.string()),
    /** Of packages that don't say it as SPDX does. */
    told: z.record(z.string(), reasoned),
  }),
  /** Known weaknesses that concern us in no way, or can't be mended yet; each until a day, on which somebody looks again. */
  advisories: z.array(
    z.strictObject({
      id: z.string().regex(/^GHSA-/),
      package: z.string(),
      reason: z.string().min(20),
      on: day,
      until: day,
    }),
  ),
  /** Of what the embedded stack runs, which is for evaluation and tests: by package URL without version. */
  embedded: z.record(z.string(), reasoned),
});

export type Accepted = z.infer<typeof acceptedForm>;

export async function readAccepted(root: string): Promise<Accepted> {
  return acceptedForm.parse(
    JSON.parse(await readFile(path.join(root, 'local', 'check', 'packages-accepted.json'), 'utf8')),
  );
}

/** Runs npm; its output, whatever its exit code. */
function npm(root: string, args: string[], withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    execFile('npm', args, { cwd: root, timeout: withinMs, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}

interface Locked {
  version?: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/**
 * The bill of production packages and of what the embedded stack fetches, from the lock file and the places of the other pins. Not by `npm
 * sbom`, which leaves out packages that development needs as well.
 */
export async function makeBill(root: string, accepted: Accepted): Promise<Bill> {
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
    version: string;
    packages: Record<string, Locked>;
  };
  const used = new Map(Object.entries(lock.packages).filter(([at, { dev, link }]) => at === '' || !(dev || link)));
  const nameOf = (at: string): string => at.replace(/^.*node_modules\//, '');
  const refOf = (at: string): string =>
    at === '' ? `merzim@${lock.version}` : `pkg:npm/${nameOf(at).replace('@', '%40')}@${used.get(at)!.version}`;
  /** Where Node finds a package from another one's folder. */
  const found = (from: string, name: string): string | null => {
    for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
      const here = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
      if (used.has(here)) return here;
      if (at === '') return null;
    }
  };
  const components = new Map<string, Component>();
  const dependencies = new Map<string, Set<string>>();
  for (const [at, { version = '', integrity, license, ...needs }] of used) {
    const ref = refOf(at);
    const names = Object.keys({ ...needs.peerDependencies, ...needs.optionalDependencies, ...needs.dependencies });
    const refs = names.flatMap((name) => found(at, name) ?? []).map(refOf);
    dependencies.set(ref, new Set([...(dependencies.get(ref) ?? []), ...refs]));
    if (at === '') continue;
    const [, algorithm, hash] = /^(sha\d+)-(.+)$/.exec(integrity ?? '') ?? [];
    components.set(ref, {
      ...{ type: 'library', 'bom-ref': ref, name: nameOf(at), version, purl: ref, scope: 'required' },
      licenses: licencesOf(license),
      ...(algorithm && hash
        ? { hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(hash, 'base64').toString('hex') }] }
        : {}),
    });
  }
  return {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    metadata: { component: { type: 'application', 'bom-ref': refOf(''), name: 'merzim', version: lock.version } },
    components: [...components.values(), ...(await embedded(root, accepted))],
    dependencies: [...dependencies].map(([ref, on]) => ({ ref, dependsOn: [...on].sort() })),
  } as Bill;
}

/** Artefacts of Maven and PyPI with their pinned versions, from where they are pinned. */
async function embedded(root: string, accepted: Accepted): Promise<Component[]> {
  const read = (...parts: string[]): Promise<string> => readFile(path.join(root, 'local', ...parts), 'utf8');
  const poms = await Promise.all(
    ['.', 'engine', 'search', 'test-engine'].map((name) => read('engine', name, 'pom.xml')),
  );
  const versions = new Map(
    [...poms[0]!.matchAll(/<([\w.-]+\.version)>([^<]+)</g)].map(([, name, value]) => [name, value]),
  );
  const artefact =
    /<(?:dependency|artifactItem)>\s*<groupId>([^<]+)<\/groupId>\s*<artifactId>([^<]+)<\/artifactId>\s*<version>\$\{([^}]+)\}</g;
  const maven = poms
    .flatMap((pom) => [...pom.matchAll(artefact)])
    .map(([, group, name, version]) => ({
      ...{ group: group!, name: name!, version: versions.get(version)! },
      purl: `pkg:maven/${group}/${name}`,
    }));
  const wheels = await Promise.all(['mongod.mjs', 'scim.mjs'].map((file) => read('setup', file)));
  const pypi = [...wheels.join('\n').matchAll(/'([\w-]+)==([\w.]+)'/g)].map(([, name, version]) => ({
    ...{ name: name!, version: version!, purl: `pkg:pypi/${name}` },
  }));
  return [...maven, ...pypi].map(({ purl, ...component }) => ({
    ...{ type: 'library', 'bom-ref': `${purl}@${component.version}`, scope: 'optional', ...component },
    purl: `${purl}@${component.version}`,
    licenses: licencesOf(accepted.embedded[purl]?.licence),
  }));
}

/** A licence as CycloneDX has it: an SPDX expression, or words. */
function licencesOf(licence: string | undefined): Component['licenses'] {
  if (!licence) return [];
  return /^[\w.()+-]+( (AND|OR|WITH) [\w.()+-]+)*$/.test(licence)
    ? [{ expression: licence }]
    : [{ license: { name: licence } }];
}

/** What CycloneDX's own schema has against a bill; null for nothing. */
export async function faultsOfBill(bill: Bill): Promise<string | null> {
  const validator = new Validation.JsonStrictValidator(bill.specVersion as Spec.Version);
  const faults: unknown = await validator.validate(JSON.stringify(bill));
  return faults === null ? null : JSON.stringify(faults);
}

/** Writes a bill where whoever delivers finds it; returns the path within the project. */
export async function writeBill(root: string, bill: Bill): Promise<string> {
  const file = path.join('.merzim', 'sbom', 'merzim.cdx.json');
  await mkdir(path.join(root, path.dirname(file)), { recursive: true });
  await writeFile(path.join(root, file), `${JSON.stringify(bill, null, 2)}\n`);
  return file;
}

/** How many parts are under each licence, and what is wrong: a licence that nobody allowed, none at all, or a reason that is no longer needed. */
export function checkLicences(
  bill: Bill,
  { licences, embedded: byPurl }: Accepted,
): { counts: Map<string, number>; faults: string[] } {
  const counts = new Map<string, number>();
  const faults: string[] = [];
  const unused = new Set(Object.keys(licences.told));
  for (const { name, version, purl, licenses } of bill.components) {
    const isNpm = purl?.startsWith('pkg:npm/') ?? false;
    const said = (licenses ?? [])
      .map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '')
      .join(' AND ');
    if (!isNpm) {
      const known = byPurl[purl?.replace(/@[^@]*$/, '') ?? ''];
      if (!known) faults.push(`${purl}: has no licence in packages-accepted.json (embedded)`);
      else counts.set(known.licence, (counts.get(known.licence) ?? 0) + 1);
      continue;
    }
    const told = licences.told[name];
    const isSaid = said !== '' && !/^SEE LICEN[CS]E/i.test(said);
    const licence = isSaid ? said : (told?.licence ?? '');
    if (told && !isSaid) unused.delete(name);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
    if (licence === '')
      faults.push(`${name}@${version}: says no licence; look at its files and add it to licences.told`);
    else if (!isAllowed(licence, licences.allowed))
      faults.push(`${name}@${version}: ${licence} is not among the licences allowed`);
  }
  for (const name of unused) faults.push(`${name}: is in licences.told, but says its licence itself or is not there`);
  return { counts, faults };
}

/** An SPDX expression: one of several alternatives, or all of several parts. OR binds weaker than AND. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const bare = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  if (/[()]/.test(bare)) return false;
  return bare.split(/\s+OR\s+/).some((each) => each.split(/\s+AND\s+/).every((id) => allowed.includes(id.trim())));
}

/** What `npm audit --json` prints, as far as it matters here. */
const auditForm = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      via: z.array(z.union([z.string(), z.object({ url: z.string(), title: z.string(), severity: z.string() })])),
    }),
  ),
});

/** The known weaknesses of production packages as npm's registry tells them, or null where it isn't reached or doesn't answer that. */
export async function askAudit(root: string): Promise<z.infer<typeof auditForm> | null> {
  try {
    const parsed = auditForm.safeParse(JSON.parse(await npm(root, ['audit', '--omit=dev', '--json'], 60_000)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Known weaknesses of high or critical severity that nobody accepted, or no longer.
 * @param today ISO date.
 */
export function checkAudit(report: z.infer<typeof auditForm>, { advisories }: Accepted, today: string): string[] {
  const faults = new Set<string>();
  for (const [name, { via }] of Object.entries(report.vulnerabilities))
    for (const advisory of via) {
      if (typeof advisory === 'string' || !['high', 'critical'].includes(advisory.severity)) continue;
      const id = /GHSA-[\w-]+/.exec(advisory.url)?.[0] ?? advisory.url;
      const accepted = advisories.find((each) => each.id === id && each.package === name);
      if (!accepted) faults.add(`${name}: ${advisory.title} (${advisory.severity}, ${id})`);
      else if (accepted.until < today) faults.add(`${name}: ${id} was accepted until ${accepted.until}: look again`);
    }
  return [...faults];
}
