/** Pods whose processes have something to lose: loops, clients and servers, files, volumes, traps, pipes. */
import type { Chance } from "./chance.ts";

interface Program {
  /** `containers` and what else its Pod needs. */
  spec: Record<string, unknown>;
}

const box = (name: string, script: string, more: object = {}): object => ({
  name,
  image: "busybox:1.36",
  command: ["sh", "-c", script],
  ...more,
});

const shared = {
  volumes: [{ name: "data", emptyDir: {} }],
};
const mounted = { volumeMounts: [{ name: "data", mountPath: "/data" }] };
const times = (n: number, body: string): string =>
  `i=0; while [ $i -lt ${n} ]; do i=$((i+1)); ${body}; done; sleep 36000`;

/** Numbers its lines, so that one that is missing or comes twice shows by itself. */
export const counter = "counts";

const table: ((chance: Chance) => Program)[] = [
  () => ({ spec: { containers: [box(counter, times(40, "echo $i; sleep 2"))] } }),
  (chance) => ({
    spec: {
      containers: [
        box(
          "asks",
          times(
            20,
            `wget -T 4 -qO- "http://svc-${chance.pick(["web", "api"])}-0/?wait=1500ms" > /tmp/out 2>&1; echo $? $(head -c 80 /tmp/out | head -n 2); sleep 3`,
          ),
        ),
      ],
    },
  }),
  () => ({
    spec: {
      ...shared,
      containers: [
        box("writes", times(20, "echo line $i >> /data/log; sleep 3"), mounted),
        box("tails", "touch /data/log; tail -f /data/log", mounted),
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        box(
          "traps",
          "trap 'echo bye; sleep 2; echo gone; exit 0' TERM; while true; do sleep 25; echo tick; done",
        ),
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        { name: "redis", image: "redis:7" },
        {
          name: "client",
          image: "redis:7",
          command: [
            "sh",
            "-c",
            times(15, "redis-cli INCR n; redis-cli RPUSH l $i; redis-cli LLEN l; sleep 4"),
          ],
        },
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        box(
          "pipes",
          `{ j=0; while [ $j -lt 20 ]; do j=$((j+1)); echo $j; sleep 1; done; } | sed 's/^/n/' | while read l; do sleep 0.3; echo $l; done | tee /tmp/all; wc -l < /tmp/all; sleep 36000`,
        ),
      ],
    },
  }),
  () => ({
    spec: {
      volumes: [{ name: "data", configMap: { name: "told", optional: true } }],
      containers: [box("reads", times(12, "cat /data/text 2>&1; sleep 20"), mounted)],
    },
  }),
  () => ({
    spec: {
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "kept" } }],
      containers: [
        box(
          "keeps",
          "echo x >> /data/n; wc -l < /data/n; sleep 30; cat /data/n; sleep 60",
          mounted,
        ),
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        box("probed", "touch /tmp/up; sleep 50; rm /tmp/up; sleep 36000", {
          readinessProbe: {
            exec: { command: ["sh", "-c", "sleep 1; test -f /tmp/up"] },
            timeoutSeconds: 3,
          },
        }),
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        {
          name: "eats",
          image: "polinux/stress",
          command: ["stress", "--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"],
          resources: { limits: { memory: "100Mi" } },
        },
      ],
    },
  }),
  () => ({
    spec: {
      containers: [
        box(
          "busy",
          "f() { local n=$1; while [ $n -gt 0 ]; do s=$((s+n)); n=$((n-1)); done; }; s=0; r=$RANDOM; for i in 1 2 3 4 5 6; do f 200; echo $i $s $r $RANDOM; sleep 0.9; done; echo $(seq 5 | while read x; do echo $((x*x)); done); sleep 36000",
        ),
      ],
    },
  }),
  () => ({
    spec: {
      hostname: "talker",
      containers: [
        box(
          "serves",
          "i=0; while [ $i -lt 12 ]; do i=$((i+1)); echo answer $i | nc -l -p 9000 -w 60; done; sleep 36000",
        ),
        box("calls", times(10, "sleep 3; echo ask $i | nc -w 2 127.0.0.1 9000; echo $?")),
      ],
    },
  }),
];

export function programSpec(chance: Chance): Record<string, unknown> {
  return chance.pick(table)(chance).spec;
}
