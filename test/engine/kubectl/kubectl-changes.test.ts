/** kubectl's commands that change something and wait for what comes of it. */
import { beforeEach, describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

const web = `kubectl create deployment web --image=nginx:1.29 --replicas=2`;

describe("changes that take their time", () => {
  let world: KubectlWorld;

  beforeEach(() => {
    world = new KubectlWorld({ seed: "changes", nodes: 2 }).begin();
  });

  test("delete waits until the Pod is gone", () => {
    world.sh("kubectl run one --image=nginx:1.29");
    world.settle(20_000);
    const begun = world.now;
    expect(world.sh("kubectl delete pod one; kubectl get pod one")).toEqual({
      stdout: 'pod "one" deleted from default namespace\n',
      stderr: 'Error from server (NotFound): pods "one" not found\n',
      code: 1,
    });
    expect(world.now).toBeGreaterThan(begun + 100);
  });

  test("delete gives up after its timeout", () => {
    world.sh("kubectl create cm kept; kubectl annotate cm kept a=b");
    world.patch("/api/v1/namespaces/default/configmaps/kept", {
      metadata: { finalizers: ["example.com/kept"] },
    });
    const { stderr, code } = world.sh("kubectl delete cm kept --timeout=3s");
    expect({ stderr, code }).toEqual({
      stderr: "error: timed out waiting for the condition on configmaps/kept\n",
      code: 1,
    });
  });

  test("rollout status follows a rollout to its end", () => {
    const said = world.sh(`${web}; kubectl rollout status deploy/web`);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain(
      'Waiting for deployment "web" rollout to finish: 0 of 2 updated replicas are available...\n',
    );
    expect(said.stdout).toMatch(/deployment "web" successfully rolled out\n$/);
  });

  test("set image, history and undo", () => {
    world.sh(`${web}; kubectl rollout status deploy/web`);
    world.sh("kubectl set image deploy/web nginx=nginx:1.28; kubectl rollout status deploy/web");
    expect(world.out("kubectl rollout history deploy/web")).toBe(
      "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n",
    );
    expect(world.out("kubectl rollout undo deploy/web")).toBe("deployment.apps/web rolled back\n");
    const image = "kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[0].image}'";
    expect(world.out(image)).toBe("nginx:1.29");
  });

  test("pause, resume and restart", () => {
    world.sh(web);
    expect(world.out("kubectl rollout pause deploy/web")).toBe("deployment.apps/web paused\n");
    expect(world.sh("kubectl rollout pause deploy/web").stderr).toBe(
      'error: deployments.apps "web" is already paused\n',
    );
    expect(world.sh("kubectl rollout restart deploy/web").stderr).toBe(
      'error: deployments.apps "web" can\'t restart paused deployment (run rollout resume first)\n',
    );
    expect(world.out("kubectl rollout resume deploy/web")).toBe("deployment.apps/web resumed\n");
    expect(world.out("kubectl rollout restart deploy/web")).toBe("deployment.apps/web restarted\n");
  });

  test("scale waits for its replicas", () => {
    world.sh(`${web}; kubectl rollout status deploy/web`);
    expect(world.out("kubectl scale deploy web --replicas=4 --timeout=1m")).toBe(
      "deployment.apps/web scaled\n",
    );
    expect(world.out("kubectl get deploy web -o jsonpath='{.status.replicas}'")).toBe("4");
  });

  test("drain evicts, and waits", () => {
    world.sh(`${web}; kubectl rollout status deploy/web`);
    const node = "kubectl get pods -l app=web -o jsonpath='{.items[0].spec.nodeName}'";
    const toolbox = world.out("kubectl get pod toolbox -o jsonpath='{.spec.nodeName}'");
    const name = ["node-1", "node-2"].find((one) => one !== toolbox) as string;
    expect(world.out(node)).toMatch(/^node-/);
    const said = world.sh(`kubectl drain ${name} --ignore-daemonsets`);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain(`node/${name} cordoned\n`);
    expect(said.stdout).toMatch(/evicting pod default\/web-/);
    expect(said.stdout).toMatch(/pod\/web-\S+ evicted\n/);
    expect(said.stdout).toMatch(new RegExp(`node/${name} drained\n$`));
    const left = `kubectl get pods -A --field-selector spec.nodeName=${name} -l app=web`;
    expect(world.sh(left).stderr).toBe("No resources found\n");
    expect(world.out(`kubectl uncordon ${name}`)).toBe(`node/${name} uncordoned\n`);
  });

  test("run --attach reads the output, and takes the exit code", () => {
    const line =
      "kubectl run job --image=busybox:1.37 --restart=Never --attach --rm -- sh -c 'echo hello; exit 3'";
    const said = world.sh(line.replaceAll("'", '"'));
    expect(said.stdout).toBe('hello\npod "job" deleted from default namespace\n');
    expect(said.code).toBe(3);
    expect(said.stderr).toContain("pod default/job terminated (Error)");
  });

  test("a token is given, and says who one is", () => {
    expect(world.out("kubectl create token default")).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(world.out("kubectl auth whoami -o jsonpath='{.status.userInfo.username}'")).toBe(
      "system:serviceaccount:default:admin",
    );
  });
});
