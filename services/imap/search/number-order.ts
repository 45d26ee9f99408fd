/** Whole numbers to sort by: one for each thing. */
export interface NumberColumn {
  readonly numbers: Float64Array;
  readonly direction: 'ascending' | 'descending';
}

/** Up to here every whole number is one. */
const exact = 2 ** 53;

/** The places 0 to `count` - 1 ordered by columns, the first one first; equal ones as they come. */
export function inOrder(count: number, columns: readonly NumberColumn[]): Uint32Array {
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  // From the last to the first, each keeping what those before it made of equals.
  for (const column of columns.toReversed()) order = ordered(order, column);
  return order;
}

/** Number and place in one number each, where there is room: these the runtime sorts without asking us. */
function ordered(order: Uint32Array<ArrayBuffer>, { numbers, direction }: NumberColumn) {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const number of numbers) {
    if (number < lowest) lowest = number;
    if (number > highest) highest = number;
  }
  if (!(lowest < highest)) return order;
  const places = 2 ** Math.ceil(Math.log2(order.length));
  const fits = (unit: number): boolean => ((highest - lowest) / unit + 1) * places <= exact;
  const unit = fits(1) ? 1 : unitOf(numbers, lowest);
  if (!fits(unit)) {
    const sign = direction === 'ascending' ? 1 : -1;
    return order.toSorted((a, b) => sign * (numbers[a]! - numbers[b]!));
  }
  const keys = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const number = numbers[order[i]!]!;
    keys[i] = ((direction === 'ascending' ? number - lowest : highest - number) / unit) * places + i;
  }
  keys.sort();
  const result = new Uint32Array(order.length);
  for (let i = 0; i < keys.length; i++) result[i] = order[keys[i]! - Math.floor(keys[i]! / places) * places]!;
  return result;
}

/** Times are whole seconds, in milliseconds. */
const unitOf = (numbers: Float64Array, from: number): number =>
  numbers.every((number) => (number - from) % 1000 === 0) ? 1000 : 1;
