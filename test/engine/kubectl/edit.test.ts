/** kubectl edit on a terminal: the editor takes the whole screen, and gives it back. */
import { expect, it } from "vitest";
import { Desk } from "../runtime/tools/vi/vi-world.ts";

function desk(): { type: (keys: string) => void; lines: () => string[]; last: () => string } {
  const one = new Desk();
  one.world.advance(30_000);
  one.begin(["bash", "--norc"], 100, 24);
  const type = (keys: string): void => {
    one.press(keys);
    one.world.advance(1_500);
    one.look();
  };
  type("PS1='$ '; kubectl create configmap colours --from-literal=hue=crimson\r");
  // Lines above the prompt.
  const lines = (): string[] => one.screen.lines.filter(Boolean);
  return { type, lines, last: () => lines().at(-2) ?? "" };
}

it("opens vi, and says what came of it", () => {
  const { type, lines, last } = desk();
  type("kubectl edit configmap colours\r");
  expect(lines().slice(0, 8)).toEqual([
    "# Please edit the object below. Lines beginning with a '#' will be ignored,",
    "# and an empty file will abort the edit. If an error occurs while saving this file will be",
    "# reopened with the relevant failures.",
    "#",
    "apiVersion: v1",
    "data:",
    "  hue: crimson",
    "kind: ConfigMap",
  ]);
  expect(lines().at(-1)).toMatch(/^"\/tmp\/kubectl-edit-\d+\.yaml" 14L, \d+B +1,1 +All$/);
  type(":q\r");
  expect(last()).toBe("Edit cancelled, no changes made.");
  type("\x0ckubectl edit cm colours\r");
  type("/crimson\rcwazure\x1b:wq\r");
  expect(last()).toBe("configmap/colours edited");
  type("\x0ckubectl get cm colours -o jsonpath={.data.hue}; echo; ls /tmp\r");
  expect(lines().slice(1)).toEqual(["azure", "$"]);
});

it("opens again what the API server does not take, with its reasons", () => {
  const { type, lines, last } = desk();
  type("\x0ckubectl edit cm colours\r");
  type(":%s/^data:/data: 7/\r:wq\r");
  expect(lines().slice(3, 7).join("\n")).toContain(
    '# configmaps "colours" was not valid:\n# * <nil>: Invalid value: "The edited file failed validation": ',
  );
  type(":%s/^data: 7/data:/\r:%s/crimson/[1]/\r:wq\r");
  expect(lines().slice(3, 7).join("\n")).toContain('# configmaps "colours" was not valid:');
  // Saved as it is, it is given up.
  type(":wq\r");
  expect(lines().slice(-3).join("\n")).toMatch(
    /A copy of your changes has been stored to "\/tmp\/kubectl-edit-\d+.yaml"\nerror: Edit cancelled, no valid changes were saved.\n\$$/,
  );
  type("\x0ckubectl edit cm colours\r");
  type(":%s/crimson/[1]/\r:wq\r");
  type(":%s/\\[1\\]/teal/\r:wq\r");
  expect(last()).toBe("configmap/colours edited");
});

it("takes the editor that the user names", () => {
  const { type, lines, last } = desk();
  type("\x0cexport EDITOR=emacs; kubectl edit cm colours\r");
  expect(last()).toBe('error: unable to launch the editor "emacs"');
  type("\x0cexport KUBE_EDITOR='vim -c %s/crimson/ochre/'; kubectl edit cm colours\r");
  expect(lines().join("\n")).toContain("hue: ochre");
  type(":cq\r");
  expect(last()).toContain('error: there was a problem with the editor "/bin/bash -c"');
  type("\x0cKUBE_EDITOR='sed -i s/crimson/ochre/' kubectl edit cm colours\r");
  expect(last()).toBe("configmap/colours edited");
});
