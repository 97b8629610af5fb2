/**
 * Text columns, aligned, with a header and two spaces between columns. Columns whose every cell is a number are aligned
 * to the right. Control characters in a cell are shown escaped, so that a label's value cannot drive the terminal.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows.map((row) => row.map(printable))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))));
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '') || row[column] === ''),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const padding = ' '.repeat(widths[column]! - width(cell));
          return numeric[column] ? padding + cell : cell + padding;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const NUMBER = /^([+-]?(\d+\.?\d*(e[+-]?\d+)?|Inf)|NaN)$/i;

function printable(cell: string): string {
  return cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

function width(text: string): number {
  return [...text].length;
}
