/** Pod templates of all that a scenario creates. */
import type { Chance } from "./chance.ts";

export const apps = ["web", "api"];

/** Good, slow, missing, unknown. */
export const images = [
  "nginx:1.27",
  "nginx:1.26",
  "nginx:1.25-alpine",
  "traefik/whoami:v1.10",
  "nginx:1.161",
  "acme.example/shop:v1",
];

function container(chance: Chance): Record<string, unknown> {
  if (chance.in100(15)) {
    const seconds = chance.pick([1, 5, 45]);
    const script = chance.pick([
      `sleep ${seconds}; exit 1`,
      `sleep ${seconds}; exit 0`,
      "sleep 3600",
    ]);
    return { name: "main", image: "busybox:1.36", command: ["sh", "-c", script] };
  }
  const image = chance.in100(80) ? chance.pick(images.slice(0, 4)) : chance.pick(images);
  const made: Record<string, unknown> = { name: "main", image };
  if (chance.in100(50)) made["ports"] = [{ containerPort: 80 }];
  if (chance.in100(6)) made["ports"] = [{ containerPort: 80, hostPort: 8_080 + chance.below(2) }];
  if (chance.in100(40)) {
    const get = { httpGet: { path: "/", port: 80 }, initialDelaySeconds: chance.below(4) };
    made[chance.pick(["readinessProbe", "livenessProbe", "startupProbe"])] = get;
  }
  if (chance.in100(60)) {
    const cpu = chance.pick(["100m", "500m", "900m", "1500m"]);
    made["resources"] = { requests: { cpu, memory: chance.pick(["64Mi", "1Gi"]) } };
  }
  return made;
}

export function template(chance: Chance, app: string, restartable = true): Record<string, unknown> {
  const spec: Record<string, unknown> = { containers: [container(chance)] };
  if (chance.in100(10)) spec["nodeSelector"] = { disk: "ssd" };
  if (chance.in100(20)) spec["terminationGracePeriodSeconds"] = chance.pick([0, 5]);
  if (!restartable) spec["restartPolicy"] = chance.pick(["Always", "OnFailure", "Never"]);
  if (chance.in100(10)) {
    spec["tolerations"] = [{ key: "lab", operator: "Exists", effect: "NoSchedule" }];
  }
  return { metadata: { labels: { app } }, spec };
}

export const named = (chance: Chance, prefix: string): { name: string } => ({
  name: `${prefix}-${chance.below(2)}`,
});
