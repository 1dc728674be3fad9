import { describe, expect, test } from "vitest";
import {
  addQuantity,
  canonicalQuantity,
  cmpQuantity,
  milliValue,
  parseQuantity,
  quantityError,
  scaleQuantity,
  subQuantity,
  value,
  type Quantity,
} from "../../../durable-objects/engine/machinery/quantity.ts";

const q = (text: string): Quantity => parseQuantity(text)!;

// Text, and how Go prints it again.
const canonical: [string, string][] = [
  ["0", "0"],
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1.5", "1500m"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["1Ki", "1Ki"],
  ["0.5Ki", "512"],
  ["0.1Ki", "102400m"],
  ["0Ki", "0"],
  ["12Mi", "12Mi"],
  ["05Mi", "05Mi"],
  ["+5Mi", "+5Mi"],
  ["1.500", "1.500"],
  ["1000k", "1M"],
  ["1e3", "1e3"],
  ["1E3", "1E3"],
  ["1e4", "10e3"],
  ["1.G", "1.G"],
  ["1000.G", "1T"],
  [".5", "500m"],
  ["0.1n", "1n"],
  ["-1.5", "-1500m"],
  ["8Ei", "9223372036854775807"],
  ["9223372036854775808", "9223372036854775808"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
  ["1000E", "1"],
];

const wrong = {
  format:
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  suffix: "unable to parse quantity's suffix",
  numeric: "unable to parse numeric part of quantity",
};

describe("quantities", () => {
  test.each(canonical)("%s is printed as %s", (text, printed) => {
    expect(canonicalQuantity(text)).toBe(printed);
    expect(canonicalQuantity(printed)).toBe(printed);
  });

  test.each([
    ["", wrong.format],
    ["abc", wrong.format],
    ["1..2", wrong.format],
    ["1 ", wrong.format],
    ["1x", wrong.format],
    ["5K", wrong.suffix],
    ["5mi", wrong.suffix],
    ["1e", wrong.suffix],
    ["1mm", wrong.suffix],
    ["1e999999999999", wrong.suffix],
    ["Pi", wrong.numeric],
  ])("%s is refused", (text, error) => {
    expect(parseQuantity(text)).toBeUndefined();
    expect(quantityError(text)).toBe(error);
  });

  test("an endless run of digits is refused", () => {
    expect(quantityError("9".repeat(100_000))).toBe(wrong.numeric);
  });

  test.each([
    ["1", 1, 1000],
    ["100m", 1, 100],
    ["1500m", 2, 1500],
    ["0.1m", 1, 1],
    ["1Gi", 1073741824, 1073741824000],
    ["1.5Gi", 1610612736, 1610612736000],
  ])("%s is %d units, %d thousandths, rounded up", (text, units, milli) => {
    expect(value(text)).toBe(units);
    expect(milliValue(text)).toBe(milli);
  });

  test("arithmetic keeps the format of the left side, unless it is zero", () => {
    expect(addQuantity(q("500m"), q("1500m")).text).toBe("2");
    expect(addQuantity(q("1Gi"), q("512Mi")).text).toBe("1536Mi");
    expect(addQuantity(q("0"), q("1Gi")).text).toBe("1Gi");
    expect(addQuantity(q("1"), q("1Gi")).text).toBe("1073741825");
    expect(addQuantity(q("9223372036854775807"), q("1")).text).toBe("9223372036854775808");
    expect(subQuantity(q("1Gi"), q("1Mi")).text).toBe("1023Mi");
    expect(subQuantity(q("1"), q("1500m")).text).toBe("-500m");
    expect(scaleQuantity(q("100m"), 30).text).toBe("3");
  });

  test("comparison is exact across formats", () => {
    expect(cmpQuantity(q("1Gi"), q("1073741824"))).toBe(0);
    expect(cmpQuantity(q("1Gi"), q("1G"))).toBe(1);
    expect(cmpQuantity(q("999m"), q("1"))).toBe(-1);
    expect(cmpQuantity(q("9007199254740993"), q("9007199254740992"))).toBe(1);
  });
});
