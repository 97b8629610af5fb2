import type { Unit } from '../../charts/format-value.ts';

/** The unit of what an expression yields, where the names of its metrics tell; '1' when that is not sure. */
export function expressionUnit(expression: string): Unit {
  const bare = expression
    .replace(/"[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  // Of a quotient, product or comparison the names say nothing; nor of a count.
  if (/[/*%^]|[<>!=]=?\s*bool|\b(count|count_values|absent|group|changes|resets|timestamp)\s*\(/.test(bare)) return '1';
  const isRate = /\b(rate|irate|deriv)\s*\(/.test(bare);
  if (/\bhistogram_quantile\b/.test(bare))
    return /_seconds_bucket\b/.test(bare) ? 's' : /_bytes_bucket\b/.test(bare) ? 'bytes' : '1';
  const names = bare.match(/[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]*/g) ?? [];
  const units = new Set(
    names
      .filter((name) => !/^(sum|avg|min|max|last|stddev|quantile|group)_/.test(name))
      .map((name) => unitOf(name, isRate)),
  );
  const [only = '1'] = units;
  return units.size === 1 ? only : '1';
}

function unitOf(name: string, isRate: boolean): Unit {
  if (name.startsWith('k8s_')) {
    if (/_rate_/.test(name)) return '%';
    if (/_bw$|_fs_(read|write)_bytes$|traffic$/.test(name)) return 'bytes/s';
    if (/_cpu_core_/.test(name)) return 'cores';
    if (/_(mem|memory)_|_bytes$/.test(name)) return 'bytes';
    return '1';
  }
  if (/_bytes(_total|_sum)?$/.test(name)) return isRate ? 'bytes/s' : 'bytes';
  if (/cpu.*_seconds_total$/.test(name)) return isRate ? 'cores' : 's';
  if (/_seconds$/.test(name) && !isRate) return 's';
  return '1';
}
