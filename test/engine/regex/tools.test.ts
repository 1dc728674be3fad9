/** Patterns that users bring, in every tool that takes one: right answers at once, for bounded work. */
import { describe, expect, test } from "vitest";
import { cpuUsPerAdvanceMax } from "../../../durable-objects/engine/core/limits.ts";
import { MatchWork } from "../../../durable-objects/engine/runtime/match-work.ts";
import { matches, replace, strip } from "../../../durable-objects/engine/runtime/shell/pattern.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import { box, isolationWorld, podOf } from "../runtime/isolation/isolation-world.ts";
import { RuntimeWorld } from "../runtime/runtime-world.ts";

const world = new RuntimeWorld();
const images = { busybox: "busybox:1.37", debian: "nginx:1.29" };
const specs = Object.fromEntries(
  Object.entries(images).map(([name, image]) => [
    name,
    world.start(world.spec(world.pod(name), "main", image, { command: ["sleep", "infinity"] })),
  ]),
);

const letters = (count: number): string => `$(printf '%${count}s' | tr ' ' a)`;
const A = letters(400);

describe("patterns that try every way elsewhere", () => {
  test.each<[script: string, out: string]>([
    [`echo ${A} | grep 'a*a*a*a*a*a*a*b'; echo $?`, "1\n"],
    [`echo ${A}b | grep -c 'a*a*a*a*a*a*a*b'`, "1\n"],
    [`echo ${A} | grep -E '(a|aa){40}b'; echo $?`, "1\n"],
    [`echo ${A} | grep -E '(a+)+$' | wc -c`, "401\n"],
    [`echo ${A} | grep -xE '(a|aa)+'  | wc -c`, "401\n"],
    [`echo ${A} | grep -w '\\(a*\\)*b'; echo $?`, "1\n"],
    [`echo ${A} | grep -oE '(a?){26}' | head -n 1`, `${"a".repeat(26)}\n`],
    [`echo ${A} | grep -e 'x*x*b' -e '\\(a*\\)*c' -e 'a\\{300\\}' -c`, "1\n"],
    [`echo ${A}! | sed -E 's/(a?){26}b/x/' | wc -c`, "402\n"],
    [`echo ${A}! | sed -E 's/(a*)*!/<\\1>/'`, `<${"a".repeat(400)}>\n`],
    [`echo ${A}! | sed -n '/\\(a*\\)*\\(a*\\)*b/p;$='`, "1\n"],
    [`echo ${A} | sed -E 's/((a|aa)+)+$/x/'`, "x\n"],
    [
      `echo ${A} | awk '{ print match($0, /a*a*a*a*a*a*a*b/), match($0, "(a|aa)+$"), RLENGTH }'`,
      "0 1 400\n",
    ],
    [`echo ${A} | awk '{ n = gsub(/(a|aa){40}/, "x"); print n, $0 }'`, "5 xxxxx\n"],
    [`echo ${A},b | awk -F '(a*)*,' '{ print NF, $2 }'`, "2 b\n"],
    [`echo ${A}b | awk '{ print split($0, parts, /(a|a)*b/), $0 ~ /(a*)*c/ }'`, "2 0\n"],
    [`printf '%s;%s;' ${A} ${A} | awk -v 'RS=(;|;;)' 'END { print NR }'`, "2\n"],
    [`echo ${A} | awk '{ print length(gensub(/(a*)*b|a/, "xx", "g")) }'`, "800\n"],
    [`expr ${A} : 'a*a*a*a*a*a*a*b'`, "0\n"],
    [`expr ${A} : '\\(a*\\)*$'; expr ${A}b : '.*a*a*a*a*a*\\(b\\)'`, `${"a".repeat(400)}\nb\n`],
    [
      `mkdir /tmp/f; touch /tmp/f/${letters(60)} /tmp/f/${letters(255)}; find /tmp/f -regex '.*a*a*a*a*a*a*a*b'; find /tmp/f -regex '.*\\(a*\\)*' -type f | wc -l; find /tmp/f -iregex '.*\\(A\\|AA\\)*B'; rm -r /tmp/f`,
      "2\n",
    ],
    [`pgrep -f '(a*)*q[q]z'; echo $?`, "1\n"],
    [`echo ${letters(3000)} | grep '^\\(a*\\)*\\1b$'; echo $?`, "1\n"],
    [`printf 'one\\none\\ntwo\\n' | sed '$!N; /^\\(.*\\)\\n\\1$/!P; D'`, "one\ntwo\n"],
    [`printf 'abab xyx\\n' | sed -E 's/(ab)\\1/[\\1]/; s/(x)y\\1/<\\1>/'`, "[ab] <x>\n"],
  ])("%s", (script, out) => {
    const ran = world.sh(specs.busybox!, script);
    expect({ out: ran.stdout, err: ran.stderr }).toEqual({ out, err: "" });
  });

  test("[[ =~ ]]", () => {
    const script = `x=${A}; [[ $x =~ '(a*)*b' ]]; echo $?; [[ $x =~ '^(a|aa)+$' ]]; echo $?; [[ $x =~ '(' ]]; echo $?`;
    expect(world.sh(specs.busybox!, script).stdout).toBe("1\n0\n2\n");
  });
});

describe("leftmost-longest, group by group", () => {
  test.each<[script: string, out: string]>([
    ["echo abcd | sed -E 's/(a|ab)(c|bcd)(d*)/[\\1][\\2][\\3]/'", "[ab][c][d]\n"],
    ["echo abcd | grep -oE 'a|ab|abc'", "abc\n"],
    ["echo foobar | sed -E 's/foo|foobar/x/'", "x\n"],
    ["echo xyxyz | sed -E 's/(xy|xyx)*/[&]/'", "[xyxy]z\n"],
    ["echo a-b-c | sed 's/\\(.*\\)-\\(.*\\)/\\2 \\1/'", "c a-b\n"],
    ["echo aaa | sed 's/a*/x/2'; echo baaac | sed 's/a*/x/g'", "aaa\nxbxcx\n"],
    ["echo abab | awk '{ print match($0, /b|bab/), RLENGTH }'", "2 3\n"],
    ["expr abcd : 'ab\\(c\\|cd\\)'", "cd\n"],
    [
      "printf 'a\\tb\\n' | sed 's/[\\t]/-/'; echo 'a/b' | awk '{ sub(/[\\/]/, \"-\"); print }'",
      "a-b\na-b\n",
    ],
  ])("%s", (script, out) => {
    expect(world.sh(specs.busybox!, script)).toMatchObject({ stdout: out, stderr: "" });
  });
});

describe("what is no pattern, in the tool's words", () => {
  test.each<[script: string, err: string, code: number]>([
    ["echo a | grep -E 'a{40000}'", "grep: bad regex 'a{40000}': Regular expression too big\n", 2],
    [
      "echo a | grep '\\{1\\}'",
      "grep: bad regex '\\{1\\}': Invalid preceding regular expression\n",
      2,
    ],
    [
      "echo a | grep -E '((a{200}){200}){200}'",
      "grep: bad regex '((a{200}){200}){200}': Regular expression too big\n",
      2,
    ],
    [
      "echo a | sed 's/a\\{2,1\\}/x/'",
      "sed: bad regex 'a\\{2,1\\}': Invalid content of \\{\\}\n",
      1,
    ],
    ["echo a | sed -E 's/(b)\\2/x/'", "sed: bad regex '(b)\\2': Invalid back reference\n", 1],
    ["expr a : '[[:x:]]'", "expr: Invalid character class name\n", 2],
    ["find / -regex '[b-a]'", "find: bad regex '[b-a]': Invalid range end\n", 1],
  ])("%s", (script, err, code) => {
    expect(world.sh(specs.busybox!, script)).toMatchObject({ stderr: err, exitCode: code });
  });

  test.each([
    ["sed", `sed "$(for i in $(seq 9000 9100); do echo "s/a\\{$i\\}/x/"; done)"`],
    ["awk", `awk "$(for i in $(seq 9000 9100); do echo "/a{$i}/ { n++ }"; done)"`],
    ["find", `find /etc $(for i in $(seq 9000 9100); do echo "-regex a\\{$i\\} -o"; done) -name x`],
  ])("%s: a hundred patterns of nine thousand states each", (name, script) => {
    expect(world.sh(specs.busybox!, `echo a | ${script}; echo $?`)).toMatchObject({
      stdout: "1\n",
      stderr: `${name}: Out of memory\n`,
    });
  });

  test("what takes too much ends with an error", () => {
    const hard = `echo ${A}bc | grep '\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3c'; echo $?`;
    expect(world.sh(specs.busybox!, hard)).toMatchObject({
      stdout: "2\n",
      stderr: "grep: Out of memory\n",
    });
  });
});

describe("patterns of the shell", () => {
  const stars = `${"*a".repeat(30)}*b`;
  const work = (act: (work: MatchWork) => void): number => {
    const spent = new MatchWork();
    act(spent);
    return spent.used;
  };

  test("many stars cost little more than the text", () => {
    const text = "a".repeat(20_000);
    expect(
      work((spent) => {
        expect(matches(stars, text, spent)).toBe(false);
        expect(strip(text, stars, "##", spent)).toBe(text);
        expect(strip(text, stars, "%%", spent)).toBe(text);
        expect(replace(text, stars, "x", true, spent)).toBe(text);
        expect(matches(`${stars}`, `${text}b`, spent)).toBe(true);
      }),
    ).toBeLessThan(100_000);
  });

  test("long pieces are charged for what they look at", () => {
    const text = "a".repeat(100_000);
    const piece = "a".repeat(5_000);
    expect(
      work((spent) => expect(matches(`*${piece}b${piece}*`, text, spent)).toBe(false)),
    ).toBeLessThan(100_000);
    expect(() => work((spent) => matches(`*?${piece}b*`, text, spent))).toThrow("Out of memory");
  });

  test("case, expansion, path names, find -name", () => {
    const script = `x=${A}; case $x in ${stars}) echo yes;; *) echo no;; esac; echo \${x##${stars}} | wc -c; cd /tmp; touch $(printf '%200s' | tr ' ' a); ls -d ${stars} 2>/dev/null; find . -name '${stars}'; rm a*`;
    expect(world.sh(specs.busybox!, script)).toMatchObject({ stdout: "no\n401\n" });
  });

  test("redis' KEYS", () => {
    const spec = world.start(world.spec(world.pod("cache"), "main", "redis:8", {}));
    for (let i = 0; i < 20; i++) world.sh(spec, "true");
    const script = `redis-cli SET ${A} 1; redis-cli KEYS '${"*a".repeat(20)}*b'; redis-cli KEYS '${"*a".repeat(20)}*' | wc -c; redis-cli KEYS '[!a]*' | wc -c; redis-cli KEYS '[^a]*' | wc -c`;
    expect(world.sh(spec, script).stdout).toBe("OK\n\n401\n401\n1\n");
  });
});

test("date -D reads its format forwards only", () => {
  const script = `date -u -D '%Y/%m/%d %T' -d '2026/01/02 03:04:05' +%F_%T; date -D '${"%Z".repeat(20)}' -d ${letters(200).replace("a)", "A)")}1 2>&1; date -D '%s%s' -d 12 2>&1 | head -n 1`;
  expect(world.sh(specs.busybox!, script).stdout).toMatch(
    /^2026-01-02_03:04:05\ndate: invalid date/,
  );
});

describe("a Pod whose own command is a poisoned pattern", () => {
  test.each([
    ["grep", `while :; do echo ${letters(30_000)} | grep -E '(a|b)*a(a|b){900}c'; done`],
    [
      "back-references",
      `while :; do echo ${letters(900)} | grep '\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3c'; done`,
    ],
    ["awk", `awk 'BEGIN { s = sprintf("%50000s", ""); for (;;) n += gsub(/ ( |  )*x/, "", s) }'`],
    ["case", `x=${letters(20_000)}; while :; do case $x in *?a?a?a?a?a?a?a?a?ab*) ;; esac; done`],
  ])("%s", (_name, script) => {
    const w = isolationWorld(1);
    w.create(podOf("poison", [box("c", { command: ["sh", "-c", script] })]));
    w.create(podOf("other", [box("c")]));
    w.advance(10_000);
    const { spend } = MatchWork.prototype;
    let units = 0;
    let most = 0;
    MatchWork.prototype.spend = function (count) {
      units += count;
      spend.call(this, count);
    };
    try {
      for (let turn = 0; turn < 40; turn++) {
        units = 0;
        w.now += 500;
        w.engine.run(w.now);
        most = Math.max(most, units);
      }
      // A turn's CPU, and the one step that goes beyond it.
      expect(most).toBeLessThan((3 * cpuUsPerAdvanceMax) / 0.02 + 10_000_000);
      expect(w.sh("other", "echo alive").out).toBe("alive\n");
    } finally {
      MatchWork.prototype.spend = spend;
    }
  });

  test("the same time passes whether or not patterns are still known", () => {
    const run = (between: () => void): string => {
      const own = new RuntimeWorld();
      const spec = own.start(
        own.spec(own.pod("p"), "main", images.busybox, { command: ["sleep", "infinity"] }),
      );
      const script = `x=${letters(5_000)}; echo $x | grep -E '(a|b)*a(a|b){50}c'; echo $x | sed -E 's/(a|aa)+/<&>/g' | wc -c; echo $x | awk '{ print gsub(/aa|a.*b/, "x") }'`;
      const first = own.sh(spec, script);
      between();
      const second = own.sh(spec, script);
      return JSON.stringify([
        first.stdout,
        second.stdout,
        own.now,
        runtime.advance(own, spec.pod.key),
      ]);
    };
    const forget = (): void => {
      // More patterns than are kept.
      for (let i = 0; i < 40; i++) world.sh(specs.busybox!, `echo | grep 'x${i}[ab]'`);
    };
    expect(run(forget)).toBe(run(() => undefined));
  });
});
