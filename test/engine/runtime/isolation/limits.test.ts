/** What a container can fill: files, the row its Pod lies in, logs that are followed by name. */
import { describe, expect, it } from "vitest";
import {
  fileBytesPerSandboxMax,
  podRecordCharactersMax,
} from "../../../../durable-objects/engine/core/limits.ts";
import { box, isolationWorld, podOf, type IsolationWorld } from "./isolation-world.ts";

const shell = (name: string, script: string): object =>
  box(name, { command: ["sh", "-c", script] });
const run = (containers: object[], spec: object = {}): IsolationWorld => {
  const w = isolationWorld();
  w.create(podOf("p", containers, spec));
  w.advance(20_000);
  return w;
};
const recordSize = ({ engine: { store } }: IsolationWorld): number =>
  JSON.stringify(store.storedForm("runtime", store.record("runtime", "default/p"))).length;

/** Others' files, as if they had been written. */
function fill(w: IsolationWorld, bytes: number): void {
  const tree = { next: 1, inodes: {}, names: {}, bytes };
  w.engine.session(w.now, () => w.engine.store.putRecord("trees", "v/other/full", tree));
}

const write = (bytes: number): string => `head -c ${bytes} /dev/zero | tr '\\0' x`;

describe("files", () => {
  it("of all containers together are bounded, and what is deleted comes back", () => {
    const w = run([box("a"), box("b")]);
    fill(w, fileBytesPerSandboxMax - 1024 * 1024);
    expect(w.sh("p", `${write(800_000)} > /f`, "a").code).toBe(0);
    expect(w.sh("p", `${write(800_000)} > /f`, "b").err).toContain("No space left on device");
    w.out("p", "rm /f", "b");
    w.out("p", "rm /f", "a");
    expect(w.sh("p", `${write(800_000)} > /f`, "b").code).toBe(0);
  });

  it("that the kubelet writes are not in the way", () => {
    const w = run([box("a")]);
    fill(w, fileBytesPerSandboxMax);
    w.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "big" },
        data: { text: "y".repeat(300_000) },
      },
      podOf("q", [box("c", { volumeMounts: [{ name: "big", mountPath: "/big" }] })], {
        volumes: [{ name: "big", configMap: { name: "big" } }],
      }),
    );
    w.advance(20_000);
    expect(w.out("q", "wc -c < /big/text").trim()).toBe("300000");
  });
});

describe("a Pod's row", () => {
  it("stays small when nobody reads what a command prints", () => {
    const w = run([box("c")]);
    const session = w.exec("p", "cat /dev/zero");
    w.advance(5_000);
    expect(recordSize(w)).toBeLessThan(podRecordCharactersMax);
    expect(w.out("p", "echo well")).toBe("well\n");
    session.end();
    w.advance(1_000);
    expect(recordSize(w)).toBeLessThan(10_000);
  });

  it("loses nothing of what somebody attached reads late", () => {
    const w = run([shell("c", "sleep 25; seq 60000; sleep 1000000")]);
    const session = w.open("p", "attach", "stdout=true&stderr=true");
    w.advance(10_000);
    expect(recordSize(w)).toBeLessThan(podRecordCharactersMax);
    for (let i = 0; i < 20; i++) {
      session.read();
      w.advance(500);
    }
    const lines = session.stdout.trim().split("\n");
    expect(lines).toHaveLength(60_000);
    expect(lines.at(-1)).toBe("60000");
    session.end();
  });

  it("that would not fit costs the container that fills it", () => {
    const line = "head -c 400000 /dev/zero | tr '\\0' x";
    const hog = `a=$(${line}); (b=$(${line}); c=; sleep 1000) & (sleep 1000) & (sleep 1000) & wait`;
    const w = run([box("good"), shell("hog", hog)], { restartPolicy: "Never" });
    w.advance(20_000);
    const [good, bad] = w.pod("p").status.containerStatuses;
    expect(good.state.running).toBeDefined();
    expect(bad.state.terminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
    expect(recordSize(w)).toBeLessThan(podRecordCharactersMax);
  });

  it("does not hold back a probe that prints too much", () => {
    const probe = {
      exec: { command: ["sh", "-c", "head -c 3000000 /dev/zero"] },
      periodSeconds: 5,
    };
    const w = run([box("c", { readinessProbe: probe })]);
    expect(w.pod("p").status.containerStatuses[0].ready).toBe(true);
  });
});

describe("tail -F", () => {
  it("follows a name through replacing, deleting and cutting", () => {
    const w = run([shell("c", "echo one > /log; tail -F /log")]);
    w.out("p", "echo two >> /log");
    w.advance(2_000);
    w.out("p", "mv /log /log.1; echo three > /log");
    w.advance(2_000);
    w.out("p", "rm /log");
    w.advance(2_000);
    w.out("p", "echo four > /log");
    w.advance(2_000);
    w.out("p", "echo 5 > /log");
    w.advance(2_000);
    expect(w.logs("p").trim().split("\n")).toEqual([
      "one",
      "two",
      "tail: /log has been replaced; following end of new file",
      "three",
      "tail: /log has become inaccessible: No such file or directory",
      "tail: /log has appeared; following end of new file",
      "four",
      "5",
    ]);
  });

  it("waits for a file that is not there yet", () => {
    const w = run([shell("c", "tail -F /late")]);
    w.out("p", "echo here > /late");
    w.advance(2_000);
    expect(w.logs("p")).toContain("here\n");
  });
});
