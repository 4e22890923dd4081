// SPDX-License-Identifier: Apache-2.0
// The reader's language, by the browser's list, and numbers as people write them in it.
const LANGUAGES = ["en", "pt"];
const wanted = (globalThis.navigator?.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase());

export const language = wanted.find((name) => LANGUAGES.includes(name)) ?? "en";

const formats = new Map();

function format(nDigits) {
  if (!formats.has(nDigits)) {
    const digits = { minimumFractionDigits: nDigits, maximumFractionDigits: nDigits };
    formats.set(nDigits, new Intl.NumberFormat(language, digits));
  }
  return formats.get(nDigits);
}

/** "−0.250", or with a comma where people write so; the sign is U+2212, which is as wide as a plus. */
export const number = (x, nDigits = 3) => `${x < 0 ? "−" : ""}${format(nDigits).format(Math.abs(x))}`;
export const signed = (x, nDigits = 3) => `${x < 0 ? "−" : "+"}${format(nDigits).format(Math.abs(x))}`;
export const whole = (n) => number(n, 0);

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "1.5 GB": two digits at least, in powers of a thousand, as disks and memory are sold. */
export function bytes(n) {
  let [rest, unit] = [n, 0];
  while (rest >= 999.5 && unit < UNITS.length - 1) [rest, unit] = [rest / 1000, unit + 1];
  const hasFraction = unit > 0 && rest < 9.95 && Math.round(10 * rest) % 10 !== 0;
  return `${number(rest, hasFraction ? 1 : 0)} ${UNITS[unit]}`;
}
