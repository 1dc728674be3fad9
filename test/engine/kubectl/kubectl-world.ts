/** A cluster with a Pod that has kubectl, and command lines run in its shell. */
import { SessionWorld, type OpenSession } from "../streams/streams-world.ts";

export interface Ran {
  stdout: string;
  stderr: string;
  code: number | undefined;
}

const account = (name: string, role: string): object[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${name}-${role}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
  },
];

export const toolbox = (
  name = "toolbox",
  serviceAccountName = "admin",
  image = "bitnami/kubectl",
): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    serviceAccountName,
    containers: [
      {
        name: "c",
        image,
        command: ["sleep", "infinity"],
        securityContext: { runAsUser: 0 },
      },
    ],
  },
});

export class KubectlWorld extends SessionWorld {
  /** Where commands run. */
  in = "toolbox";

  /** Makes the Pod, under an account that may do everything, and waits until it runs. */
  begin(): this {
    this.create(...account("admin", "cluster-admin"), toolbox());
    this.until(() => this.pod("toolbox").status.phase === "Running");
    return this;
  }

  /** A command line of the shell, begun. */
  start(line: string, query?: string): OpenSession {
    return this.exec(this.in, line, query);
  }

  /** A command line of the shell that comes to its end. */
  sh(line: string, withinMs = 60_000): Ran {
    const session = this.start(line);
    session.read();
    const end = this.now + withinMs;
    while (session.code === undefined && this.now < end) {
      const due = this.engine.nextDueMs(this.now);
      this.now = Math.max(this.now, Math.min(due ?? end, end));
      this.engine.run(this.now);
      session.read();
    }
    const { stdout, stderr, code } = session;
    return { stdout, stderr, code };
  }

  /** What a command prints; fails where it fails. */
  out(line: string): string {
    const { stdout, stderr, code } = this.sh(line);
    if (code !== 0) throw new Error(`${line}: ${code}\n${stderr}`);
    return stdout;
  }
}
