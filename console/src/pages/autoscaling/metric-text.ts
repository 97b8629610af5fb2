import { metricUnit } from '../policies/metric-catalogue.ts';
import { type AutoscalerMetric, quantity } from './autoscaler.ts';

/** Does not break. */
const SPACE = '\u00a0';
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** What a metric is beside its target, both in the unit that stands behind them: `53 / 70 %`, `0.3 / 0.25 cores`, `30.3 / 30`. */
export function metricText({
  metric,
  seen,
  value = null,
  target,
}: Pick<AutoscalerMetric, 'metric' | 'seen' | 'target'> & { readonly value?: AutoscalerMetric['value'] }): string {
  const own = String(value ?? seen?.text ?? '');
  return besideTarget({ metric, own, target: target.text, isPercent: target.type === 'Utilization' });
}

/** The same of what a decision says of a metric: `queue 33600m/30` is `queue 33.6 / 30`. What is of another form stays as it is. */
export function decidedText(said: string): string {
  const [, metric, own, ownSign, target, targetSign] = /^(.+) ([^\s/%]+)(%?)\/([^\s/%]+)(%?)$/.exec(said) ?? [];
  if (metric === undefined || ownSign !== targetSign) return said;
  return `${metric} ${besideTarget({ metric, own: own!, target: target!, isPercent: targetSign === '%' })}`;
}

/** Takes quantities of Kubernetes. */
function besideTarget({
  metric,
  own,
  target,
  isPercent,
}: {
  readonly metric: string;
  readonly own: string;
  readonly target: string;
  readonly isPercent: boolean;
}): string {
  const wanted = quantity(target);
  if (wanted === undefined) return [own === '' ? '–' : own, '/', target].join(SPACE);
  const is = quantity(own);
  const [unit, size] = isPercent ? ['%', 1] : unitOf(metric, target, wanted);
  const parts = [is === undefined ? '–' : numberText(is / size, 3), '/', numberText(wanted / size, 6), unit];
  return parts.filter((part) => part !== '').join(SPACE);
}

/** The unit of a metric, and how much one of it is; what is large is told as the target is: a target of `2k` makes it thousands. */
function unitOf(metric: string, target: string, wanted: number): readonly [unit: string, size: number] {
  // `cpu of web` is that of one container.
  const [name = ''] = metric.split(' ');
  const unit = name === 'cpu' ? 'cores' : name === 'memory' ? 'bytes' : name.startsWith('k8s_') ? metricUnit(name) : '';
  if (unit === 'bytes' || unit === 'bytes/s') {
    const power = Math.max(0, Math.min(BYTES.length - 1, Math.floor(Math.log2(wanted) / 10)));
    return [unit.replace('bytes', BYTES[power]!), 1024 ** power];
  }
  if (unit !== '' && unit !== '1') return [unit, 1];
  const [suffix = ''] = /[kMGTP]i?$|Ki$/.exec(target) ?? [];
  return [suffix, quantity(`1${suffix}`) ?? 1];
}

function numberText(value: number, digits: number): string {
  if (Math.abs(value) >= 100) return value.toLocaleString(undefined, { maximumFractionDigits: 0 });
  return value.toLocaleString(undefined, { maximumSignificantDigits: digits });
}
