/**
 * Shell scripts that somebody might write, out of a grammar: every one is valid, ends by itself, and prints the same whenever
 * it is run. Loops count their own variables, background jobs are waited for, and files lie in the working folder.
 */
import * as fc from "fast-check";

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** One of several, simple ones where it is deep. */
const any = (maxDepth: number, ...choices: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.oneof({ maxDepth, withCrossShrink: true }, ...choices);

const names = pick("a", "b", "c", "d");
const literals = pick(
  ...["x", "yy", "foo", "bar.txt", "A", "7", "-3", "0", "two words", "", " lead", "trail ", "*"],
  ...["?", "[ab]", "a*", "it's", 'q"q', "back\\slash", "$", "#", "~", "=", "a=b", "-n", "--", "é"],
);
const patterns = pick(
  "*",
  "?",
  "a*",
  "*o",
  "[a-f]*",
  "[!a]*",
  "x",
  "*.txt",
  "f?o",
  "",
  "*o*",
  "yy",
);
const files = pick("f1", "f2", "f3");
const small = fc.integer({ min: 0, max: 12 }).map(String);

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const double = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&")}"`;
const bare = (text: string): string => text.replace(/[^A-Za-z0-9_./=,:-]/g, "\\$&") || "''";
const quoted = fc.tuple(literals, pick(single, double, bare)).map(([text, quote]) => quote(text));
const plain = pick("x", "yy", "foo", "bar.txt", "A", "7", "one", "a.b.c", "/x/y/z", "a:b:c");

interface Grammar {
  arith: string;
  parameter: string;
  word: string;
  simple: string;
  command: string;
  list: string;
}

const operators = pick(..."+ - * / % << >> < > <= >= == != & | ^ && ||".split(" "));

const grammar = fc.letrec<Grammar>((tie) => {
  const part = (name: keyof Grammar): fc.Arbitrary<string> => tie(name) as fc.Arbitrary<string>;
  const words = (most: number): fc.Arbitrary<string> =>
    fc.array(part("word"), { maxLength: most }).map((list) => list.join(" "));
  const input = any(
    4,
    words(3).map((list) => `printf '%s\\n' ${list}`),
    pick("seq 5", "seq 3 -1 1", "printf 'b 2\\na 1\\nc 3\\n'", "echo one two three"),
  );
  const filter = pick(
    ...[
      "cat",
      "sort",
      "sort -r",
      "head -n 2",
      "tail -n 1",
      "wc -l",
      "tr a-z A-Z",
      "tr -d a",
      "uniq",
    ],
    ...[
      "sed s/o/0/g",
      "sed -n 2p",
      "grep -c .",
      "grep a",
      "grep -v x",
      "cut -c1-2",
      "cut -d' ' -f1",
    ],
    ...[
      "cat -n",
      "rev",
      "nl",
      "sort | uniq -c",
      "awk '{print $1}'",
      "xargs echo",
      "xargs -n1 echo",
    ],
    'while read l; do echo "<$l>"; done',
    'while IFS=: read p q; do echo "$p|$q"; done',
    '{ read first; echo "$first"; cat; }',
  );
  const redirection = any(
    4,
    files.map((file) => `> ${file}`),
    files.map((file) => `>> ${file}`),
    pick("2> /dev/null", "2>&1", "> /dev/null 2>&1", "1>&2", "< /dev/null", "3>&1 >&3"),
  );
  const test = any(
    4,
    fc
      .tuple(part("word"), pick("=", "!="), part("word"))
      .map(([a, op, b]) => `[ ${a} ${op} ${b} ]`),
    fc
      .tuple(small, pick("-eq", "-lt", "-ge", "-ne"), part("arith"))
      .map(([a, op, b]) => `[ ${a} ${op} $(( ${b} )) ]`),
    fc.tuple(pick("-z", "-n"), part("parameter")).map(([op, p]) => `test ${op} "${p}"`),
    fc.tuple(pick("-e", "-s", "-f", "-d"), files).map(([op, file]) => `[ ${op} ${file} ]`),
    pick("true", "false", ":", "! true", "[ $# -gt 1 ]"),
  );
  // What follows a here-document may go on with `:`.
  const heredoc = fc
    .tuple(filter, pick("E", "'E'"), fc.array(any(4, plain, part("parameter"), literals)))
    .map(([command, mark, lines]) => {
      const body = lines.map((line) => line.replace(/`|\\$/g, ""));
      return `{ ${command}; } << ${mark}\n${body.map((line) => `${line}\n`).join("")}E\n:`;
    });
  const body = part("list");
  const loop = any(
    4,
    fc
      .tuple(names, words(3), body)
      .map(([name, list, inner]) => `for ${name} in ${list}; do ${inner}; done`),
    fc.tuple(names, body).map(([name, inner]) => `for ${name}; do ${inner}; done`),
    fc
      .tuple(pick("while", "until"), fc.integer({ min: 1, max: 9 }), fc.nat(3), body)
      .map(([word, id, times, inner]) => {
        const enough = word === "while" ? "-lt" : "-ge";
        const counter = `k${id}`;
        return `${counter}=\${${counter}:-0}; ${word} [ $${counter} ${enough} ${times} ]; do ${counter}=$((${counter}+1)); ${inner}; done`;
      }),
  );
  const choice = fc
    .tuple(part("word"), patterns, patterns, part("word"), body, body)
    .map(([subject, p, q, w, x, y]) => {
      const second = q === "" ? "''" : q;
      return `case ${subject} in ${p === "" ? "''" : p}|${w || "x"}) ${x};; (${second}) ${y};; *) echo other;; esac`;
    });
  const condition = fc
    .tuple(any(4, test, part("simple")), body, fc.option(fc.tuple(test, body)), fc.option(body))
    .map(([c, then, more, other]) => {
      const elif = more ? `; elif ${more[0]}; then ${more[1]}` : "";
      return `if ${c}; then ${then}${elif}${other === null ? "" : `; else ${other}`}; fi`;
    });
  const definition = fc
    .tuple(pick("f", "g", "h"), body, words(3), fc.option(small))
    .map(([name, inner, list, status]) => {
      const end = status === null ? "" : `; return ${status}`;
      return `${name}() { local v="$1"; ${inner}${end}; }; ${name} ${list}; unset -f ${name}`;
    });
  return {
    arith: any(
      3,
      small,
      names.map((name) => `(${name}+0)`),
      fc.tuple(part("arith"), operators, part("arith")).map(([x, op, y]) => `${x} ${op} ${y}`),
      part("arith").map((x) => `(${x})`),
      part("arith").map((x) => `-(${x})`),
      fc
        .tuple(part("arith"), part("arith"), part("arith"))
        .map((x) => `(${x[0]} ? ${x[1]} : ${x[2]})`),
      fc.tuple(pick("m", "n"), pick("=", "+=", "*="), small).map((x) => `(${x.join(" ")})`),
    ),
    parameter: any(
      2,
      names.map((name) => `$${name}`),
      names.map((name) => `\${${name}}`),
      pick("$1", "$2", "$#", "$?", "$*", "$@", "${1}", "${#1}", "$-"),
      names.map((name) => `\${#${name}}`),
      fc
        .tuple(names, pick(":-", "-", ":=", "=", ":+", "+"), any(4, plain, part("parameter")))
        .map(([name, op, word]) => `\${${name}${op}${word}}`),
      fc
        .tuple(names, pick("#", "##", "%", "%%"), patterns)
        .map(([name, op, pattern]) => `\${${name}${op}${pattern}}`),
      fc
        .tuple(names, pick("/", "//"), pick("o", "?", "a*", "x"), pick("_", "", "zz"))
        .map(([name, op, from, to]) => `\${${name}${op}${from}/${to}}`),
      fc
        .tuple(names, fc.integer({ min: -2, max: 4 }), fc.option(fc.nat(3)))
        .map(([name, at, n]) => {
          const from = at < 0 ? ` ${at}` : String(at);
          return `\${${name}:${from}${n === null ? "" : `:${n}`}}`;
        }),
    ),
    word: any(
      3,
      plain,
      quoted,
      part("parameter"),
      part("parameter").map((p) => `"${p}"`),
      fc.tuple(plain, part("parameter")).map(([w, p]) => `"${w}-${p}-"${p}`),
      part("arith").map((x) => `$(( ${x} ))`),
      part("simple").map((s) => `$( ${s})`),
      part("simple").map((s) => `"$( ${s})"`),
      fc.tuple(input, filter).map(([from, to]) => `"$(${from} | ${to})"`),
      pick("f*", "*", "[f]?", '"*"', "~root", "'*'*", "f1", "./f*"),
    ),
    simple: any(
      4,
      words(3).map((list) => `echo ${list}`),
      words(3).map((list) => `printf '[%s]' ${list}`),
      fc.tuple(names, part("word")).map(([name, word]) => `${name}=${word}`),
      fc
        .tuple(names, part("word"), words(2))
        .map(([name, word, list]) => `${name}=${word} printf '%s,' "$${name}" ${list}`),
      words(4).map((list) => `set -- ${list}`),
      fc.tuple(input, filter).map((pipe) => pipe.join(" | ")),
      fc.tuple(input, filter, filter).map((pipe) => pipe.join(" | ")),
      fc.tuple(part("simple"), redirection).map((pair) => pair.join(" ")),
      test,
      pick(
        "shift",
        "shift 2",
        "cat f1 f2",
        "rm -f f3",
        "echo $?",
        "pwd",
        "nosuch arg",
        "cd .",
        "false",
      ),
      names.map((name) => `unset ${name}`),
      names.map((name) => `export ${name}`),
      names.map((name) => `eval "echo \\$${name}"`),
      fc.tuple(names, part("word")).map(([name, word]) => `readonly r_${name}=${word}`),
      fc
        .tuple(names, input)
        .map(([name, from]) => `${from} | { read ${name} rest; echo "$${name}|$rest"; }`),
      part("arith").map((x) => `echo $(( ${x} ))`),
      pick(
        "set -f",
        "set +f",
        "set -u",
        "set +u",
        "set -e",
        "set +e",
        "IFS=:",
        "unset IFS",
        "IFS=' '",
      ),
      pick("break", "continue", "break 2", "return 3", "exit 4"),
    ),
    command: any(
      4,
      part("simple"),
      part("simple"),
      part("simple"),
      loop,
      choice,
      condition,
      definition,
      heredoc,
      body.map((inner) => `( ${inner} )`),
      body.map((inner) => `{ ${inner}; }`),
      fc.tuple(body, filter).map(([inner, to]) => `{ ${inner}; } | ${to}`),
      fc.tuple(body, redirection).map(([inner, to]) => `{ ${inner}; } ${to}`),
      body.map((inner) => `( ${inner} ) & wait`),
      body.map((inner) => `x=$( ${inner}); echo "$x"`),
      part("word").map((word) => `trap 'echo bye' EXIT; echo ${word}`),
      part("list").map((inner) => `eval ${single(inner)}`),
    ),
    list: fc
      .tuple(
        part("command"),
        fc.array(fc.tuple(pick("; ", "; ", " && ", " || ", "\n"), part("command")), {
          maxLength: 2,
        }),
      )
      .map(([first, more]) => first + more.map((pair) => pair.join("")).join("")),
  };
});

export const shellScripts: fc.Arbitrary<string> = fc
  .array(grammar.list, { minLength: 1, maxLength: 4 })
  .map(
    (lists) =>
      `set -- one "two three" a.b\na=foo b='x y' c=a.b.c\necho base > f1\n${lists.join("\n")}\necho "end $? $a"\n`,
  );
