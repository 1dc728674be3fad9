/** ssh, scp, sudo and su between nodes. */
import { describe, expect, it } from "vitest";
import { NodeShell, onNode } from "../../../helpers/node-shell.ts";
import { World } from "../../../helpers/world.ts";

const power = (world: World, node: string, state: string): void => {
  world.patch(`/api/v1/nodes/${node}`, {
    metadata: { annotations: { "podyard.dev/power": state } },
  });
};

describe("ssh from node to node", () => {
  it("runs a command there, with its streams and its exit code", () => {
    const world = new World();
    expect(
      onNode(world, "control-plane", "ssh node-1 'hostname; whoami; pwd; echo no >&2; exit 3'"),
    ).toEqual({ out: "node-1\nroot\n/root\n", err: "no\n", code: 3 });
    expect(onNode(world, "control-plane", "echo to there | ssh node-2 cat")).toEqual({
      out: "to there\n",
      err: "",
      code: 0,
    });
    expect(
      onNode(world, "control-plane", "ssh node-1 ssh node-2 ssh control-plane hostname").out,
    ).toBe("control-plane\n");
    expect(
      onNode(world, "node-1", "ssh -o StrictHostKeyChecking=no root@172.18.0.2 hostname").out,
    ).toBe("control-plane\n");
    expect(onNode(world, "node-1", "ssh node-1 hostname").out).toBe("node-1\n");
  });

  it("gives a shell on a terminal, through losses of memory", () => {
    const world = new World();
    const shell = new NodeShell(world, "control-plane", ["bash", "-l"], true);
    const say = (text: string): string => {
      shell.said.out = "";
      shell.type(text);
      world.advance(1_000);
      world.evict();
      return shell.read().out;
    };
    expect(say("ssh node-1\n")).toContain("root@node-1:~# ");
    expect(say("hostname; tty >/dev/null && echo terminal\n")).toContain("node-1\r\nterminal\r\n");
    expect(say("sleep 1000\n")).not.toContain("root@node-1");
    expect(say("\x03")).toContain("^C");
    expect(say("echo after $?\n")).toContain("after 130\r\n");
    const out = say("exit\n");
    expect(out).toContain("logout\r\nConnection to node-1 closed.\r\n");
    expect(out).toContain("root@control-plane:~# ");
    expect(say("hostname\n")).toContain("control-plane\r\n");
  });

  it("says why it cannot connect", () => {
    const world = new World();
    expect(onNode(world, "control-plane", "ssh nowhere ls")).toEqual({
      out: "",
      err: "ssh: Could not resolve hostname nowhere: Name or service not known\n",
      code: 255,
    });
    onNode(world, "node-1", "systemctl stop ssh");
    expect(onNode(world, "control-plane", "ssh node-1 ls").err).toBe(
      "ssh: connect to host node-1 port 22: Connection refused\n",
    );
    power(world, "node-2", "off");
    expect(onNode(world, "control-plane", "ssh node-2 ls")).toEqual({
      out: "",
      err: "ssh: connect to host node-2 port 22: No route to host\n",
      code: 255,
    });
  });

  it("ends with the other machine's power, and its command with its client", () => {
    const world = new World();
    const shell = new NodeShell(world, "control-plane", ["ssh", "node-1", "sleep", "1000"]);
    world.advance(2_000);
    power(world, "node-1", "off");
    expect(shell.end()).toEqual({
      out: "",
      err: "Connection to node-1 closed by remote host.\n",
      code: 255,
    });
    const left = onNode(world, "control-plane", "timeout -s KILL 2 ssh -tt node-2 sleep 1000");
    expect(left.code).toBe(137);
    world.advance(2_000);
    expect(onNode(world, "node-2", "pgrep -x sleep; echo $?").out).toBe("1\n");
  });

  it("carries much output without losing any", () => {
    const world = new World();
    expect(onNode(world, "control-plane", "ssh node-1 seq 30000 | md5sum")).toEqual(
      onNode(world, "node-1", "seq 30000 | md5sum"),
    );
  });
});

describe("scp", () => {
  it("copies files and folders both ways", () => {
    const world = new World();
    const line =
      "mkdir -p d/e; echo one > d/e/f; echo two > g; chmod 600 g; scp g node-1:/tmp/h && scp -r d node-1:/srv && ssh node-1 'cat /tmp/h /srv/d/e/f; stat -c %a /tmp/h' && scp node-1:/srv/d/e/f . && cat f";
    expect(onNode(world, "control-plane", line)).toEqual({
      out: "two\none\n600\none\n",
      err: "",
      code: 0,
    });
    expect(onNode(world, "control-plane", "scp none node-1:")).toEqual({
      out: "",
      err: 'scp: stat local "none": No such file or directory\n',
      code: 1,
    });
    expect(onNode(world, "control-plane", "scp node-1:/none .")).toEqual({
      out: "",
      err: "scp: /none: No such file or directory\n",
      code: 1,
    });
  });
});

describe("sudo and su", () => {
  it("change the user", () => {
    const world = new World();
    onNode(
      world,
      "node-1",
      "echo student:x:1000:1000::/home/student:/bin/bash >> /etc/passwd; mkdir -p /home/student; chown 1000:1000 /home/student",
    );
    expect(
      onNode(world, "node-1", "su - student -c 'whoami; pwd; sudo whoami; sudo -i pwd'").out,
    ).toBe("student\n/home/student\nroot\n/root\n");
    expect(
      onNode(
        world,
        "node-1",
        "su - student -c 'systemctl stop kubelet; cat /etc/kubernetes/kubelet.conf'",
      ).err,
    ).toBe(
      "Failed to stop kubelet.service: Access denied\ncat: /etc/kubernetes/kubelet.conf: Permission denied\n",
    );
    expect(onNode(world, "control-plane", "ssh student@node-1 whoami").out).toBe("student\n");
    expect(onNode(world, "node-2", "su - student").err).toBe(
      "su: user student does not exist or the user entry does not contain all the required fields\n",
    );
  });

  it("hostnamectl tells the machine", () => {
    expect(onNode(new World(), "node-1", "hostnamectl").out).toContain(
      " Static hostname: node-1\n",
    );
  });
});
