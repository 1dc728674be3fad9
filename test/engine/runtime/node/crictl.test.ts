/** crictl over what a node's container runtime runs. */
import { describe, expect, it } from "vitest";
import { onNode } from "../../../helpers/node-shell.ts";
import { Typist } from "../../../helpers/typist.ts";
import { World } from "../../../helpers/world.ts";

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: {
    nodeName: "node-1",
    containers: [{ name: "nginx", image: "nginx:1.29" }],
  },
};

function born(): World {
  const world = new World();
  world.create(pod);
  world.settle();
  return world;
}

describe("crictl", () => {
  it("lists containers, sandboxes and images", () => {
    const world = born();
    const { out } = onNode(world, "node-1", "crictl ps --name nginx");
    const [head = "", row = ""] = out.split("\n");
    expect(head).toMatch(
      /^CONTAINER +IMAGE +CREATED +STATE +NAME +ATTEMPT +POD ID +POD +NAMESPACE$/,
    );
    expect(row).toMatch(
      /^[0-9a-f]{13} {3}[0-9a-f]{13} {3}.* ago +Running +nginx +0 +[0-9a-f]{13} +web +default$/,
    );
    const status = world.get("/api/v1/namespaces/default/pods/web").status.containerStatuses[0];
    const id = status.containerID.replace("containerd://", "");
    expect(onNode(world, "node-1", "crictl ps -q --name nginx").out).toBe(`${id}\n`);
    expect(onNode(world, "node-1", "crictl pods --name web").out).toMatch(
      /\n[0-9a-f]{13} +.* ago +Ready +web +default +0 +\(default\)\n$/,
    );
    expect(onNode(world, "node-1", "crictl images").out).toMatch(
      /docker.io\/library\/nginx +1.29 +[0-9a-f]{13} +[\d.]+MB\n/,
    );
    expect(onNode(world, "control-plane", "crictl ps").out).toContain("kube-apiserver");
    const found = JSON.parse(onNode(world, "node-1", `crictl inspect ${id.slice(0, 8)}`).out);
    expect(found.status).toMatchObject({
      id,
      state: "CONTAINER_RUNNING",
      imageRef: status.imageID,
    });
    const { pid } = found.info;
    expect(onNode(world, "node-1", `ps -ef | grep " ${pid} "`).out).toContain(
      "nginx: master process",
    );
  });

  it("shows logs and runs commands", () => {
    const world = born();
    const logs = onNode(world, "node-1", "crictl logs --tail 1 $(crictl ps -q --name nginx)");
    expect(logs.out).toBe(
      world.request("GET", "/api/v1/namespaces/default/pods/web/log?tailLines=1").text,
    );
    const line = "crictl exec $(crictl ps -q --name nginx) sh -c 'sleep 3; hostname; exit 4'";
    expect(onNode(world, "node-1", line)).toEqual({ out: "web\n", err: "", code: 4 });
  });

  it("gives a command a terminal, or what is typed", () => {
    const world = born();
    const at = new Typist(world, "main", { place: { node: "node-1" }, cols: 80, rows: 24 });
    at.ready();
    at.press("crictl exec -it $(crictl ps -q --name nginx) bash\r");
    at.until((text) => text.includes("root@web:/#"));
    at.press("echo $((6*7)); stty size\r");
    at.until((text) => text.includes("42\r\n24 80\r\n"));
    at.resize(60, 20);
    at.press("sleep 100\r");
    world.evict();
    world.advance(3_000);
    at.press("\x03");
    at.until((text) => text.includes("^C"));
    at.press("stty size; exit 7\r");
    at.until((text) => text.includes("root@node-1:~# "));
    expect(at.printed).toContain("20 60\r\n");
    expect(at.line("echo $?")).toBe("7\n");
    expect(at.line("echo in | crictl exec -i $(crictl ps -q --name nginx) cat")).toBe("in\n");
  });

  it("removes what has ended, and what runs only by force", () => {
    const world = born();
    const run = (line: string): string =>
      onNode(world, "node-1", `exec 2>&1; ${line}`).out.replace(/^time="\S+" /gm, "");
    const id = run("crictl ps -q --name nginx").trim();
    expect(run(`crictl rm ${id}; echo $?`)).toMatch(
      /is running, please stop it first"\nlevel=fatal msg="unable to remove container\(s\)"\n1\n$/,
    );
    run(`crictl stop ${id}`);
    world.advance(10_000);
    expect(run("crictl ps -aq --name nginx").trim().split("\n")).toHaveLength(2);
    expect(run(`crictl rm ${id}; crictl ps -aq --name nginx | wc -l`)).toBe(`${id}\n1\n`);
    const next = run("crictl ps -q --name nginx").trim();
    expect(run(`crictl rm -f ${next}`)).toBe(`${next}\n`);
    world.advance(30_000);
    const [status] = world.get("/api/v1/namespaces/default/pods/web").status.containerStatuses;
    expect(status).toMatchObject({ restartCount: 2, ready: true });
    world.check();
  });

  it("a stopped container is started again by the kubelet", () => {
    const world = born();
    const id = onNode(world, "node-1", "crictl ps -q --name nginx").out.trim();
    expect(onNode(world, "node-1", `crictl stop ${id}`)).toEqual({
      out: `${id}\n`,
      err: "",
      code: 0,
    });
    world.evict();
    world.advance(10_000);
    const [status] = world.get("/api/v1/namespaces/default/pods/web").status.containerStatuses;
    expect(status).toMatchObject({ restartCount: 1, ready: true });
    expect(status.lastState.terminated.exitCode).toBe(137);
    expect(status.containerID).not.toContain(id);
  });

  it("while the kubelet is stopped nobody starts it again", () => {
    const world = born();
    onNode(world, "node-1", "systemctl stop kubelet; crictl stop $(crictl ps -q --name nginx)");
    world.advance(20_000);
    expect(onNode(world, "node-1", "crictl ps -a --name nginx").out).toContain("Exited");
    onNode(world, "node-1", "systemctl start kubelet");
    world.advance(20_000);
    expect(onNode(world, "node-1", "crictl ps --name nginx").out).toContain("Running");
  });

  it("says what it does not know", () => {
    const world = born();
    expect(onNode(world, "node-1", "crictl inspect abc").err).toContain(
      'level=fatal msg="getting the status of the container \\"abc\\": rpc error: code = NotFound desc = an error occurred when try to find container \\"abc\\": not found"',
    );
    expect(onNode(world, "node-1", "crictl rmi nginx").code).toBe(1);
  });
});
