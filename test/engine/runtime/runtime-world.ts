/** A runtime without a cluster: records in maps, in their form on disk, a clock that jumps from due moment to due moment. */
import type {
  ContainerSpec,
  PodSandbox,
} from "../../../durable-objects/engine/runtime/container-spec.ts";
import type { PodRecord } from "../../../durable-objects/engine/runtime/kernel/state.ts";
import type { RuntimeContext } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { recordCodecs } from "../../../durable-objects/engine/components/record-codecs.ts";
import { builtin } from "../../../durable-objects/engine/api/discovery/registry.ts";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";

/** Fields of what processes keep have names in code; letters are for the disk (`Program.storedNames`). */
function namesAreWords({ processes }: PodRecord): void {
  for (const { program, state } of Object.values(processes)) {
    const letter = Object.keys(state ?? {}).find((name) => name.length === 1);
    if (letter !== undefined) throw new Error(`${program} keeps "${letter}": it needs a full name`);
  }
}

export class RuntimeWorld implements RuntimeContext {
  now = 1_763_676_299_000;
  readonly tables = new Map<string, Map<string, string>>();
  writes = 0;
  readonly images = imageCatalog;
  #seed = 1;

  readonly records = {
    get: <T>(table: string, key: string): T | undefined => {
      const row = this.tables.get(table)?.get(key);
      if (row === undefined) return undefined;
      const stored: unknown = JSON.parse(row);
      return (recordCodecs[table]?.load(stored) ?? stored) as T;
    },
    put: (table: string, key: string, value: unknown): void => {
      let rows = this.tables.get(table);
      if (!rows) this.tables.set(table, (rows = new Map()));
      if (table === "runtime") namesAreWords(value as PodRecord);
      rows.set(key, JSON.stringify(recordCodecs[table]?.save(value) ?? value));
      this.writes++;
    },
    delete: (table: string, key: string): void => {
      this.tables.get(table)?.delete(key);
      this.writes++;
    },
    keys: (table: string): Iterable<string> => [...(this.tables.get(table)?.keys() ?? [])].sort(),
  };
  /** A cluster without objects. */
  readonly reader = {
    now: 0,
    resources: builtin,
    clock: () => ({ offsetMs: 0, nextDueMs: undefined }),
    get: () => undefined,
    list: () => [],
    byIndex: () => [],
    count: () => 0,
    countByIndex: () => 0,
    podsMatching: () => [],
    quotaSums: () => [],
    inNamespace: () => [],
  };

  random(): number {
    this.#seed = (this.#seed * 16_807) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
  wakePod(): void {}

  pod(name: string, more: Partial<PodSandbox> = {}): PodSandbox {
    return {
      key: `default/${name}`,
      namespace: "default",
      name,
      uid: `uid-${name}`,
      ip: "10.244.1.5",
      hostIP: "192.168.0.11",
      node: "node-1",
      hostname: name,
      hostNetwork: false,
      hostPID: false,
      shareProcessNamespace: false,
      dnsPolicy: "ClusterFirst",
      labels: {},
      ...more,
    };
  }

  spec(
    pod: PodSandbox,
    name: string,
    image: string,
    more: Partial<ContainerSpec> = {},
  ): ContainerSpec {
    return {
      id: `${pod.name}-${name}`.replace(/[^a-z0-9]/g, "").padEnd(64, "0"),
      pod,
      name,
      kind: "app",
      restartCount: 0,
      image,
      env: [],
      tty: false,
      stdin: false,
      stdinOnce: false,
      readOnlyRootFilesystem: false,
      privileged: false,
      noNewPrivileges: false,
      seccomp: false,
      capabilities: { add: [], drop: [] },
      mounts: [],
      terminationMessagePath: "/dev/termination-log",
      ports: [],
      ...more,
    };
  }

  /** Starts a container and runs it as far as it goes now. */
  start(spec: ContainerSpec): ContainerSpec {
    const failure = runtime.start(this, spec);
    if (failure) throw new Error(failure.message);
    runtime.advance(this, spec.pod.key);
    return spec;
  }

  /** Lets time pass up to a moment, stopping at every due one. */
  advance(spec: { pod: PodSandbox }, byMs: number): void {
    const end = this.now + byMs;
    for (;;) {
      const due = runtime.advance(this, spec.pod.key);
      if (due === undefined || due > end) break;
      this.now = Math.max(this.now, due);
    }
    this.now = end;
    runtime.advance(this, spec.pod.key);
  }

  /** Runs a command to its end, letting time pass as it needs. */
  exec(
    spec: ContainerSpec,
    command: string[],
    limitMs = 60_000,
  ): { exitCode: number; stdout: string; stderr: string } {
    const handle = runtime.exec(this, spec.pod.key, spec.id, command);
    if (typeof handle !== "string") return { exitCode: -1, stdout: "", stderr: handle.error };
    const end = this.now + limitMs;
    for (;;) {
      const result = runtime.execResult(this, spec.pod.key, handle);
      if (result.done) return result.result;
      const due = runtime.advance(this, spec.pod.key);
      if (due === undefined || due > end)
        return { exitCode: -2, stdout: "", stderr: "still running" };
      this.now = Math.max(this.now, due);
      runtime.advance(this, spec.pod.key);
    }
  }

  sh(spec: ContainerSpec, script: string): { exitCode: number; stdout: string; stderr: string } {
    return this.exec(spec, ["/bin/sh", "-c", script]);
  }

  log(spec: ContainerSpec): string {
    return readLog(this, spec.pod.key, spec.name, {})?.text ?? "";
  }
}
