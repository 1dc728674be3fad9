/**
 * sort.Sort: in which order equals come out, which users of `kubectl events` and `top` see, is that of Go's pattern-defeating
 * quicksort. Go: sort/zsortinterface.go
 */
const insertionLength = 12;
const ninthersFrom = 50;
const swapsOfDecreasing = 12;
const shiftTries = 5;

const bits = (n: number): number => 32 - Math.clz32(n);

class Sorter<T> {
  readonly items: T[];
  readonly #before: (a: T, b: T) => boolean;

  constructor(items: readonly T[], before: (a: T, b: T) => boolean) {
    this.items = [...items];
    this.#before = before;
  }

  #less(i: number, j: number): boolean {
    return this.#before(this.items[i] as T, this.items[j] as T);
  }
  #swap(i: number, j: number): void {
    const { items } = this;
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }

  #insertion(a: number, b: number): void {
    for (let i = a + 1; i < b; i++)
      for (let j = i; j > a && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
  }

  #siftDown(low: number, high: number, first: number): void {
    for (let root = low; ;) {
      let child = 2 * root + 1;
      if (child >= high) return;
      if (child + 1 < high && this.#less(first + child, first + child + 1)) child++;
      if (!this.#less(first + root, first + child)) return;
      this.#swap(first + root, first + child);
      root = child;
    }
  }

  #heap(a: number, b: number): void {
    const length = b - a;
    for (let i = Math.floor((length - 1) / 2); i >= 0; i--) this.#siftDown(i, length, a);
    for (let i = length - 1; i >= 0; i--) {
      this.#swap(a, a + i);
      this.#siftDown(0, i, a);
    }
  }

  sort(from = 0, to = this.items.length, tries = bits(this.items.length)): void {
    let [a, b, limit] = [from, to, tries];
    let [balanced, partitioned] = [true, true];
    for (;;) {
      const length = b - a;
      if (length <= insertionLength) return this.#insertion(a, b);
      if (limit === 0) return this.#heap(a, b);
      if (!balanced) {
        this.#scatter(a, b);
        limit--;
      }
      let { pivot, order } = this.#pivot(a, b);
      if (order === "decreasing") {
        for (let i = a, j = b - 1; i < j; i++, j--) this.#swap(i, j);
        pivot = b - 1 - (pivot - a);
        order = "increasing";
      }
      if (balanced && partitioned && order === "increasing" && this.#nearlySorted(a, b)) return;
      if (a > 0 && !this.#less(a - 1, pivot)) {
        a = this.#partitionEqual(a, b, pivot);
        continue;
      }
      const [mid, already] = this.#partition(a, b, pivot);
      partitioned = already;
      const [left, right] = [mid - a, b - mid];
      balanced = Math.min(left, right) >= Math.floor(length / 8);
      if (left < right) {
        this.sort(a, mid, limit);
        a = mid + 1;
      } else {
        this.sort(mid + 1, b, limit);
        b = mid;
      }
    }
  }

  #partition(a: number, b: number, pivot: number): [mid: number, already: boolean] {
    this.#swap(a, pivot);
    let [i, j] = [a + 1, b - 1];
    for (let already = true; ; already = false) {
      while (i <= j && this.#less(i, a)) i++;
      while (i <= j && !this.#less(j, a)) j--;
      if (i > j) {
        this.#swap(j, a);
        return [j, already];
      }
      this.#swap(i++, j--);
    }
  }

  #partitionEqual(a: number, b: number, pivot: number): number {
    this.#swap(a, pivot);
    let [i, j] = [a + 1, b - 1];
    for (;;) {
      while (i <= j && !this.#less(a, i)) i++;
      while (i <= j && this.#less(a, j)) j--;
      if (i > j) return i;
      this.#swap(i++, j--);
    }
  }

  /** Sorts what has few pairs out of order; whether it is sorted now. */
  #nearlySorted(a: number, b: number): boolean {
    let i = a + 1;
    for (let tries = 0; tries < shiftTries; tries++) {
      while (i < b && !this.#less(i, i - 1)) i++;
      if (i === b) return true;
      if (b - a < ninthersFrom) return false;
      this.#swap(i, i - 1);
      if (i - a >= 2) for (let j = i - 1; j >= 1 && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
      if (b - i >= 2) for (let j = i + 1; j < b && this.#less(j, j - 1); j++) this.#swap(j, j - 1);
    }
    return false;
  }

  /** Moves some to places drawn by the length alone. */
  #scatter(a: number, b: number): void {
    const length = b - a;
    if (length < 8) return;
    let random = BigInt(length);
    const mask = (1n << BigInt(bits(length))) - 1n;
    const middle = a + Math.floor(length / 4) * 2;
    for (let at = middle - 1; at <= middle + 1; at++) {
      random = BigInt.asUintN(64, random ^ (random << 13n));
      random ^= random >> 7n;
      random = BigInt.asUintN(64, random ^ (random << 17n));
      const other = Number(random & mask);
      this.#swap(at, a + (other >= length ? other - length : other));
    }
  }

  #pivot(a: number, b: number): { pivot: number; order: "increasing" | "decreasing" | "unknown" } {
    const quarter = Math.floor((b - a) / 4);
    let swaps = 0;
    const ordered = (x: number, y: number): [number, number] => {
      if (!this.#less(y, x)) return [x, y];
      swaps++;
      return [y, x];
    };
    const median = (p: number, q: number, r: number): number => {
      let [x, y, z] = [p, q, r];
      [x, y] = ordered(x, y);
      [y, z] = ordered(y, z);
      [x, y] = ordered(x, y);
      return y;
    };
    let three = [a + quarter, a + quarter * 2, a + quarter * 3];
    if (b - a >= ninthersFrom) three = three.map((i) => median(i - 1, i, i + 1));
    const [i = 0, j = 0, k = 0] = three;
    const pivot = b - a >= 8 ? median(i, j, k) : j;
    const order =
      swaps === 0 ? "increasing" : swaps === swapsOfDecreasing ? "decreasing" : "unknown";
    return { pivot, order };
  }
}

/** Items by numbers, the smallest first. */
export const goSortedBy = <T>(items: readonly T[], key: (item: T) => number): T[] =>
  goSorted(items, (a, b) => key(a) < key(b));

export function goSorted<T>(items: readonly T[], before: (a: T, b: T) => boolean): T[] {
  const sorter = new Sorter(items, before);
  sorter.sort();
  return sorter.items;
}
