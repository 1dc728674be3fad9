/** Log lines that come by themselves: a probe's hits in its server's access log. */
import { describe, expect, it } from "vitest";
import { box, isolationWorld, podOf } from "./isolation-world.ts";

const probe = { httpGet: { path: "/", port: 80 }, periodSeconds: 10 };

describe("an access log", () => {
  it.each([
    [
      "nginx:1.29",
      /^(\S+) - - \[(\S+) \+0000\] "GET \/ HTTP\/1.1" 200 615 "-" "kube-probe\/1.36" "-"$/,
    ],
    ["httpd:2.4", /^(\S+) - - \[(\S+) \+0000\] "GET \/ HTTP\/1.1" 200 45$/],
    [
      "python:3.12",
      /^(\S+) - - \[\d\d\/Jan\/2026 [\d:]{8}\] "GET \/ HTTP\/1.1" 200 -$/,
      ["python", "-m", "http.server", "80"],
    ],
  ])(
    "of %s tells a probe's hits at their period, and costs nothing",
    (image, form, args?: string[]) => {
      const w = isolationWorld();
      w.create(podOf("p", [{ name: "web", image, args, readinessProbe: probe }]));
      w.advance(20_000);
      const { rv } = w.engine.store;
      const record = w.engine.store.record("runtime", "default/p");
      w.advance(300_000);
      expect(w.engine.store.record("runtime", "default/p")).toBe(record);
      expect(w.engine.store.rv - rv).toBeLessThan(5);
      const hits = (): string[] =>
        w
          .logs("p")
          .split("\n")
          .filter((line) => line.includes("GET / "));
      expect(hits().length).toBeGreaterThanOrEqual(30);
      expect(hits().length).toBeLessThanOrEqual(33);
      for (const line of hits()) expect(line).toMatch(form);
      expect(new Set(hits()).size).toBe(hits().length);
      const before = hits();
      w.advance(20_000);
      expect(hits().slice(0, -2)).toEqual(before);
      w.evict();
      expect(hits().slice(0, -2)).toEqual(before);
    },
  );

  it("keeps its order among other requests, and ends with the server", () => {
    const w = isolationWorld();
    w.create(podOf("p", [{ name: "web", image: "nginx:1.29", livenessProbe: probe }, box("c")]));
    w.advance(60_000);
    w.sh("p", "wget -qO- localhost/mine", "c");
    w.advance(60_000);
    const stamps = w
      .logs("p", "?container=web&timestamps=true")
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0] ?? "");
    expect(stamps).toEqual([...stamps].sort());
    const lines = w.logs("p", "?container=web&tailLines=20").trim().split("\n");
    const mine = lines.findIndex((line) => line.includes('/mine HTTP/1.1" 404'));
    expect(mine).toBeGreaterThan(0);
    expect(lines.length - mine).toBeGreaterThan(5);
    w.out("p", "kill -QUIT 1", "web");
    w.advance(3_000);
    const before = w.logs("p", "?container=web&previous=true");
    w.advance(60_000);
    expect(w.logs("p", "?container=web&previous=true")).toBe(before);
  });

  it("has no gap and no double where the probe begins to ask again", () => {
    const w = isolationWorld();
    w.create(podOf("p", [{ name: "web", image: "nginx:1.29", readinessProbe: probe }]));
    w.advance(65_000);
    w.out("p", "mv /usr/share/nginx/html/index.html /tmp");
    w.advance(60_000);
    w.out("p", "mv /tmp/index.html /usr/share/nginx/html");
    w.advance(60_000);
    const times = w
      .logs("p", "?timestamps=true")
      .split("\n")
      .filter((line) => line.includes("kube-probe"))
      .map((line) => Date.parse(line.split(" ")[0] ?? "") / 1000);
    const gaps = times.slice(2).map((time, i) => Math.round(time - (times[i + 1] ?? 0)));
    expect(new Set(gaps)).toEqual(new Set([10]));
    expect(w.logs("p")).toContain('"GET / HTTP/1.1" 403');
    expect(w.pod("p").status.containerStatuses[0].ready).toBe(true);
  });
});
