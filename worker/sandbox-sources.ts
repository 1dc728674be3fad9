import * as v from "valibot";
import {
  getArtefact,
  getBirthArtefact,
  getBirthManifests,
  type Artefact,
  type BornAs,
  type BornWith,
} from "./snapshots/artefacts.ts";
import type { Sandbox, Source } from "./db/sandboxes.ts";
import { countFork, findSnapshot } from "./db/snapshots.ts";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";
import { filesOfVersion, openScenario, startOf, type Opened } from "./scenarios/open-scenarios.ts";
import { idShape } from "./secrets.ts";

/** What a sandbox may be made from: a row of the table for each kind. */

/** As `SandboxObject.create` takes it. */
export type From = Uint8Array | { manifests: string };

/** What its maker says of the cluster; what they leave out is not here. */
export type Wishes = Partial<BornAs>;

/** What a new sandbox is made from. */
export interface Origin {
  /** What is not here its maker may say. */
  birth: Wishes;
  from: From;
  /** Is written into its row. */
  source: Source;
  /** Of the new one, where its maker gives none. */
  title?: string;
  /** Is kept beside it, for what can be had nowhere else when it is made again. */
  keep?: BornWith;
  /** It stands. */
  made?: () => Promise<void>;
}

interface Kind<Said, Kept extends Source> {
  /** The member of `from`; absent: made by a route of its own. */
  said?: v.GenericSchema<unknown, Said>;
  /** Throws an EdgeError where there is no such thing, or the person (undefined: nobody known) may not see it. */
  resolve?: (env: Env, said: Said, viewerId: string | undefined) => Promise<Origin>;
  /** The same once more, as far as it is still there: undefined, it is not. */
  again: (env: Env, source: Kept, sandbox: Sandbox) => Promise<From | undefined>;
}

const snapshot: Kind<string, Extract<Source, { kind: "snapshot" }>> = {
  said: v.pipe(v.string(), v.regex(idShape, "from.snapshot must be a snapshot's id")),
  async resolve(env, id) {
    const row = await findSnapshot(env.DB, id);
    const artefact = row && (await getArtefact(env, row.sha256));
    if (!artefact) throw new EdgeError(404, "there is no such snapshot", "from.snapshot");
    return {
      birth: artefact.birth,
      from: artefact.bytes,
      source: { kind: "snapshot", id },
      title: row.title,
      made: () => countFork(env.DB, id),
    };
  },
  async again(env, { id }) {
    const row = await findSnapshot(env.DB, id);
    return row && (await getArtefact(env, row.sha256))?.bytes;
  },
};

const manifests: Kind<string, Extract<Source, { kind: "manifests" }>> = {
  said: v.pipe(v.string("from.manifests must be a text of YAML"), v.nonEmpty()),
  async resolve(_env, text) {
    return {
      birth: {},
      from: { manifests: text },
      source: { kind: "manifests" },
      keep: { manifests: text },
    };
  },
  async again(env, _source, { id }) {
    const text = await getBirthManifests(env, id);
    return text === undefined ? undefined : { manifests: text };
  },
};

/** Made by `fork`, of a sandbox that may be gone when its fork is made again. */
const fork: Kind<never, Extract<Source, { kind: "fork" }>> = {
  again: async (env, _source, { id }) => (await getBirthArtefact(env, id))?.bytes,
};

const scenario: Kind<string, Extract<Source, { kind: "scenario" }>> = {
  said: v.pipe(v.string("from.scenario must be a scenario's id"), v.nonEmpty()),
  async resolve(env, id, viewerId) {
    return originOfScenario(env, await openScenario(env, id, viewerId));
  },
  async again(env, { id, version }) {
    const files = await filesOfVersion(env, id, version);
    const start = files && (await startOf(env, files));
    return start?.from;
  },
};

/** Throws 409 where the snapshot that it begins with was withdrawn. */
export async function originOfScenario(env: Env, opened: Opened): Promise<Origin> {
  const { id, title, version } = opened;
  const start = await startOf(env, version.files);
  if (!start) throw new EdgeError(409, "the snapshot that this scenario begins with was withdrawn");
  const { snapshot, ...rest } = start;
  return {
    ...rest,
    source: { kind: "scenario", id, version: version.version },
    title,
    ...(snapshot !== undefined && { made: () => countFork(env.DB, snapshot) }),
  };
}

const kinds = { snapshot, manifests, fork, scenario };

/** `from` of a request. */
export const from = v.union(
  [
    v.strictObject({ snapshot: snapshot.said as NonNullable<typeof snapshot.said> }),
    v.strictObject({ manifests: manifests.said as NonNullable<typeof manifests.said> }),
    v.strictObject({ scenario: scenario.said as NonNullable<typeof scenario.said> }),
  ],
  'from must be {"snapshot": ID}, {"scenario": ID} or {"manifests": TEXT}',
);

/** Throws an EdgeError where what is named is not there for the person who asks. */
export async function originOf(
  env: Env,
  said: v.InferOutput<typeof from>,
  viewerId: string | undefined,
): Promise<Origin> {
  for (const [name, value] of Object.entries(said)) {
    const kind = kinds[name as keyof typeof kinds] as Kind<unknown, Source>;
    if (kind.resolve) return kind.resolve(env, value, viewerId);
  }
  throw new EdgeError(400, "from names nothing", "from");
}

export function originOfFork(original: Sandbox, revision: number, artefact: Artefact): Origin {
  return {
    birth: artefact.birth,
    from: artefact.bytes,
    source: { kind: "fork", id: original.id, revision },
    keep: { artefact },
  };
}

/** What the sandbox is to be born from again; undefined: from nothing. Throws 409 where that is gone. */
export async function sourceAgain(env: Env, sandbox: Sandbox): Promise<From | undefined> {
  if (sandbox.source === null) return undefined;
  const source = JSON.parse(sandbox.source) as Source;
  const kind = kinds[source.kind as keyof typeof kinds] as Kind<unknown, Source> | undefined;
  const found = await kind?.again(env, source, sandbox);
  if (found) return found;
  throw new EdgeError(409, `the ${source.kind} that this sandbox was made from is gone`);
}
