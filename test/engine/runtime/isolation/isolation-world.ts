/** Commands in containers through the exec API, for the tests of what a container may see and do. */
import { SessionWorld } from "../../streams/streams-world.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export class IsolationWorld extends SessionWorld {
  /** Runs `sh -c` to its end; time passes as it needs. */
  sh(pod: string, script: string, container?: string): Ran {
    const which = container === undefined ? "" : `&container=${container}`;
    const session = this.exec(pod, script, `stdout=true&stderr=true${which}`);
    const end = this.now + 120_000;
    for (session.read(); session.status === undefined; session.read()) {
      if (this.now >= end) throw new Error(`still running: ${script}`);
      this.advance(100);
    }
    return { code: session.code ?? -1, out: session.stdout, err: session.stderr };
  }

  out(pod: string, script: string, container?: string): string {
    const { code, out, err } = this.sh(pod, script, container);
    if (code !== 0) throw new Error(`${script}: ${code} ${out} ${err}`);
    return out;
  }

  logs(pod: string, query = ""): string {
    return this.request("GET", `/api/v1/namespaces/default/pods/${pod}/log${query}`).text;
  }

  names(): string[] {
    return this.pods().map((pod) => pod.metadata.name as string);
  }
}

export function isolationWorld(nodes = 2): IsolationWorld {
  const world = new IsolationWorld({ nodes });
  world.advance(5_000);
  return world;
}

export const box = (name: string, more: object = {}): object => ({
  name,
  image: "busybox:1.36",
  command: ["sleep", "1000000"],
  ...more,
});

export const podOf = (name: string, containers: object[], spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { ...spec, containers },
});

/** What `kubectl debug node/NAME` makes. */
export const debuggerPod = (node: string, name = `node-debugger-${node}`): object =>
  podOf(
    name,
    [
      box("debugger", {
        volumeMounts: [{ name: "host-root", mountPath: "/host" }],
        stdin: true,
        tty: true,
        command: ["sh"],
      }),
    ],
    {
      nodeName: node,
      hostPID: true,
      hostNetwork: true,
      hostIPC: true,
      restartPolicy: "Never",
      tolerations: [{ operator: "Exists" }],
      volumes: [{ name: "host-root", hostPath: { path: "/" } }],
    },
  );
