/** A command line of jq and what jq made of it. Texts are bytes, a character each. */
export interface JqRow {
  args: string[];
  stdin?: string;
  out?: string;
  err?: string;
  code?: number;
  /** Why Podyard's jq does not do the same, and what it does. */
  differs?: string;
  ours?: { out: string; err: string; code: number };
}

/** Files beside which every command line runs. */
export const files: Readonly<Record<string, string>> = {
  "a.json": '{"a":[1,{"b":null}],"c":"x"}\n',
  "b.json": "1 2\n3",
  "a.jq": ".a # the list\n",
  "pods.json": `${JSON.stringify({
    kind: "List",
    items: ["web-1", "web-2", "db-0"].map((name, i) => ({
      metadata: { name, namespace: i < 2 ? "default" : "data", labels: { app: name.slice(0, -2) } },
      spec: { containers: [{ name: "main", image: `nginx:1.${i}`, ports: [{ containerPort: 80 + i }] }] },
      status: { phase: i === 1 ? "Pending" : "Running", podIP: i === 1 ? null : `10.244.0.${i + 2}` },
    })),
  })}\n`,
};
