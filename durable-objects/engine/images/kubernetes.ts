/** Kubernetes' own components, as kube-system runs them: they listen, pass their probes and have no shell. */
import { Errno } from "../runtime/errno.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { runtimeFiles } from "../runtime/image/base-files.ts";
import { componentAnswer } from "./component-server.ts";
import { corednsProgram } from "./coredns.ts";
import type { ImageDefinition } from "./define.ts";
import { etcdProgram } from "./etcd.ts";
import { flagOf } from "./serving/small-server.ts";

interface ComponentRow {
  repository: string;
  /** File of the program; a name without slash is searched for in /usr/local/bin. */
  file: string;
  tls?: boolean;
  /** Tells of itself to whom the API server lets, at an address that a flag names. */
  secure?: true;
  /** Speaks grpc.health.v1. */
  grpc?: boolean;
  sizeBytes: number;
  memoryMib: number;
  cpuMilli: number;
}

const rows: ComponentRow[] = [
  {
    repository: "kube-apiserver",
    file: "/usr/local/bin/kube-apiserver",
    tls: true,
    sizeBytes: 27_671_920,
    memoryMib: 240,
    cpuMilli: 40,
  },
  {
    repository: "kube-controller-manager",
    file: "/usr/local/bin/kube-controller-manager",
    tls: true,
    secure: true,
    sizeBytes: 23_121_143,
    memoryMib: 52,
    cpuMilli: 15,
  },
  {
    repository: "kube-scheduler",
    file: "/usr/local/bin/kube-scheduler",
    tls: true,
    secure: true,
    sizeBytes: 17_228_488,
    memoryMib: 24,
    cpuMilli: 3,
  },
  {
    repository: "kube-proxy",
    file: "/usr/local/bin/kube-proxy",
    sizeBytes: 25_963_718,
    memoryMib: 16,
    cpuMilli: 1,
  },
  {
    repository: "etcd",
    file: "/usr/local/bin/etcd",
    grpc: true,
    sizeBytes: 23_641_797,
    memoryMib: 44,
    cpuMilli: 20,
  },
  {
    repository: "coredns/coredns",
    file: "/coredns",
    sizeBytes: 23_553_139,
    memoryMib: 14,
    cpuMilli: 2,
  },
];

const programOf = ({ repository }: ComponentRow): string =>
  repository === "coredns/coredns" ? corednsProgram.name : `kubernetes:${repository}`;

/** Opens every port its Pod declares. */
function listen(sys: Sys, { tls = false, secure }: ComponentRow): void {
  const address = secure ? flagOf(sys, "bind-address") : undefined;
  const bound = address && address !== "0.0.0.0" && address !== "::" ? { address } : {};
  for (const { containerPort, protocol } of sys.container.record.spec.ports ?? []) {
    try {
      sys.listen(containerPort, protocol === "UDP" ? "u" : "h", { tls, ...bound });
    } catch (error) {
      // DNS declares port 53 twice, and a Pod may take away the right to low ports: the others still serve.
      if (!(error instanceof Errno)) throw error;
    }
  }
}

const component = (row: ComponentRow): Program<Record<string, never>> => ({
  name: programOf(row),
  start(sys) {
    listen(sys, row);
    return {};
  },
  step: () => ({ wait: {} }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  http: (sys, _state, request) => {
    const { path } = request;
    if (row.secure) return { response: componentAnswer(sys, row.repository, request) };
    const known = /^\/(livez|readyz|healthz|health|ready|metrics)\b/.test(path);
    const headers = { "content-type": "text/plain; charset=utf-8" };
    return {
      response: { status: known ? 200 : 404, headers, body: known ? "ok" : "404 page not found\n" },
    };
  },
  ...(row.grpc ? { grpc: () => ({ status: "SERVING" }) } : {}),
  memoryBytes: () => row.memoryMib * 1024 * 1024,
  idleCpuMilli: () => row.cpuMilli,
});

const ownPrograms: ReadonlyMap<string, Program> = new Map(
  [corednsProgram, etcdProgram].map((one) => [one.name, one]),
);

export const kubernetesImages: ImageDefinition[] = rows.map((row) => {
  const layer = buildLayer({ [row.file]: { program: programOf(row) } }, runtimeFiles);
  return {
    repositories: [`registry.k8s.io/${row.repository}`],
    resolveTag: (tag) => (/^v?\d+\.\d+\.\d+(-\d+)?$/.test(tag) ? tag : undefined),
    version: (version) => ({
      version,
      entrypoint: [row.file],
      cmd: [],
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      layer,
      sizeBytes: row.sizeBytes,
    }),
    programs: [ownPrograms.get(programOf(row)) ?? component(row)],
  };
});
