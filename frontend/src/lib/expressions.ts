/**
 * Conditions of packs, evaluated in the browser with the results the server would give.
 *
 * Trees come from `to_json` in src/socle/kernel/expressions/serialisation.py; the functions follow
 * evaluator.py one by one, and tests/kernel/expression_vectors.json holds the two together. The
 * server decides in the end: this only shows and hides questions without a round trip.
 *
 * Numbers are exact: integers scaled by 10¹⁰ inside. Dates are ISO 8601 texts. A missing value is null.
 */
export type Tree = readonly [string, ...unknown[]];
export type Values = Readonly<Record<string, unknown>>;
export type Result = boolean | number | string | null | Result[];

type Value = boolean | bigint | string | null | Value[];

const SCALE = 10n ** 10n;
const LIMIT = 10n ** 18n * SCALE;
const MAX_DAYS = 4_000_000;
const DAY_MS = 86_400_000;

/** The value of an expression. `today` is what `today()` gives, as an ISO 8601 date. */
export function evaluate(tree: Tree, values: Values, today?: string): Result {
  return result(valueOf(tree, values, today));
}

/** Whether a condition is met; one that depends on a missing answer is not. */
export function holds(tree: Tree, values: Values, today?: string): boolean {
  return valueOf(tree, values, today) === true;
}

function valueOf(tree: Tree, values: Values, today?: string): Value {
  const [head, ...rest] = tree;
  const nodes = rest as Tree[];
  const at = (index: number): Value => valueOf(nodes[index]!, values, today);
  switch (head) {
    case "boolean":
    case "text":
    case "date":
      return rest[0] as Value;
    case "number":
      return parseNumber(rest[0] as string);
    case "name":
      return accept(lookUp(values, rest[0] as string));
    case "list":
      return nodes.map((_, index) => at(index));
    case "and":
    case "or":
      return logic(head === "or", nodes.length, at);
    case "not": {
      const operand = at(0);
      return typeof operand === "boolean" ? !operand : null;
    }
    case "negate": {
      const operand = at(0);
      return typeof operand === "bigint" ? -operand : null;
    }
    case "is empty":
      return isEmpty(at(0));
    case "is known":
      return !isEmpty(at(0));
    case "call": {
      const found = nodes.slice(1).map((_, index) => at(index + 1));
      return call(rest[0] as string, found, today);
    }
    default:
      return binary(head, at(0), at(1));
  }
}

function lookUp(values: Values, name: string): unknown {
  if (owns(values, name)) return values[name];
  let found: unknown = values;
  for (const part of name.split(".")) {
    if (!owns(found, part)) return null;
    found = found[part];
  }
  return found;
}

function owns(holder: unknown, name: string): holder is Record<string, unknown> {
  const isRecord = typeof holder === "object" && holder !== null && !Array.isArray(holder);
  return isRecord && Object.prototype.hasOwnProperty.call(holder, name);
}

function accept(given: unknown): Value {
  if (typeof given === "boolean" || typeof given === "string") return given;
  if (typeof given === "number") return parseNumber(String(given));
  return Array.isArray(given) ? given.map(accept) : null;
}

function result(value: Value): Result {
  if (Array.isArray(value)) return value.map(result);
  if (typeof value !== "bigint") return value;
  const digits = String(value < 0n ? -value : value).padStart(11, "0");
  return Number(`${value < 0n ? "-" : ""}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}

function parseNumber(text: string): Value {
  const found = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text);
  if (!found) return null;
  const part = found[3] ?? "";
  const digits = BigInt((found[2] ?? "") + part);
  const power = Number(found[4] ?? 0) - part.length + 10;
  const size = power < 0 ? divide(digits, 10n ** BigInt(-power)) : digits * 10n ** BigInt(power);
  return bounded(found[1] ? -size : size);
}

function bounded(scaled: bigint): Value {
  return -LIMIT < scaled && scaled < LIMIT ? scaled : null;
}

/** The nearest integer, halves away from zero. */
function divide(above: bigint, below: bigint): bigint {
  const [n, d] = [above < 0n ? -above : above, below < 0n ? -below : below];
  const size = (2n * n + d) / (2n * d);
  return above < 0n === below < 0n ? size : -size;
}

function logic(decisive: boolean, count: number, at: (index: number) => Value): Value {
  let missing = false;
  for (let index = 0; index < count; index += 1) {
    const value = at(index);
    if (value === decisive) return decisive;
    missing ||= value !== !decisive;
  }
  return missing ? null : !decisive;
}

function isEmpty(value: Value): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function binary(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case "+":
    case "-":
    case "*":
    case "/":
      return left === null || right === null ? null : arithmetic(operator, left, right);
    case "==":
      return alike(left, right) && left === right;
    case "!=":
      return alike(left, right) && left !== right;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return ordered(operator, left, right);
    case "contains":
      if (typeof left === "string" && typeof right === "string") return left.includes(right);
      return among(right, left) === true;
    case "in":
      return among(left, right) === true;
    case "not in":
      return among(left, right) === false;
    default:
      throw new Error(`unknown expression: ${operator}`);
  }
}

/** Whether a value is in a list; null when the question has no meaning. */
function among(item: Value, list: Value): boolean | null {
  if (item === null || Array.isArray(item) || !Array.isArray(list)) return null;
  return list.some((each) => each === item);
}

/** Whether two values are of one kind; lists are never compared whole. */
function alike(left: Value, right: Value): boolean {
  return left !== null && !Array.isArray(left) && typeof left === typeof right;
}

function ordered(operator: string, left: Value, right: Value): boolean {
  const numbers = typeof left === "bigint" && typeof right === "bigint";
  const first = numbers ? left : dayOf(left);
  const second = numbers ? right : dayOf(right);
  if (first === null || second === null) return false;
  if (operator === "<") return first < second;
  if (operator === "<=") return first <= second;
  return operator === ">" ? first > second : first >= second;
}

/** Days since 1970-01-01 of an ISO 8601 date; null for anything else. */
function dayOf(value: Value): number | null {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value) || value < "0001") return null;
  const day = Date.parse(value) / DAY_MS;
  return !Number.isNaN(day) && isoOf(day) === value ? day : null;
}

function isoOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return calculate(operator, left, right);
  if (operator === "+" && typeof left === "bigint") [left, right] = [right, left];
  const day = dayOf(left);
  if (day === null || (operator !== "+" && operator !== "-")) return null;
  const other = dayOf(right);
  if (other !== null) return operator === "-" ? BigInt(day - other) * SCALE : null;
  if (typeof right !== "bigint" || right % SCALE !== 0n) return null;
  const days = Number(right / SCALE);
  if (Math.abs(days) > MAX_DAYS) return null;
  const moved = isoOf(operator === "+" ? day + days : day - days);
  return dayOf(moved) === null ? null : moved;
}

function calculate(operator: string, left: bigint, right: bigint): Value {
  if (operator === "+") return bounded(left + right);
  if (operator === "-") return bounded(left - right);
  if (operator === "*") return bounded(divide(left * right, SCALE));
  return right === 0n ? null : bounded(divide(left * SCALE, right));
}

function call(name: string, found: Value[], today?: string): Value {
  const [first = null] = found;
  switch (name) {
    case "today":
      return required(today);
    case "years_since":
      return dayOf(first) === null ? null : years(first as string, required(today));
    case "length":
      if (typeof first === "string") return BigInt([...first].length) * SCALE;
      return Array.isArray(first) ? BigInt(first.length) * SCALE : null;
    case "lower":
      return typeof first === "string" ? first.toLowerCase() : null;
    case "min":
      return extreme("<", found);
    case "max":
      return extreme(">", found);
    default:
      throw new Error(`unknown function: ${name}`);
  }
}

function required(today: string | undefined): string {
  if (today === undefined) throw new Error("this expression needs today's date");
  return today;
}

function years(since: string, today: string): bigint {
  const whole = Number(today.slice(0, 4)) - Number(since.slice(0, 4));
  return BigInt(today.slice(5) < since.slice(5) ? whole - 1 : whole) * SCALE;
}

/** The value that comes first in an order, numbers or dates; missing when one of them is. */
function extreme(order: string, found: Value[]): Value {
  const all = found.length === 1 && Array.isArray(found[0]) ? found[0] : found;
  let best: Value = null;
  for (const [index, each] of all.entries()) {
    const sorts = typeof each === "bigint" || dayOf(each) !== null;
    if (!sorts || (index > 0 && !alike(best, each))) return null;
    if (index === 0 || ordered(order, each, best)) best = each;
  }
  return best;
}
