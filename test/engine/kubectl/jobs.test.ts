import { expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

test("kubectl about Jobs and CronJobs", () => {
  const world = new KubectlWorld().begin();
  const out = (line: string): string => {
    const { stdout, stderr } = world.sh(line);
    return stdout + stderr;
  };
  expect(out("kubectl create job hi --image=busybox:1.36 -- sh -c 'echo hello; sleep 2'")).toBe(
    "job.batch/hi created\n",
  );
  expect(out("kubectl wait --for=condition=complete job/hi --timeout=60s")).toBe(
    "job.batch/hi condition met\n",
  );
  expect(out("kubectl logs job/hi")).toBe("hello\n");
  expect(out("kubectl get job hi --no-headers")).toMatch(/^hi +Complete +1\/1 +\d+s +\d+s\n$/);
  const described = out("kubectl describe job hi");
  expect(described).toContain("Pods Statuses:    0 Active (0 Ready) / 1 Succeeded / 0 Failed\n");
  expect(described).toMatch(/Normal +Completed +\d+s +job-controller +Job completed\n/);
  const create =
    "kubectl create cronjob tick --image=busybox:1.36 --schedule='*/5 * * * *' -- date";
  expect(out(create)).toBe("cronjob.batch/tick created\n");
  expect(out("kubectl create job now --from=cronjob/tick")).toBe("job.batch/now created\n");
  expect(out("kubectl wait --for=condition=complete job/now")).toContain("met");
  expect(out("kubectl get cj tick --no-headers")).toMatch(
    /^tick +\*\/5 \* \* \* \* +<none> +False +0 +<none> +\d+s\n$/,
  );
  expect(out("kubectl describe cj tick")).toContain(
    "Saw a job that the controller did not create or forgot: now",
  );
  expect(out("kubectl delete job hi")).toBe('job.batch "hi" deleted from default namespace\n');
  world.advance(5000);
  expect(out("kubectl get pods -l job-name=hi")).toContain("No resources found");
});
