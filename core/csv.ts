/**
 * One record of a CSV file (RFC 4180), with its line end. A value that a spreadsheet would take for a formula gets an apostrophe in front
 * (OWASP, CSV injection).
 */
export function csvLine(values: readonly string[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
