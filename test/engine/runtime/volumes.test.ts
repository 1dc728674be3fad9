/** Volumes as processes see them: what is in them, who may write, how they follow what they come from. */
import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../../helpers/world.ts";
import { boxPod, sh } from "../controllers/storage-world.ts";

const api = "/api/v1/namespaces/default";
let w: World;
beforeEach(() => {
  w = new World({ nodes: 2 });
  w.advance(5_000);
});

const config = (data: Record<string, string>, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings" },
  data,
  ...more,
});

/** Mode, owner, group and name of each line of `ls -ln`. */
const modes = (text: string): string[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/ +/))
    .map((word) => (word.length > 3 ? [word[0], word[2], word[3], word.at(-1)] : word).join(" "));

describe("emptyDir", () => {
  it("is shared by the Pod's containers, outlives a restart, and goes with the Pod", () => {
    const box = (name: string, script: string): object => ({
      name,
      image: "busybox:1.36",
      command: ["sh", "-c", script],
      volumeMounts: [{ name: "shared", mountPath: `/${name}` }],
    });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "two" },
      spec: {
        volumes: [{ name: "shared", emptyDir: {} }],
        containers: [
          box("writer", "echo line >> /writer/log; sleep 30; exit 1"),
          box("reader", "sleep 1000000"),
        ],
      },
    };
    w.create(pod);
    w.advance(15_000);
    expect(sh(w, "two", "cat /reader/log", "reader").out).toBe("line\n");
    expect(sh(w, "two", "ls / | grep writer", "reader").out).toBe("");
    w.advance(40_000);
    expect(sh(w, "two", "cat /reader/log", "reader").out).toBe("line\nline\n");
    const trees = (): string[] =>
      [...w.engine.store.recordKeys("trees")].filter((key) => key.endsWith("/shared"));
    expect(trees()).toHaveLength(1);
    w.delete(`${api}/pods/two?gracePeriodSeconds=0`);
    w.advance(5_000);
    expect(trees()).toEqual([]);
    w.create(pod);
    w.advance(15_000);
    expect(sh(w, "two", "cat /reader/log", "reader").out).toBe("line\n");
  });

  it("over its sizeLimit ends the Pod", () => {
    const volume = { name: "cache", emptyDir: { sizeLimit: "1Mi" } };
    const script = "sleep 20; head -c 2097152 /dev/zero > /cache/big";
    w.create(boxPod("fat", [volume], [{ name: "cache", mountPath: "/cache" }], { script }));
    w.advance(15_000);
    expect(w.pod("fat").status.phase).toBe("Running");
    w.advance(40_000);
    const text = 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ';
    expect(w.pod("fat").status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: text,
    });
    expect(w.events("fat")).toContain(`Warning Evicted ${text}`);
  });

  it.each([
    [
      [["a", "2Mi"]],
      "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ",
    ],
    [
      [
        ["a", "2Mi"],
        ["b", "1Gi"],
      ],
      'Container a exceeded its local ephemeral storage limit "2Mi". ',
    ],
  ])("and all else on the node's disk counts to the limits %j", (limits, message) => {
    const script = "sleep 20; head -c 3145728 /dev/zero > /tmp/big; sleep 1000000";
    const containers = limits.map(([name, limit]) => ({
      name,
      image: "busybox:1.36",
      command: ["sh", "-c", name === "a" ? script : "sleep 1000000"],
      resources: { limits: { "ephemeral-storage": limit } },
    }));
    const metadata = { name: "fat" };
    w.create({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers } });
    w.advance(15_000);
    expect(w.pod("fat").status.phase).toBe("Running");
    w.advance(40_000);
    expect(w.pod("fat").status).toMatchObject({ phase: "Failed", reason: "Evicted", message });
    expect(w.events("fat")).toContain(`Warning Evicted ${message}`);
  });

  it("of medium Memory is a tmpfs of its size, as Secrets are one of the Pod's", () => {
    w.create({ apiVersion: "v1", kind: "Secret", metadata: { name: "keys" } });
    const volumes = [
      { name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      { name: "s", secret: { secretName: "keys" } },
      { name: "d", emptyDir: {} },
    ];
    const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    w.create(boxPod("p", volumes, mounts));
    w.advance(15_000);
    const { out } = sh(w, "p", "mount | grep -E ' /[msd] '; df -k /m | tail -1");
    expect(out.replace(/size=[2-9]\d{6,}k/, "size=NODE").split("\n")).toEqual([
      "/dev/vda1 on /d type ext4 (rw,relatime)",
      "tmpfs on /s type tmpfs (ro,relatime,size=NODE,inode64,noswap)",
      "tmpfs on /m type tmpfs (rw,relatime,size=1024k,inode64,noswap)",
      "tmpfs                     1024         0      1024   0% /m",
      "",
    ]);
    expect(sh(w, "p", "head -c 2000000 /dev/zero > /m/f").err).toContain("No space left on device");
    expect(w.pod("p").status.phase).toBe("Running");
  });

  it("belongs to the fsGroup, and so does what is written into it", () => {
    const spec = { securityContext: { runAsUser: 1000, fsGroup: 2000 } };
    const mounts = [{ name: "e", mountPath: "/e" }];
    w.create(boxPod("owned", [{ name: "e", emptyDir: {} }], mounts, { spec }));
    w.advance(15_000);
    const ran = sh(w, "owned", "echo a > /e/f; mkdir /e/d; ls -lnd /e /e/f /e/d; id -G");
    expect(modes(ran.out)).toEqual([
      "drwxrwsrwx 0 2000 /e",
      "drwxr-sr-x 1000 2000 /e/d",
      "-rw-r--r-- 1000 2000 /e/f",
      "0 2000",
    ]);
  });
});

describe("ConfigMaps and Secrets", () => {
  it("are laid out as the kubelet's writer does it, read-only, with their modes", () => {
    w.create(config({ a: "1", b: "2" }), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys" },
      stringData: { password: "pw" },
    });
    const volumes = [
      { name: "all", configMap: { name: "settings" } },
      {
        name: "some",
        configMap: { name: "settings", items: [{ key: "b", path: "x/y", mode: 0o600 }] },
      },
      { name: "keys", secret: { secretName: "keys", defaultMode: 0o400 } },
    ];
    const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    w.create(boxPod("p", volumes, mounts));
    w.advance(15_000);
    expect(sh(w, "p", "ls /all /some; cat /all/a /some/x/y /keys/password").out).toBe(
      "/all:\na\nb\n\n/some:\nx\n12pw",
    );
    expect(sh(w, "p", "readlink /all/a").out).toBe("..data/a\n");
    const files = "/all/..data/a /keys/..data/password /some/..data/x/y";
    expect(modes(sh(w, "p", `ls -ln ${files}`).out)).toEqual([
      "-rw-r--r-- 0 0 /all/..data/a",
      "-r-------- 0 0 /keys/..data/password",
      "-rw------- 0 0 /some/..data/x/y",
    ]);
    expect(sh(w, "p", "echo 3 > /all/a")).toMatchObject({
      code: 1,
      err: "sh: can't create /all/a: Read-only file system\n",
    });
  });

  it("follow a change at the kubelet's next sync, but not through a subPath", () => {
    w.create(config({ a: "old" }));
    const mounts = [
      { name: "c", mountPath: "/whole" },
      { name: "c", mountPath: "/one", subPath: "a" },
    ];
    w.create(boxPod("p", [{ name: "c", configMap: { name: "settings" } }], mounts));
    w.advance(15_000);
    w.patch(`${api}/configmaps/settings`, { data: { a: "new", b: "more" } });
    w.advance(2_000);
    expect(sh(w, "p", "cat /whole/a /one").out).toBe("oldold");
    w.advance(90_000);
    expect(sh(w, "p", "cat /whole/a /whole/b /one; ls -a /whole | grep -c 2026").out).toBe(
      "newmoreold1\n",
    );
    w.patch(`${api}/configmaps/settings`, { data: { b: null } });
    w.advance(90_000);
    expect(sh(w, "p", "ls /whole").out).toBe("a\n");
  });

  it("follow a change at once when the Pod itself changes, and when a container starts anew", () => {
    w.create(config({ a: "old" }));
    const volumes = [{ name: "c", configMap: { name: "settings" } }];
    const mounts = [{ name: "c", mountPath: "/c" }];
    const script = "cat /c/a; while [ ! -e /tmp/end ]; do sleep 1; done; exit 1";
    w.create(boxPod("p", volumes, mounts, { script }));
    w.advance(15_000);
    w.patch(`${api}/configmaps/settings`, { data: { a: "new" } });
    w.advance(2_000);
    expect(sh(w, "p", "cat /c/a").out).toBe("old");
    w.patch(`${api}/pods/p`, { metadata: { annotations: { touched: "1" } } });
    w.advance(1_000);
    expect(sh(w, "p", "cat /c/a").out).toBe("new");
    w.patch(`${api}/configmaps/settings`, { data: { a: "newer" } });
    sh(w, "p", "touch /tmp/end");
    w.advance(5_000);
    expect(w.pod("p").status.containerStatuses[0].restartCount).toBe(1);
    expect(sh(w, "p", "cat /c/a").out).toBe("newer");
  });

  it("that go while they are mounted leave their files, and are missed at every sync", () => {
    w.create(config({ a: "1" }));
    const volumes = [{ name: "c", configMap: { name: "settings" } }];
    w.create(boxPod("p", volumes, [{ name: "c", mountPath: "/c" }]));
    w.advance(15_000);
    w.delete(`${api}/configmaps/settings`);
    w.advance(60_000);
    expect(sh(w, "p", "cat /c/a").out).toBe("1");
    expect(w.events("p")).toContain(
      'Warning FailedMount MountVolume.SetUp failed for volume "c" : configmap "settings" not found',
    );
    w.create(config({ a: "2" }));
    w.advance(130_000);
    expect(sh(w, "p", "cat /c/a").out).toBe("2");
  });

  it("that miss a key say which; a volume nobody mounts is not looked at", () => {
    w.create(config({ a: "1" }), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys" },
    });
    const items = [{ key: "none", path: "x" }];
    const volumes = [
      { name: "c", configMap: { name: "settings", items } },
      { name: "s", secret: { secretName: "keys", items } },
      {
        name: "all",
        projected: { sources: [{ configMap: { name: "no" } }, { secret: { name: "not" } }] },
      },
      { name: "unused", configMap: { name: "unknown" } },
    ];
    w.create(
      boxPod(
        "p",
        volumes,
        ["c", "s", "all"].map((name) => ({ name, mountPath: `/${name}` })),
      ),
    );
    w.advance(400);
    const failed = (name: string, why: string): string =>
      `Warning FailedMount MountVolume.SetUp failed for volume "${name}" : ${why}`;
    expect(w.events("p").filter((text: string) => text.includes("FailedMount"))).toEqual([
      failed("c", "configmap references non-existent config key: none"),
      failed("s", "references non-existent secret key: none"),
      failed("all", '[configmap "no" not found, secret "not" not found]'),
    ]);
  });

  it("that are missing keep the Pod waiting, and let it start when they come", () => {
    w.create(
      boxPod(
        "p",
        [{ name: "c", configMap: { name: "settings" } }],
        [{ name: "c", mountPath: "/c" }],
      ),
    );
    w.advance(10_000);
    expect(w.pod("p").status.phase).toBe("Pending");
    expect(w.events("p")).toContain(
      'Warning FailedMount MountVolume.SetUp failed for volume "c" : configmap "settings" not found',
    );
    w.create(config({ a: "1" }));
    w.advance(130_000);
    expect(sh(w, "p", "cat /c/a").out).toBe("1");
  });
});

describe("projections", () => {
  it("join ConfigMaps, the Pod's own fields and a token", () => {
    w.create(config({ a: "1" }));
    const sources = [
      { configMap: { name: "settings" } },
      { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] } },
      { serviceAccountToken: { path: "vault", audience: "vault", expirationSeconds: 600 } },
    ];
    w.create(
      boxPod("p", [{ name: "all", projected: { sources } }], [{ name: "all", mountPath: "/all" }]),
    );
    w.advance(15_000);
    expect(sh(w, "p", "cat /all/a /all/labels").out).toBe("1p");
    const token = sh(w, "p", "cat /all/vault").out;
    const review = (): { authenticated?: boolean } =>
      w.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token, audiences: ["vault"] },
      }).body.status;
    expect(review().authenticated).toBe(true);
    w.advance(500_000);
    expect(review().authenticated).toBe(true);
    w.advance(500_000);
    expect(review().authenticated ?? false).toBe(false);
    expect(sh(w, "p", "cat /all/vault").out).not.toBe(token);
  });

  it("show a Pod's new labels at the next sync", () => {
    const items = [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }];
    const pod = boxPod(
      "p",
      [{ name: "me", downwardAPI: { items } }],
      [{ name: "me", mountPath: "/me" }],
    );
    w.create({ ...pod, metadata: { name: "p", labels: { a: "1" } } });
    w.advance(15_000);
    expect(sh(w, "p", "cat /me/labels").out).toBe('a="1"');
    w.patch(`${api}/pods/p`, { metadata: { labels: { b: "2" } } });
    w.advance(90_000);
    expect(sh(w, "p", "cat /me/labels").out).toBe('a="1"\nb="2"');
  });

  it("give every Pod a token that the API takes, and store nothing for it", () => {
    const before = w.engine.store.recordKeys("trees");
    const trees = [...before].length;
    w.create(boxPod("p", [], []));
    w.advance(15_000);
    const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    const { out } = sh(w, "p", `ls ${folder}; cat ${folder}/namespace; echo; cat ${folder}/token`);
    const [ca, namespace, token, text, jwt = ""] = out.split("\n");
    expect([ca, namespace, token, text]).toEqual(["ca.crt", "namespace", "token", "default"]);
    const answer = w.request(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      { headers: { authorization: `Bearer ${jwt}` } },
    );
    expect(answer.body.status.userInfo.username).toBe("system:serviceaccount:default:default");
    expect(answer.body.status.userInfo.extra["authentication.kubernetes.io/pod-name"]).toEqual([
      "p",
    ]);
    expect([...w.engine.store.recordKeys("trees")]).toHaveLength(trees);
  });

  it.each([
    [{}, "-rw-r--r-- 0 0"],
    [{ runAsUser: 1000 }, "-rw------- 1000 0"],
    [{ fsGroup: 2000 }, "-rw-r----- 0 2000"],
    [{ runAsUser: 1000, fsGroup: 2000 }, "-rw-r----- 1000 2000"],
  ])("give a token to who the Pod runs as: %j", (securityContext, expected) => {
    const sources = [{ serviceAccountToken: { path: "vault" } }];
    const volumes = [{ name: "all", projected: { sources } }];
    const mounts = [{ name: "all", mountPath: "/all" }];
    w.create(boxPod("p", volumes, mounts, { spec: { securityContext } }));
    w.advance(15_000);
    const files = ["/all/vault", "/var/run/secrets/kubernetes.io/serviceaccount/token"];
    expect(modes(sh(w, "p", `ls -lnL ${files.join(" ")}`).out)).toEqual(
      files.map((file) => `${expected} ${file}`),
    );
  });

  it("work where /var/run is a link", () => {
    w.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web" },
      spec: { containers: [{ name: "c", image: "nginx:1.29" }] },
    });
    w.advance(15_000);
    expect(sh(w, "web", "cat /run/secrets/kubernetes.io/serviceaccount/namespace").out).toBe(
      "default",
    );
  });
});

describe("subPath", () => {
  it("shows one folder of a volume; subPathExpr names it by a variable", () => {
    const env = [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];
    const mounts = [
      { name: "e", mountPath: "/all" },
      { name: "e", mountPath: "/own", subPathExpr: "logs/$(POD)" },
      { name: "e", mountPath: "/locked", subPath: "logs", readOnly: true },
    ];
    w.create(boxPod("p", [{ name: "e", emptyDir: {} }], mounts, { env }));
    w.advance(15_000);
    expect(sh(w, "p", "echo hi > /own/f; cat /all/logs/p/f /locked/p/f").out).toBe("hi\nhi\n");
    expect(sh(w, "p", "touch /locked/x").err).toContain("Read-only file system");
  });

  const env = [
    { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['sub']" } } },
    { name: "UP", value: ".." },
    { name: "ROOT", value: "/tmp" },
  ];
  const waiting = (): object => w.pod("p").status.containerStatuses[0].state.waiting;

  it.each([
    ["$(POD)/x", "missing value for POD"],
    ["$(NONE)$(POD)", "missing value for NONE, POD"],
    ["$(UP)/x", "unable to provision SubPath `../x`: must not contain '..'"],
    ["$(ROOT)", "error SubPath `/tmp` must not be an absolute path"],
  ])("of %s starts no container", (subPathExpr, message) => {
    const mounts = [{ name: "e", mountPath: "/own", subPathExpr }];
    w.create(boxPod("p", [{ name: "e", emptyDir: {} }], mounts, { env }));
    w.advance(10_000);
    expect(waiting()).toEqual({ reason: "CreateContainerConfigError", message });
    expect(w.events("p")).toContain(`Warning Failed Error: ${message}`);
  });

  it("waits for an annotation it names", () => {
    const mounts = [{ name: "e", mountPath: "/own", subPathExpr: "$(POD)" }];
    w.create(boxPod("p", [{ name: "e", emptyDir: {} }], mounts, { env }));
    w.advance(10_000);
    expect(w.pod("p").status.phase).toBe("Pending");
    w.patch(`${api}/pods/p`, { metadata: { annotations: { sub: "here" } } });
    w.advance(15_000);
    expect(w.pod("p").status.phase).toBe("Running");
  });

  it("leads out of no volume", () => {
    const mounts = [{ name: "e", mountPath: "/own", subPath: "out/x" }];
    const prepare = {
      name: "prepare",
      image: "busybox:1.36",
      command: ["ln", "-s", "/etc", "/e/out"],
      volumeMounts: [{ name: "e", mountPath: "/e" }],
    };
    const spec = { initContainers: [prepare] };
    w.create(boxPod("p", [{ name: "e", emptyDir: {} }], mounts, { spec }));
    w.advance(15_000);
    expect(waiting()).toEqual({
      reason: "CreateContainerConfigError",
      message: 'failed to prepare subPath for volumeMount "e" of container "c"',
    });
  });

  it("that is new in a group's volume is the group's", () => {
    const spec = { securityContext: { fsGroup: 123 } };
    const mounts = [{ name: "e", mountPath: "/own", subPath: "sub" }];
    const volumes = [{ name: "e", emptyDir: { medium: "Memory" } }];
    w.create(boxPod("p", volumes, mounts, { spec }));
    w.advance(15_000);
    expect(modes(sh(w, "p", "ls -lnd /own").out)).toEqual(["drwxrwsrwt 0 123 /own"]);
  });
});

describe("an image's volume", () => {
  const mounts = [
    { name: "i", mountPath: "/whole" },
    { name: "i", mountPath: "/part", subPath: "dir" },
  ];
  const volume = (reference: string): object => ({ name: "i", image: { reference } });

  it("shows the image's files, to be read only, once it is pulled", () => {
    w.create(boxPod("p", [volume("quay.io/crio/artifact:v2")], mounts));
    w.advance(15_000);
    const ran = sh(w, "p", "cat /whole/dir/file /whole/file /part/file; touch /whole/x");
    expect(ran).toMatchObject({
      out: "1\n2\n1\n",
      err: "touch: /whole/x: Read-only file system\n",
    });
    const events = w.events("p");
    const at = (text: string): number => events.findIndex((e: string) => e.includes(text));
    expect(at('Pulling image "quay.io/crio/artifact:v2"')).toBeGreaterThan(-1);
    expect(at('Pulling image "busybox:1.36"')).toBeGreaterThan(at("crio"));
    expect(w.engine.store.record("trees", "v/image/quay.io/crio/artifact:v2")).toBeUndefined();
  });

  it("that does not exist keeps the container waiting", () => {
    w.create(boxPod("p", [volume("quay.io/crio/artifact:v9")], mounts));
    w.advance(8_000);
    expect(w.pod("p").status.containerStatuses[0].state.waiting.reason).toMatch(
      /^(ErrImagePull|ImagePullBackOff)$/,
    );
  });
});

describe("hostPath", () => {
  const host = (path: string, type?: string) => ({
    name: "h",
    hostPath: { path, ...(type ? { type } : {}) },
  });
  const mounts = [{ name: "h", mountPath: "/h" }];
  const on = (nodeName: string): { spec: object } => ({ spec: { nodeName } });

  it("is the node's own: the next Pod there finds it, one elsewhere does not", () => {
    const volume = host("/data/x", "DirectoryOrCreate");
    w.create(boxPod("first", [volume], mounts, { ...on("node-1"), script: "echo kept > /h/f" }));
    w.advance(15_000);
    w.delete(`${api}/pods/first?gracePeriodSeconds=0`);
    w.create(boxPod("second", [volume], mounts, on("node-1")));
    w.create(boxPod("third", [volume], mounts, on("node-2")));
    w.advance(15_000);
    expect(sh(w, "second", "cat /h/f").out).toBe("kept\n");
    expect(sh(w, "third", "ls /h").out).toBe("");
  });

  it("knows devices and sockets", () => {
    const volume = host("/data/x", "DirectoryOrCreate");
    const script =
      "cd /h; mknod chr c 89 1; mknod blk b 8 0; mknod z c 1 5; nc -lU sock > got & sleep 1";
    w.create(boxPod("maker", [volume], mounts, { ...on("node-1"), script }));
    w.advance(15_000);
    const { out } = sh(w, "maker", "ls -l /h/chr /h/blk /h/z; head -c 3 /h/z | od -An -tx1");
    expect(out.split("\n").map((line) => line.slice(0, 1))).toEqual(["b", "c", "c", " ", ""]);
    expect(out).toMatch(/ 89, +1 .*chr\n/);
    expect(out).toContain(" 00 00 00");
    expect(sh(w, "maker", "echo hi | nc -U /h/sock; cat /h/got").out).toBe("hi\n");
    const kinds = { chr: "CharDevice", blk: "BlockDevice", sock: "Socket" };
    for (const [name, type] of Object.entries(kinds)) {
      w.create(boxPod(name, [host(`/data/x/${name}`, type)], mounts, on("node-1")));
      w.create(boxPod(`not-${name}`, [host(`/data/x/${name}`, "File")], mounts, on("node-1")));
    }
    w.advance(15_000);
    for (const name of Object.keys(kinds)) {
      expect(w.pod(name).status.phase).toBe("Running");
      expect(w.pod(`not-${name}`).status.phase).toBe("Pending");
    }
  });

  it.each([
    ["/etc/hostname", "Directory", "hostPath type check failed: /etc/hostname is not a directory"],
    ["/none", "Directory", "hostPath type check failed: /none is not a directory"],
    ["/etc", "File", "hostPath type check failed: /etc is not a file"],
    ["/run/x.sock", "Socket", "hostPath type check failed: /run/x.sock is not a socket file"],
    ["/none/f", "FileOrCreate", "open /none/f: no such file or directory"],
  ])("%s that is no %s is refused", (path, type, text) => {
    w.create(boxPod("p", [host(path, type)], mounts, on("node-1")));
    w.advance(5_000);
    expect(w.events("p")).toContain(
      `Warning FailedMount MountVolume.SetUp failed for volume "h" : ${text}`,
    );
  });

  it("of / shows the machine", () => {
    w.create(boxPod("p", [host("/")], mounts, on("node-1")));
    w.advance(15_000);
    expect(
      sh(w, "p", "cat /h/etc/hostname; grep staticPodPath /h/var/lib/kubelet/config.yaml").out,
    ).toBe("node-1\nstaticPodPath: /etc/kubernetes/manifests\n");
  });
});

describe("a settled probe", () => {
  it("notices that a neighbour took the file it asks for", () => {
    const mount = { name: "html", mountPath: "/usr/share/nginx/html" };
    const web = {
      name: "web",
      image: "nginx:1.29",
      volumeMounts: [mount],
      readinessProbe: { httpGet: { path: "/ok", port: 80 }, periodSeconds: 5 },
    };
    const script = "echo yes > /h/ok; sleep 120; rm /h/ok; sleep 1000000";
    const side = {
      name: "side",
      image: "busybox:1.36",
      command: ["sh", "-c", script],
      volumeMounts: [{ name: "html", mountPath: "/h" }],
    };
    w.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { volumes: [{ name: "html", emptyDir: {} }], containers: [web, side] },
    });
    const ready = (): string =>
      w.pod("p").status.conditions.find((c: { type: string }) => c.type === "Ready").status;
    w.advance(60_000);
    expect(ready()).toBe("True");
    const steps = w.engine.steps;
    w.advance(40_000);
    expect(w.engine.steps - steps).toBeLessThan(60);
    w.advance(60_000);
    expect(ready()).toBe("False");
  });
});
