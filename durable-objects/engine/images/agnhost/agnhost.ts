/** agnhost, the end-to-end tests' Swiss army knife: its subcommands are tables. k8s: test/images/agnhost */
import { buildLayer } from "../../runtime/fs/layer.ts";
import type { Program } from "../../runtime/kernel/types.ts";
import { agnhostCheck, agnhostChecks } from "./checks.ts";
import { closeWait } from "./closewait.ts";
import { agnhostConsumers } from "./consumers.ts";
import { agnhostGuestbook } from "./guestbook.ts";
import { localhostCertificate, localhostKey } from "./localhost-pair-data.ts";
import { netexec } from "./netexec.ts";
import { portForwardTester } from "./port-forward.ts";
import { agnhostServer, agnhostServers } from "./servers.ts";
import { conversionServer, webhookServer } from "./webhook.ts";
import { alpineFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { resolveVersion } from "../tags.ts";

const ownPrograms = new Set([
  "netexec",
  "net",
  "guestbook",
  "port-forward-tester",
  "resource-consumer-controller",
  "webhook",
  "crd-conversion-webhook",
]);

/** The program of a subcommand. */
function programOf(sub: string): string | undefined {
  if (ownPrograms.has(sub)) return `agnhost:${sub}`;
  if (Object.hasOwn(agnhostServers, sub)) return "agnhost:server";
  return Object.hasOwn(agnhostChecks, sub) ? "agnhost:check" : undefined;
}

const agnhostProgram: Program<{ exitCode: number }> = {
  name: "agnhost",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const [, sub = ""] = sys.argv;
    const program = programOf(sub);
    if (program) {
      sys.become(program, [...sys.argv], sys.env, "/agnhost");
      return sys.process.state as { exitCode: number };
    }
    if (sub === "--version") {
      sys.write(1, `agnhost version ${sys.container.image.version}\n`);
      return { exitCode: 0 };
    }
    if (sub === "" || sub === "--help" || sub === "help") {
      sys.write(
        1,
        "This image contains subcommands and utilities for Kubernetes' tests.\n\nUsage:\n  app [command]\n",
      );
      return { exitCode: 0 };
    }
    sys.complain(`Error: unknown command "${sub}" for "app"\nRun 'app --help' for usage.\n`);
    return { exitCode: 1 };
  },
  step: (_sys, state) => ({ exit: state.exitCode }),
};

/** A user of the image who is in a group of it, for tests of supplementary groups. */
const agnhostUsers: Record<string, string> = {
  "/etc/passwd": `${alpineFiles("3.22.2")["/etc/passwd"] as string}user-defined-in-image:x:1000:1000:Linux User,,,:/home/user-defined-in-image:/bin/sh\n`,
  "/etc/group": `${alpineFiles("3.22.2")["/etc/group"] as string}user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n`,
};

let cached: ImageVersion | undefined;

export const agnhost: ImageDefinition = {
  repositories: [
    "registry.k8s.io/e2e-test-images/agnhost",
    "k8s.gcr.io/e2e-test-images/agnhost",
    "gcr.io/kubernetes-e2e-test-images/agnhost",
  ],
  resolveTag: (tag) => resolveVersion({ series: { 2: 63 }, latest: "2.63.0" }, tag),
  version(version) {
    cached ??= {
      version,
      entrypoint: ["/agnhost"],
      cmd: ["pause"],
      env: {},
      layer: buildLayer(
        alpineFiles("3.22.2"),
        {
          ...agnhostUsers,
          "/agnhost": { program: "agnhost" },
          "/agnhost-2": { link: "agnhost" },
          "/localhost.crt": localhostCertificate,
          "/localhost.key": localhostKey,
          "/coredns": { program: "coredns" },
          "/uploads": { dir: true, mode: 0o777 },
          "/home/user-defined-in-image": { dir: true, uid: 1000, gid: 1000, mode: 0o2755 },
          "/bin/bash": { program: "bash" },
          "/usr/bin/curl": { program: "curl" },
          "/usr/bin/nc": { program: "nc.openbsd" },
          "/usr/bin/dig": { program: "dig" },
          "/usr/bin/host": { program: "host" },
          "/usr/bin/nslookup": { program: "bind-nslookup" },
          "/sbin/ss": { program: "ss" },
        },
        runtimeFiles,
      ),
      sizeBytes: 53_000_000,
    };
    return cached;
  },
  programs: [
    agnhostProgram,
    agnhostServer,
    agnhostCheck,
    netexec,
    closeWait,
    agnhostGuestbook,
    agnhostConsumers,
    portForwardTester,
    webhookServer,
    conversionServer,
  ],
};

/** The liveness page's image: a server that is healthy for ten seconds. */
export const livenessImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/liveness",
    "k8s.gcr.io/liveness",
    "gcr.io/google_containers/liveness",
  ],
  resolveTag: (tag) => (tag === "latest" || /^v?\d+(\.\d+)*$/.test(tag) ? tag : undefined),
  version: (version) => ({
    ...agnhost.version("2.63.0", ""),
    version,
    entrypoint: ["/agnhost", "liveness"],
    cmd: [],
    sizeBytes: 1_600_000,
  }),
};
