/** Files in memory are their writer's memory: limits, usage, what stays after a restart; and zeros that cost nothing. */
import { describe, expect, it } from "vitest";
import { box, isolationWorld, podOf, type IsolationWorld } from "./isolation/isolation-world.ts";

const limited = (memory: string, more: object = {}): object => ({
  resources: { limits: { memory } },
  volumeMounts: [{ name: "m", mountPath: "/m" }],
  ...more,
});
const volumes = (more: object = {}): object => ({
  volumes: [{ name: "m", emptyDir: { medium: "Memory", ...more } }],
});
const run = (containers: object[], spec: object = volumes()): IsolationWorld => {
  const w = isolationWorld(1);
  w.create(podOf("p", containers, spec));
  w.advance(20_000);
  return w;
};
const zeros = (file: string, megabytes: number): string =>
  `dd if=/dev/zero of=${file} bs=1M count=${megabytes}`;
const statusOf = (w: IsolationWorld, i = 0) => w.pod("p").status.containerStatuses[i];

describe("a volume in memory", () => {
  it("is charged to the container that fills it, which is killed beyond its limit", () => {
    const w = run([box("c", limited("128Mi")), box("other", limited("128Mi"))]);
    expect(w.sh("p", zeros("/m/a", 100), "c").code).toBe(0);
    expect(statusOf(w).restartCount).toBe(0);
    expect(w.sh("p", zeros("/m/b", 100), "c").code).toBe(137);
    w.advance(5_000);
    expect(statusOf(w).lastState.terminated).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
    });
    expect(statusOf(w, 1).restartCount).toBe(0);
  });

  it("counts in what the container uses, until its files go", () => {
    const w = run([box("c", limited("128Mi"))]);
    const current = (): number => Number(w.out("p", "cat /sys/fs/cgroup/memory.current"));
    const before = current();
    w.out("p", `${zeros("/m/a", 50)}; ${zeros("/m/b", 20)}`);
    expect(current() - before).toBe(70 * 1024 * 1024);
    w.out("p", "rm /m/a; : > /m/b");
    expect(current()).toBe(before);
    // Room that is free again can be used again.
    for (let i = 0; i < 4; i++) w.out("p", `${zeros("/m/a", 100)}; rm /m/a`);
    expect(statusOf(w).restartCount).toBe(0);
  });

  it("stays full, and charged, when the container starts anew", () => {
    const w = run([box("c", limited("128Mi"))]);
    w.sh("p", zeros("/m/a", 110));
    w.sh("p", zeros("/m/b", 50));
    w.evict();
    w.advance(20_000);
    expect(statusOf(w).restartCount).toBe(1);
    expect(w.out("p", "wc -c < /m/a").trim()).toBe(String(110 * 1024 * 1024));
    w.sh("p", zeros("/m/c", 20));
    w.advance(1_000);
    expect(statusOf(w).lastState.terminated.reason).toBe("OOMKilled");
    w.delete("/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0");
    w.advance(5_000);
    expect([...w.engine.store.recordKeys("trees")].filter((key) => key.endsWith("/m"))).toEqual([]);
  });

  it("holds no more than its sizeLimit", () => {
    const w = run([box("c", limited("128Mi"))], volumes({ sizeLimit: "16Mi" }));
    const ran = w.sh("p", `${zeros("/m/a", 100)}; wc -c < /m/a; df -m /m | tail -1`);
    expect(ran.err).toContain("dd: error writing '/m/a': No space left on device\n");
    expect(ran.out).toMatch(/^16777216\ntmpfs +16 +16 +0 100% \/m\n$/);
    expect(statusOf(w).restartCount).toBe(0);
  });

  it("is not charged for what was never written", () => {
    const w = run([box("c", limited("64Mi"))], volumes({ sizeLimit: "1Gi" }));
    expect(w.sh("p", "truncate -s 500M /m/a; echo x >> /m/b").code).toBe(0);
    w.advance(5_000);
    expect(statusOf(w).restartCount).toBe(0);
  });
});

describe("/dev/shm", () => {
  it("is one of the Pod's, of 64 MiB", () => {
    const w = run([box("a"), box("b")], {});
    expect(w.out("p", "mount | grep shm; df -k /dev/shm | tail -1; ls -ld /dev/shm", "a")).toMatch(
      /^shm on \/dev\/shm type tmpfs \(rw,nosuid,nodev,noexec,relatime,size=65536k,inode64\)\nshm +65536 +0 +65536 +0% \/dev\/shm\ndrwxrwxrwt /,
    );
    w.out("p", "echo shared > /dev/shm/f", "a");
    expect(w.out("p", "cat /dev/shm/f", "b")).toBe("shared\n");
    expect(w.sh("p", zeros("/dev/shm/g", 70), "b").err).toContain("No space left on device");
    w.delete("/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0");
    w.advance(5_000);
    expect([...w.engine.store.recordKeys("trees")].filter((key) => key.includes("shm"))).toEqual(
      [],
    );
  });

  it("is charged like any memory", () => {
    const w = run([box("c", { resources: { limits: { memory: "32Mi" } } })], {});
    expect(w.sh("p", zeros("/dev/shm/f", 40)).code).toBe(137);
    w.advance(5_000);
    expect(statusOf(w).lastState.terminated.reason).toBe("OOMKilled");
  });

  it("gives way to a volume that is mounted there", () => {
    const there = { volumeMounts: [{ name: "m", mountPath: "/dev/shm" }] };
    const w = run([box("c", limited("256Mi", there))], volumes({ sizeLimit: "128Mi" }));
    expect(w.sh("p", zeros("/dev/shm/f", 100)).code).toBe(0);
    expect(w.out("p", "df -m /dev/shm | tail -1")).toMatch(/^tmpfs +128 +100 +28 /);
  });
});

describe("zeros in a file", () => {
  const kept = (w: IsolationWorld): number =>
    [...w.engine.store.recordKeys("files")].reduce(
      (sum, key) => sum + (w.engine.store.record<string>("files", key)?.length ?? 0),
      0,
    );

  it("cost nothing, and read back", () => {
    const w = run([box("c")], {});
    const before = kept(w);
    expect(w.sh("p", zeros("/big", 30)).code).toBe(0);
    expect(kept(w)).toBe(before);
    const script = `
      printf abc | dd of=/big bs=1 seek=10000000 conv=notrunc 2>/dev/null
      wc -c < /big; tr -d '\\0' < /big; echo
      truncate -s 10000002 /big; tr -d '\\0' < /big; echo
      rm /big; echo $?`;
    expect(w.out("p", script)).toBe("31457280\nabc\nab\n0\n");
    expect(kept(w)).toBe(before);
  });

  it("between others are kept apart from them", () => {
    const w = run([box("c")], {});
    const script = `
      { printf x; head -c 200000 /dev/zero; printf y; } > /f
      head -c 70000 /dev/zero > /g; printf z >> /g; head -c 100 /dev/zero >> /g
      wc -c < /f; wc -c < /g; cp /f /h; cmp /f /h && echo same
      truncate -s 150000 /f; truncate -s 200002 /f; tr '\\0' 0 < /f | tr -s 0; echo
      printf w | dd of=/f bs=1 seek=180000 conv=notrunc 2>/dev/null; tr '\\0' 0 < /f | tr -s 0; echo
      rm /f /g /h`;
    const lines = w.out("p", script).split("\n");
    expect(lines).toEqual(["200002", "70101", "same", "x0", "x0w0", ""]);
    const trees = [...w.engine.store.recordKeys("trees")].filter((key) => key.startsWith("c/"));
    for (const key of trees)
      expect(w.engine.store.record<{ bytes: number }>("trees", key)?.bytes).toBeLessThan(1_000);
  });

  it("of a file larger than any disk go at once", () => {
    const w = run([box("c")], {});
    expect(w.out("p", "truncate -s 100000G /f && stat -c %s /f && rm /f && echo gone")).toBe(
      "107374182400000\ngone\n",
    );
  });
});
