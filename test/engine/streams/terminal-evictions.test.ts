/**
 * Whatever is going on at a terminal, losing the object's memory behind every step of it changes no byte of what the screen gets, and
 * neither does going on in another cluster that was made of a snapshot. A session is a row.
 */
import { describe, expect, it } from "vitest";
import { NodeSql } from "../../helpers/node-sql.ts";
import { Typist } from "../../helpers/typist.ts";
import { World } from "../../helpers/world.ts";
import { Engine } from "../../../durable-objects/engine/index.ts";

/** Keys, seconds that pass, or something that happens meanwhile. */
type Step = string | number | ((typist: Typist) => void);

const pod = (name: string, script: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "c", image: "busybox:1.37", command: ["sh", "-c", script] }],
  },
});

/** What is typed, and what must be on the screen in the end for the row to show anything. */
const sessions: [name: string, steps: Step[], shows: string][] = [
  ["a line half typed", ["echo $((40", "+2", ")", ")\r"], "\n42\n"],
  ["a here-document half typed", ["cat <<E\r", "one\r", "t", "wo\r", "E\r"], "\none\ntwo\n"],
  ["a loop over several lines", ["for i in a b; do\r", "echo n$i", "\r", "done\r"], "\nna\nnb\n"],
  ["quotes that stay open", ["echo 'a\r", "b", "'\r"], "\na\nb\n"],
  ["a search in the history", ["echo first\r", "echo then\r", "\x12", "fi", "\r"], "\nfirst\n"],
  ["keys that are several bytes", ["echo äö", "\x1b", "[D", "\x7f", "\r"], "\nö\n"],
  ["a paste in parts", ["\x1b[200~echo p", "asted", "\x1b[201", "~", "\r"], "\npasted\n"],
  ["a completion", ["ls /etc/host", "\t", "\t", "name\r"], "\n/etc/hostname\n"],
  [
    "another size in a line",
    ["echo aaaaaaaaaaaaaaaaaaaaaa", (t) => t.resize(20, 24), "b\r"],
    "aab",
  ],
  ["a question of read", ["read -p 'name: ' n; echo hello $n\r", "wor", "ld\r"], "\nhello world\n"],
  [
    "kubectl get -w",
    [
      "kubectl get pods -w\r",
      1,
      ({ world }) => world.create(pod("new", "sleep 3600")),
      5,
      ({ world }) => void world.delete("/api/v1/namespaces/default/pods/new"),
      2,
      "\x03",
      "echo over $?\r",
    ],
    "\nover 130\n",
  ],
  ["kubectl logs -f", ["kubectl logs -f box --tail=1\r", 3, 4, "\x03", "echo over\r"], "\nover\n"],
  [
    "kubectl exec -it",
    ["kubectl exec -it box -- sh\r", "x=4", "1\r", "echo $((x+1))\r", "exi", "t 3\r", "echo $?\r"],
    "\n42\n",
  ],
  [
    "kubectl run -it --rm",
    ["kubectl run t --rm -it --image=busybox:1.37 -- sh\r", 2, 5, "hostname\r", "exit\r", 3],
    'pod "t" deleted from default namespace\n',
  ],
  [
    "kubectl rollout status",
    [
      "kubectl create deploy web --image=nginx --replicas=2; kubectl rollout status deploy web\r",
      1,
      1,
      10,
    ],
    "successfully rolled out\n",
  ],
  [
    "kubectl proxy and curl",
    [
      "kubectl proxy &\r",
      1,
      "curl -s localhost:8001/api/v1/namespaces/default/pods/box/proxy/ | head -c 20\r",
      2,
      "kill %1\r",
      1,
    ],
    "Starting to serve on 127.0.0.1:8001",
  ],
  ["kubectl delete -i", ["kubectl delete -i pod box\r", 1, "n\r", 1], "Do you want to continue?"],
  [
    "a loop in the background",
    ["while sleep 2; do echo tick; done &\r", 3, "echo ha", 2, "lf\r", "kill %1\r", 3, "jobs\r"],
    "tick",
  ],
  ["a pipe that runs", ["yes | head -n 300 | (sleep 2; tail -n 1)\r", 1, 2, "echo $?\r"], "\ny\n"],
  [
    "ssh to another node",
    ["ssh node-1\r", "x=hi; host", "name\r", "echo $x\r", "exit\r", "hostname\r"],
    "\nhi\n",
  ],
  [
    "a shell within the shell",
    ["bash\r", "y=5\r", "echo $y", "\r", "exit\r", "echo [$y]\r"],
    "\n[]\n",
  ],
  ["a flood", ["seq 1 3000\r", 1, 5, "echo over\r"], "\n3000\n"],
  ["sleep given up", ["sleep 100\r", 5, "\x03", "echo $?\r"], "\n130\n"],
  ["an end", ["exit 3\r", 1], "logout\n"],
];

type Between = (typist: Typist) => void;

/** A world of its own; all that the screen got. */
function play(steps: readonly Step[], between: Between): string {
  const world = new World({ nodes: 2 });
  world.create(pod("box", 'i=0; while sleep 1; do i=$((i+1)); echo "line $i"; done'));
  world.advance(20_000);
  const typist = new Typist(world, "main", { cols: 80, rows: 40 });
  typist.ready();
  for (const step of steps) {
    if (typeof step === "string") typist.press(step);
    else if (typeof step === "function") step(typist);
    between(typist);
    typist.world.advance(typeof step === "number" ? step * 1_000 : 500);
    between(typist);
  }
  typist.news();
  return typist.printed;
}

const fork: Between = (typist) => {
  const { world } = typist;
  const snapshot = world.engine.snapshot(world.now);
  const sql = new NodeSql();
  const options = { ...world.options, nowMs: world.now };
  Engine.restore(sql, snapshot, options);
  typist.world = new World(options, sql);
  typist.world.now = world.now;
};

describe("a loss of memory, and a fork, behind every step of", () => {
  it.for(sessions)("%s", ([, steps, shows]) => {
    const plain = play(steps, () => {});
    expect(plain.replaceAll(/\x1b\[[?\d;]*[A-Za-z]|\r/g, "")).toContain(shows);
    expect(play(steps, ({ world }) => world.evict())).toBe(plain);
    expect(play(steps, fork)).toBe(plain);
  });
});
